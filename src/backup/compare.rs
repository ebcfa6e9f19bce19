//! What would be lost where a copy took the place of a log.

use super::BackupError;
use crate::domain::{CustomerId, Event, KeyId, Seq, Timestamp};
use crate::event_log::{LogError, each_wanted, hash_at, head, recorded_at};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::path::Path;

/// A log held against a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// How many events the log has.
    pub events: Seq,
    /// How many events both begin with.
    pub common: Seq,
    /// When the first and the last event that only the log has were recorded.
    pub between: Option<(Timestamp, Timestamp)>,
}

/// What must not come back to life with an older copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endings {
    pub revoked: BTreeSet<KeyId>,
    pub erased: BTreeSet<CustomerId>,
}

impl Comparison {
    /// How many events would be lost.
    #[must_use]
    pub fn lost(&self) -> i64 {
        self.events.get() - self.common.get()
    }
}

/// Holds a log against a copy, both by their files.
///
/// # Errors
/// When one cannot be read.
pub fn compare(log: &Path, copy: &Path) -> Result<Comparison, BackupError> {
    let of_log = |source| BackupError::Database { path: log.to_owned(), source };
    let of_copy = |source| BackupError::Database { path: copy.to_owned(), source };
    let (log, copy) = (open(log).map_err(of_log)?, open(copy).map_err(of_copy)?);
    let (events, copied) = (head(&log).map_err(of_log)?.seq, head(&copy).map_err(of_copy)?.seq);
    // A hash covers everything before it: where two logs agree at an event, they agree on all before.
    let (mut agreed, mut apart) = (0, events.get().min(copied.get()) + 1);
    while apart - agreed > 1 {
        let middle = Seq::new(agreed + (apart - agreed) / 2);
        let same = hash_at(&log, middle).map_err(of_log)? == hash_at(&copy, middle).map_err(of_copy)?;
        (agreed, apart) = if same { (middle.get(), apart) } else { (agreed, middle.get()) };
    }
    let first = recorded_at(&log, Seq::new(agreed + 1)).map_err(of_log)?;
    let last = recorded_at(&log, events).map_err(of_log)?;
    Ok(Comparison { events, common: Seq::new(agreed), between: first.zip(last) })
}

/// The keys that were revoked and the people who were erased in the log after its first `common` events, of those whom the copy knows.
///
/// # Errors
/// When one cannot be read or understood.
pub fn endings_after(log: &Path, copy: &Path, common: Seq) -> Result<Endings, BackupError> {
    let of_log = |source| BackupError::Database { path: log.to_owned(), source };
    let of_copy = |source| BackupError::Database { path: copy.to_owned(), source };
    let (log, copy) = (open(log).map_err(of_log)?, open(copy).map_err(of_copy)?);
    let (until, copied) = (head(&log).map_err(of_log)?.seq, head(&copy).map_err(of_copy)?.seq);
    let mut endings = Endings::default();
    let ends = |_, kind: &str| matches!(kind, "key.revoked" | "customer.erased");
    let told = |error: LogError| match error {
        LogError::Storage(source) => of_log(source),
        LogError::Unknown { .. } => BackupError::Finding(error.to_string()),
    };
    each_wanted(&log, (common, until), ends, |stored| {
        if let Event::KeyRevoked(revoked) = stored.event {
            endings.revoked.insert(revoked.key);
        } else if let Event::CustomerErased(erased) = stored.event {
            endings.erased.insert(erased.customer);
        }
        true
    })
    .map_err(told)?;
    let mut known = Endings::default();
    let begins = |_, kind: &str| matches!(kind, "key.created" | "customer.registered");
    each_wanted(&copy, (Seq::ZERO, copied), begins, |stored| {
        if let Event::KeyCreated(created) = stored.event {
            known.revoked.insert(created.key);
        } else if let Event::CustomerRegistered(registered) = stored.event {
            known.erased.insert(registered.customer);
        }
        true
    })
    .map_err(told)?;
    endings.revoked.retain(|key| known.revoked.contains(key));
    endings.erased.retain(|customer| known.erased.contains(customer));
    Ok(endings)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}
