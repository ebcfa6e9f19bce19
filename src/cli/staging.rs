//! Filling a directory so that it holds a ledger only when it holds a whole one. The files are made in a folder inside
//! it and moved out when they are complete, ledger.db last: a crash leaves a directory that can be filled again.

use crate::storage::{DataDir, DataDirError, Lock};
use rusqlite::Connection;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const FOLDER: &str = ".unfinished";

/// Why a directory could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    #[error(transparent)]
    Directory(#[from] DataDirError),
    #[error("{} holds {name} without a ledger: move it away, or choose another directory", dir.display())]
    Remains { dir: PathBuf, name: &'static str },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

/// A directory that is being filled, locked meanwhile.
#[derive(Debug)]
pub(super) struct Staging {
    target: DataDir,
    folder: PathBuf,
    lock: Lock,
}

impl Staging {
    /// Makes `target` where it is absent, and an empty folder in it. Whatever an interrupted attempt left there goes.
    pub(super) fn begin(target: &DataDir) -> Result<Self, StagingError> {
        let refuse_ledger = || match target.holds_ledger() {
            true => Err(DataDirError::HoldsLedger(target.path().to_owned())),
            false => Ok(()),
        };
        refuse_ledger()?;
        target.create()?;
        let lock = target.lock()?;
        refuse_ledger()?;
        let folder = target.path().join(FOLDER);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|source| at(&folder, source))?;
        } else {
            refuse_remains(target)?;
        }
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|source| at(&folder, source))?;
        Ok(Self { target: target.clone(), folder, lock })
    }

    /// Where to make the files.
    pub(super) fn dir(&self) -> DataDir {
        DataDir::new(&self.folder)
    }

    /// Moves the files named to their place, in this order, and takes the folder away.
    pub(super) fn finish(self, names: &[&str]) -> Result<(), StagingError> {
        for name in names {
            self.settle(name)?;
        }
        sync(&self.folder)?;
        for name in names {
            let (from, to) = (self.folder.join(name), self.target.path().join(name));
            fs::rename(&from, &to).map_err(|source| at(&to, source))?;
            // Synced one by one: the ledger must not be there before the others.
            sync(self.target.path())?;
        }
        fs::remove_dir_all(&self.folder).map_err(|source| at(&self.folder, source))?;
        sync(self.target.path())?;
        drop(self.lock);
        Ok(())
    }

    // A database is moved as one file: what stands in its WAL goes into it first.
    fn settle(&self, name: &str) -> Result<(), StagingError> {
        let path = self.folder.join(name);
        if name.ends_with(".db") {
            let fold = || {
                let connection = Connection::open(&path)?;
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
                connection.close().map_err(|(_, source)| source)
            };
            fold().map_err(|source| StagingError::Database { path: path.clone(), source })?;
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(|source| at(&path, source))?;
        sync(&path)
    }
}

// Without the folder of an interrupted attempt these are somebody's files, and not ours to replace.
fn refuse_remains(target: &DataDir) -> Result<(), StagingError> {
    for (path, name) in [(target.views(), "views.db"), (target.ops(), "ops.db")] {
        if path.exists() {
            return Err(StagingError::Remains { dir: target.path().to_owned(), name });
        }
    }
    Ok(())
}

fn sync(path: &Path) -> Result<(), StagingError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|source| at(path, source))
}

fn at(path: &Path, source: io::Error) -> StagingError {
    StagingError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(staging: &Staging) {
        for path in [staging.dir().ops(), staging.dir().ledger()] {
            let connection = Connection::open(path).unwrap();
            connection.pragma_update(None, "journal_mode", "WAL").unwrap();
            connection.execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (7)").unwrap();
        }
    }

    #[test]
    fn a_directory_holds_a_ledger_only_once_it_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let target = DataDir::new(dir.path().join("new"));
        let staging = Staging::begin(&target).unwrap();
        fill(&staging);
        assert!(!target.holds_ledger());
        staging.finish(&["ops.db", "ledger.db"]).unwrap();

        let ledger = Connection::open(target.ledger()).unwrap();
        assert_eq!(ledger.query_row("SELECT n FROM t", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        assert!(!target.path().join(FOLDER).exists());
        assert!(matches!(Staging::begin(&target), Err(StagingError::Directory(DataDirError::HoldsLedger(_)))));
    }

    #[test]
    fn an_interrupted_attempt_can_be_repeated_at_every_point() {
        let dir = tempfile::tempdir().unwrap();
        let target = DataDir::new(dir.path());
        let staging = Staging::begin(&target).unwrap();
        fill(&staging);
        drop(staging);
        let staging = Staging::begin(&target).unwrap();
        fill(&staging);
        fs::rename(staging.dir().ops(), target.ops()).unwrap();
        drop(staging);
        let staging = Staging::begin(&target).unwrap();
        fill(&staging);
        staging.finish(&["ops.db", "ledger.db"]).unwrap();
        assert!(target.holds_ledger());
    }

    #[test]
    fn files_that_somebody_else_left_are_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let target = DataDir::new(dir.path());
        fs::write(target.ops(), b"precious").unwrap();
        assert!(matches!(Staging::begin(&target), Err(StagingError::Remains { name: "ops.db", .. })));
        assert_eq!(fs::read(target.ops()).unwrap(), b"precious");
    }
}
