//! What would be lost where a copy took the place of a log.

use super::BackupError;
use crate::domain::{CustomerId, Event, KeyId, Seq, Timestamp};
use crate::event_log::{LogError, each_wanted, hash_at, head, recorded_at};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
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
    /// There may be more: the log could not be read to its end.
    pub unknown: bool,
}

impl Comparison {
    /// How many events would be lost.
    #[must_use]
    pub fn lost(&self) -> i64 {
        self.events.get() - self.common.get()
    }
}

/// Which of two files could not be read.
enum Unread {
    Log(rusqlite::Error),
    Copy(rusqlite::Error),
}

/// Holds a log against a copy, both by their files; none where the log cannot be read, which is a reason to replace it.
///
/// # Errors
/// When the copy cannot be read.
pub fn compare(log: &Path, copy: &Path) -> Result<Option<Comparison>, BackupError> {
    match hold_against(log, copy) {
        Ok(compared) => Ok(Some(compared)),
        Err(Unread::Copy(source)) => Err(BackupError::Database { path: copy.to_owned(), source }),
        Err(Unread::Log(source)) => {
            tracing::debug!(%source, "the log that is replaced cannot be read");
            Ok(None)
        }
    }
}

fn hold_against(log: &Path, copy: &Path) -> Result<Comparison, Unread> {
    let (log, copy) = (open(log).map_err(Unread::Log)?, open(copy).map_err(Unread::Copy)?);
    let (events, copied) = (head(&log).map_err(Unread::Log)?.seq, head(&copy).map_err(Unread::Copy)?.seq);
    // A hash covers everything before it: where two logs agree at an event, they agree on all before.
    let (mut agreed, mut apart) = (0, events.get().min(copied.get()) + 1);
    while apart - agreed > 1 {
        let middle = Seq::new(agreed + (apart - agreed) / 2);
        let same = hash_at(&log, middle).map_err(Unread::Log)? == hash_at(&copy, middle).map_err(Unread::Copy)?;
        (agreed, apart) = if same { (middle.get(), apart) } else { (agreed, middle.get()) };
    }
    let first = recorded_at(&log, Seq::new(agreed + 1)).map_err(Unread::Log)?;
    let last = recorded_at(&log, events).map_err(Unread::Log)?;
    Ok(Comparison { events, common: Seq::new(agreed), between: first.zip(last) })
}

/// The keys that were revoked and the people who were erased in the log after its first `common` events, of those whom these first
/// events know: a number that was given out later is somebody else's in the copy. Where the log cannot be read to its end, what
/// stands before that, and that it is not all.
///
/// # Errors
/// When the copy cannot be read or understood.
pub fn endings_after(log: &Path, copy: &Path, common: Seq) -> Result<Endings, BackupError> {
    let known = known_until(copy, common)?;
    let mut endings = Endings::default();
    if let Err(error) = end(log, common, &mut endings) {
        tracing::debug!(%error, "the log that is replaced cannot be read to its end");
        endings.unknown = true;
    }
    endings.revoked.retain(|key| known.revoked.contains(key));
    endings.erased.retain(|customer| known.erased.contains(customer));
    Ok(endings)
}

fn end(log: &Path, common: Seq, endings: &mut Endings) -> Result<(), LogError> {
    let log = open(log)?;
    let until = head(&log)?.seq;
    let ends = |_, kind: &str| matches!(kind, "key.revoked" | "customer.erased");
    each_wanted(&log, (common, until), ends, |stored| {
        if let Event::KeyRevoked(revoked) = stored.event {
            endings.revoked.insert(revoked.key);
        } else if let Event::CustomerErased(erased) = stored.event {
            endings.erased.insert(erased.customer);
        }
        true
    })?;
    Ok(())
}

/// The keys and the people of a copy's first events.
fn known_until(copy: &Path, common: Seq) -> Result<Endings, BackupError> {
    let path = copy;
    let of_copy = |source| BackupError::Database { path: path.to_owned(), source };
    let copy = open(path).map_err(of_copy)?;
    let mut known = Endings::default();
    let begins = |_, kind: &str| matches!(kind, "key.created" | "customer.registered");
    let read = each_wanted(&copy, (Seq::ZERO, common), begins, |stored| {
        if let Event::KeyCreated(created) = stored.event {
            known.revoked.insert(created.key);
        } else if let Event::CustomerRegistered(registered) = stored.event {
            known.erased.insert(registered.customer);
        }
        true
    });
    match read {
        Ok(_) => Ok(known),
        Err(LogError::Storage(source)) => Err(of_copy(source)),
        Err(error @ LogError::Unknown { .. }) => Err(BackupError::Finding(error.to_string())),
    }
}

/// What a log is called in its checkpoints, where it has a name.
///
/// # Errors
/// When it cannot be read.
pub fn origin_of(ledger: &Path) -> Result<Option<String>, BackupError> {
    let sql = "SELECT payload ->> '$.origin' FROM events WHERE kind = 'checkpoint_key.created' LIMIT 1";
    let read = || open(ledger)?.query_row(sql, [], |row| row.get(0)).optional();
    read().map_err(|source| BackupError::Database { path: ledger.to_owned(), source })
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}
