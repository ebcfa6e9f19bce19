//! Verifying a copy before it is called a backup, and before it replaces anything: the file's structure, its triggers, the whole
//! chain, every checkpoint that the log states, and a hash for every key.

use super::copy::watch;
use super::trees::check_checkpoints;
use super::{BackupError, GoOn};
use crate::domain::Seq;
use crate::event_log::{TailError, check_chain, check_tail, hash_at, head};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
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

/// Which of the secrets that a log names ops.db holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretsHeld {
    /// How many keys have a hash.
    pub keys: usize,
    /// The public ids of those that have none: they authenticate nobody.
    pub keys_without: Vec<String>,
    /// How many webhooks, of those that were not removed, have their secret.
    pub webhooks: usize,
    /// How many have none: they send nothing.
    pub webhooks_without: usize,
}

/// Checks an ops.db, and counts the secrets in it that the log names.
///
/// # Errors
/// When a file cannot be read, ops.db is damaged, or `go_on` ends it.
pub fn secrets_held(ledger: &Path, ops: &Path, go_on: &GoOn) -> Result<SecretsHeld, BackupError> {
    let database = |source| BackupError::Database { path: ops.to_owned(), source };
    let ops_file = open(ops).map_err(database)?;
    structure(&ops_file, ops)?;
    count_secrets(ledger, &ops_file, go_on).map_err(database)
}

/// Checks an ops.db, and that it holds a hash for every key of the log that was not revoked. A webhook may lack its secret: one that
/// was removed while the copy was made, or one of a directory that was restored without.
pub(super) fn secrets(ledger: &Path, ops: &Path, go_on: &GoOn) -> Result<SecretsHeld, BackupError> {
    let held = secrets_held(ledger, ops, go_on)?;
    match held.keys_without.as_slice() {
        [] => Ok(held),
        keys @ [first, ..] => {
            let count = keys.len();
            Err(BackupError::Finding(format!(
                "{count} keys have no secret in ops.db, {first} first: whoever has them cannot use them. Revoke them (`counterfoil keys revoke`)"
            )))
        }
    }
}

/// What the log says of keys and webhooks, and nothing else of it.
const NAMED: &str = "SELECT kind, payload FROM events WHERE kind IN ('key.created', 'key.revoked', 'webhook.created', 'webhook.rotated', \
     'webhook.removed') ORDER BY seq";

/// By their numbers: the public ids of the keys, the ids of the secrets of the webhooks.
#[derive(Default)]
struct Named {
    keys: BTreeMap<i64, String>,
    webhooks: BTreeMap<i64, String>,
}

impl Named {
    // One pass: the log has no index, and may be long.
    fn of(ledger: &Connection) -> rusqlite::Result<Self> {
        let mut named = Self::default();
        let mut statement = ledger.prepare(NAMED)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let kind: String = row.get(0)?;
            // What cannot be read names nothing that ops.db could hold.
            let payload: serde_json::Value = serde_json::from_str(row.get_ref(1)?.as_str()?).unwrap_or_default();
            let number = |name: &str| payload[name].as_i64().unwrap_or_default();
            let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
            match kind.as_str() {
                "key.created" => drop(named.keys.insert(number("key"), text("public_id"))),
                // It authenticates nobody, with its secret or without.
                "key.revoked" => drop(named.keys.remove(&number("key"))),
                "webhook.removed" => drop(named.webhooks.remove(&number("webhook"))),
                _ => drop(named.webhooks.insert(number("webhook"), text("secret_id"))),
            }
        }
        Ok(named)
    }
}

fn count_secrets(ledger: &Path, ops: &Connection, go_on: &GoOn) -> rusqlite::Result<SecretsHeld> {
    let ledger = open(ledger)?;
    watch(&ledger, go_on)?;
    let Named { keys, webhooks } = Named::of(&ledger)?;
    let keys = lacking(keys, ops, "SELECT EXISTS (SELECT 1 FROM key_secrets WHERE public_id = ?1)")?;
    let webhooks = lacking(webhooks, ops, "SELECT EXISTS (SELECT 1 FROM webhook_secrets WHERE secret_id = ?1)")?;
    Ok(SecretsHeld { keys: keys.0, keys_without: keys.1, webhooks: webhooks.0, webhooks_without: webhooks.1.len() })
}

/// How many of the ids that the log names are known, and those that are not.
fn lacking(named: BTreeMap<i64, String>, ops: &Connection, known: &str) -> rusqlite::Result<(usize, Vec<String>)> {
    let (mut held, mut without) = (0, Vec::new());
    if named.is_empty() {
        // An ops.db of an older version lacks the table, too.
        return Ok((held, without));
    }
    let mut known = ops.prepare(known)?;
    for id in named.into_values() {
        if known.query_row([&id], |row| row.get::<_, bool>(0))? {
            held += 1;
        } else {
            without.push(id);
        }
    }
    Ok((held, without))
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
