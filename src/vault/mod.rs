//! The vault: sealed records, the commitments to them, and erasing them. The only place with personal data.
//!
//! Owns the table `sealed_records`. Knows nothing of what the bodies mean.

use crate::domain::{Commitment, PartnerId, RecordId, Sealed, Secret};
use rand::RngCore as _;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _};
use std::fmt;

const COMMITMENT_CONTEXT: &str = "counterfoil vault v1";
const LOOKUP_CONTEXT: &str = "counterfoil lookup v1";

/// The commitment to a body under a salt, as schema/event-log.md states it.
#[must_use]
pub fn commitment(salt: &[u8; 32], body: &str) -> Commitment {
    let mut bytes = Vec::with_capacity(36 + body.len());
    bytes.extend_from_slice(salt);
    let length = u32::try_from(body.len()).expect("a sealed record is shorter than 4 GiB");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(body.as_bytes());
    Commitment(blake3::derive_key(COMMITMENT_CONTEXT, &bytes))
}

/// The statement that adds a record, prepared.
pub struct RecordInsert<'c>(CachedStatement<'c>);

impl fmt::Debug for RecordInsert<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordInsert").finish_non_exhaustive()
    }
}

impl<'c> RecordInsert<'c> {
    /// Prepares it on the one connection that writes the vault.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached("INSERT INTO sealed_records (record, subject, salt, body) VALUES (?1, ?2, ?3, ?4)")
            .map(Self)
    }
}

/// Puts a secret into the vault under a fresh salt; answers what the event says of it.
///
/// # Errors
/// When the database refuses.
pub fn seal(insert: &mut RecordInsert<'_>, record: RecordId, secret: &Secret) -> rusqlite::Result<Sealed> {
    let mut salt = [0; 32];
    // A cryptographic generator, seeded by the system: without the salt, a guessed body could be confirmed from the log.
    rand::rng().fill_bytes(&mut salt);
    insert.0.execute((record.get(), secret.subject.to_string(), salt.as_slice(), &secret.body))?;
    Ok(Sealed { record, commitment: commitment(&salt, &secret.body) })
}

/// A record's body; none where it was erased (or the copy has no vault).
///
/// # Errors
/// When the database cannot be read.
pub fn body(connection: &Connection, record: RecordId) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT body FROM sealed_records WHERE record = ?1")?;
    Ok(statement.query_row([record.get()], |row| row.get(0)).optional()?.flatten())
}

/// Whether a record's body is there, without reading it: not where it was erased (or the copy has no vault).
///
/// # Errors
/// When the database cannot be read.
pub fn is_there(connection: &Connection, record: RecordId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM sealed_records WHERE record = ?1 AND body IS NOT NULL")?
        .exists([record.get()])
}

/// Erases a record; answers whether there was anything to erase.
///
/// # Errors
/// When the database refuses.
pub fn erase(connection: &Connection, record: RecordId) -> rusqlite::Result<bool> {
    let mut statement = connection
        .prepare_cached("UPDATE sealed_records SET salt = NULL, body = NULL WHERE record = ?1 AND body IS NOT NULL")?;
    Ok(statement.execute([record.get()])? == 1)
}

/// The last record's number; 0 in an empty vault.
///
/// # Errors
/// When the database cannot be read.
pub fn last_record(connection: &Connection) -> rusqlite::Result<RecordId> {
    connection
        .prepare_cached("SELECT coalesce(max(record), 0) FROM sealed_records")?
        .query_row([], |row| row.get(0))
        .map(RecordId::new)
}

/// What the look-up tables hold in place of an email or a phone number, so that finding a person by it needs no second copy of it.
#[must_use]
pub fn lookup_hash(partner: PartnerId, field: &str, key: &str) -> [u8; 16] {
    let hash = blake3::derive_key(LOOKUP_CONTEXT, format!("{partner}\n{field}\n{key}").as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}
