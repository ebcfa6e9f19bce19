//! What happens to checkpoints and the keys that sign them. All of it belongs to the deployment, partner 0.

use crate::domain::{Bytes, CheckpointKeyId, Seq};
use serde::{Deserialize, Serialize};

/// `checkpoint_key.created`: from here on checkpoints are signed with this key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointKeyCreated {
    pub key: CheckpointKeyId,
    /// The log's name: the first line of each checkpoint and the name of the key. It stays as it was first stated.
    pub origin: String,
    /// Ed25519.
    pub public_key: Bytes<32>,
    /// What the key before it says of this one. Absent of the first key, where the one before could not sign any more, and where an
    /// earlier version recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
}

/// The statement of a key that another takes its place: after these events, and no other history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// How many events were there when it signed.
    pub size: Seq,
    /// Of the tree over them.
    pub root: Bytes<32>,
    /// Ed25519, by the key that is retired.
    pub signature: Bytes<64>,
}

/// `checkpoint_key.retired`: it signs nothing any more; what it signed stays valid, of the log that it signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointKeyRetired {
    pub key: CheckpointKeyId,
    /// Why, where it was not a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<RetirementCause>,
    /// The largest tree known to have been signed before, which this log does not continue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignedTree>,
}

/// Why a key was retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetirementCause {
    /// The log was put back to a copy that ends here: what was recorded after the copy was made, if anything was, is not in it.
    Restored,
}

/// A tree that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTree {
    pub size: Seq,
    pub root: Bytes<32>,
}

/// `checkpoint.made`: the tree of the first `size` events has this root, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointMade {
    pub key: CheckpointKeyId,
    /// How many events the tree covers: the seq of the last of them.
    pub size: Seq,
    pub root: Bytes<32>,
    /// Ed25519, over the text of the checkpoint.
    pub signature: Bytes<64>,
}

/// `checkpoint.cosigned`: a witness states that it has seen this checkpoint, and no other history before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointCosigned {
    /// The key of the checkpoint.
    pub key: CheckpointKeyId,
    /// Which checkpoint: its size.
    pub size: Seq,
    /// The name of the witness's key.
    pub witness: String,
    /// Ed25519.
    pub public_key: Bytes<32>,
    /// When the witness signed, in seconds since 1970-01-01T00:00:00Z.
    pub timestamp: i64,
    /// Ed25519, over the time and the text of the checkpoint.
    pub signature: Bytes<64>,
}
