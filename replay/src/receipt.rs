//! Receipts and statements: one event, or one card's balance at a month's end, proved to whoever has the log's key, without the log.

use crate::instant::Month;
use crate::ledger::{ChainHasher, Hash, Row, hash_of_digits};
use crate::merkle::{included, leaf};
use crate::note::{Distrust, LogKey};
use crate::payload::{Payload, Unreadable};
use crate::seal::Closing;
use serde::Deserialize;

/// The first field of every receipt.
const RECEIPT: &str = "counterfoil receipt v1";
/// The first field of every statement of a balance.
const STATEMENT: &str = "counterfoil balance v1";

/// What kind of file it is.
#[derive(Debug, Deserialize)]
struct Kind {
    format: String,
}

/// A receipt as a file holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    #[serde(rename = "format")]
    _format: String,
    event: Row,
    #[serde(deserialize_with = "crate::ledger::hash")]
    previous_hash: Hash,
    proof: Proof,
    checkpoint: String,
}

/// A statement of a balance as a file holds it: the card's leaf with its path in the seal, and the seal's own receipt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    #[serde(rename = "format")]
    _format: String,
    period: String,
    card: i64,
    number: String,
    balance: i64,
    available: i64,
    #[serde(deserialize_with = "crate::ledger::hash")]
    salt: Hash,
    sealed: Proof,
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
    #[error("this is not a receipt or statement: {0}")]
    Form(#[from] serde_json::Error),
    #[error("this is not a receipt or statement of the formats {RECEIPT:?} and {STATEMENT:?}")]
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
    #[error("the event seals no balances: {0}")]
    NoSeal(#[from] Unreadable),
    #[error("the event seals another period than {0}")]
    Period(String),
    #[error("the balance is not among those that were sealed")]
    NotSealed,
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
    /// What a statement says of a card.
    pub balance: Option<ProvedBalance>,
}

/// A card's balance at the end of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedBalance {
    pub period: Month,
    pub closing: Closing,
}

/// Verifies a receipt, or a statement of a balance, with nothing but the log's key.
///
/// # Errors
/// The first thing that does not fit.
pub fn verify(text: &str, key: &LogKey) -> Result<Proved, Unproved> {
    let Kind { format } = serde_json::from_str(text)?;
    match format.as_str() {
        RECEIPT => anchored(serde_json::from_str(text)?, key),
        STATEMENT => stated(serde_json::from_str(text)?, key),
        _ => Err(Unproved::Format),
    }
}

fn stated(statement: Statement, key: &LogKey) -> Result<Proved, Unproved> {
    let Statement { period, card, number, balance, available, salt, sealed, .. } = statement;
    let Statement { _format, event, previous_hash, proof, checkpoint, .. } = statement;
    let (schema, path) = (event.schema, path(&sealed)?);
    let proved = anchored(Receipt { _format, event, previous_hash, proof, checkpoint }, key)?;
    let Payload::BalancesSealed(seal) = Payload::read(&proved.kind, schema, &proved.payload)? else {
        return Err(Unproved::NotSealed);
    };
    if seal.period.to_string() != period {
        return Err(Unproved::Period(period));
    }
    if u64::try_from(seal.cards) != Ok(sealed.size) {
        return Err(Unproved::Place);
    }
    let (period, closing) = (seal.period, Closing { card, number, balance, available });
    if !included(&closing.leaf(&salt), sealed.leaf_index, sealed.size, &path, &seal.root.0) {
        return Err(Unproved::NotSealed);
    }
    Ok(Proved { balance: Some(ProvedBalance { period, closing }), ..proved })
}

fn anchored(receipt: Receipt, key: &LogKey) -> Result<Proved, Unproved> {
    let Receipt { event: row, previous_hash, proof, checkpoint, .. } = receipt;
    let checkpoint = key.open(&checkpoint)?;
    if !row.follows(&previous_hash, &mut ChainHasher::default()) {
        return Err(Unproved::Event);
    }
    if u64::try_from(row.seq.saturating_sub(1)) != Ok(proof.leaf_index) || proof.size != checkpoint.size {
        return Err(Unproved::Place);
    }
    if !included(&leaf(&row.hash), proof.leaf_index, proof.size, &path(&proof)?, &checkpoint.root) {
        return Err(Unproved::NotIncluded);
    }
    let Row { seq, recorded_at, kind, stream, payload, .. } = row;
    let (origin, size) = (checkpoint.origin, checkpoint.size);
    Ok(Proved { seq, recorded_at, kind, stream, payload, origin, size, balance: None })
}

fn path(proof: &Proof) -> Result<Vec<Hash>, Unproved> {
    proof.hashes.iter().map(|hash| hash_of_digits(hash).ok_or(Unproved::Digits)).collect()
}
