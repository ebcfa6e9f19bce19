//! A row of the log as the service shows it: in receipts and in pages of `/audit/events`.

use super::{ChainHasher, Event, Hash};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

/// Every column of `events` under its name; bytes as hex digits. A field that may be null is there all the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub seq: i64,
    pub command_seq: i64,
    pub recorded_at: i64,
    pub partner_id: i64,
    pub stream: String,
    pub version: i64,
    pub kind: String,
    pub schema: i64,
    pub actor: String,
    #[serde(deserialize_with = "nullable")]
    pub idempotency_key: Option<String>,
    #[serde(deserialize_with = "nullable_hash")]
    pub fingerprint: Option<Hash>,
    pub payload: String,
    #[serde(deserialize_with = "hash")]
    pub hash: Hash,
}

impl Row {
    /// The same row as the log holds it.
    #[must_use]
    pub fn event(&self) -> Event<'_> {
        Event {
            seq: self.seq,
            command_seq: self.command_seq,
            recorded_at: self.recorded_at,
            partner_id: self.partner_id,
            stream: &self.stream,
            version: self.version,
            kind: &self.kind,
            schema: self.schema,
            actor: &self.actor,
            idempotency_key: self.idempotency_key.as_deref(),
            fingerprint: self.fingerprint.as_ref().map(Hash::as_slice),
            payload: &self.payload,
            hash: self.hash,
        }
    }

    /// Whether its hash follows from its columns and the hash before it.
    pub fn follows(&self, previous: &Hash, hasher: &mut ChainHasher) -> bool {
        hasher.hash(previous, &self.event()) == self.hash
    }
}

impl Event<'_> {
    /// The row as the service shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "seq": self.seq, "command_seq": self.command_seq, "recorded_at": self.recorded_at, "partner_id": self.partner_id,
            "stream": self.stream, "version": self.version, "kind": self.kind, "schema": self.schema, "actor": self.actor,
            "idempotency_key": self.idempotency_key, "fingerprint": self.fingerprint.map(hex::encode), "payload": self.payload,
            "hash": hex::encode(self.hash),
        })
    }
}

/// A hash as 64 lower-case hex digits.
#[must_use]
pub fn hash_of_digits(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (lower && hex::decode_to_slice(text, &mut hash).is_ok()).then_some(hash)
}

pub(crate) fn hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(deserializer)?;
    hash_of_digits(&text).ok_or_else(|| de::Error::custom("a hash is not 64 lower-case hex digits"))
}

fn nullable_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Hash>, D::Error> {
    let text: Option<String> = nullable(deserializer)?;
    let digits = |text: String| hash_of_digits(&text).ok_or_else(|| de::Error::custom("not 64 lower-case hex digits"));
    text.map(digits).transpose()
}

/// Without a default, so that a missing field is told from a null one.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}
