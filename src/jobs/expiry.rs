//! Writing off lots whose time has come, so that the books agree with the balances. A balance is exact without it: every
//! reader leaves out what is past its time.

use super::job::{Job, Stop};
use crate::clock::Clock;
use crate::domain::{CardId, PartnerId, Timestamp};
use crate::storage::{DataDir, StorageError, open_reader};
use crate::writer::{Actor, Command, Refusal, Request, Writer};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::RwLockWriteGuard;

/// How many lots are looked at, and cards submitted, at a time.
const PAGE: i64 = 500;
/// How long the projector may take to reach what has just been committed.
const CATCH_UP: Duration = Duration::from_secs(10);
/// How long to wait for a turn that another job has.
const TURN: Duration = Duration::from_secs(10);

/// The index `lots_by_expiry` answers this page by page.
const DUE: &str = "SELECT expires_at, card FROM lots WHERE expires_at IS NOT NULL AND expires_at <= ?1 \
     AND (expires_at, card) > (?2, ?3) ORDER BY expires_at, card LIMIT ?4";

/// Why the job cannot start.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("a job's thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Why a pass ended early. The next one begins anew.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error("views.db: {0}")]
    Views(#[from] rusqlite::Error),
    #[error("{0}")]
    Writer(#[from] Refusal),
    #[error("the projector is behind")]
    Behind,
    /// What an import brings may be due long since, and still needed by its later rows.
    #[error("an import has begun and not ended")]
    Importing,
    #[error("another job or an import had the turn for too long")]
    Waited,
}

/// Starts the job: a pass now, and one after each `period`. It ends when its last page has been answered.
///
/// # Errors
/// When views.db cannot be opened or the thread not be started.
pub fn start_expiry(dir: &DataDir, writer: Writer, clock: Clock, period: Duration) -> Result<Job, JobError> {
    let views = open_reader(dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let dir = dir.clone();
    // The future is made in the thread that runs it: a connection may move there, but not be shared.
    Job::begin("expiry", move |stop| runtime.block_on(Work { dir, views, writer, clock, stop }.run(period)))
}

struct Work {
    dir: DataDir,
    views: Connection,
    writer: Writer,
    clock: Clock,
    stop: Stop,
}

/// A lot's place in the order of expiry: when, and on which card.
type Place = (i64, i64);

impl Work {
    async fn run(self, period: Duration) {
        let mut rests = false;
        while !self.stop.is_told() {
            let passed = self.pass().await;
            self.count(passed.as_ref().ok().copied());
            match passed {
                Ok(cards) => {
                    rests = false;
                    if cards > 0 {
                        tracing::info!(cards, "wrote off points whose time had come");
                    }
                }
                Err(Interruption::Importing) if rests => {}
                Err(Interruption::Importing) => {
                    rests = true;
                    tracing::info!("the expiry job rests until the import has ended; balances are exact without it");
                }
                Err(error) => tracing::warn!(%error, "the expiry job was interrupted and tries again"),
            }
            self.stop.rest_among_answers(period).await;
        }
    }

    // `cards` of a pass that came to its end.
    fn count(&self, cards: Option<usize>) {
        let figures = self.writer.figures();
        match cards {
            Some(cards) => {
                figures.expired_cards.add(u64::try_from(cards).unwrap_or(u64::MAX));
                figures.expiry_passed_at.store(self.clock.now().micros(), Ordering::Relaxed);
            }
            None => figures.expiry_interruptions.count(),
        }
    }

    // Submits every card with something due, and answers how many had something to write off.
    async fn pass(&self) -> Result<usize, Interruption> {
        let now = self.clock.now();
        let (mut after, mut written_off) = ((i64::MIN, 0), 0);
        if !self.writer.live().progress().caught_up(CATCH_UP).await {
            return Err(Interruption::Behind);
        }
        while !self.stop.is_told() {
            // Held until the page is answered: an import begins after it, and finds what it wrote off.
            let _turn = turn(&self.writer, &self.dir).await?;
            let page = due(&self.views, now, after)?;
            let Some(last) = page.last() else { break };
            after = *last;
            written_off += self.submit(&page).await?;
        }
        Ok(written_off)
    }

    async fn submit(&self, page: &[Place]) -> Result<usize, Interruption> {
        let cards: BTreeSet<_> = page.iter().map(|(_, card)| *card).collect();
        let mut written_off = 0;
        for answer in self.writer.submit_all(cards.into_iter().map(request).collect()).await? {
            match answer {
                Ok(outcome) => written_off += usize::from(!outcome.events.is_empty()),
                // One card that cannot be written off must not keep the others waiting.
                Err(Refusal::Rejected(rejection)) => {
                    tracing::error!(?rejection, "a card's due points stay in the books")
                }
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Ok(written_off)
    }
}

/// The job's turn to write. The directory says whether an import is going on: it may be one of an earlier process.
async fn turn<'w>(writer: &'w Writer, dir: &DataDir) -> Result<RwLockWriteGuard<'w, ()>, Interruption> {
    if dir.is_importing() {
        return Err(Interruption::Importing);
    }
    let turn = writer.expiry_turn(TURN).await;
    // One may have begun meanwhile.
    if dir.is_importing() {
        return Err(Interruption::Importing);
    }
    turn.ok_or(Interruption::Waited)
}

fn request(card: i64) -> Request {
    // The card says whose it is; the job belongs to the deployment.
    let (partner, command) = (PartnerId::new(0), Command::ExpireDue(CardId::new(card)));
    Request { partner, actor: Actor::ExpiryJob, idempotency_key: None, command }
}

fn due(views: &Connection, now: Timestamp, after: Place) -> rusqlite::Result<Vec<Place>> {
    let mut query = views.prepare_cached(DUE)?;
    let rows = query.query_map((now.micros(), after.0, after.1, PAGE), |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_from_the_index_alone_and_already_sorted() {
        let views = Connection::open_in_memory().unwrap();
        views.execute_batch(include_str!("../../schema/sql/views/tables.sql")).unwrap();
        views.execute_batch(include_str!("../../schema/sql/views/indexes.sql")).unwrap();
        let mut query = views.prepare(&format!("EXPLAIN QUERY PLAN {DUE}")).unwrap();
        let rows = query.query_map((0, 0, 0, 0), |row| row.get::<_, String>(3)).unwrap();
        let plan = rows.collect::<rusqlite::Result<Vec<_>>>().unwrap().join("\n");
        assert!(plan.contains("SEARCH lots USING COVERING INDEX lots_by_expiry"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
