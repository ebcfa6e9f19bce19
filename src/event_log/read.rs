//! Reading the log.

use super::{Appender, Fingerprint, Hash, Row};
use crate::domain::{Event, PartnerId, Seq, Timestamp, UnknownEvent};
use rusqlite::{Connection, OptionalExtension as _};

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log could not be read: {0}")]
    Storage(#[from] rusqlite::Error),
    #[error("event {seq} cannot be understood: {source}; run `counterfoil-replay verify`")]
    Unknown { seq: Seq, source: UnknownEvent },
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub seq: Seq,
    pub command_seq: Seq,
    pub at: Timestamp,
    pub partner: PartnerId,
    pub actor: String,
    pub idempotency_key: Option<String>,
    pub fingerprint: Option<Fingerprint>,
    pub event: Event,
    pub hash: Hash,
}

const COLUMNS: &str = "seq, command_seq, recorded_at, partner_id, stream, version, kind, schema, actor, \
     idempotency_key, fingerprint, payload, hash";

/// Calls `each` with every event from `after` (exclusive) to `until` (inclusive), in order.
///
/// # Errors
/// When the log cannot be read or understood, or `each` says so.
pub fn events_after<E: From<LogError>>(
    connection: &Connection,
    after: Seq,
    until: Seq,
    mut each: impl FnMut(Stored) -> Result<(), E>,
) -> Result<(), E> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql).map_err(LogError::from)?;
    let mut rows = statement.query((after.get(), until.get())).map_err(LogError::from)?;
    while let Some(row) = rows.next().map_err(LogError::from)? {
        each(stored(row)?)?;
    }
    Ok(())
}

/// One event.
///
/// # Errors
/// When the log cannot be read or understood.
pub fn event(connection: &Connection, seq: Seq) -> Result<Option<Stored>, LogError> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE seq = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([seq.get()])?;
    rows.next()?.map(stored).transpose()
}

/// The events of a command from the one at `seq` on: all of them, where that is its first.
///
/// # Errors
/// When the log cannot be read or understood.
pub fn command(connection: &Connection, seq: Seq) -> Result<Vec<Stored>, LogError> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE seq >= ?1 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([seq.get()])?;
    let (mut events, mut command_seq) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let found: i64 = row.get(1)?;
        if *command_seq.get_or_insert(found) != found {
            break;
        }
        events.push(stored(row)?);
    }
    Ok(events)
}

/// The key that an event claimed.
///
/// # Errors
/// When the log cannot be read.
pub fn idempotency_key_at(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT idempotency_key FROM events WHERE seq = ?1")?;
    Ok(statement.query_row([seq.get()], |row| row.get(0)).optional()?.flatten())
}

/// The chain's hash at an event.
///
/// # Errors
/// When the log cannot be read.
pub fn hash_at(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<Hash>> {
    let mut statement = connection.prepare_cached("SELECT hash FROM events WHERE seq = ?1")?;
    statement.query_row([seq.get()], |row| row.get(0)).optional()
}

/// When an event was recorded; none where the log does not reach so far.
///
/// # Errors
/// When the log cannot be read.
pub fn recorded_at(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached("SELECT recorded_at FROM events WHERE seq = ?1")?;
    statement.query_row([seq.get()], |row| row.get(0).map(Timestamp::from_micros)).optional()
}

/// The chain's hashes from `after` (exclusive) to `until` (inclusive), in order. `events` names the table, which may be attached.
///
/// # Errors
/// When the log cannot be read.
pub fn hashes(connection: &Connection, events: &'static str, after: Seq, until: Seq) -> rusqlite::Result<Vec<Hash>> {
    let sql = format!("SELECT hash FROM {events} WHERE seq > ?1 AND seq <= ?2 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map((after.get(), until.get()), |row| row.get(0))?.collect()
}

/// The end of the log, ready to be continued.
///
/// # Errors
/// When the log cannot be read.
pub fn head(connection: &Connection) -> rusqlite::Result<Appender> {
    let last = connection
        .prepare_cached("SELECT seq, hash, recorded_at FROM events ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok(Appender::new(Seq::new(row.get(0)?), row.get(1)?, Timestamp::from_micros(row.get(2)?))))
        .optional()?;
    Ok(last.unwrap_or_else(Appender::empty))
}

pub(super) fn raw<'a>(row: &'a rusqlite::Row<'_>) -> rusqlite::Result<(Row<'a>, Hash)> {
    let text = |index: usize| -> rusqlite::Result<&'a str> { Ok(row.get_ref(index)?.as_str()?) };
    let raw = Row {
        seq: row.get(0)?,
        command_seq: row.get(1)?,
        recorded_at: row.get(2)?,
        partner_id: row.get(3)?,
        stream: text(4)?,
        version: row.get(5)?,
        kind: text(6)?,
        schema: row.get(7)?,
        actor: text(8)?,
        idempotency_key: row.get_ref(9)?.as_str_or_null()?,
        fingerprint: row.get_ref(10)?.as_blob_or_null()?,
        payload: text(11)?,
    };
    Ok((raw, row.get(12)?))
}

pub(super) fn columns() -> &'static str {
    COLUMNS
}

fn stored(row: &rusqlite::Row<'_>) -> Result<Stored, LogError> {
    let (raw, hash) = raw(row)?;
    let seq = Seq::new(raw.seq);
    let event = Event::decode(raw.kind, raw.schema, raw.payload).map_err(|source| LogError::Unknown { seq, source })?;
    Ok(Stored {
        seq,
        command_seq: Seq::new(raw.command_seq),
        at: Timestamp::from_micros(raw.recorded_at),
        partner: PartnerId::new(raw.partner_id),
        actor: raw.actor.to_owned(),
        idempotency_key: raw.idempotency_key.map(str::to_owned),
        fingerprint: raw.fingerprint.and_then(|bytes| bytes.try_into().ok()).map(Fingerprint::from_bytes),
        event,
        hash,
    })
}

/// Calls `each` with the events after `after` (exclusive) up to `until` (inclusive) that are `wanted` by their partner and
/// kind, in order, until it says that it has enough. Answers up to which event that is all of them.
///
/// # Errors
/// When the log cannot be read, or a wanted event not understood.
pub fn each_wanted(
    connection: &Connection,
    (after, until): (Seq, Seq),
    wanted: impl Fn(PartnerId, &str) -> bool,
    mut each: impl FnMut(Stored) -> bool,
) -> Result<Seq, LogError> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((after.get(), until.get()))?;
    while let Some(row) = rows.next()? {
        let kind = row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?;
        if wanted(PartnerId::new(row.get(3)?), kind) {
            let stored = stored(row)?;
            let seq = stored.seq;
            if !each(stored) {
                return Ok(seq);
            }
        }
    }
    Ok(until)
}

/// The event at a place in the log.
///
/// # Errors
/// When the log cannot be read or understood.
pub fn event_at(connection: &Connection, seq: Seq) -> Result<Option<Stored>, LogError> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE seq = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([seq.get()])?;
    Ok(match rows.next()? {
        Some(row) => Some(stored(row)?),
        None => None,
    })
}
