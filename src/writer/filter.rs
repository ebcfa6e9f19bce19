//! Filters in memory of every idempotency key in the log: a new key is known to be new without asking views.db.

use crate::projections::each_key_hash;
use fastbloom::{AtomicBloomFilter, BloomFilter};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many look-ups a filter has made in vain, each of which asks every era of views.db: one in a thousand, for 15 bits a key.
const FALSE_POSITIVES: f64 = 0.001;
/// How many keys the first filter of new ones has room for.
const ROOM: usize = 4_000_000;
/// The least that the filter of known keys has room for: on a young ledger new keys come while it is filled, and it may take them in too.
const KNOWN_MIN: usize = 10_000;

/// The keys that were there at the start. A thread of its own takes them in.
pub(super) struct KnownKeys {
    bits: AtomicBloomFilter,
    complete: AtomicBool,
}

impl KnownKeys {
    /// Room for so many keys, and none of them yet.
    pub(super) fn new(count: usize) -> Self {
        let bits = AtomicBloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(count.max(KNOWN_MIN));
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

    // "Maybe" to everything until all are there.
    fn may_contain(&self, hash: i64) -> bool {
        !self.complete.load(Ordering::Acquire) || self.bits.contains(&hash)
    }
}

/// All keys: the known ones, and those that the writer has committed since.
///
/// A filter that takes in more keys than it has room for says "maybe" to nearly everything: so a full one is followed by another, with room
/// for as many keys as came until then.
pub(super) struct KeyFilter {
    known: Arc<KnownKeys>,
    since: Vec<BloomFilter>,
    /// How many keys came since.
    count: usize,
    /// How many keys the newest filter still has room for.
    left: usize,
    least: usize,
}

impl KeyFilter {
    pub(super) fn over(known: Arc<KnownKeys>) -> Self {
        Self::with_room(known, ROOM)
    }

    fn with_room(known: Arc<KnownKeys>, least: usize) -> Self {
        Self { known, since: Vec::new(), count: 0, left: 0, least }
    }

    /// Takes in a new key.
    pub(super) fn insert(&mut self, hash: i64) {
        if self.left == 0 {
            self.left = self.count.max(self.least);
            self.since.push(BloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(self.left));
        }
        if let Some(newest) = self.since.last_mut() {
            newest.insert(&hash);
        }
        (self.left, self.count) = (self.left - 1, self.count + 1);
    }

    /// False only if no event has claimed a key with this hash.
    pub(super) fn may_contain(&self, hash: i64) -> bool {
        self.known.may_contain(hash) || self.since.iter().any(|keys| keys.contains(&hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(keys: std::ops::Range<i64>) -> Arc<KnownKeys> {
        let known = KnownKeys::new(keys.clone().count());
        keys.for_each(|hash| {
            known.bits.insert(&hash);
        });
        Arc::new(known)
    }

    #[test]
    fn every_key_may_be_there_until_all_are_known() {
        let filter = KeyFilter::over(known(0..10));
        assert!(filter.may_contain(-1));
        filter.known.complete.store(true, Ordering::Release);
        assert!((0..10).all(|hash| filter.may_contain(hash)));
    }

    #[test]
    fn however_many_keys_come_all_are_found_and_few_others() {
        let mut filter = KeyFilter::with_room(known(0..100), 10);
        filter.known.complete.store(true, Ordering::Release);
        (100..20_000).for_each(|hash| filter.insert(hash));
        assert!((0..20_000).all(|hash| filter.may_contain(hash)));
        let in_vain = (20_000..40_000).filter(|hash| filter.may_contain(*hash)).count();
        assert!(in_vain < 1_000, "{in_vain} of 20000");
        assert!(filter.since.len() < 20, "{} filters", filter.since.len());
    }
}
