//! What events say of the vault: a record's number and the commitment to its content.

use super::Stream;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The salted hash that proves a vault record genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment(pub [u8; 32]);

impl Serialize for Commitment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Every award writes one of these: a table is several times faster than formatting.
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        serializer.serialize_str(std::str::from_utf8(&digits).map_err(serde::ser::Error::custom)?)
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
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_64_lower_case_hex_digits() {
        let mut bytes = [0; 32];
        (bytes[0], bytes[1], bytes[31]) = (0x0a, 0xf9, 0xff);
        let text = serde_json::to_string(&Commitment(bytes)).unwrap();
        assert!(text.starts_with("\"0af9") && text.ends_with("ff\""), "{text}");
        assert_eq!(text.len(), 66);
        assert_eq!(serde_json::from_str::<Commitment>(&text).unwrap(), Commitment(bytes));
        for wrong in ["\"0AF9\"".to_owned(), text.to_uppercase(), text.replace('9', "g")] {
            assert!(serde_json::from_str::<Commitment>(&wrong).is_err(), "{wrong}");
        }
    }
}
