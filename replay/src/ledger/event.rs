//! One row of the log, as it stands.

use super::Hash;
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// The columns of `events`, in the order in which [`Event::read`] takes them.
pub const COLUMNS: &str = "seq, command_seq, recorded_at, partner_id, stream, version, kind, schema, actor, \
                           idempotency_key, fingerprint, payload, hash";

/// A row of the log, borrowed from wherever it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    pub seq: i64,
    pub command_seq: i64,
    pub recorded_at: i64,
    pub partner_id: i64,
    pub stream: &'a str,
    pub version: i64,
    pub kind: &'a str,
    pub schema: i64,
    pub actor: &'a str,
    pub idempotency_key: Option<&'a str>,
    pub fingerprint: Option<&'a [u8]>,
    pub payload: &'a str,
    pub hash: Hash,
}

/// A row that is not even of the right types, which only a table made anew by somebody can hold.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("column {column} of event {seq} does not hold what the format says")]
    Column { seq: i64, column: &'static str },
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl<'a> Event<'a> {
    /// Reads a row selected as [`COLUMNS`].
    ///
    /// # Errors
    /// A value of the wrong type, or an error of SQLite.
    pub fn read(row: &'a Row<'_>) -> Result<Self, Malformed> {
        let seq = row.get_ref(0)?.as_i64().unwrap_or(0);
        let wrong = |column| Malformed::Column { seq, column };
        let number = |at: usize, column| row.get_ref(at)?.as_i64().map_err(|_| wrong(column));
        let text = |at: usize, column| row.get_ref(at)?.as_str().map_err(|_| wrong(column));
        Ok(Self {
            seq,
            command_seq: number(1, "command_seq")?,
            recorded_at: number(2, "recorded_at")?,
            partner_id: number(3, "partner_id")?,
            stream: text(4, "stream")?,
            version: number(5, "version")?,
            kind: text(6, "kind")?,
            schema: number(7, "schema")?,
            actor: text(8, "actor")?,
            idempotency_key: row.get_ref(9)?.as_str_or_null().map_err(|_| wrong("idempotency_key"))?,
            fingerprint: match row.get_ref(10)? {
                ValueRef::Null => None,
                ValueRef::Blob(bytes) => Some(bytes),
                ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => return Err(wrong("fingerprint")),
            },
            payload: text(11, "payload")?,
            hash: row.get_ref(12)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok()).ok_or(wrong("hash"))?,
        })
    }
}
