//! The writer's thread: takes what the queue holds, has it decided, commits, and only then answers.

mod erasures;

use super::batch::{Batch, BatchError, Book};
use super::filter::{KeyFilter, KnownKeys};
use super::handle::{Answer, Condition, Message, QUEUE_MAX, Writer};
use super::memory::{Ids, Memory};
use super::pace::{CardPace, Moves};
use super::{Refusal, Request};
use crate::clock::Clock;
use crate::event_log;
use crate::live::Live;
use crate::storage::{DataDir, StorageError, open_ledger, open_reader};
use erasures::{Emptying, is_erasure, try_truncate};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How many requests one commit takes at most. Beyond this a batch gets no cheaper, only slower to answer.
const BATCH_MAX: usize = 1_024;
/// How many events the projector may be behind before the writer waits for it. Readers wait 5 seconds, in which a projector that shares
/// its cores with a service at full load applies some 70,000: so the writer slows long before it comes here.
pub const LAG_MAX: i64 = 100_000;
/// From how many on the writer slows: what it leaves of the processor is the projector's. A busy service has fewer between two rounds.
pub const LAG_FELT: i64 = LAG_MAX / 2;
/// How long a batch waits just below [`LAG_MAX`]; the less, the closer the lag is to [`LAG_FELT`].
const SLOWED: Duration = Duration::from_millis(20);
/// How long a batch waits for a lagging projector before it is refused.
const LAG_PATIENCE: Duration = Duration::from_secs(2);

/// Why the writer could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the files could not be read: {0}")]
    Read(#[from] rusqlite::Error),
    #[error("the writer's thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the writer on a directory whose lock the caller holds and whose projections are level with the log.
///
/// # Errors
/// When a file cannot be opened or read.
pub fn start(
    dir: &DataDir,
    live: Arc<Live>,
    clock: Clock,
    pages_max: Arc<AtomicU32>,
    pace: Option<CardPace>,
) -> Result<(Writer, JoinHandle<()>), StartError> {
    let (ledger, views) = (open_limited(dir, &pages_max)?, open_reader(dir)?);
    // A process that died between an erasure and this left what was erased in the WAL.
    let emptying = Emptying::new(!try_truncate(&ledger, Duration::ZERO)?);
    let committed = event_log::head(&ledger)?;
    let ids = Ids::load(&views, &ledger)?;
    let keys = Arc::new(KnownKeys::new(known_keys(&views)));
    fill_in_background(dir, &keys)?;
    let memory = Memory::new(live.clone(), views, KeyFilter::over(keys), ids);
    let condition = Arc::new(Condition::default());
    let (queue, incoming) = sync_channel(QUEUE_MAX);
    let thread = Thread {
        dir: dir.clone(),
        book: Book { ledger, committed, memory, moves: Moves::new(pace), clock },
        live: live.clone(),
        condition: condition.clone(),
        incoming,
        pages_max,
        emptying,
        broken: false,
    };
    let handle = std::thread::Builder::new().name("writer".to_owned()).spawn(move || thread.run())?;
    Ok((Writer { queue, condition, live }, handle))
}

// The limit is a property of the connection, so it is set on each.
fn open_limited(dir: &DataDir, pages_max: &AtomicU32) -> Result<Connection, StartError> {
    let ledger = open_ledger(dir)?;
    let pages = pages_max.load(Ordering::Relaxed);
    if pages > 0 {
        ledger.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(ledger)
}

// A count would read the whole table; the last event's number bounds it.
fn known_keys(views: &Connection) -> usize {
    let watermark = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'watermark'";
    let known = views.query_row(watermark, [], |row| row.get::<_, i64>(0)).unwrap_or(0);
    usize::try_from(known).unwrap_or(0)
}

fn fill_in_background(dir: &DataDir, keys: &Arc<KnownKeys>) -> Result<(), StartError> {
    let (views, keys) = (open_reader(dir)?, keys.clone());
    std::thread::Builder::new().name("key-filter".to_owned()).spawn(move || {
        if let Err(source) = keys.fill(&views) {
            tracing::warn!(%source, "the filter of idempotency keys stays off: every new key is looked up on disk");
        }
    })?;
    Ok(())
}

struct Thread {
    dir: DataDir,
    book: Book,
    live: Arc<Live>,
    condition: Arc<Condition>,
    incoming: Receiver<Message>,
    pages_max: Arc<AtomicU32>,
    emptying: Emptying,
    /// The log ends where nobody wrote: nothing may be added to it.
    broken: bool,
}

/// Answers that wait for the commit.
enum Waiting {
    One(oneshot::Sender<Answer>, Answer),
    Many(oneshot::Sender<Vec<Answer>>, Vec<Answer>),
}

/// What came of a batch.
struct Committed {
    waiting: Vec<Waiting>,
    written: bool,
    /// Whether anything was erased from the vault.
    erased: bool,
}

impl Thread {
    fn run(mut self) {
        let guard = FailingOnPanic(self.condition.clone());
        loop {
            let first = match self.next() {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    self.empty_late();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let (messages, stop) = self.collect(first);
            self.process(messages);
            if stop || self.broken {
                break;
            }
        }
        if !self.broken {
            self.empty_last();
        }
        std::mem::forget(guard);
    }

    /// The next message. Where the WAL is still to be emptied, nobody waits for one longer than until the next try.
    fn next(&self) -> Result<Message, RecvTimeoutError> {
        match self.emptying.rest() {
            Some(rest) => self.incoming.recv_timeout(rest),
            None => self.incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// What the queue holds right now, up to a batch, and whether to stop after it.
    fn collect(&self, first: Message) -> (Vec<Message>, bool) {
        let mut messages = Vec::new();
        let (mut next, mut requests) = (Some(first), 0);
        while let Some(message) = next.take() {
            match &message {
                Message::Stop => return (messages, true),
                Message::One { .. } | Message::Many { .. } => requests += message.requests(),
            }
            self.condition.waiting.fetch_sub(message.requests(), Ordering::Relaxed);
            messages.push(message);
            if requests < BATCH_MAX {
                next = self.incoming.try_recv().ok();
            }
        }
        (messages, false)
    }

    fn process(&mut self, messages: Vec<Message>) {
        debug_assert!(!self.broken, "nothing is taken after the writer gave up");
        if !self.projector_keeps_up() {
            messages.into_iter().for_each(|message| refuse(message, &Refusal::Busy));
            self.empty_late();
            return;
        }
        let mut ordinary = Vec::with_capacity(messages.len());
        for message in messages {
            if self.broken {
                refuse(message, &Refusal::Stopping);
            } else if is_erasure(&message) {
                self.commit_batch(std::mem::take(&mut ordinary));
                self.erase(message);
            } else {
                ordinary.push(message);
            }
        }
        if self.broken {
            ordinary.into_iter().for_each(|message| refuse(message, &Refusal::Stopping));
            return;
        }
        self.commit_batch(ordinary);
        self.empty_late();
    }

    fn commit_batch(&mut self, messages: Vec<Message>) {
        let Committed { waiting, written, erased } = self.commit(messages);
        if written && erased {
            self.empty_once();
        }
        waiting.into_iter().for_each(|waiting| deliver(waiting, written));
    }

    /// Decides and commits; answers what waits to be told.
    fn commit(&mut self, messages: Vec<Message>) -> Committed {
        let mut batch = Batch::new(&mut self.book);
        let mut waiting = Vec::with_capacity(messages.len());
        let mut failure = None;
        let requests = messages.iter().map(Message::requests).sum::<usize>();
        let requests = u64::try_from(requests).unwrap_or(u64::MAX);
        for message in messages {
            waiting.push(match message {
                Message::One { request, answer } => {
                    Waiting::One(answer, answer_to(&mut batch, &request, true, &mut failure))
                }
                Message::Many { requests, answer } => {
                    let answers = requests.iter().map(|request| answer_to(&mut batch, request, false, &mut failure));
                    Waiting::Many(answer, answers.collect())
                }
                Message::Stop => continue,
            });
        }
        let (empty, erased) = (batch.is_empty(), batch.has_erased());
        let end = batch.end().clone();
        let result = match failure {
            None => {
                let start = Instant::now();
                let result = batch.commit();
                if !empty {
                    self.condition.figures.commits.observe_time(start.elapsed());
                    self.condition.figures.batches.observe(requests);
                }
                result
            }
            Some(source) => {
                drop(batch);
                Err(source)
            }
        };
        let written = match result {
            Ok(_) if empty => true,
            Ok(_) => self.committed(end),
            Err(source) => self.after_failure(&source, end),
        };
        Committed { waiting, written, erased }
    }

    fn committed(&mut self, end: event_log::Appender) -> bool {
        self.book.memory.commit(end.seq, end.recorded_at);
        self.book.committed = end;
        if self.condition.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the log can be written again");
        }
        true
    }

    /// Nothing or everything of the batch is in the log. Looks which, on a fresh connection; answers whether it was written.
    fn after_failure(&mut self, source: &BatchError, end: event_log::Appender) -> bool {
        self.condition.fails();
        self.emptying.tell();
        self.book.moves.forget();
        tracing::error!(%source, "a batch could not be committed");
        let _ = self.book.ledger.execute_batch("ROLLBACK");
        loop {
            match open_limited(&self.dir, &self.pages_max).map_err(|source| source.to_string()).and_then(|ledger| {
                let head = event_log::head(&ledger).map_err(|source| source.to_string())?;
                Ok((ledger, head))
            }) {
                Ok((ledger, head)) if (head.seq, head.hash) == (self.book.committed.seq, self.book.committed.hash) => {
                    self.book.ledger = ledger;
                    self.book.memory.discard();
                    return false;
                }
                Ok((ledger, head)) if (head.seq, head.hash) == (end.seq, end.hash) => {
                    self.book.ledger = ledger;
                    return self.committed(end);
                }
                Ok((_, head)) => {
                    tracing::error!(found = %head.seq, expected = %self.book.committed.seq,
                        "the log ends where nobody wrote: run `counterfoil-replay verify`; the writer stops");
                    return self.give_up();
                }
                Err(source) if self.condition.stopping.load(Ordering::Acquire) => {
                    tracing::error!(%source, "the log cannot be read, and the service is stopping");
                    return self.give_up();
                }
                Err(source) => {
                    tracing::error!(%source, "the log cannot be read; trying again");
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
        }
    }

    fn give_up(&mut self) -> bool {
        self.condition.stopping.store(true, Ordering::Release);
        self.book.memory.discard();
        self.broken = true;
        false
    }

    /// Waits where the projector is behind, the longer the further; answers whether it is near enough.
    fn projector_keeps_up(&self) -> bool {
        let start = Instant::now();
        if let Some(pause) = slowed(self.live.progress().lag()) {
            std::thread::sleep(pause);
        }
        while self.live.progress().lag() > LAG_MAX {
            if start.elapsed() > LAG_PATIENCE {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

/// How long a batch waits at a lag; not at all where nobody would feel it.
fn slowed(lag: i64) -> Option<Duration> {
    let felt = u32::try_from(lag.min(LAG_MAX) - LAG_FELT).ok().filter(|felt| *felt > 0)?;
    Some(SLOWED * felt / u32::try_from(LAG_MAX - LAG_FELT).unwrap_or(1))
}

/// A writer that dies leaves a service that says so.
struct FailingOnPanic(Arc<Condition>);

impl Drop for FailingOnPanic {
    fn drop(&mut self) {
        self.0.failing.store(true, Ordering::Relaxed);
        self.0.stopping.store(true, Ordering::Release);
        tracing::error!("the writer stopped unexpectedly: restart the service");
    }
}

fn answer_to(batch: &mut Batch<'_>, request: &Request, alone: bool, failure: &mut Option<BatchError>) -> Answer {
    if failure.is_some() {
        return Err(Refusal::NotWritten);
    }
    batch.handle(request, alone).unwrap_or_else(|source| {
        *failure = Some(source);
        Err(Refusal::NotWritten)
    })
}

fn deliver(waiting: Waiting, written: bool) {
    let settled = |answer: Answer| if written { answer } else { Err(Refusal::NotWritten) };
    // A caller who has gone away loses the answer, not the effect.
    match waiting {
        Waiting::One(sender, answer) => drop(sender.send(settled(answer))),
        Waiting::Many(sender, answers) => drop(sender.send(answers.into_iter().map(settled).collect())),
    }
}

fn refuse(message: Message, refusal: &Refusal) {
    match message {
        Message::One { answer, .. } => drop(answer.send(Err(refusal.clone()))),
        Message::Many { requests, answer } => {
            drop(answer.send(requests.iter().map(|_| Err(refusal.clone())).collect()));
        }
        Message::Stop => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_is_felt_little_by_little_and_never_for_longer_than_at_its_bound() {
        assert_eq!((slowed(0), slowed(LAG_FELT)), (None, None));
        assert_eq!(slowed((LAG_FELT + LAG_MAX) / 2), Some(SLOWED / 2));
        assert_eq!((slowed(LAG_MAX), slowed(10 * LAG_MAX)), (Some(SLOWED), Some(SLOWED)));
    }
}
