//! Verifying a copy before it is called a backup, and before it replaces anything: the file's structure, its triggers, the whole
//! chain, every checkpoint that the log states, and a hash for every key.

use super::copy::watch;
use super::trees::check_checkpoints;
use super::{BackupError, GoOn};
use crate::domain::Seq;
use crate::event_log::{TailError, check_chain, check_tail, hash_at, head};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// What a verified log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub events: i64,
    /// As hex digits, like the next one.
    pub head_hash: String,
    /// The hash of the first event, which says which log it is.
    pub log: String,
    /// How many checkpoints the log states.
    pub checkpoints: usize,
}

/// Checks a ledger.db: every page, the triggers, every link of the chain, and every checkpoint.
///
/// # Errors
/// [`BackupError::Finding`] with the first thing that is wrong.
pub fn verify_log(path: &Path, go_on: &GoOn) -> Result<Verified, BackupError> {
    let database = |source| BackupError::Database { path: path.to_owned(), source };
    let connection = open(path).map_err(database)?;
    watch(&connection, go_on).map_err(database)?;
    structure(&connection, path)?;
    let until = head(&connection).map_err(database)?.seq;
    let triggers_and_tail = check_tail(&connection);
    let hash =
        triggers_and_tail.and_then(|()| check_chain(&connection, Seq::ZERO, until)).map_err(|error| match error {
            TailError::Storage(source) => database(source),
            TailError::Broken { .. } | TailError::Unprotected(_) => BackupError::Finding(error.to_string()),
        })?;
    let checkpoints = check_checkpoints(&connection, path)?;
    let first = hash_at(&connection, Seq::new(1)).map_err(database)?;
    let log = first.ok_or_else(|| BackupError::Finding("the log is empty".to_owned()))?;
    Ok(Verified { events: until.get(), head_hash: hex::encode(hash), log: hex::encode(log), checkpoints })
}

/// The keys of a log for which ops.db holds no hash: they authenticate nobody. The file itself is checked, too.
///
/// # Errors
/// When a file cannot be read, or ops.db is damaged.
pub fn keys_without_secret(ledger: &Path, ops: &Path) -> Result<Vec<String>, BackupError> {
    let database = |source| BackupError::Database { path: ops.to_owned(), source };
    let ops_file = open(ops).map_err(database)?;
    structure(&ops_file, ops)?;
    keys_without_hash(ledger, &ops_file).map_err(database)
}

/// Checks an ops.db, and that it holds a hash for every key of the log.
pub(super) fn secrets(ledger: &Path, ops: &Path) -> Result<(), BackupError> {
    match keys_without_secret(ledger, ops)?.as_slice() {
        [] => Ok(()),
        keys @ [first, ..] => {
            Err(BackupError::Finding(format!("{} keys have no secret in ops.db, {first} first", keys.len())))
        }
    }
}

fn keys_without_hash(ledger: &Path, ops: &Connection) -> rusqlite::Result<Vec<String>> {
    let ledger = open(ledger)?;
    let mut keys = ledger.prepare("SELECT payload ->> '$.public_id' FROM events WHERE kind = 'key.created'")?;
    let mut known = ops.prepare("SELECT EXISTS (SELECT 1 FROM key_secrets WHERE public_id = ?1)")?;
    let mut without = Vec::new();
    for key in keys.query_map([], |row| row.get::<_, String>(0))? {
        let key = key?;
        if !known.query_row([&key], |row| row.get::<_, bool>(0))? {
            without.push(key);
        }
    }
    Ok(without)
}

fn structure(connection: &Connection, path: &Path) -> Result<(), BackupError> {
    let answer = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match answer {
        Ok(answer) if answer == "ok" => Ok(()),
        Ok(problem) => Err(BackupError::Finding(format!("{}: {problem}", path.display()))),
        Err(source) => Err(BackupError::Database { path: path.to_owned(), source }),
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}
