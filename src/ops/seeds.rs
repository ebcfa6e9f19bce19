//! The seeds of the keys that sign checkpoints, and how far each has signed.

use super::{OpsError, Secrets};
use crate::domain::{Seq, Timestamp};
use parking_lot::MutexGuard;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use rusqlite::{OptionalExtension as _, params};
use std::fmt;

/// The secret of a signing key: 256 random bits. Shown by nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Draws one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn draw() -> Result<Self, rand::rand_core::OsError> {
        let mut bits = [0; 32];
        OsRng.try_fill_bytes(&mut bits)?;
        Ok(Self(bits))
    }

    /// The bits, to sign with.
    #[must_use]
    pub const fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// The largest tree that a key has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    pub size: Seq,
    pub root: [u8; 32],
}

/// A turn at signing. There is one at a time, so that no two checkpoints are made of one log at once.
#[derive(Debug)]
pub struct Signing<'a> {
    secrets: &'a Secrets,
    _turn: MutexGuard<'a, ()>,
}

impl Secrets {
    /// Waits for the turn at signing.
    #[must_use]
    pub fn signing(&self) -> Signing<'_> {
        Signing { secrets: self, _turn: self.turn.lock() }
    }
}

impl Signing<'_> {
    /// Keeps a new key's seed. Its event comes after this, or never.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, public_key: &[u8; 32], seed: &Seed, now: Timestamp) -> Result<(), OpsError> {
        let insert = "INSERT INTO checkpoint_seeds (public_key, seed, created_at) VALUES (?1, ?2, ?3)";
        self.secrets.file.lock().execute(insert, params![public_key, seed.0, now.micros()])?;
        Ok(())
    }

    /// A key's seed, and the largest tree that it has signed; none where the file does not hold it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn seed(&self, public_key: &[u8; 32]) -> Result<Option<(Seed, Option<Signed>)>, OpsError> {
        let select = "SELECT seed, signed_size, signed_root FROM checkpoint_seeds WHERE public_key = ?1";
        let file = self.secrets.file.lock();
        let found = file.query_row(select, [public_key], |row| {
            let (size, root): (i64, Option<[u8; 32]>) = (row.get(1)?, row.get(2)?);
            Ok((Seed(row.get(0)?), root.map(|root| Signed { size: Seq::new(size), root })))
        });
        Ok(found.optional()?)
    }

    /// The largest tree that each key has signed which has signed anything, by its public key, with the time of the key's seed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn signed(&self) -> Result<Vec<([u8; 32], Timestamp, Signed)>, OpsError> {
        let file = self.secrets.file.lock();
        let mut query = file.prepare(
            "SELECT public_key, created_at, signed_size, signed_root FROM checkpoint_seeds WHERE signed_size > 0",
        )?;
        let rows = query.query_map([], |row| {
            let signed = Signed { size: Seq::new(row.get(2)?), root: row.get(3)? };
            Ok((row.get(0)?, Timestamp::from_micros(row.get(1)?), signed))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When the seed of a key was kept; none where the file does not hold it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn kept_at(&self, public_key: &[u8; 32]) -> Result<Option<Timestamp>, OpsError> {
        let select = "SELECT created_at FROM checkpoint_seeds WHERE public_key = ?1";
        let found = self.secrets.file.lock().query_row(select, [public_key], |row| row.get(0)).optional()?;
        Ok(found.map(Timestamp::from_micros))
    }

    /// Notes what is about to be signed, on the disk before anybody can see the signature.
    ///
    /// # Errors
    /// When it cannot be written. Nothing must be signed then.
    pub fn note(&self, public_key: &[u8; 32], signed: &Signed) -> Result<(), OpsError> {
        let update = "UPDATE checkpoint_seeds SET signed_size = ?2, signed_root = ?3 WHERE public_key = ?1 AND signed_size <= ?2";
        self.secrets.file.lock().execute(update, params![public_key, signed.size.get(), signed.root])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::DataDir;

    #[test]
    fn a_seed_and_how_far_it_signed_are_known_again_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let (seed, now) = (Seed::draw().unwrap(), Timestamp::from_micros(1));
        let open = || Secrets::open(&DataDir::new(dir.path())).unwrap();
        {
            let secrets = open();
            let signing = secrets.signing();
            signing.add(&[1; 32], &seed, now).unwrap();
            assert_eq!(signing.seed(&[1; 32]).unwrap(), Some((seed.clone(), None)));
            signing.note(&[1; 32], &Signed { size: Seq::new(7), root: [7; 32] }).unwrap();
            signing.note(&[1; 32], &Signed { size: Seq::new(6), root: [6; 32] }).unwrap();
        }
        let secrets = open();
        let signing = secrets.signing();
        let farthest = Some(Signed { size: Seq::new(7), root: [7; 32] });
        assert_eq!(
            signing.seed(&[1; 32]).unwrap(),
            Some((seed.clone(), farthest)),
            "a smaller tree takes nothing back"
        );
        assert_eq!(signing.seed(&[2; 32]).unwrap(), None);
        assert!(signing.add(&[1; 32], &seed, now).is_err(), "a key keeps its seed");
        assert_eq!(format!("{seed:?}"), "Seed(…)");
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(dir.path().join("ops.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for the owner only");
    }
}
