//! Writing off lots whose time has come, so that the books agree with the balances. A balance is exact without it: every
//! reader leaves out what is past its time.

use crate::clock::Clock;
use crate::domain::{CardId, PartnerId, Timestamp};
use crate::storage::{DataDir, StorageError, open_reader};
use crate::writer::{Actor, Command, Refusal, Request, Writer};
use rusqlite::Connection;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// How many lots are looked at, and cards submitted, at a time.
const PAGE: i64 = 500;
/// How long the projector may take to reach what has just been committed.
const CATCH_UP: Duration = Duration::from_secs(10);

/// The index `lots_by_expiry` answers this page by page.
const DUE: &str = "SELECT lots.expires_at, lots.card, cards.partner FROM lots JOIN cards ON cards.card = lots.card \
     WHERE lots.expires_at IS NOT NULL AND lots.expires_at <= ?1 AND (lots.expires_at, lots.card) > (?2, ?3) \
     ORDER BY lots.expires_at, lots.card LIMIT ?4";

/// Why the job cannot start.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the expiry job: {0}")]
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
}

/// The running job.
#[derive(Debug)]
pub struct ExpiryJob {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl ExpiryJob {
    /// Starts the job: a pass now, and one after each `period`.
    ///
    /// # Errors
    /// When views.db cannot be opened or the thread not be started.
    pub fn start(dir: &DataDir, writer: Writer, clock: Clock, period: Duration) -> Result<Self, JobError> {
        let views = open_reader(dir)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (stop, mut stopped) = watch::channel(false);
        let work = Work { views, writer, clock, stopped: stopped.clone() };
        let run = async move {
            while !*stopped.borrow() {
                match work.pass().await {
                    Ok(0) => {}
                    Ok(cards) => tracing::info!(cards, "wrote off points whose time had come"),
                    Err(error) => tracing::warn!(%error, "the expiry job was interrupted and tries again"),
                }
                let _told = tokio::time::timeout(period, stopped.changed()).await;
            }
        };
        let thread = std::thread::Builder::new().name("expiry".to_owned()).spawn(move || runtime.block_on(run))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends the job; returns when its last page has been answered.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for ExpiryJob {
    fn drop(&mut self) {
        self.finish();
    }
}

struct Work {
    views: Connection,
    writer: Writer,
    clock: Clock,
    stopped: watch::Receiver<bool>,
}

/// A lot's place in the order of expiry.
type Place = (i64, i64);

struct Due {
    place: Place,
    partner: PartnerId,
    card: CardId,
}

impl Work {
    // Submits every card with something due, and answers how many had something to write off.
    async fn pass(&self) -> Result<usize, Interruption> {
        let now = self.clock.now();
        let (mut after, mut written_off) = ((i64::MIN, 0), 0);
        if !self.writer.live().progress().caught_up(CATCH_UP).await {
            return Err(Interruption::Behind);
        }
        while !*self.stopped.borrow() {
            let page = due(&self.views, now, after)?;
            let Some(last) = page.last() else { break };
            after = last.place;
            written_off += self.submit(page).await?;
        }
        Ok(written_off)
    }

    async fn submit(&self, page: Vec<Due>) -> Result<usize, Interruption> {
        let mut cards: Vec<_> = page.into_iter().map(|due| (due.card, due.partner)).collect();
        cards.sort_unstable();
        cards.dedup();
        let mut written_off = 0;
        for answer in self.writer.submit_all(cards.into_iter().map(request).collect()).await? {
            match answer {
                Ok(outcome) => written_off += usize::from(!outcome.events.is_empty()),
                // One card that cannot be written off must not keep the others waiting.
                Err(Refusal::Rejected(rejection)) => tracing::error!(?rejection, "a card's due points stay in the books"),
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Ok(written_off)
    }
}

fn request((card, partner): (CardId, PartnerId)) -> Request {
    let command = Command::ExpireDue(card);
    Request { partner, actor: Actor::ExpiryJob, shop: None, idempotency_key: None, command }
}

fn due(views: &Connection, now: Timestamp, after: Place) -> rusqlite::Result<Vec<Due>> {
    let mut query = views.prepare_cached(DUE)?;
    let rows = query.query_map((now.micros(), after.0, after.1, PAGE), |row| {
        let card = row.get(1)?;
        Ok(Due { place: (row.get(0)?, card), partner: PartnerId::new(row.get(2)?), card: CardId::new(card) })
    })?;
    rows.collect()
}
