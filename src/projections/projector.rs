//! The projector: follows the log and writes views.db, a transaction for whatever is new.

use super::fold::{Fold, FoldError, Sources};
use super::tiles::Growth;
use super::{books, load_directory};
use crate::domain::programme::Directory;
use crate::domain::{Seq, Timestamp};
use crate::event_log::events_after;
use crate::storage::BUSY;
use rusqlite::{Connection, TransactionBehavior};
use std::fmt;
use std::time::Duration;

/// How many events one transaction applies at most: enough that sorted rows share pages. It bounds what a transaction takes in memory and
/// in the WAL however far behind the projector is.
const BATCH_MAX: i64 = 25_000;

/// Why the projections could not follow.
#[derive(Debug, thiserror::Error)]
#[error("the projections could not follow the log: {0}")]
pub struct ProjectorError(#[source] FoldError);

/// Applies the log to views.db, batch by batch.
pub struct Projector {
    views: Connection,
    ledger: Connection,
    directory: Directory,
    growth: Growth,
    watermark: Seq,
    /// When the latest event up to it was recorded.
    latest: Option<Timestamp>,
    /// The WAL may hold look-up hashes that were overwritten.
    hashes_in_wal: bool,
}

impl fmt::Debug for Projector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projector").field("watermark", &self.watermark).finish_non_exhaustive()
    }
}

impl Projector {
    /// Continues a views.db that reflects the log up to `watermark`.
    ///
    /// # Errors
    /// When views.db cannot be read.
    pub fn new(views: Connection, ledger: Connection, watermark: Seq) -> rusqlite::Result<Self> {
        let directory = load_directory(&views)?;
        let growth = Growth::restore(&views, &ledger, watermark)?;
        let latest = books::latest(&views)?;
        // Whoever wrote the file before may have died with them there.
        Ok(Self { views, ledger, directory, growth, watermark, latest, hashes_in_wal: true })
    }

    /// The last event that views.db reflects.
    #[must_use]
    pub fn watermark(&self) -> Seq {
        self.watermark
    }

    /// The programme as views.db has it.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Applies the next events up to `head`, in one transaction; answers the new watermark.
    ///
    /// # Errors
    /// When a file cannot be read or written. Nothing has changed then, and the same call may be repeated.
    pub fn advance(&mut self, head: Seq) -> Result<Seq, ProjectorError> {
        let until = Seq::new(head.get().min(self.watermark.get() + BATCH_MAX));
        if until <= self.watermark {
            return Ok(self.watermark);
        }
        let (fold, changes_contacts) = self.apply(until).map_err(ProjectorError)?;
        if fold.seq == self.watermark {
            return Err(ProjectorError(FoldError::Missing { seq: Seq::new(fold.seq.get() + 1) }));
        }
        (self.watermark, self.latest) = (fold.seq, fold.latest());
        self.hashes_in_wal |= changes_contacts;
        if fold.directory() != &self.directory {
            self.directory = fold.directory().clone();
        }
        self.growth = fold.into_growth();
        Ok(self.watermark)
    }

    /// Empties the WAL where it may hold look-up hashes of persons that were overwritten. Waits for nobody: where a reader is in the
    /// way, the next call tries again.
    ///
    /// # Errors
    /// When the file cannot be written; the next call tries again.
    pub fn drop_old_hashes(&mut self) -> rusqlite::Result<()> {
        if self.hashes_in_wal {
            self.views.busy_timeout(Duration::ZERO)?;
            let busy = self.views.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            self.views.busy_timeout(BUSY)?;
            self.hashes_in_wal = busy? != 0;
        }
        Ok(())
    }

    /// Answers also whether look-up hashes were overwritten.
    fn apply(&mut self, until: Seq) -> Result<(Fold, bool), FoldError> {
        let transaction = self.views.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut fold = Fold::new(self.directory.clone(), self.growth.clone(), self.watermark, self.latest);
        let sources = Sources { views: Some(&transaction), ledger: &self.ledger };
        events_after(&self.ledger, self.watermark, until, |stored| fold.apply(stored, &sources))?;
        // Overwriting what is freed costs every batch; only look-up hashes of a person have to be gone for good, and so do the copies that
        // the splitting of a page leaves.
        let changes_contacts = fold.changes_contacts();
        transaction.pragma_update(None, "secure_delete", fold.writes_contacts())?;
        fold.write(&transaction)?;
        transaction.commit()?;
        Ok((fold, changes_contacts))
    }
}
