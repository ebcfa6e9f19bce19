//! Why nothing was signed or recorded.

use crate::domain::{CheckpointKeyId, Seq};
use crate::note::{CosignatureError, KeyError, LineError};
use crate::ops::OpsError;
use crate::queries::QueryError;
use crate::writer::Refusal;

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
        "the seed of checkpoint key {key} is not in ops.db: restore ops.db, or make a new key with `counterfoil audit-key rotate --lost`"
    )]
    NoSeed { key: CheckpointKeyId },
    #[error(
        "the log has {size} events, but a checkpoint of {signed} was signed: an older copy was put in its place. Restore the newer one; if the older one is meant, `counterfoil audit-key rotate --lost` begins with a new key"
    )]
    Shorter { signed: Seq, size: Seq },
    #[error(
        "the first {signed} events are not those that were signed: the log was rewritten or put back to an older copy. Run `counterfoil-replay verify`; if this log is meant, `counterfoil audit-key rotate --lost` begins with a new key"
    )]
    Different { signed: Seq },
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
