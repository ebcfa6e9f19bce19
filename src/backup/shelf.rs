//! A directory of backups, each in a directory of its own that is named by its time and its last event.
//!
//! A backup is made under a name that no backup has and renamed when it is verified and on the disk; it is renamed back before it
//! is removed. So whatever has the name of a backup is whole, at whichever instant the process dies.

use super::label::Label;
use super::{BackupError, GoOn, Keep, fill};
use crate::domain::{Seq, Timestamp};
use crate::event_log::hash_at;
use crate::storage::{DataDir, sync_file};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// What is being made or removed begins with this.
const UNFINISHED: &str = ".unfinished-";

/// Where backups lie.
#[derive(Debug, Clone)]
pub struct Shelf(PathBuf);

/// A backup on the shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    pub made_at: Timestamp,
    /// How many events its log has.
    pub events: i64,
}

/// Which log a ledger.db holds: the hash of its first event, as hex digits.
///
/// # Errors
/// When it cannot be read or holds none.
pub fn log_of(ledger: &Path) -> Result<String, BackupError> {
    let database = |source| BackupError::Database { path: ledger.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(ledger, flags).map_err(database)?;
    let first = hash_at(&connection, Seq::new(1)).map_err(database)?;
    first.map(hex::encode).ok_or_else(|| BackupError::Finding("the log is empty".to_owned()))
}

impl Shelf {
    /// The shelf in a directory, which has to exist when a backup is made.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// The backups of a log, the newest first. Whatever else lies there is nobody's here.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn kept(&self, log: &str) -> Result<Vec<Kept>, BackupError> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(BackupError::file(&self.0))? {
            let path = entry.map_err(BackupError::file(&self.0))?.path();
            kept.extend(recognized(&path, log));
        }
        kept.sort_by_key(|kept| std::cmp::Reverse((kept.made_at, kept.events)));
        Ok(kept)
    }

    /// Makes a backup of `source`, verified and on the disk.
    ///
    /// # Errors
    /// When it cannot be written or does not verify, another process makes one here, or `go_on` ends it.
    pub fn put(&self, source: &DataDir, now: Timestamp, go_on: &GoOn) -> Result<Kept, BackupError> {
        if !self.0.is_dir() {
            // Made here, it would lie where something is to be mounted.
            return Err(BackupError::NoShelf(self.0.clone()));
        }
        let _lock = DataDir::new(&self.0).lock()?;
        self.clear()?;
        let unfinished = self.0.join(format!("{UNFINISHED}{}", name(now, 0)));
        fs::DirBuilder::new().mode(0o700).create(&unfinished).map_err(BackupError::file(&unfinished))?;
        let made = self.make(source, &DataDir::new(&unfinished), now, go_on);
        if made.as_ref().is_err_and(|error| !error.is_a_finding()) {
            // There may be no room; what does not verify is worth a look.
            drop(fs::remove_dir_all(&unfinished));
        }
        made
    }

    fn make(&self, source: &DataDir, copy: &DataDir, now: Timestamp, go_on: &GoOn) -> Result<Kept, BackupError> {
        let filled = fill(source, copy, go_on)?;
        let without = filled.secrets.webhooks_without;
        if without > 0 {
            tracing::warn!(
                webhooks = without,
                "webhooks have no secret in ops.db and send nothing: `counterfoil webhooks rotate` gives them one"
            );
        }
        for path in [copy.ledger(), copy.ops()] {
            let settle = || {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
                sync_file(&path)
            };
            settle().map_err(BackupError::file(&path))?;
        }
        Label::of(&filled, now).write(copy.path())?;
        sync_file(copy.path()).map_err(BackupError::file(copy.path()))?;
        let path = self.0.join(name(now, filled.verified.events));
        fs::rename(copy.path(), &path).map_err(BackupError::file(&path))?;
        sync_file(&self.0).map_err(BackupError::file(&self.0))?;
        Ok(Kept { path, made_at: now, events: filled.verified.events })
    }

    /// Removes the backups of a log that are not to be kept, now that `made` stands; answers them. That one stays whatever the clock
    /// said of others; those of a later time, which some clock said wrongly, stay and do not count.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn prune(&self, log: &str, keep: &Keep, made: &Kept) -> Result<Vec<Kept>, BackupError> {
        let _lock = DataDir::new(&self.0).lock()?;
        let mut kept = self.kept(log)?;
        kept.retain(|kept| kept.made_at <= made.made_at);
        let times: Vec<_> = kept.iter().map(|kept| kept.made_at).collect();
        let stays = keep.of(&times);
        let goes = |(kept, stays): (Kept, bool)| (!stays && kept.path != made.path).then_some(kept);
        let gone: Vec<_> = kept.into_iter().zip(stays).filter_map(goes).collect();
        for Kept { path, .. } in &gone {
            let mut name = UNFINISHED.to_owned();
            name.push_str(&path.file_name().unwrap_or_default().to_string_lossy());
            let aside = self.0.join(name);
            fs::rename(path, &aside).map_err(BackupError::file(path))?;
            fs::remove_dir_all(&aside).map_err(BackupError::file(&aside))?;
        }
        Ok(gone)
    }

    // Of a process that died while it made or removed one. The lock says that no other is at it.
    fn clear(&self) -> Result<(), BackupError> {
        for entry in fs::read_dir(&self.0).map_err(BackupError::file(&self.0))? {
            let path = entry.map_err(BackupError::file(&self.0))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.strip_prefix(UNFINISHED).is_some_and(|name| parts(name).is_some()) {
                fs::remove_dir_all(&path).map_err(BackupError::file(&path))?;
            }
        }
        Ok(())
    }
}

/// `20261123T045512Z-1234`
fn name(made_at: Timestamp, events: i64) -> String {
    let time: String = made_at.to_seconds_text().chars().filter(|letter| !matches!(letter, '-' | ':')).collect();
    format!("{time}-{events}")
}

/// The time and the number of a name.
fn parts(name: &str) -> Option<(&str, i64)> {
    let (time, events) = name.split_once('-')?;
    let events = events.parse().ok()?;
    let shaped = time.len() == 16
        && time.bytes().enumerate().all(|(place, byte)| match place {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    shaped.then_some((time, events))
}

/// A directory that this program made as a backup of that log: its name says what its label says.
fn recognized(path: &Path, log: &str) -> Option<Kept> {
    let label = Label::read(path).filter(|label| label.log == log)?;
    let made_at = label.time()?;
    let named = path.file_name()?.to_str()? == name(made_at, label.events);
    let whole = DataDir::new(path).holds_ledger() && File::open(path.join("ops.db")).is_ok();
    (named && whole).then(|| Kept { path: path.to_owned(), made_at, events: label.events })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when_and_up_to_which_event() {
        let time = Timestamp::parse("2026-11-23T04:55:12Z").unwrap();
        assert_eq!(name(time, 1_234), "20261123T045512Z-1234");
        assert_eq!(parts("20261123T045512Z-1234"), Some(("20261123T045512Z", 1_234)));
        for other in ["", "20261123T045512Z", "2026-11-23", "20261123T045512Z-x", "20261123X045512Z-1", "photos-1"] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[test]
    fn what_lies_there_and_is_no_backup_of_the_log_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(dir.path());
        let label = |log: &str, events| Label::of(&verified(log, events), Timestamp::parse("2026-11-23").unwrap());
        let make = |name: &str, label: Option<Label>| {
            let path = dir.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("ledger.db"), b"x").unwrap();
            fs::write(path.join("ops.db"), b"x").unwrap();
            label.map(|label| label.write(&path)).transpose().unwrap();
        };
        make("20261123T000000Z-7", Some(label("aa", 7)));
        make("20261123T000000Z-8", Some(label("bb", 8)));
        make("20261123T000000Z-9", Some(label("aa", 10)));
        make("20991123T000000Z-5", Some(Label::of(&verified("aa", 5), Timestamp::parse("2099-11-23").unwrap())));
        make("20261122T000000Z-1", None);
        make("photos", Some(label("aa", 6)));
        make(".unfinished-photos", None);
        let events: Vec<_> = shelf.kept("aa").unwrap().iter().map(|kept| kept.events).collect();
        assert_eq!(events, [5, 7], "the newest first, by what a clock that was wrong said");
        shelf.clear().unwrap();
        let keep = Keep { newest: 1, daily: 0, weekly: 0, monthly: 0 };
        let made = shelf.kept("aa").unwrap().remove(1);
        let two = Keep { newest: 2, ..keep };
        let day_before = Label::of(&verified("aa", 4), Timestamp::parse("2026-11-22").unwrap());
        make("20261122T000000Z-4", Some(day_before));
        assert_eq!(shelf.prune("aa", &two, &made).unwrap(), [], "one of the future takes nobody's place");
        assert_eq!(shelf.prune("aa", &keep, &made).unwrap().len(), 1);
        assert_eq!(shelf.prune("aa", &keep, &made).unwrap(), [], "what was just made stays");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 7 + 1, "the lock is new");
    }

    fn verified(log: &str, events: i64) -> super::super::Filled {
        let verified =
            super::super::Verified { events, head_hash: "00".to_owned(), log: log.to_owned(), checkpoints: 0 };
        super::super::Filled { verified, secrets: super::super::SecretsHeld::default(), import_unfinished: false }
    }
}
