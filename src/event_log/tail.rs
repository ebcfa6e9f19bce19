//! Checking the chain: the last events before a start, or all of them after a backup.

use super::{Hash, ZERO_HASH, hash_at, read};
use crate::domain::Seq;
use rusqlite::Connection;

/// How many events the start checks. All of them would take minutes on a large log; that is `counterfoil-replay verify`'s work.
const TAIL: i64 = 1_000;

/// Why the log must not be continued.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    #[error("the log could not be read: {0}")]
    Storage(#[from] rusqlite::Error),
    #[error(
        "the log is broken at event {seq}: {problem}; nothing was changed. Run `counterfoil-replay verify` to see what is wrong, and restore a backup"
    )]
    Broken { seq: i64, problem: &'static str },
    #[error(
        "the log's {0} is missing: something edited the file. Run `counterfoil-replay verify` before anything else"
    )]
    Unprotected(&'static str),
}

/// Checks that the end of the log is a chain without gaps and that its triggers are in place.
///
/// # Errors
/// [`TailError`] with the first thing that is wrong.
pub fn check_tail(connection: &Connection) -> Result<(), TailError> {
    for trigger in [
        "events_refuse_update",
        "events_refuse_delete",
        "events_refuse_replace",
        "sealed_records_only_erase",
        "sealed_records_refuse_delete",
        "sealed_records_refuse_replace",
    ] {
        let found = connection
            .prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name = ?1")?
            .query_row([trigger], |row| row.get::<_, i64>(0))?;
        if found != 1 {
            return Err(TailError::Unprotected(trigger));
        }
    }
    let last = connection.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get::<_, i64>(0))?;
    check_chain(connection, Seq::new((last - TAIL).max(0)), Seq::new(last)).map(|_| ())
}

/// Checks the chain from `after` (exclusive) to `until` (inclusive); answers the hash it ends with.
///
/// # Errors
/// [`TailError`] with the first thing that is wrong.
pub fn check_chain(connection: &Connection, after: Seq, until: Seq) -> Result<Hash, TailError> {
    let broken = |seq, problem| TailError::Broken { seq, problem };
    let mut previous = match after {
        Seq::ZERO => ZERO_HASH,
        _ => hash_at(connection, after)?.ok_or_else(|| broken(after.get(), "it is missing"))?,
    };
    let sql = format!("SELECT {} FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq", read::columns());
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query((after.get(), until.get()))?;
    let (mut expected, mut scratch) = (after.get() + 1, Vec::new());
    while let Some(row) = rows.next()? {
        let (row, hash) = read::raw(row)?;
        if row.seq != expected {
            return Err(broken(expected, "it is missing"));
        }
        if row.hash(&previous, &mut scratch) != hash {
            return Err(broken(row.seq, "its hash does not follow from its content and the event before"));
        }
        previous = hash;
        expected += 1;
    }
    if expected != until.get() + 1 {
        return Err(broken(expected, "it is missing"));
    }
    Ok(previous)
}
