//! Copies of the books: how one is made beside a service that writes, verified, kept for as long as it should be, and held against
//! what it is to replace.
//!
//! Writes nothing to the directory that is copied. Putting a copy in place is [`crate::storage`]'s.

mod compare;
mod copy;
mod fresh;
mod keep;
mod label;
mod shelf;
mod trees;
mod verify;

pub use compare::{Comparison, Endings, compare, endings_after, origin_of};
pub use copy::{copy_database, copy_log};
pub use fresh::programme_alone;
pub use keep::Keep;
pub use label::{LABEL, Label};
pub use shelf::{Kept, Shelf, log_of};
pub use trees::root_at;
pub use verify::{SecretsHeld, Verified, secrets_held, verify_log};

use crate::storage::{DataDir, DataDirError, StorageError};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Asked again and again while a copy is made: whether to go on. It may rest before it answers.
pub type GoOn = Arc<dyn Fn() -> bool + Send + Sync>;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is no directory: backups need one that is there, and it is not made lest it lies where a disk is to be mounted", .0.display())]
    NoShelf(PathBuf),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Directory(#[from] DataDirError),
    #[error("the copy does not verify: {0}")]
    Finding(String),
}

impl BackupError {
    /// Whether a check found something, in contrast to the machine failing.
    #[must_use]
    pub fn is_a_finding(&self) -> bool {
        match self {
            Self::Finding(_) => true,
            Self::Database { .. } | Self::File { .. } | Self::NoShelf(_) | Self::Directory(_) | Self::Storage(_) => {
                false
            }
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub verified: Verified,
    pub secrets: SecretsHeld,
    /// It was copied while an import was going on, or had been given up.
    pub import_unfinished: bool,
}

/// Copies log, vault and operations of `source` into `copy`, and verifies them.
///
/// # Errors
/// When a file cannot be read or written, the copy does not verify, or `go_on` ends it.
pub fn fill(source: &DataDir, copy: &DataDir, go_on: &GoOn) -> Result<Filled, BackupError> {
    // Asked before and after: of an import that began or ended meanwhile the copy may hold a part.
    let importing = source.is_importing();
    // A secret's hash is older than its key's event: copied in this order, no key of the copy lacks its hash.
    copy_database(&source.ledger(), &copy.ledger(), go_on)?;
    copy_database(&source.ops(), &copy.ops(), go_on)?;
    let verified = verify_log(&copy.ledger(), go_on)?;
    let secrets = verify::secrets(&copy.ledger(), &copy.ops(), go_on)?;
    Ok(Filled { verified, secrets, import_unfinished: importing || source.is_importing() })
}

/// Never ends what is asked.
#[must_use]
pub fn to_the_end() -> GoOn {
    Arc::new(|| true)
}
