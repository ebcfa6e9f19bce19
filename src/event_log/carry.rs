//! Beginning a log with events of another one: as they were, but for their places.

use super::{EventInsert, Hash, Row, ZERO_HASH, read};
use crate::domain::RecordId;
use rusqlite::{Connection, Transaction};
use serde_json::Value;
use std::collections::BTreeMap;

/// Why events could not be carried over.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    #[error("the log could not be read or written: {0}")]
    Storage(#[from] rusqlite::Error),
    #[error("event {seq} holds what is no JSON: {source}")]
    Payload { seq: i64, source: serde_json::Error },
}

/// Appends the events of `from` whose streams are wanted to the empty log of `to`, chained anew, and says where each vault record
/// went: the new numbers by the old ones. Wanted have to be all events of a command or none, and whoever acts in them.
///
/// # Errors
/// When a log cannot be read or written.
pub fn carry_over(
    from: &Connection,
    to: &Transaction<'_>,
    wanted: impl Fn(&str) -> bool,
) -> Result<BTreeMap<RecordId, RecordId>, CarryError> {
    let sql = format!("SELECT {} FROM events ORDER BY seq", read::columns());
    let mut statement = from.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut insert = EventInsert::prepare(to)?;
    let (mut records, mut last, mut scratch) = (BTreeMap::new(), Last::default(), Vec::new());
    while let Some(row) = rows.next()? {
        let (old, _) = read::raw(row)?;
        if !wanted(old.stream) {
            continue;
        }
        let payload = with_records_renumbered(&old, &mut records)?;
        let seq = last.seq + 1;
        let command_seq = if old.command_seq == last.old_command { last.command_seq } else { seq };
        let row = Row { seq, command_seq, payload: &payload, ..old };
        let hash = row.hash(&last.hash, &mut scratch);
        insert.insert(&row, &hash)?;
        last = Last { seq, command_seq, old_command: old.command_seq, hash };
    }
    Ok(records)
}

#[derive(Debug)]
struct Last {
    seq: i64,
    command_seq: i64,
    old_command: i64,
    hash: Hash,
}

impl Default for Last {
    fn default() -> Self {
        Self { seq: 0, command_seq: 0, old_command: 0, hash: ZERO_HASH }
    }
}

/// The payload with its vault record's new number, which is the next one.
fn with_records_renumbered(row: &Row<'_>, records: &mut BTreeMap<RecordId, RecordId>) -> Result<String, CarryError> {
    let unread = |source| CarryError::Payload { seq: row.seq, source };
    let mut payload: Value = serde_json::from_str(row.payload).map_err(unread)?;
    let Some(record) = payload.pointer_mut("/sealed/record") else { return Ok(row.payload.to_owned()) };
    let next = RecordId::new(i64::try_from(records.len()).unwrap_or(i64::MAX - 1) + 1);
    records.insert(RecordId::new(record.as_i64().unwrap_or(0)), next);
    *record = next.get().into();
    serde_json::to_string(&payload).map_err(unread)
}
