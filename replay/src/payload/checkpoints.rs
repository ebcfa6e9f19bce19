//! The layouts of `checkpoint_key.*` and `checkpoint.*`.

use super::{Text, present};
use crate::points::CheckpointKeyId;
use serde::{Deserialize, Deserializer, de};

/// So many bytes as lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits<const N: usize>(pub [u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Digits<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        let lower = text.as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let mut bytes = [0; N];
        if !lower || hex::decode_to_slice(text.as_str(), &mut bytes).is_err() {
            return Err(de::Error::custom(format!("{} lower-case hex digits", 2 * N)));
        }
        Ok(Self(bytes))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointKeyCreated {
    pub key: CheckpointKeyId,
    pub origin: String,
    pub public_key: Digits<32>,
    pub handover: Option<Handover>,
}

/// What the key before it signed: that this one takes its place, after these events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    pub size: i64,
    pub root: Digits<32>,
    pub signature: Digits<64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointKeyRetired {
    pub key: CheckpointKeyId,
    /// Why, where it was not a choice.
    #[serde(default, deserialize_with = "present")]
    pub cause: Option<RetirementCause>,
    /// A tree that was signed and that this log does not continue.
    #[serde(default, deserialize_with = "present")]
    pub signed: Option<SignedTree>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetirementCause {
    /// The log was put back to a copy that ends here.
    Restored,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTree {
    pub size: i64,
    pub root: Digits<32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointMade {
    pub key: CheckpointKeyId,
    pub size: i64,
    pub root: Digits<32>,
    pub signature: Digits<64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointCosigned {
    pub key: CheckpointKeyId,
    pub size: i64,
    pub witness: String,
    pub public_key: Digits<32>,
    pub timestamp: i64,
    pub signature: Digits<64>,
}
