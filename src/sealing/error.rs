//! Why nothing was sealed or proved.

use crate::domain::seals::Period;
use crate::notary::NotaryError;
use crate::queries::QueryError;
use crate::tree::ProofError;
use crate::writer::Refusal;

/// Why nothing was sealed or proved.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("the seal is recorded, but no checkpoint covers it yet: {0}")]
    Checkpoint(#[from] NotaryError),
    #[error("the system has no randomness to give: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    #[error("something was recorded in {period} while it was being sealed: it is tried again")]
    Overtaken { period: Period },
    #[error("nothing was recorded before the month's end")]
    Empty,
    #[error("sealing was interrupted: it begins anew with the next start")]
    Stopped,
    #[error("the seal was written but is not to be found")]
    Unwritten,
    #[error("the books no longer give the root that was sealed: run `counterfoil-replay verify`")]
    Contradicted,
}

impl SealingError {
    /// Whether it is only that the service has too much to do at the moment.
    #[must_use]
    pub const fn is_for_now(&self) -> bool {
        matches!(self, Self::Query(QueryError::Behind | QueryError::Busy) | Self::Refused(Refusal::Busy))
    }
}

impl From<ProofError<QueryError>> for SealingError {
    fn from(error: ProofError<QueryError>) -> Self {
        match error {
            ProofError::Tiles(error) => Self::Query(error),
            // Fewer hashes than cards were sealed: a card or a record is gone.
            ProofError::NoSuchLeaf { .. } | ProofError::NotAPrefix { .. } | ProofError::Torn { .. } => {
                Self::Contradicted
            }
        }
    }
}
