//! A dry run: the same import into a copy that nobody keeps.

use crate::backup::{copy_database, to_the_end};
use crate::cli::Failure;
use crate::domain::Seq;
use crate::event_log;
use crate::storage::{DataDir, Lock, open_ledger};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Inside the data directory, so that personal data stays on its disk.
const FOLDER: &str = ".dry-run";

/// A copy of a ledger, gone when this is dropped.
pub(super) struct Rehearsal {
    dir: DataDir,
    folder: PathBuf,
    before: Seq,
    lock: Option<Lock>,
}

impl Rehearsal {
    /// Copies the ledger, whether a service runs or not. What a dry run that was killed has left goes first.
    pub(super) fn prepare(original: &DataDir) -> Result<Self, Failure> {
        original.expect_ledger()?;
        let folder = original.path().join(FOLDER);
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => return Err(failed(&folder, source)),
            Ok(()) | Err(_) => {}
        }
        let dir = DataDir::new(&folder);
        let lock = dir.lock().map_err(|_| {
            Failure::WrongUse(format!("another dry run is going on in {}: wait until it has ended", folder.display()))
        })?;
        empty(&folder).map_err(|source| failed(&folder, source))?;
        let mut rehearsal = Self { dir, folder, before: Seq::ZERO, lock: Some(lock) };
        // views.db first: what it has seen, the log then holds.
        if original.views().exists() {
            copy_database(&original.views(), &rehearsal.dir.views(), &to_the_end())?;
        }
        copy_database(&original.ledger(), &rehearsal.dir.ledger(), &to_the_end())?;
        // No ops.db: a rehearsal signs nothing, and the log's secret seeds stay in one place.
        rehearsal.before = event_log::head(&open_ledger(&rehearsal.dir)?)?.seq;
        Ok(rehearsal)
    }

    /// Where to import into.
    pub(super) fn dir(&self) -> &DataDir {
        &self.dir
    }

    /// The copy's lock, once.
    pub(super) fn lock(&mut self) -> Result<Lock, Failure> {
        match self.lock.take() {
            Some(lock) => Ok(lock),
            None => Ok(self.dir.lock()?),
        }
    }

    /// How many events of each kind the import has written.
    pub(super) fn written(&self) -> Result<BTreeMap<String, i64>, Failure> {
        let ledger = open_ledger(&self.dir)?;
        let mut query = ledger.prepare("SELECT kind, count(*) FROM events WHERE seq > ?1 GROUP BY kind")?;
        let rows = query.query_map([self.before.get()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        // What cannot be removed now, the next dry run removes.
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

/// Removes everything but the lock that is held.
fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name == "lock") {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
    }
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.display().to_string(), source }
}
