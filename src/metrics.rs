//! Figures that cost what they count an atomic addition: no lock, no allocation, no time of their own. Whoever serves them reads
//! them; they decide nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of times, in microseconds.
pub const TIMES: [u64; 13] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];
/// The upper bounds of sizes.
pub const SIZES: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// What was counted so often.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Once more.
    pub fn count(&self) {
        self.add(1);
    }

    /// So many times more.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    /// How often.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often a number was at most each of the bounds.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    within: [Counter; N],
    above: Counter,
    sum: Counter,
}

impl<const N: usize> Histogram<N> {
    /// Nothing observed yet.
    #[must_use]
    pub fn new(bounds: &'static [u64; N]) -> Self {
        Self {
            bounds,
            within: std::array::from_fn(|_| Counter::default()),
            above: Counter::default(),
            sum: Counter::default(),
        }
    }

    /// Observes a number.
    pub fn observe(&self, number: u64) {
        let place = self.bounds.iter().position(|bound| number <= *bound);
        place.and_then(|place| self.within.get(place)).unwrap_or(&self.above).count();
        self.sum.add(number);
    }

    /// Observes a time, in microseconds.
    pub fn observe_time(&self, time: Duration) {
        self.observe(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many were at most each bound and above the one before, with the bound.
    pub fn within(&self) -> impl Iterator<Item = (u64, u64)> {
        self.bounds.iter().copied().zip(self.within.iter().map(Counter::get))
    }

    /// How many were above the last bound.
    #[must_use]
    pub fn above(&self) -> u64 {
        self.above.get()
    }

    /// What all of them add up to.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum.get()
    }
}

/// What the writer and the jobs have done since the start.
#[derive(Debug)]
pub struct WorkFigures {
    /// How many requests a batch held.
    pub batches: Histogram<10>,
    /// How long a COMMIT took, which writes and syncs.
    pub commits: Histogram<13>,
    pub failed_commits: Counter,
    /// Cards on which the expiry job wrote something off.
    pub expired_cards: Counter,
    /// Passes of the expiry job that ended early.
    pub expiry_interruptions: Counter,
    /// When the expiry job last ended a pass, in microseconds since 1970; 0 for never.
    pub expiry_passed_at: AtomicI64,
    pub backups: Arc<BackupFigures>,
}

/// How the backups fare.
#[derive(Debug, Default)]
pub struct BackupFigures {
    /// Whether any are to be made.
    pub planned: AtomicBool,
    /// When the newest good one was begun, in microseconds since 1970; 0 for never.
    pub made_at: AtomicI64,
    /// How many events it holds.
    pub events: AtomicI64,
    pub failures: Counter,
    /// Whether the last attempt failed.
    pub failing: AtomicBool,
}

impl Default for WorkFigures {
    fn default() -> Self {
        Self {
            batches: Histogram::new(&SIZES),
            commits: Histogram::new(&TIMES),
            failed_commits: Counter::default(),
            expired_cards: Counter::default(),
            expiry_interruptions: Counter::default(),
            expiry_passed_at: AtomicI64::new(0),
            backups: Arc::default(),
        }
    }
}

/// What the sender of webhooks has done since the start, and how it fares.
#[derive(Debug)]
pub struct WebhookFigures {
    /// Attempts that the receiver took.
    pub delivered: Counter,
    /// Attempts after which another is made.
    pub failed: Counter,
    /// Attempts that were the last of an event that nobody took.
    pub abandoned: Counter,
    /// How long an attempt took.
    pub times: Histogram<13>,
    pub active: AtomicI64,
    /// By whoever manages them.
    pub paused: AtomicI64,
    /// By the service.
    pub disabled: AtomicI64,
    /// How many events the one is behind that is farthest behind, of those that are active.
    pub lag_most: AtomicI64,
    /// How many events they are behind together.
    pub lag_sum: AtomicI64,
    /// Events that wait for another attempt, or behind one.
    pub pending: AtomicI64,
    /// Customers whose events wait for another attempt.
    pub held: AtomicI64,
}

impl Default for WebhookFigures {
    fn default() -> Self {
        Self {
            delivered: Counter::default(),
            failed: Counter::default(),
            abandoned: Counter::default(),
            times: Histogram::new(&TIMES),
            active: AtomicI64::new(0),
            paused: AtomicI64::new(0),
            disabled: AtomicI64::new(0),
            lag_most: AtomicI64::new(0),
            lag_sum: AtomicI64::new(0),
            pending: AtomicI64::new(0),
            held: AtomicI64::new(0),
        }
    }
}

/// How far the making of views.db at a start is.
#[derive(Debug, Default)]
pub struct RebuildFigures {
    /// The event that it has reached.
    pub reached: AtomicI64,
    /// The event with which it ends; 0 while nothing is rebuilt.
    pub end: AtomicI64,
}

impl RebuildFigures {
    /// In percent, rounded down; none while nothing is rebuilt.
    #[must_use]
    pub fn percent(&self) -> Option<i64> {
        let (reached, end) = (self.reached.load(Ordering::Relaxed), self.end.load(Ordering::Relaxed));
        (end > 0).then(|| reached.saturating_mul(100).div_euclid(end).clamp(0, 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_falls_under_the_first_bound_that_holds_it() {
        let sizes = Histogram::new(&SIZES);
        for number in [0, 1, 2, 3, 512, 513] {
            sizes.observe(number);
        }
        let within: Vec<_> = sizes.within().filter(|(_, count)| *count > 0).collect();
        assert_eq!(within, [(1, 2), (2, 1), (4, 1), (512, 1)]);
        assert_eq!((sizes.above(), sizes.sum()), (1, 1_031));
    }

    #[test]
    fn a_rebuild_says_how_far_it_is_once_it_has_begun() {
        let rebuild = RebuildFigures::default();
        assert_eq!(rebuild.percent(), None);
        rebuild.end.store(300, Ordering::Relaxed);
        rebuild.reached.store(121, Ordering::Relaxed);
        assert_eq!(rebuild.percent(), Some(40));
    }
}
