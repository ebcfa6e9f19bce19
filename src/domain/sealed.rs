//! What events say of the vault: a record's number and the commitment to its content.

use super::Stream;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt::Write as _;

use super::RecordId;

/// JSON that a shop keeps with a card or a movement, opaque to the ledger.
pub type Metadata = serde_json::Map<String, serde_json::Value>;

/// A vault record as an event names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    pub record: RecordId,
    pub commitment: Commitment,
}

/// The salted hash that proves a vault record genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment(pub [u8; 32]);

impl Serialize for Commitment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            write!(text, "{byte:02x}").map_err(serde::ser::Error::custom)?;
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Commitment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse_hex(&text).map(Self).ok_or_else(|| de::Error::custom("not 64 hex digits"))
    }
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Whom or what a vault record is about. Erasing a customer erases every record whose subject is that customer.
pub type Subject = Stream;

/// Content for the vault, on its way there beside the event that will name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    pub subject: Subject,
    /// A JSON object.
    pub body: String,
}

impl Secret {
    /// Encodes `record` as the body.
    #[must_use]
    pub fn new(subject: Subject, record: &impl Serialize) -> Self {
        let body = serde_json::to_string(record).expect("vault records are plain data with text keys");
        Self { subject, body }
    }
}
