//! Putting other files in the place of a directory's, so that at whichever instant the process dies the directory holds either
//! the ones or the others.
//!
//! The new files are made in a folder; renaming that folder decides. What is left to do then, moving files, is done by whoever takes
//! the directory's lock next: nobody who writes sees it half done.

use super::{DataDir, DataDirError, Lock};
use rusqlite::Connection;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Where the new files are made.
const MAKING: &str = ".making";
/// The same folder, once it is decided.
const DECIDED: &str = ".decided";
/// In it: where the old files go.
const PLAN: &str = "aside";
/// What is not kept goes here before it is removed.
const DROPPED: &str = ".dropped";
/// What is kept lies in a folder whose name begins so.
pub const KEPT: &str = "replaced-";
/// What moves, each with what SQLite puts beside it.
const DATABASES: [&str; 3] = ["views.db", "ops.db", "ledger.db"];
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// What is said of the old files only.
const MARKS: [&str; 2] = ["views.unsynced", IMPORT];
/// What may be said of the new ones, too.
const IMPORT: &str = "import.unfinished";

/// What becomes of the files that are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// They go to a folder of this name in the directory, and stay there.
    Kept(String),
    Dropped,
}

impl DataDir {
    /// An empty folder in which the new files are to be made.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin_exchange(&self, _lock: &Lock) -> Result<Self, DataDirError> {
        let folder = self.path().join(MAKING);
        let begin = || {
            remove(&folder)?;
            fs::DirBuilder::new().mode(0o700).create(&folder)
        };
        begin().map_err(io_at(&folder))?;
        Ok(Self::new(folder))
    }

    /// Puts the files that were made in the place of the directory's. All connections to either must be closed.
    ///
    /// # Errors
    /// When a file cannot be written or moved. Where it was decided already, the next lock goes on.
    pub fn exchange(&self, _lock: &Lock, replaced: &Replaced) -> Result<(), DataDirError> {
        let folder = self.path().join(MAKING);
        let decide = || {
            for name in DATABASES {
                settle(&folder.join(name))?;
            }
            let mut plan = File::create(folder.join(PLAN))?;
            plan.write_all(match replaced {
                Replaced::Kept(name) => name.as_bytes(),
                Replaced::Dropped => DROPPED.as_bytes(),
            })?;
            plan.sync_all()?;
            sync_file(&folder)?;
            fs::rename(&folder, self.path().join(DECIDED))?;
            sync_file(self.path())
        };
        decide().map_err(io_at(&folder))?;
        self.finish_exchange()
    }

    /// The folders that hold what was replaced and kept.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn replaced(&self) -> Result<Vec<PathBuf>, DataDirError> {
        let list = || fs::read_dir(self.path())?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
        let mut folders = list().map_err(io_at(self.path()))?;
        let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(KEPT));
        folders.retain(|path| named(path) && path.is_dir());
        folders.sort();
        Ok(folders)
    }

    /// Does what is left to do of an exchange that was decided; nothing where there is none.
    pub(super) fn finish_exchange(&self) -> Result<(), DataDirError> {
        finish(self.path(), &mut || Ok(())).map_err(io_at(self.path()))
    }

    /// The new ledger.db of an exchange that was decided and is not finished.
    pub(super) fn decided_ledger(&self) -> PathBuf {
        self.path().join(DECIDED).join("ledger.db")
    }
}

/// Brings a file or a folder to the disk.
///
/// # Errors
/// When it cannot be opened or synced.
pub fn sync_file(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Has what stands in a database's WAL written into its file, as far as it can be read.
pub fn fold_wal(path: &Path) -> rusqlite::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let connection = Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, source)| source)
}

// `step` is asked before every step; a test stops there.
fn finish(dir: &Path, step: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
    let decided = dir.join(DECIDED);
    if decided.exists() {
        let plan = decided.join(PLAN);
        if plan.exists() {
            let aside = dir.join(fs::read_to_string(&plan)?);
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&aside)?;
            move_all(dir, &decided, &aside, step)?;
            step()?;
            fs::remove_file(&plan)?;
        }
        step()?;
        remove(&decided)?;
        sync_file(dir)?;
    }
    step()?;
    remove(&dir.join(DROPPED))?;
    // What somebody died over before it was decided: a whole copy, with names and seeds.
    remove(&dir.join(MAKING))
}

fn move_all(dir: &Path, decided: &Path, aside: &Path, step: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
    // Once the last database is in its place, a mark is of the new ones.
    if DATABASES.iter().any(|name| decided.join(name).exists()) {
        for mark in MARKS {
            step()?;
            rename_if_there(&dir.join(mark), &aside.join(mark))?;
        }
    }
    for name in DATABASES {
        let new = decided.join(name);
        if !new.exists() {
            continue;
        }
        // While the new one waits, what has its name is the old one.
        for companion in COMPANIONS {
            step()?;
            let companion = format!("{name}{companion}");
            rename_if_there(&dir.join(&companion), &aside.join(&companion))?;
        }
        step()?;
        rename_if_there(&dir.join(name), &aside.join(name))?;
        sync_file(aside)?;
        step()?;
        fs::rename(&new, dir.join(name))?;
        sync_file(dir)?;
    }
    step()?;
    rename_if_there(&decided.join(IMPORT), &dir.join(IMPORT))?;
    sync_file(dir)
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

// A database is moved as one file: what stands in its WAL goes into it first.
fn settle(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if !path.exists() {
        return Ok(());
    }
    fold_wal(path).map_err(io::Error::other)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    sync_file(path)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> DataDirError {
    let path = path.to_owned();
    move |source| DataDirError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, which: &str) {
        fs::create_dir_all(dir).unwrap();
        for name in DATABASES {
            fs::write(dir.join(name), which).unwrap();
        }
    }

    fn read(dir: &Path) -> Vec<String> {
        DATABASES.iter().map(|name| fs::read_to_string(dir.join(name)).unwrap()).collect()
    }

    /// A directory as it is after the decision.
    fn decided() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "old");
        for name in ["ledger.db-wal", "views.unsynced", IMPORT] {
            fs::write(dir.path().join(name), "old").unwrap();
        }
        let decided = dir.path().join(DECIDED);
        write(&decided, "new");
        fs::write(decided.join(IMPORT), "new").unwrap();
        fs::write(decided.join(PLAN), "before").unwrap();
        dir
    }

    /// Finishes what was decided, but ends before the step of that number; answers whether it came so far.
    fn ends_before(dir: &Path, number: usize) -> bool {
        let mut steps = 0;
        let mut step = || {
            steps += 1;
            if steps > number { Err(io::Error::other("killed")) } else { Ok(()) }
        };
        finish(dir, &mut step).is_err()
    }

    #[test]
    fn what_was_decided_is_finished_by_the_next_lock_from_wherever_it_stopped() {
        let mut stops = 0;
        // Stopped once more on the way, it goes on from there, too.
        while ends_before(decided().path(), stops) {
            for again in [0, stops / 2, stops] {
                let files = decided();
                ends_before(files.path(), stops);
                ends_before(files.path(), again);
                let dir = DataDir::new(files.path());
                assert!(dir.holds_ledger(), "after {stops} steps and {again}");
                drop(dir.lock().unwrap());
                let aside = dir.path().join("before");
                assert_eq!(read(dir.path()), ["new"; 3], "after {stops} steps and {again}");
                assert_eq!(read(&aside), ["old"; 3], "after {stops} steps and {again}");
                for name in ["ledger.db-wal", "views.unsynced", IMPORT] {
                    assert_eq!(fs::read_to_string(aside.join(name)).unwrap(), "old", "{name} after {stops}");
                }
                assert_eq!(fs::read_to_string(dir.path().join(IMPORT)).unwrap(), "new", "after {stops} and {again}");
                assert!(!dir.path().join(DECIDED).exists() && !dir.path().join("views.unsynced").exists());
            }
            stops += 1;
        }
        assert!(stops > 15, "every move is a step: {stops}");
    }

    #[test]
    fn what_was_not_decided_changes_nothing() {
        let files = tempfile::tempdir().unwrap();
        let dir = DataDir::new(files.path());
        write(dir.path(), "old");
        let lock = dir.lock().unwrap();
        write(dir.begin_exchange(&lock).unwrap().path(), "new");
        drop(lock);
        drop(dir.lock().unwrap());
        assert_eq!(read(dir.path()), ["old"; 3]);
        assert!(!dir.path().join(MAKING).exists(), "it would hold names for nothing");
    }

    #[test]
    fn what_is_dropped_is_gone() {
        let files = tempfile::tempdir().unwrap();
        let dir = DataDir::new(files.path());
        let database = |dir: &Path, number: i64| {
            let connection = Connection::open(dir.join("ledger.db")).unwrap();
            connection.pragma_update(None, "journal_mode", "WAL").unwrap();
            connection.execute("CREATE TABLE t (n)", []).unwrap();
            connection.execute("INSERT INTO t VALUES (?1)", [number]).unwrap();
        };
        database(dir.path(), 1);
        let lock = dir.lock().unwrap();
        database(dir.begin_exchange(&lock).unwrap().path(), 2);
        dir.exchange(&lock, &Replaced::Dropped).unwrap();
        let ledger = Connection::open(dir.ledger()).unwrap();
        assert_eq!(ledger.query_row("SELECT n FROM t", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().starts_with('.')), "{names:?}");
    }
}
