//! Which event claimed which idempotency key: the table `idempotency`.

use super::eras::era;
use crate::domain::Seq;
use rusqlite::Connection;

/// The events whose keys have this hash: none, one, or very rarely more. Looks into each era: a million events cost a
/// microsecond or two.
///
/// # Errors
/// When the file cannot be read.
pub fn events_with_key_hash(connection: &Connection, hash: i64) -> rusqlite::Result<Vec<Seq>> {
    let mut statement = connection
        .prepare_cached("SELECT seq FROM eras CROSS JOIN idempotency USING (era) WHERE hash = ?1 ORDER BY era, seq")?;
    statement.query_map([hash], |row| row.get(0).map(Seq::new))?.collect()
}

/// Calls `each` with the hash of every key that was there when it was called.
///
/// # Errors
/// When the file cannot be read.
pub fn each_key_hash(connection: &Connection, mut each: impl FnMut(i64)) -> rusqlite::Result<()> {
    // Era by era, because a snapshot that is held for long keeps the WAL growing.
    let mut eras = connection.prepare("SELECT era FROM eras ORDER BY era")?;
    let eras = eras.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut statement = connection.prepare("SELECT hash FROM idempotency WHERE era = ?1")?;
    for era in eras {
        let mut rows = statement.query([era])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?);
        }
    }
    Ok(())
}

/// What the table is sorted by.
pub(super) fn place(hash: i64, seq: Seq) -> (i64, i64, Seq) {
    (era(seq), hash, seq)
}

/// Adds keys, given in their places' order.
pub(super) fn insert(connection: &Connection, keys: impl Iterator<Item = (i64, Seq)>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("INSERT INTO idempotency (era, hash, seq) VALUES (?1, ?2, ?3)")?;
    for (hash, seq) in keys {
        let (era, hash, seq) = place(hash, seq);
        statement.execute((era, hash, seq.get()))?;
    }
    Ok(())
}
