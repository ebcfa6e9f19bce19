//! Why nothing was signed or recorded.

use crate::domain::{CheckpointKeyId, Seq};
use crate::note::{CosignatureError, KeyError, LineError};
use crate::ops::OpsError;
use crate::queries::QueryError;
use crate::writer::Refusal;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why nothing was signed or recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error("the log states a key that cannot be one: {0}")]
    Key(#[from] KeyError),
    #[error("the system has no randomness to give: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    #[error(
        "the seed of checkpoint key {key} is not in ops.db: restore ops.db, or make a new key with `counterfoil audit-key rotate --key-lost`"
    )]
    NoSeed { key: CheckpointKeyId },
    #[error(
        "the log ends at event {size}, but a checkpoint of {signed} events was signed ({known}): an older copy was put in its place. Put the newer one back; if the older one is meant, `counterfoil audit-key rotate --lost {signed}{}` says so in the log and begins with a new key", known.flag()
    )]
    Shorter { signed: Seq, size: Seq, known: Known },
    #[error(
        "the log ends at event {size}, and its first {signed} events are not those that were signed ({known}): it was rewritten, or put back to an older copy and continued. Run `counterfoil-replay verify`; if this log is meant, `counterfoil audit-key rotate --lost {signed}{}` says so in the log and begins with a new key", known.flag()
    )]
    Different { signed: Seq, size: Seq, known: Known },
    #[error("no checkpoint is known that this log does not continue: leave --lost out")]
    NothingLost,
    #[error("the largest checkpoint that this log does not continue is of {signed} events: name that with --lost")]
    LostOther { signed: Seq },
    #[error("{}: {source}", path.display())]
    CopyFile { path: PathBuf, source: io::Error },
    #[error("{} holds no checkpoint: move it away, and the next one is written there", .0.display())]
    CopyForm(PathBuf),
    #[error("{} is a checkpoint of {held}, and this log is {origin}: each log has a file of its own", path.display())]
    CopyOther { path: PathBuf, held: String, origin: String },
    #[error("{} holds a checkpoint of {held} events, more than this log has been signed for", path.display())]
    CopyAhead { path: PathBuf, held: u64 },
    #[error("there is no checkpoint of size {size}")]
    NoSuchCheckpoint { size: Seq },
    #[error("the signature is not one of a witness that this service knows (`serve --witness`)")]
    UnknownWitness,
    #[error(transparent)]
    Line(#[from] LineError),
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
    #[error("{0} was written but is not to be found")]
    Unwritten(&'static str),
}

/// Where a signed checkpoint is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Ops,
    Copy(PathBuf),
}

impl Known {
    /// What `audit-key rotate --lost` needs besides to know it, too.
    fn flag(&self) -> String {
        match self {
            Self::Ops => String::new(),
            Self::Copy(path) => format!(" --checkpoint {}", path.display()),
        }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ops => f.write_str("ops.db knows it"),
            Self::Copy(path) => write!(f, "{} holds it", path.display()),
        }
    }
}
