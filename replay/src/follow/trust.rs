//! Which keys may sign for the log that is followed: the one that was pinned, and each that took its place in the log itself.

use crate::ledger::Event;
use crate::note::{Checkpoint, Distrust, LogKey, log_key_text};
use crate::payload::Payload;
use std::collections::BTreeMap;

/// A key as the log states it.
#[derive(Debug, Clone)]
struct Stated {
    id: i64,
    seq: i64,
    /// The command that created it, and the one that retired it.
    created_in: i64,
    retired_in: Option<i64>,
    key: LogKey,
}

/// What the log records of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) root: [u8; 32],
    pub(super) key: i64,
    pub(super) at: i64,
}

/// The keys and checkpoints that stand in the mirror.
#[derive(Debug, Default)]
pub(super) struct Keys {
    stated: Vec<Stated>,
    recorded: BTreeMap<u64, Recorded>,
    pinned: Option<LogKey>,
}

/// Who signed a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) checkpoint: Checkpoint,
    /// The signing key's id in the log, where the log states it.
    pub(super) key: Option<i64>,
}

impl Keys {
    /// Trusts this key from here on, and those that take its place.
    pub(super) fn pin(&mut self, key: LogKey) {
        self.pinned = Some(key);
    }

    pub(super) const fn pinned(&self) -> Option<&LogKey> {
        self.pinned.as_ref()
    }

    /// The log's own first key.
    pub(super) fn first(&self) -> Option<&LogKey> {
        self.stated.first().map(|stated| &stated.key)
    }

    /// Takes in an event, whatever it is about. What cannot be read is for the fold to tell.
    pub(super) fn learn(&mut self, event: &Event<'_>) {
        if !event.kind.starts_with("checkpoint") || event.partner_id != 0 {
            return;
        }
        let Ok(payload) = Payload::read(event.kind, event.schema, event.payload) else { return };
        if let Payload::CheckpointKeyCreated(it) = payload {
            let Ok(key) = LogKey::parse(&log_key_text(&it.origin, &it.public_key.0)) else { return };
            let (id, seq, created_in) = (it.key.get(), event.seq, event.command_seq);
            self.stated.push(Stated { id, seq, created_in, retired_in: None, key });
        } else if let Payload::CheckpointKeyRetired(it) = payload {
            let retired =
                self.stated.iter_mut().find(|stated| stated.id == it.key.get() && stated.retired_in.is_none());
            if let Some(stated) = retired {
                stated.retired_in = Some(event.command_seq);
            }
        } else if let Payload::CheckpointMade(it) = payload
            && let Ok(size) = u64::try_from(it.size)
        {
            let recorded = Recorded { root: it.root.0, key: it.key.get(), at: event.recorded_at };
            self.recorded.entry(size).or_insert(recorded);
        }
    }

    /// The checkpoint of a size, as the log records it.
    pub(super) fn recorded(&self, size: u64) -> Option<Recorded> {
        self.recorded.get(&size).copied()
    }

    /// The keys that took the pinned one's place, in their order, each with the seq of its event: a key is retired in the same
    /// command in which the next one is created.
    pub(super) fn successors(&self) -> Vec<(i64, &LogKey)> {
        let Some(pinned) = &self.pinned else { return Vec::new() };
        let mut rest = self.stated.iter().skip_while(|stated| stated.key != *pinned);
        let mut last = rest.next();
        let mut found = Vec::new();
        for stated in rest {
            if last
                .is_some_and(|last| last.retired_in == Some(stated.created_in) && last.key.name() == stated.key.name())
            {
                found.push((stated.seq, &stated.key));
                last = Some(stated);
            }
        }
        found
    }

    /// The key that is trusted and in force.
    pub(super) fn newest(&self) -> Option<&LogKey> {
        self.successors().last().map(|(_, key)| *key).or(self.pinned.as_ref())
    }

    /// Reads a note that a trusted key must have signed.
    pub(super) fn open(&self, note: &str) -> Result<Opened, Distrust> {
        let pinned = self.pinned.iter();
        let mut why = Distrust::Unsigned;
        for key in self.successors().into_iter().map(|(_, key)| key).rev().chain(pinned) {
            match key.open(note) {
                Ok(checkpoint) => {
                    let id = self.stated.iter().find(|stated| stated.key == *key).map(|stated| stated.id);
                    return Ok(Opened { checkpoint, key: id });
                }
                Err(Distrust::Unsigned) => {}
                Err(other) => why = other,
            }
        }
        Err(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use serde_json::json;

    fn key(number: u8) -> LogKey {
        let public = SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes();
        LogKey::parse(&log_key_text("log", &public)).unwrap()
    }

    fn log(events: &[(i64, &str, u8)]) -> Keys {
        let mut keys = Keys::default();
        for (seq, (command_seq, kind, number)) in (1..).zip(events) {
            let public = hex::encode(SigningKey::from_bytes(&[*number; 32]).verifying_key().to_bytes());
            let payload = match *kind {
                "checkpoint_key.created" => json!({"key": number, "origin": "log", "public_key": public}),
                _ => json!({"key": number}),
            };
            let payload = payload.to_string();
            keys.learn(&Event {
                seq,
                command_seq: *command_seq,
                recorded_at: 0,
                partner_id: 0,
                stream: "checkpoint_key:1",
                version: seq,
                kind,
                schema: 1,
                actor: "cli",
                idempotency_key: None,
                fingerprint: None,
                payload: &payload,
                hash: [0; 32],
            });
        }
        keys
    }

    const CREATED: &str = "checkpoint_key.created";
    const RETIRED: &str = "checkpoint_key.retired";

    #[test]
    fn trust_passes_to_the_key_that_is_created_where_the_trusted_one_is_retired() {
        let mut keys = log(&[(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2), (4, RETIRED, 2), (4, CREATED, 3)]);
        keys.pin(key(1));
        assert_eq!(keys.successors(), [(3, &key(2)), (5, &key(3))]);
        assert_eq!(keys.newest(), Some(&key(3)));
        keys.pin(key(2));
        assert_eq!(keys.successors(), [(5, &key(3))], "never backwards");
    }

    #[test]
    fn no_key_is_trusted_that_took_nobodys_place() {
        // Beside the one in force; after one that another command retired; in the place of one that is not trusted.
        for events in [
            &[(1, CREATED, 1), (2, CREATED, 2)][..],
            &[(1, CREATED, 1), (2, RETIRED, 1), (3, CREATED, 2)],
            &[(1, CREATED, 1), (2, CREATED, 2), (3, RETIRED, 2), (3, CREATED, 3)],
        ] {
            let mut keys = log(events);
            keys.pin(key(1));
            assert_eq!(keys.successors(), [], "{events:?}");
        }
        let mut keys = log(&[(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2)]);
        keys.pin(key(9));
        assert_eq!(keys.newest(), Some(&key(9)), "the log does not state the pinned one");
    }
}
