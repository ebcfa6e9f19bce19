//! Which event claimed which idempotency key: the table `idempotency`.

use crate::domain::Seq;
use rusqlite::Connection;

/// How many events share an era, as a power of two. New keys go all over their era and nowhere else: with one tree for all
/// time, the keys of a batch would each change a page of their own once the log has some millions of events.
const ERA_BITS: u32 = 20;

/// The events whose keys have this hash: none, one, or very rarely more. Looks into each era: a million events cost a
/// microsecond or two.
///
/// # Errors
/// When the file cannot be read.
pub fn events_with_key_hash(connection: &Connection, hash: i64) -> rusqlite::Result<Vec<Seq>> {
    let newest = connection
        .prepare_cached("SELECT coalesce(max(era), 0) FROM idempotency")?
        .query_row([], |row| row.get::<_, i64>(0))?;
    let mut statement = connection.prepare_cached("SELECT seq FROM idempotency WHERE era = ?1 AND hash = ?2")?;
    let mut events = Vec::new();
    for era in 0..=newest {
        for seq in statement.query_map((era, hash), |row| row.get(0))? {
            events.push(Seq::new(seq?));
        }
    }
    Ok(events)
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

/// What the table is sorted by.
pub(super) fn place(hash: i64, seq: Seq) -> (i64, i64, Seq) {
    (seq.get() >> ERA_BITS, hash, seq)
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
