//! Cosignatures: a witness's signature over the time and the text of a checkpoint, `cosignature/v1` of C2SP `tlog-cosignature`.

use super::{Algorithm, Checkpoint, SignatureLine, VerifierKey};

/// A witness's signature, verified when it was made from a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    pub witness: VerifierKey,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub timestamp: u64,
    pub signature: [u8; 64],
}

/// Why a line is no cosignature of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    #[error("the key is not a witness's")]
    NotAWitness,
    #[error("the line is signed with another key")]
    OtherKey,
    #[error("a cosignature is a time and a signature, 72 bytes")]
    Form,
    #[error("the signature does not fit the checkpoint")]
    Wrong,
}

impl Cosignature {
    /// Reads and verifies a witness's signature line.
    ///
    /// # Errors
    /// [`CosignatureError`]
    pub fn verify(
        line: &SignatureLine,
        witness: &VerifierKey,
        checkpoint: &Checkpoint,
    ) -> Result<Self, CosignatureError> {
        if witness.algorithm() != Algorithm::Cosignature {
            return Err(CosignatureError::NotAWitness);
        }
        if line.name != witness.name() || line.id != witness.id() {
            return Err(CosignatureError::OtherKey);
        }
        let (time, signature) = line.signature.split_first_chunk::<8>().ok_or(CosignatureError::Form)?;
        let signature: [u8; 64] = signature.try_into().map_err(|_| CosignatureError::Form)?;
        let timestamp = u64::from_be_bytes(*time);
        if i64::try_from(timestamp).is_err() {
            return Err(CosignatureError::Form);
        }
        if !witness.verifies(message(timestamp, checkpoint).as_bytes(), &signature) {
            return Err(CosignatureError::Wrong);
        }
        Ok(Self { witness: witness.clone(), timestamp, signature })
    }

    /// The line as a note holds it.
    #[must_use]
    pub fn line(&self) -> SignatureLine {
        let signature = [self.timestamp.to_be_bytes().as_slice(), &self.signature].concat();
        SignatureLine { name: self.witness.name().to_owned(), id: self.witness.id(), signature }
    }
}

fn message(timestamp: u64, checkpoint: &Checkpoint) -> String {
    format!("cosignature/v1\ntime {timestamp}\n{}", checkpoint.text())
}
