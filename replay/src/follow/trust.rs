//! Which keys may sign for the log that is followed: the one that was pinned, and each that took its place in the log itself, by the
//! signature of the key before it, or because a person accepted it.

use crate::ledger::Event;
use crate::note::{Checkpoint, Distrust, LogKey, Rotation, log_key_text};
use crate::payload::{Handover, Payload};
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
    handover: Option<Handover>,
}

/// A key that took the place of one before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Successor<'a> {
    pub(super) seq: i64,
    pub(super) old: &'a LogKey,
    pub(super) key: &'a LogKey,
    /// What the old key signed of it; none where it did not.
    pub(super) handover: Option<Handover>,
}

impl<'a> Successor<'a> {
    /// What the old key signed, and its signature.
    pub(super) fn statement<T>(&self, take: impl FnOnce(&Rotation<'_>, &[u8; 64]) -> T) -> Option<T> {
        let handover = self.handover?;
        let (old, new) = (self.old.public_key(), self.key.public_key());
        let size = u64::try_from(handover.size).ok()?;
        let rotation = Rotation { origin: self.key.name(), old: &old, new: &new, size, root: &handover.root.0 };
        Some(take(&rotation, &handover.signature.0))
    }

    /// Whether nothing is said for it, or what is said is signed. What is signed wrongly is nobody's successor.
    fn is_one(&self) -> bool {
        let fits = || self.statement(|rotation, signature| rotation.signed_by_the_old(signature)) == Some(true);
        self.old.name() == self.key.name() && (self.handover.is_none() || fits())
    }
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
    /// The last key, as text, that a person was told of: it is trusted with those before it, signed or not.
    accepted: Option<String>,
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

    /// Trusts what leads from the pinned key to this one, although not everything of it is signed.
    pub(super) fn accept(&mut self, key: Option<String>) {
        self.accepted = key;
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
            self.stated.push(Stated { id, seq, created_in, retired_in: None, key, handover: it.handover });
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

    /// The keys that took the pinned one's place, in their order: a key is retired in the same command in which the next one is
    /// created. Those that the key before them did not sign for are among them, and are not trusted by that alone.
    pub(super) fn chain(&self) -> Vec<Successor<'_>> {
        let Some(pinned) = &self.pinned else { return Vec::new() };
        let mut rest = self.stated.iter().skip_while(|stated| stated.key != *pinned);
        let Some(mut last) = rest.next() else { return Vec::new() };
        let mut found = Vec::new();
        for stated in rest {
            let Stated { seq, key, handover, .. } = stated;
            let successor = Successor { seq: *seq, old: &last.key, key, handover: *handover };
            if last.retired_in == Some(stated.created_in) && successor.is_one() {
                found.push(successor);
                last = stated;
            }
        }
        found
    }

    /// Those of the chain that a person was told of, by the text of the last of them.
    pub(super) fn told(chain: &[Successor<'_>], last: Option<&String>) -> usize {
        let told = |last: &String| chain.iter().rposition(|successor| successor.key.text() == *last);
        last.and_then(told).map_or(0, |at| at + 1)
    }

    /// The keys that are trusted because they took the pinned one's place.
    fn trusted(&self) -> Vec<Successor<'_>> {
        let mut chain = self.chain();
        let accepted = Self::told(&chain, self.accepted.as_ref());
        let unsigned = chain.iter().skip(accepted).position(|successor| successor.handover.is_none());
        chain.truncate(unsigned.map_or(chain.len(), |at| accepted + at));
        chain
    }

    /// Whether a key is trusted because it took the pinned one's place.
    pub(super) fn trusts(&self, key: &LogKey) -> bool {
        self.trusted().iter().any(|successor| successor.key == key)
    }

    /// The key that is trusted and in force.
    pub(super) fn newest(&self) -> Option<&LogKey> {
        self.trusted().last().map(|successor| successor.key).or(self.pinned.as_ref())
    }

    /// Reads a note that a trusted key must have signed.
    pub(super) fn open(&self, note: &str) -> Result<Opened, Distrust> {
        let pinned = self.pinned.iter();
        let mut why = Distrust::Unsigned;
        for key in self.trusted().into_iter().map(|successor| successor.key).rev().chain(pinned) {
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
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::{Value, json};

    fn trusted(keys: &Keys) -> Vec<(i64, &LogKey)> {
        keys.trusted().into_iter().map(|successor| (successor.seq, successor.key)).collect()
    }

    fn key(number: u8) -> LogKey {
        let public = SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes();
        LogKey::parse(&log_key_text("log", &public)).unwrap()
    }

    /// What a key signs of the one that takes its place.
    fn handover(old: u8, new: u8) -> Value {
        let (old_key, root) = (SigningKey::from_bytes(&[old; 32]), [5; 32]);
        let (old, new) = (key(old).public_key(), key(new).public_key());
        let text = Rotation { origin: "log", old: &old, new: &new, size: 1, root: &root }.text();
        let signature = hex::encode(old_key.sign(text.as_bytes()).to_bytes());
        json!({"size": 1, "root": hex::encode(root), "signature": signature})
    }

    /// Key after key, each with what the one before it signed.
    fn log(events: &[(i64, &str, u8)]) -> Keys {
        log_where(events, |number| (number > 1).then(|| handover(number - 1, number)))
    }

    fn log_where(events: &[(i64, &str, u8)], handed_over: impl Fn(u8) -> Option<Value>) -> Keys {
        let mut keys = Keys::default();
        for (seq, (command_seq, kind, number)) in (1..).zip(events) {
            let public = hex::encode(key(*number).public_key());
            let mut payload = json!({"key": number});
            if *kind == CREATED {
                payload = json!({"key": number, "origin": "log", "public_key": public});
                handed_over(*number).into_iter().for_each(|it| payload["handover"] = it);
            }
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
        assert_eq!(trusted(&keys), [(3, &key(2)), (5, &key(3))]);
        assert_eq!(keys.newest(), Some(&key(3)));
        keys.pin(key(2));
        assert_eq!(trusted(&keys), [(5, &key(3))], "never backwards");
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
            assert_eq!(trusted(&keys), [], "{events:?}");
        }
        let mut keys = log(&[(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2)]);
        keys.pin(key(9));
        assert_eq!(keys.newest(), Some(&key(9)), "the log does not state the pinned one");
    }

    #[test]
    fn a_key_that_the_one_before_it_did_not_sign_for_is_trusted_where_a_person_accepts_it() {
        let events = [
            (1, CREATED, 1),
            (2, RETIRED, 1),
            (2, CREATED, 2),
            (4, RETIRED, 2),
            (4, CREATED, 3),
            (6, RETIRED, 3),
            (6, CREATED, 4),
        ];
        let mut keys = log_where(&events, |number| (number == 2 || number == 4).then(|| handover(number - 1, number)));
        keys.pin(key(1));
        assert_eq!((trusted(&keys), keys.chain().len()), (vec![(3, &key(2))], 3), "as far as it is signed");
        keys.accept(Some(key(2).text()));
        assert_eq!(keys.newest(), Some(&key(2)), "that was told of before it");
        keys.accept(Some(key(3).text()));
        assert_eq!(keys.newest(), Some(&key(4)), "and what it signed for");
        keys.accept(Some(key(9).text()));
        assert_eq!(keys.newest(), Some(&key(2)), "a stranger leads nowhere");
    }

    #[test]
    fn a_wrong_signature_is_worse_than_none() {
        let other_root = |number| {
            let mut it = handover(number - 1, number);
            it["root"] = json!(hex::encode([6; 32]));
            it
        };
        let stranger = |number| handover(9, number);
        let other_key = |number| handover(number - 1, 9);
        for wrong in [&other_root as &dyn Fn(u8) -> Value, &stranger, &other_key] {
            let events = [(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2)];
            let mut keys = log_where(&events, |number| (number > 1).then(|| wrong(number)));
            keys.pin(key(1));
            keys.accept(Some(key(2).text()));
            assert_eq!((trusted(&keys).len(), keys.chain().len()), (0, 0), "{:?}", keys.stated);
        }
    }
}
