//! The hashes of secrets: all of them in memory for checking, each on disk before its credential exists.

use super::environment::{self, Environment};
use crate::domain::Timestamp;
use crate::storage::{DataDir, StorageError, open_ops};
use blake3::Hash;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::fmt;

const CONTEXT: &str = "counterfoil secret v1";

/// Why ops.db cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    #[error(transparent)]
    Open(#[from] StorageError),
    #[error("ops.db: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the system has no randomness to give: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    #[error("ops.db holds a hash of the wrong length for {0}: restore the file from a backup")]
    Torn(String),
}

/// Checks secrets, and takes new ones.
pub struct Secrets {
    known: RwLock<HashMap<String, Hash>>,
    pub(super) file: Mutex<Connection>,
    pub(super) turn: Mutex<()>,
    pub(super) environment: Environment,
}

impl Secrets {
    /// Opens ops.db, made where it is absent, and reads every hash.
    ///
    /// # Errors
    /// When the file cannot be opened or read.
    pub fn open(dir: &DataDir) -> Result<Self, OpsError> {
        let file = open_ops(dir)?;
        // The event of a key is on the disk when it is acknowledged; its hash must be there before it.
        file.pragma_update(None, "synchronous", "FULL")?;
        let known = read_all(&file)?;
        let environment = environment::read(&file)?;
        Ok(Self { known: RwLock::new(known), file: Mutex::new(file), turn: Mutex::default(), environment })
    }

    /// Whether `secret` is the one that goes with `public_id`.
    ///
    /// Takes the same time for an unknown id as for a wrong secret.
    #[must_use]
    pub fn verify(&self, public_id: &str, secret: &str) -> bool {
        let given = hash(secret);
        let known = self.known.read().get(public_id).copied();
        // `Hash` compares in constant time. No text is known that hashes to the stand-in.
        let same = given == known.unwrap_or(Hash::from_bytes([0; 32]));
        same & known.is_some()
    }

    /// Keeps the hash of a new credential's secret. Its event comes after this, or never.
    ///
    /// # Errors
    /// When it cannot be written, or the id has a secret already.
    pub fn add(&self, public_id: &str, secret: &str, now: Timestamp) -> Result<(), OpsError> {
        let hash = hash(secret);
        let insert = "INSERT INTO key_secrets (public_id, secret_hash, created_at) VALUES (?1, ?2, ?3)";
        self.file.lock().execute(insert, params![public_id, hash.as_bytes(), now.micros()])?;
        self.known.write().insert(public_id.to_owned(), hash);
        Ok(())
    }

    /// How many secrets are known.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.read().len()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("count", &self.count()).finish_non_exhaustive()
    }
}

fn hash(secret: &str) -> Hash {
    Hash::from_bytes(blake3::derive_key(CONTEXT, secret.as_bytes()))
}

fn read_all(file: &Connection) -> Result<HashMap<String, Hash>, OpsError> {
    let mut query = file.prepare("SELECT public_id, secret_hash FROM key_secrets")?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let mut known = HashMap::new();
    for row in rows {
        let (public_id, bytes) = row?;
        let Ok(bytes) = <[u8; 32]>::try_from(bytes) else { return Err(OpsError::Torn(public_id)) };
        known.insert(public_id, Hash::from_bytes(bytes));
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(dir: &tempfile::TempDir) -> Secrets {
        Secrets::open(&DataDir::new(dir.path())).unwrap()
    }

    #[test]
    fn a_secret_is_known_again_after_a_restart_and_only_its_hash_is_on_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        secrets(&dir).add("lty_a", "a secret of some length", Timestamp::from_micros(1)).unwrap();

        let reopened = secrets(&dir);
        assert!(reopened.verify("lty_a", "a secret of some length"));
        assert!(!reopened.verify("lty_a", "a secret of some lengtH"));
        for file in std::fs::read_dir(dir.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(14).any(|window| window == b"a secret of so"));
        }
    }

    #[test]
    fn an_unknown_id_authenticates_with_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = secrets(&dir);
        assert!(!secrets.verify("lty_a", ""));
        assert!(!secrets.verify("", ""));
    }

    #[test]
    fn a_public_id_keeps_its_first_secret() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = secrets(&dir);
        secrets.add("lty_a", "first", Timestamp::from_micros(1)).unwrap();
        assert!(secrets.add("lty_a", "second", Timestamp::from_micros(2)).is_err());
        assert!(secrets.verify("lty_a", "first"));
        assert!(!secrets.verify("lty_a", "second"));
    }
}
