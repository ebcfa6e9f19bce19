//! Receipts: one event, proved to whoever has the log's key, without the log.

use crate::ledger::{ChainHasher, Hash, Row, hash_of_digits};
use crate::merkle::{included, leaf};
use crate::note::{Distrust, LogKey};
use serde::Deserialize;

/// The first field of every receipt.
const FORMAT: &str = "counterfoil receipt v1";

/// A receipt as a file holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    format: String,
    event: Row,
    #[serde(deserialize_with = "crate::ledger::hash")]
    previous_hash: Hash,
    proof: Proof,
    checkpoint: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    leaf_index: u64,
    size: u64,
    hashes: Vec<String>,
}

/// Why a receipt proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unproved {
    #[error("this is not a receipt: {0}")]
    Form(#[from] serde_json::Error),
    #[error("this is not a receipt of the format {FORMAT:?}")]
    Format,
    #[error("a hash is not 64 lower-case hex digits")]
    Digits,
    #[error("the event was changed: its hash does not follow from its columns and the hash before it")]
    Event,
    #[error("the proof is of another place or size than the event's and the checkpoint's")]
    Place,
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] Distrust),
    #[error("the event is not in the tree that the checkpoint states")]
    NotIncluded,
}

/// What a genuine receipt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    pub seq: i64,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
    pub kind: String,
    pub stream: String,
    pub payload: String,
    /// The checkpoint that covers it: the log's name and how many events it states.
    pub origin: String,
    pub size: u64,
}

/// Verifies a receipt with nothing but the log's key.
///
/// # Errors
/// The first thing that does not fit.
pub fn verify(text: &str, key: &LogKey) -> Result<Proved, Unproved> {
    let receipt: Receipt = serde_json::from_str(text)?;
    if receipt.format != FORMAT {
        return Err(Unproved::Format);
    }
    let Receipt { event: row, previous_hash, proof, checkpoint, .. } = receipt;
    let checkpoint = key.open(&checkpoint)?;
    if !row.follows(&previous_hash, &mut ChainHasher::default()) {
        return Err(Unproved::Event);
    }
    if u64::try_from(row.seq - 1) != Ok(proof.leaf_index) || proof.size != checkpoint.size {
        return Err(Unproved::Place);
    }
    let path = proof.hashes.iter().map(|hash| hash_of_digits(hash)).collect::<Option<Vec<_>>>();
    let path = path.ok_or(Unproved::Digits)?;
    if !included(&leaf(&row.hash), proof.leaf_index, proof.size, &path, &checkpoint.root) {
        return Err(Unproved::NotIncluded);
    }
    let Row { seq, recorded_at, kind, stream, payload, .. } = row;
    Ok(Proved { seq, recorded_at, kind, stream, payload, origin: checkpoint.origin, size: checkpoint.size })
}
