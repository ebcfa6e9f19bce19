//! What the vault holds of a record. A body that is gone was erased, and reads as nothing.

use super::QueryError;
use crate::domain::cards::{BlockNote, CardRecord};
use crate::domain::customers::PersonRecord;
use crate::domain::points::Note;
use crate::domain::programme::NameRecord;
use crate::domain::{Metadata, RecordId};
use rusqlite::{Connection, OptionalExtension as _};
use serde::de::DeserializeOwned;

pub(super) fn person(connection: &Connection, record: RecordId) -> Result<Option<PersonRecord>, QueryError> {
    read(connection, record)
}

pub(super) fn name(connection: &Connection, record: RecordId) -> Result<Option<String>, QueryError> {
    Ok(read::<NameRecord>(connection, record)?.map(|record| record.name))
}

pub(super) fn block_note(connection: &Connection, record: RecordId) -> Result<Option<BlockNote>, QueryError> {
    read(connection, record)
}

/// A card's metadata; empty where none was ever given or it was erased.
pub(super) fn metadata(connection: &Connection, record: Option<RecordId>) -> Result<Metadata, QueryError> {
    let Some(record) = record else { return Ok(Metadata::new()) };
    Ok(read::<CardRecord>(connection, record)?.unwrap_or_default().metadata)
}

/// Decodes a note that a row was joined with.
pub(super) fn note(body: Option<&str>) -> Result<Option<Note>, QueryError> {
    Ok(body.map(serde_json::from_str).transpose()?)
}

/// A record of whatever layout; none once erased.
pub(super) fn record<T: DeserializeOwned>(connection: &Connection, record: RecordId) -> Result<Option<T>, QueryError> {
    read(connection, record)
}

fn read<T: DeserializeOwned>(connection: &Connection, record: RecordId) -> Result<Option<T>, QueryError> {
    let mut statement = connection.prepare_cached("SELECT body FROM ledger.sealed_records WHERE record = ?1")?;
    let body = statement.query_row([record.get()], |row| row.get::<_, Option<String>>(0)).optional()?.flatten();
    Ok(body.as_deref().map(serde_json::from_str).transpose()?)
}
