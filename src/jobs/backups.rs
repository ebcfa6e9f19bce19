//! Making a backup now and then, and removing those that need not be kept. Awards go on whatever becomes of it.

use super::JobError;
use super::job::{Job, Stop};
use crate::backup::{BackupError, GoOn, Keep, Kept, Shelf, log_of};
use crate::clock::Clock;
use crate::metrics::BackupFigures;
use crate::priority::Priority;
use crate::storage::DataDir;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long after a failure the next try is made, where the next backup would not be sooner.
const AGAIN: Duration = Duration::from_secs(300);
/// How long the copying goes on before it rests for as long: the log has the disk in between.
const STINT: Duration = Duration::from_millis(20);

/// Where backups go, how often, and which stay.
#[derive(Debug, Clone)]
pub struct BackupPlan {
    pub to: PathBuf,
    pub every: Duration,
    pub keep: Keep,
}

/// Starts the job: the first backup when the newest one that is there has come to the age of `every`, and at once where there is
/// none. A backup that is being made when the job ends is given up.
///
/// # Errors
/// When the thread cannot be started.
pub fn start_backups(
    dir: &DataDir,
    plan: BackupPlan,
    clock: Clock,
    figures: Arc<BackupFigures>,
) -> Result<Job, JobError> {
    let work = Work { dir: dir.clone(), shelf: Shelf::new(&plan.to), plan, clock, figures };
    Job::begin("backups", move |stop| work.run(&stop))
}

struct Work {
    dir: DataDir,
    plan: BackupPlan,
    shelf: Shelf,
    clock: Clock,
    figures: Arc<BackupFigures>,
}

impl Work {
    fn run(&self, stop: &Stop) {
        Priority::Background.take();
        stop.rest(self.until_first());
        while !stop.is_told() {
            let begun = Instant::now();
            let next = match self.make(stop) {
                Ok(made) => {
                    self.made(&made);
                    tracing::info!(path = %made.path.display(), events = made.events, "made a backup");
                    self.plan.every
                }
                Err(_) if stop.is_told() => return,
                Err(error) => {
                    self.figures.failures.count();
                    self.figures.failing.store(true, Ordering::Relaxed);
                    tracing::error!(%error, "no backup could be made; it is tried again");
                    self.plan.every.min(AGAIN)
                }
            };
            stop.rest(next.saturating_sub(begun.elapsed()));
        }
    }

    /// How long the newest backup still serves.
    fn until_first(&self) -> Duration {
        let kept = log_of(&self.dir.ledger()).and_then(|log| self.shelf.kept(&log));
        let now = self.clock.now();
        // One of the future is of a clock that was wrong: nobody knows how old it is.
        let newest = kept.unwrap_or_default().into_iter().find(|kept| kept.made_at <= now);
        let Some(newest) = newest else { return Duration::ZERO };
        self.made(&newest);
        let age = now.micros().saturating_sub(newest.made_at.micros());
        self.plan.every.saturating_sub(Duration::from_micros(u64::try_from(age).unwrap_or(0)))
    }

    fn make(&self, stop: &Stop) -> Result<Kept, BackupError> {
        let log = log_of(&self.dir.ledger())?;
        let made = self.shelf.put(&self.dir, self.clock.now(), &self.pace(stop))?;
        // What is there now is enough; what cannot be removed is in nobody's way yet.
        match self.shelf.prune(&log, &self.plan.keep, &made) {
            Ok(gone) if gone.is_empty() => {}
            Ok(gone) => tracing::info!(backups = gone.len(), "removed backups that need not be kept"),
            Err(error) => tracing::error!(%error, "a backup that need not be kept could not be removed"),
        }
        Ok(made)
    }

    fn pace(&self, stop: &Stop) -> GoOn {
        let (stop, begun) = (stop.clone(), parking_lot::Mutex::new(Instant::now()));
        Arc::new(move || {
            let mut begun = begun.lock();
            let worked = begun.elapsed();
            if worked >= STINT {
                stop.rest(worked);
                *begun = Instant::now();
            }
            !stop.is_told()
        })
    }

    fn made(&self, kept: &Kept) {
        self.figures.made_at.store(kept.made_at.micros(), Ordering::Relaxed);
        self.figures.events.store(kept.events, Ordering::Relaxed);
        self.figures.failing.store(false, Ordering::Relaxed);
    }
}
