//! The layout of views.db and how far it has followed the log.

use crate::domain::Seq;
use crate::event_log::{Hash, ZERO_HASH, hash_at};
use rusqlite::{Connection, OptionalExtension as _};

/// The layout that this program writes. Any other is rebuilt, never migrated.
pub const LAYOUT: &str = "11";

const TABLES: &str = include_str!("../../schema/sql/views/tables.sql");
const INDEXES: &str = include_str!("../../schema/sql/views/indexes.sql");

/// What an existing views.db is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewsState {
    /// It continues this log from here.
    Follows(Seq),
    /// It is empty, of another layout, or of another log: rebuild it.
    Unusable(&'static str),
    /// It has seen more than the log holds: the log was cut or replaced.
    AheadOfLog { seen: Seq, head: Seq },
}

/// Makes the tables of an empty file.
pub(super) fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    set_meta(connection, "layout", LAYOUT)?;
    set_watermark(connection, Seq::ZERO, &ZERO_HASH)
}

/// Makes the indexes; in a rebuild after the rows.
pub(super) fn create_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(INDEXES)
}

/// Looks at an open views.db beside its log.
///
/// # Errors
/// When either cannot be read.
pub fn state(views: &Connection, ledger: &Connection, head: Seq) -> rusqlite::Result<ViewsState> {
    let tables =
        views.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'", [], |row| row.get::<_, i64>(0))?;
    if tables == 0 {
        return Ok(ViewsState::Unusable("it is empty"));
    }
    if meta(views, "layout")?.as_deref() != Some(LAYOUT) {
        return Ok(ViewsState::Unusable("it has the layout of another version"));
    }
    let Some(seen) = meta(views, "watermark")?.and_then(|text| text.parse().ok()).map(Seq::new) else {
        return Ok(ViewsState::Unusable("it does not say how far it has come"));
    };
    if seen > head {
        return Ok(ViewsState::AheadOfLog { seen, head });
    }
    let expected = if seen == Seq::ZERO { Some(ZERO_HASH) } else { hash_at(ledger, seen)? };
    if expected.map(hex::encode) != meta(views, "watermark_hash")? {
        return Ok(ViewsState::Unusable("it follows another log"));
    }
    Ok(ViewsState::Follows(seen))
}

/// The last event that views.db reflects.
///
/// # Errors
/// When the file cannot be read.
pub fn watermark(views: &Connection) -> rusqlite::Result<Seq> {
    let mut statement = views.prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'watermark'")?;
    statement.query_row([], |row| row.get(0).map(Seq::new))
}

/// Notes up to which event the file is current, in the transaction that made it so.
pub(super) fn set_watermark(connection: &Connection, seq: Seq, hash: &Hash) -> rusqlite::Result<()> {
    set_meta(connection, "watermark", &seq.to_string())?;
    set_meta(connection, "watermark_hash", &hex::encode(hash))
}

fn meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()
}

fn set_meta(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")?;
    statement.execute((name, value)).map(|_| ())
}
