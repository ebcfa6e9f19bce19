//! Sealing balances when a month is over, and after a start those of months that ended meanwhile.

use super::JobError;
use crate::sealing::{Sealer, SealingError};
use crate::storage::DataDir;
use crate::writer::Actor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long between two looks at the calendar. A look costs nothing where no month has ended.
const LOOK: Duration = Duration::from_secs(15);
/// How many months are made up for at one look; the others follow at the next ones.
const MOST_AT_ONCE: usize = 12;
/// How much the job steps back for the other threads, as `nice` counts it.
const NICE: i32 = 10;

/// The running job.
#[derive(Debug)]
pub struct SealJob {
    stop: Option<Sender<()>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SealJob {
    /// Starts the job: a look now, and then again and again.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(dir: DataDir, sealer: Sealer) -> Result<Self, JobError> {
        let (stop, stopped) = channel::<()>();
        let stopping = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stopping);
        let run = move || {
            step_back();
            loop {
                // What an import brings is sealed as of its recording, now or later alike: this spares it the other half of the machine.
                if !dir.is_importing() {
                    look(&sealer, &told);
                }
                // Nothing is ever sent: the sender is dropped when the job shall end.
                if stopped.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("seals".to_owned()).spawn(run)?;
        Ok(Self { stop: Some(stop), stopping, thread: Some(thread) })
    }

    /// Ends the job; what it has in hand is left for the next start. Returns when it has ended.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.stopping.store(true, Ordering::Release);
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for SealJob {
    fn drop(&mut self) {
        self.finish();
    }
}

fn look(sealer: &Sealer, stopping: &AtomicBool) {
    match sealer.seal_due(MOST_AT_ONCE, Actor::SealJob, &|| !stopping.load(Ordering::Acquire)) {
        Ok(sealed) => {
            for seal in sealed {
                tracing::info!(partner = %seal.partner, period = %seal.period, cards = seal.cards, "sealed balances");
            }
        }
        Err(SealingError::Stopped) => {}
        Err(error) => tracing::error!(%error, "balances were not sealed; it is tried again"),
    }
}

/// Hashing every card takes seconds, and nobody waits for it.
fn step_back() {
    // On Linux a priority belongs to a thread. Where it cannot be lowered, the rests between pages have to do.
    if let Err(source) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::debug!(%source, "the job that seals keeps the priority of the other threads");
    }
}
