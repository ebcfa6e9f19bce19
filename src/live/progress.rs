//! How far the log has been committed and the projector has followed, and waiting for the latter.

use crate::domain::{Seq, Timestamp};
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How many events wait for the projector before it is woken without anybody asking. A larger batch is cheaper for each event,
/// because its rows, sorted, share pages.
const RING_LAG: i64 = 25_000;

/// Two positions in the log: what is committed, and what the projections reflect.
#[derive(Debug)]
pub struct Progress {
    head: AtomicI64,
    recorded_at: AtomicI64,
    // The wake-up call for the projector: from a reader who waits, or from the writer when there is much to do.
    bell: (Mutex<bool>, Condvar),
    watermark: watch::Sender<Seq>,
    /// When the projector last ended a round, in microseconds since `begun`.
    rounded_at: AtomicU64,
    begun: Instant,
}

impl Progress {
    pub(super) fn new(head: Seq, recorded_at: Timestamp) -> Self {
        Self {
            head: AtomicI64::new(head.get()),
            recorded_at: AtomicI64::new(recorded_at.micros()),
            bell: (Mutex::new(false), Condvar::new()),
            watermark: watch::Sender::new(head),
            rounded_at: AtomicU64::new(0),
            begun: Instant::now(),
        }
    }

    /// The last committed event.
    #[must_use]
    pub fn head(&self) -> Seq {
        Seq::new(self.head.load(Ordering::Acquire))
    }

    /// The time by the log: now, but never before the last event, whatever the clock does. Balances are read at this time.
    #[must_use]
    pub fn time(&self, now: Timestamp) -> Timestamp {
        now.max(Timestamp::from_micros(self.recorded_at.load(Ordering::Acquire)))
    }

    /// The last event that views.db reflects.
    #[must_use]
    pub fn watermark(&self) -> Seq {
        *self.watermark.borrow()
    }

    /// How many events the projector has yet to apply.
    #[must_use]
    pub fn lag(&self) -> i64 {
        (self.head().get() - self.watermark().get()).max(0)
    }

    /// How long the projector has not ended a round while it has events to apply; it ends one every two seconds also where there are
    /// none.
    #[must_use]
    pub fn behind_for(&self) -> Duration {
        let rounded_at = Duration::from_micros(self.rounded_at.load(Ordering::Relaxed));
        if self.lag() == 0 { Duration::ZERO } else { self.begun.elapsed().saturating_sub(rounded_at) }
    }

    /// The read barrier: returns once views.db reflects everything that was committed when this was called.
    ///
    /// Returns false if the projector did not get there within `patience`.
    pub async fn caught_up(&self, patience: Duration) -> bool {
        let head = self.head();
        if self.watermark() >= head {
            return true;
        }
        let mut watermark = self.watermark.subscribe();
        self.ring();
        let reached = watermark.wait_for(|watermark| *watermark >= head);
        tokio::time::timeout(patience, reached).await.is_ok_and(|reached| reached.is_ok())
    }

    /// [`Progress::caught_up`] for a thread that may block.
    #[must_use]
    pub fn caught_up_blocking(&self, patience: Duration) -> bool {
        let (head, start) = (self.head(), Instant::now());
        self.ring();
        while self.watermark() < head {
            if start.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        true
    }

    pub(super) fn committed(&self, head: Seq, recorded_at: Timestamp) {
        self.recorded_at.store(recorded_at.micros(), Ordering::Release);
        self.head.store(head.get(), Ordering::Release);
        if self.lag() >= RING_LAG {
            self.ring();
        }
    }

    /// Wakes the projector.
    pub(crate) fn ring(&self) {
        *self.bell.0.lock() = true;
        self.bell.1.notify_one();
    }

    /// Sleeps until somebody rings, or for `at_most`.
    pub(crate) fn await_bell(&self, at_most: Duration) {
        let mut rung = self.bell.0.lock();
        if !*rung {
            self.bell.1.wait_for(&mut rung, at_most);
        }
        *rung = false;
    }

    /// The projector has committed everything up to `watermark`.
    pub(crate) fn projected(&self, watermark: Seq) {
        self.watermark.send_replace(watermark);
        let now = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.rounded_at.store(now, Ordering::Relaxed);
    }
}
