//! Receipts: one event, proved to whoever has the log's key, without the log.

use crate::ledger::{ChainHasher, Event, Hash};
use crate::merkle::{included, leaf};
use crate::note::{Distrust, LogKey};
use serde::{Deserialize, Deserializer, de};

/// The first field of every receipt.
const FORMAT: &str = "counterfoil receipt v1";

/// A receipt as a file holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    format: String,
    event: Row,
    #[serde(deserialize_with = "hash")]
    previous_hash: Hash,
    proof: Proof,
    checkpoint: String,
}

/// The row of the log. A field that may be null is there all the same.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    seq: i64,
    command_seq: i64,
    recorded_at: i64,
    partner_id: i64,
    stream: String,
    version: i64,
    kind: String,
    schema: i64,
    actor: String,
    #[serde(deserialize_with = "nullable")]
    idempotency_key: Option<String>,
    #[serde(deserialize_with = "nullable")]
    fingerprint: Option<String>,
    payload: String,
    #[serde(deserialize_with = "hash")]
    hash: Hash,
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
    let fingerprint: Option<Hash> = row.fingerprint.as_deref().map(digits).transpose()?;
    if chained(&row, fingerprint.as_ref(), &previous_hash) != row.hash {
        return Err(Unproved::Event);
    }
    if u64::try_from(row.seq - 1) != Ok(proof.leaf_index) || proof.size != checkpoint.size {
        return Err(Unproved::Place);
    }
    let path = proof.hashes.iter().map(|hash| digits(hash)).collect::<Result<Vec<_>, _>>()?;
    if !included(&leaf(&row.hash), proof.leaf_index, proof.size, &path, &checkpoint.root) {
        return Err(Unproved::NotIncluded);
    }
    let Row { seq, recorded_at, kind, stream, payload, .. } = row;
    Ok(Proved { seq, recorded_at, kind, stream, payload, origin: checkpoint.origin, size: checkpoint.size })
}

fn chained(row: &Row, fingerprint: Option<&Hash>, previous: &Hash) -> Hash {
    let event = Event {
        seq: row.seq,
        command_seq: row.command_seq,
        recorded_at: row.recorded_at,
        partner_id: row.partner_id,
        stream: &row.stream,
        version: row.version,
        kind: &row.kind,
        schema: row.schema,
        actor: &row.actor,
        idempotency_key: row.idempotency_key.as_deref(),
        fingerprint: fingerprint.map(Hash::as_slice),
        payload: &row.payload,
        hash: row.hash,
    };
    ChainHasher::default().hash(previous, &event)
}

fn digits(text: &str) -> Result<Hash, Unproved> {
    let mut hash = [0; 32];
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !lower || hex::decode_to_slice(text, &mut hash).is_err() {
        return Err(Unproved::Digits);
    }
    Ok(hash)
}

fn hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(deserializer)?;
    digits(&text).map_err(de::Error::custom)
}

/// Without a default, so that a missing field is told from a null one.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}
