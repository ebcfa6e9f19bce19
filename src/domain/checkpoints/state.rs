//! The keys that sign checkpoints, and the newest checkpoint.

use super::{CheckpointKeyCreated, CheckpointMade};
use crate::domain::{Bytes, CheckpointKeyId, Event, Seq, Timestamp};
use std::collections::BTreeMap;

/// A key that signs checkpoints, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointKey {
    pub id: CheckpointKeyId,
    pub origin: String,
    pub public_key: Bytes<32>,
    pub created_at: Timestamp,
    pub retired_at: Option<Timestamp>,
    /// Of the key's stream, which holds its checkpoints too.
    pub version: i64,
    pub as_of: Seq,
}

/// The newest checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// The event that records it.
    pub seq: Seq,
    pub key: CheckpointKeyId,
    pub size: Seq,
    pub root: Bytes<32>,
    pub signature: Bytes<64>,
    pub at: Timestamp,
}

/// What a deployment has stated of its log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoints {
    pub keys: BTreeMap<CheckpointKeyId, CheckpointKey>,
    pub newest: Option<Newest>,
}

impl Checkpoints {
    /// The key that signs: the one that has not been retired.
    #[must_use]
    pub fn in_force(&self) -> Option<&CheckpointKey> {
        self.keys.values().rev().find(|key| key.retired_at.is_none())
    }

    /// The next key's number.
    #[must_use]
    pub fn next_key(&self) -> CheckpointKeyId {
        self.keys.keys().next_back().copied().unwrap_or(CheckpointKeyId::new(0)).next()
    }

    /// Applies an event, where it is about checkpoints.
    pub(in crate::domain) fn evolve(&mut self, event: &Event, seq: Seq, at: Timestamp) {
        if let Event::CheckpointKeyCreated(event) = event {
            self.key_created(event, seq, at);
        } else if let Event::CheckpointKeyRetired(event) = event {
            if let Some(key) = self.touched(event.key, seq) {
                key.retired_at = Some(at);
            }
        } else if let Event::CheckpointMade(event) = event {
            self.made(event, seq, at);
        } else if let Event::CheckpointCosigned(event) = event {
            self.touched(event.key, seq);
        }
    }

    fn key_created(&mut self, event: &CheckpointKeyCreated, seq: Seq, at: Timestamp) {
        let state = CheckpointKey {
            id: event.key,
            origin: event.origin.clone(),
            public_key: event.public_key,
            created_at: at,
            retired_at: None,
            version: 1,
            as_of: seq,
        };
        self.keys.insert(event.key, state);
    }

    fn made(&mut self, event: &CheckpointMade, seq: Seq, at: Timestamp) {
        let &CheckpointMade { key, size, root, signature } = event;
        self.touched(key, seq);
        self.newest = Some(Newest { seq, key, size, root, signature, at });
    }

    fn touched(&mut self, key: CheckpointKeyId, seq: Seq) -> Option<&mut CheckpointKey> {
        let key = self.keys.get_mut(&key)?;
        (key.version, key.as_of) = (key.version + 1, seq);
        Some(key)
    }
}
