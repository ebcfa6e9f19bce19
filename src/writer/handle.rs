//! The way to the writer: a bounded queue, and an answer for each request in it.

use super::{Outcome, Refusal, Request};
use crate::live::Live;
use crate::metrics::WorkFigures;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, oneshot};

/// How many messages may wait, each one request or one bulk.
pub const QUEUE_MAX: usize = 4_096;
/// How many requests may wait, those of bulks counted one by one: this bounds the memory of the queue.
pub const WAITING_MAX: usize = 16_384;
/// How many requests one bulk request may hold.
pub const BULK_MAX: usize = 1_000;

/// What the queue holds.
#[derive(Debug)]
pub(super) enum Message {
    One {
        request: Box<Request>,
        answer: oneshot::Sender<Answer>,
    },
    Many {
        requests: Vec<Request>,
        answer: oneshot::Sender<Vec<Answer>>,
    },
    /// Finish what was taken, take nothing more.
    Stop,
}

impl Message {
    /// How many requests it brings.
    pub(super) fn requests(&self) -> usize {
        match self {
            Self::One { .. } => 1,
            Self::Many { requests, .. } => requests.len(),
            Self::Stop => 0,
        }
    }
}

/// What each request is answered with.
pub(super) type Answer = Result<Outcome, Refusal>;

/// The writer's state for the health check.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub(super) waiting: AtomicUsize,
    pub(super) failing: AtomicBool,
    pub(super) stopping: AtomicBool,
    pub(super) figures: WorkFigures,
    last_failure: Mutex<Option<Instant>>,
    /// Read by imports, written by a page of the expiry or retention job.
    expiry: RwLock<()>,
}

impl Condition {
    /// A commit failed, and nothing shows yet that the next one will not.
    pub(super) fn fails(&self) {
        self.failing.store(true, Ordering::Relaxed);
        self.figures.failed_commits.count();
        *self.last_failure.lock() = Some(Instant::now());
    }
}

/// Answers that the writer still owes.
#[derive(Debug)]
pub struct Bulk(oneshot::Receiver<Vec<Answer>>);

impl Bulk {
    /// Waits until the requests are committed or refused. For a thread outside any async runtime.
    ///
    /// # Errors
    /// When the writer has gone; then nothing was written.
    pub fn wait(self) -> Result<Vec<Result<Outcome, Refusal>>, Refusal> {
        self.0.blocking_recv().map_err(|_| Refusal::Stopping)
    }
}

/// The expiry job rests while this lives.
#[derive(Debug)]
pub struct ExpiryRest<'w> {
    _guard: RwLockReadGuard<'w, ()>,
}

/// A handle on the writer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer {
    pub(super) queue: SyncSender<Message>,
    pub(super) condition: Arc<Condition>,
    pub(super) live: Arc<Live>,
}

impl Writer {
    /// Submits one request and waits until it is committed or refused.
    ///
    /// # Errors
    /// The refusal. After [`Refusal::Busy`], [`Refusal::NotWritten`] and [`Refusal::Stopping`] nothing was written.
    pub async fn submit(&self, request: Request) -> Result<Outcome, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::One { request: Box::new(request), answer })?;
        answered.await.unwrap_or(Err(Refusal::Stopping))
    }

    /// Submits up to [`BULK_MAX`] requests that are decided in order, independently, and committed together.
    ///
    /// # Errors
    /// When none of them was taken.
    pub async fn submit_all(&self, requests: Vec<Request>) -> Result<Vec<Result<Outcome, Refusal>>, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Many { requests, answer })?;
        answered.await.map_err(|_| Refusal::Stopping)
    }

    /// [`Writer::submit_all`] that does not wait, for a thread outside any async runtime that has more to send.
    ///
    /// # Errors
    /// When none of them was taken.
    pub fn submit_bulk(&self, requests: Vec<Request>) -> Result<Bulk, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Many { requests, answer })?;
        Ok(Bulk(answered))
    }

    /// Keeps the expiry job from writing anything off as long as the guard lives; waits for what it is writing off. For a thread
    /// outside any async runtime.
    pub fn rest_expiry(&self) -> ExpiryRest<'_> {
        ExpiryRest { _guard: self.condition.expiry.blocking_read() }
    }

    /// A turn of a job that writes what imports rely on: one at a time, and none beside an import. None where it has not come in time.
    /// An import that begins meanwhile waits behind it, at most as long.
    pub(crate) async fn expiry_turn(&self, patience: Duration) -> Option<RwLockWriteGuard<'_, ()>> {
        tokio::time::timeout(patience, self.condition.expiry.write()).await.ok()
    }

    /// [`Writer::submit`] for a thread outside any async runtime.
    ///
    /// # Errors
    /// As [`Writer::submit`].
    pub fn submit_blocking(&self, request: Request) -> Result<Outcome, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::One { request: Box::new(request), answer })?;
        answered.blocking_recv().unwrap_or(Err(Refusal::Stopping))
    }

    /// What is committed and in memory.
    #[must_use]
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// How many requests wait in the queue.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.condition.waiting.load(Ordering::Relaxed)
    }

    /// Whether the last commit failed: reads work, writes are refused until one succeeds.
    #[must_use]
    pub fn failing(&self) -> bool {
        self.condition.failing.load(Ordering::Relaxed)
    }

    /// How long ago the last commit failed, while none has succeeded since.
    #[must_use]
    pub fn failed_ago(&self) -> Option<Duration> {
        let failed = if self.failing() { *self.condition.last_failure.lock() } else { None };
        failed.map(|at| at.elapsed())
    }

    /// What was done since the start.
    #[must_use]
    pub fn figures(&self) -> &WorkFigures {
        &self.condition.figures
    }

    /// Whether it takes nothing more: it was told to stop, or it ended by itself, which only a restart mends.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.condition.stopping.load(Ordering::Acquire)
    }

    /// Takes nothing more, and lets the thread end once it has answered what was taken.
    pub fn stop(&self) {
        self.condition.stopping.store(true, Ordering::Release);
        // The thread may have ended already, which is what is wanted.
        drop(self.queue.send(Message::Stop));
    }

    fn send(&self, message: Message) -> Result<(), Refusal> {
        if self.condition.stopping.load(Ordering::Acquire) {
            return Err(Refusal::Stopping);
        }
        let requests = message.requests();
        let before = self.condition.waiting.fetch_add(requests, Ordering::Relaxed);
        if before > 0 && before + requests > WAITING_MAX {
            self.condition.waiting.fetch_sub(requests, Ordering::Relaxed);
            return Err(Refusal::Busy);
        }
        self.queue.try_send(message).map_err(|refused| {
            self.condition.waiting.fetch_sub(requests, Ordering::Relaxed);
            match refused {
                TrySendError::Full(_) => Refusal::Busy,
                TrySendError::Disconnected(_) => Refusal::Stopping,
            }
        })
    }
}
