//! The directory that holds everything, and its lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What lies in a directory that is a backup, and says so.
pub const BACKUP_LABEL: &str = "backup.json";

/// Where a ledger lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

/// Proof that no other process writes in the directory. Held until dropped; the system releases it if the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("{} holds no ledger: create one with `counterfoil init --data {}`", .0.display(), .0.display())]
    NoLedger(PathBuf),
    #[error("{} holds a ledger already: it was left as it is", .0.display())]
    HoldsLedger(PathBuf),
    #[error("another process serves {}: stop it first, or talk to it (it holds the file `lock`)", .0.display())]
    InUse(PathBuf),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl DataDir {
    /// Names a directory, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The books: the log and the vault.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.0.join("ledger.db")
    }

    /// The projections.
    #[must_use]
    pub fn views(&self) -> PathBuf {
        self.0.join("views.db")
    }

    /// The operations.
    #[must_use]
    pub fn ops(&self) -> PathBuf {
        self.0.join("ops.db")
    }

    /// The socket on which a running service takes commands of the command line.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// Notes that an import has begun. It stays noted until [`DataDir::unmark_import`], also when the process dies.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mark_import(&self) -> io::Result<()> {
        std::fs::write(self.import_mark(), "an import has begun and not ended: the expiry job rests\n")
    }

    /// Notes that the import has come to its end.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn unmark_import(&self) -> io::Result<()> {
        match std::fs::remove_file(self.import_mark()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether an import has begun and not come to its end.
    #[must_use]
    pub fn is_importing(&self) -> bool {
        self.import_mark().exists()
    }

    fn import_mark(&self) -> PathBuf {
        self.0.join("import.unfinished")
    }

    /// Whether there is a ledger, or one is about to take its place there.
    #[must_use]
    pub fn holds_ledger(&self) -> bool {
        self.ledger().exists() || self.decided_ledger().exists()
    }

    /// Whether the directory says that it is a backup.
    #[must_use]
    pub fn is_backup(&self) -> bool {
        self.0.join(BACKUP_LABEL).exists()
    }

    /// Refuses a directory without a ledger.
    ///
    /// # Errors
    /// [`DataDirError::NoLedger`]
    pub fn expect_ledger(&self) -> Result<(), DataDirError> {
        if self.holds_ledger() { Ok(()) } else { Err(DataDirError::NoLedger(self.0.clone())) }
    }

    /// Makes the directory, readable by its owner only, where it is absent.
    ///
    /// # Errors
    /// [`DataDirError::Io`]
    pub fn create(&self) -> Result<(), DataDirError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|source| DataDirError::Io { path: self.0.clone(), source })
    }

    /// Takes the directory for this process, and finishes putting other files in place where a process died over that.
    ///
    /// # Errors
    /// [`DataDirError::InUse`] while another process has it.
    pub fn lock(&self) -> Result<Lock, DataDirError> {
        let path = self.0.join("lock");
        let io = |source| DataDirError::Io { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => self.finish_exchange().map(|()| Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}
