//! Following the log for customers who were erased or of whom something was, so that what receivers answered about them goes too.

use super::Sources;
use crate::domain::{CustomerId, Seq, Stream};
use crate::event_log::{LogError, each_wanted};
use crate::ops::{Deliveries, OpsError};
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use std::time::{Duration, Instant};

/// Why they could not be followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ErasuresError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Ops(#[from] OpsError),
}

/// How many rows of the log are looked at in one go: whoever calls has more to do.
const PAGE_ROWS: i64 = 5_000;
/// How often it is tried to empty the WAL, where it may hold what was taken away.
const EMPTY_EVERY: Duration = Duration::from_secs(1);

/// How far they have been followed.
#[derive(Debug)]
pub(super) struct Erasures {
    followed: Seq,
    /// What ops.db says of it; none where nothing has been kept yet that could have to go.
    noted: Option<Seq>,
    /// Those of this run, and when: what is on its way about them is kept without its answer.
    erased: FxHashMap<CustomerId, Seq>,
    /// The WAL of ops.db may hold what was taken away.
    in_wal: bool,
    emptied: Option<Instant>,
}

impl Erasures {
    /// Goes on where it was left; where nothing has been kept yet, from `head`. Not beyond `watermark`: who was erased before, views.db
    /// says.
    pub(super) fn load(deliveries: &Deliveries, head: Seq, watermark: Seq) -> Result<Self, OpsError> {
        let noted = deliveries.erasures_followed()?;
        let followed = noted.unwrap_or(head).min(head).min(watermark);
        // Nobody knows whether the run before this one came to emptying the WAL.
        Ok(Self { followed, noted, erased: FxHashMap::default(), in_wal: true, emptied: None })
    }

    /// Follows the log for a while, not beyond `head`, and takes away the answers about whoever was erased.
    pub(super) fn follow(&mut self, log: &Connection, deliveries: &Deliveries, head: Seq) -> Result<(), ErasuresError> {
        if self.followed < head {
            let until = head.min(Seq::new(self.followed.get() + PAGE_ROWS));
            let mut found = Vec::new();
            let erased = |_, kind: &str| matches!(kind, "customer.erased" | "records.erased");
            each_wanted(log, (self.followed, until), erased, |stored| {
                if let Stream::Customer(customer) = stored.event.stream() {
                    found.push(customer);
                    self.erased.insert(customer, stored.seq);
                }
                true
            })?;
            if !found.is_empty() {
                deliveries.forget_answers(&found)?;
                (self.in_wal, self.emptied) = (true, None);
            }
            self.followed = until;
        }
        // Before the first answer is kept, and then seldom: to look at a part of the log again does no harm.
        if self.noted.is_none_or(|noted| noted.get() + PAGE_ROWS <= self.followed.get()) {
            deliveries.follow_erasures(self.followed)?;
            self.noted = Some(self.followed);
        }
        Ok(())
    }

    /// Empties the WAL of ops.db where it may hold what was taken away. Waits for nobody: where a reader is in the way, a later call
    /// tries again.
    pub(super) fn empty_wal(&mut self, deliveries: &Deliveries) -> Result<(), OpsError> {
        if self.in_wal && self.emptied.is_none_or(|last| last.elapsed() >= EMPTY_EVERY) {
            self.emptied = Some(Instant::now());
            self.in_wal = !deliveries.empty_wal()?;
        }
        Ok(())
    }

    /// Whether no answer about a customer may be kept, because they were erased, or something was that the receiver may have been
    /// told. What was erased without this run's knowing is found when the log is followed so far.
    pub(super) fn include(&self, customer: CustomerId, sources: &Sources) -> rusqlite::Result<bool> {
        Ok(self.erased.contains_key(&customer) || sources.is_erased(customer)?)
    }

    /// Forgets who was erased, where nothing about them is on its way any more and views.db tells of it by itself.
    pub(super) fn prune(&mut self, sources: &Sources, is_told: impl Fn(CustomerId) -> bool) {
        if !self.erased.is_empty() {
            let watermark = sources.watermark();
            self.erased.retain(|customer, erased| *erased > watermark || is_told(*customer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{DataDir, open_ops};
    use std::path::Path;

    fn wal_bytes(dir: &Path) -> u64 {
        std::fs::metadata(dir.join("ops.db-wal")).map_or(0, |file| file.len())
    }

    #[test]
    fn a_wal_that_a_reader_holds_is_emptied_later_and_not_waited_for() {
        let files = tempfile::tempdir().unwrap();
        let dir = DataDir::new(files.path());
        let deliveries = Deliveries::open(&dir).unwrap();
        let mut erasures = Erasures::load(&deliveries, Seq::ZERO, Seq::ZERO).unwrap();
        let reader = open_ops(&dir).unwrap();
        deliveries.follow_erasures(Seq::new(1)).unwrap();
        let snapshot = reader.unchecked_transaction().unwrap();
        let rows = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        assert_eq!(snapshot.query_row("SELECT count(*) FROM webhook_tracks", [], rows), Ok(1));
        deliveries.follow_erasures(Seq::new(2)).unwrap();
        let start = Instant::now();
        erasures.empty_wal(&deliveries).unwrap();
        assert!(erasures.in_wal && start.elapsed() < crate::storage::BUSY / 2, "it did not wait");
        assert!(wal_bytes(files.path()) > 0);
        drop(snapshot);
        erasures.empty_wal(&deliveries).unwrap();
        assert!(erasures.in_wal, "not at once");
        erasures.emptied = None;
        erasures.empty_wal(&deliveries).unwrap();
        assert_eq!((erasures.in_wal, wal_bytes(files.path())), (false, 0));
    }
}
