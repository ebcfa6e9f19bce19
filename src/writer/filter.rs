//! A filter in memory of every idempotency key in the log: most new keys are known to be new without asking views.db.

use crate::projections::each_key_hash;
use fastbloom::AtomicBloomFilter;
use rusqlite::Connection;
use std::sync::atomic::{AtomicBool, Ordering};

/// One look-up in a hundred is made in vain at this rate; each key costs ten bits.
const FALSE_POSITIVES: f64 = 0.01;
/// Room for new keys beyond those at the start. When it is used up, more look-ups are made in vain, until the next start.
const ROOM: usize = 4_000_000;

/// The filter. Filled by two: a thread with the keys that were there at the start, the writer with new ones.
pub(super) struct KeyFilter {
    bits: AtomicBloomFilter,
    complete: AtomicBool,
}

impl KeyFilter {
    /// An empty filter with room for `keys` keys and more. Says "maybe" to everything until [`KeyFilter::fill`] is through.
    pub(super) fn new(keys: usize) -> Self {
        let bits = AtomicBloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(keys + ROOM);
        Self { bits, complete: AtomicBool::new(false) }
    }

    /// Takes in the keys that views.db knows.
    pub(super) fn fill(&self, views: &Connection) -> rusqlite::Result<()> {
        each_key_hash(views, |hash| {
            self.bits.insert(&hash);
        })?;
        self.complete.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes in a new key.
    pub(super) fn insert(&self, hash: i64) {
        self.bits.insert(&hash);
    }

    /// False only if no event has claimed a key with this hash.
    pub(super) fn may_contain(&self, hash: i64) -> bool {
        !self.complete.load(Ordering::Acquire) || self.bits.contains(&hash)
    }
}
