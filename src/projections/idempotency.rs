//! Which event claimed which idempotency key: the table `idempotency`.

use crate::domain::Seq;
use rusqlite::Connection;

/// The events whose keys have this hash: none, one, or very rarely more.
///
/// # Errors
/// When the file cannot be read.
pub fn events_with_key_hash(connection: &Connection, hash: i64) -> rusqlite::Result<Vec<Seq>> {
    let mut statement = connection.prepare_cached("SELECT seq FROM idempotency WHERE hash = ?1")?;
    statement.query_map([hash], |row| row.get(0).map(Seq::new))?.collect()
}

/// Calls `each` with the hash of every key.
///
/// # Errors
/// When the file cannot be read.
pub fn each_key_hash(connection: &Connection, mut each: impl FnMut(i64)) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT hash FROM idempotency")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?);
    }
    Ok(())
}

/// Adds a key.
pub(super) fn insert(connection: &Connection, hash: i64, seq: Seq) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("INSERT INTO idempotency (hash, seq) VALUES (?1, ?2)")?;
    statement.execute((hash, seq.get())).map(|_| ())
}
