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
    /// The largest checkpoint that was recorded before it.
    newest_before: u64,
}

/// A key that took the place of one before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Successor<'a> {
    pub(super) seq: i64,
    pub(super) old: &'a LogKey,
    pub(super) key: &'a LogKey,
    /// What the old key signed of it; none where it did not.
    pub(super) handover: Option<Handover>,
    /// The sizes at which it could sign that: from the newest checkpoint's on, and before the command that rotated.
    sizes: (u64, i64),
}

/// Up to which rotation a person was told: the key that it brought, as text, and its event, where that was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) key: String,
    pub(super) seq: Option<i64>,
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

    /// Whether what is signed was signed where the rotation stands in the log. What is not signed has no such place.
    pub(super) fn is_placed(&self) -> bool {
        let (from, command) = self.sizes;
        self.handover.is_none_or(|it| u64::try_from(it.size).is_ok_and(|size| size >= from.max(1)) && it.size < command)
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
    /// The public key that it names, where that was in force there.
    pub(super) key: Option<[u8; 32]>,
}

/// The keys and checkpoints that stand in the mirror.
#[derive(Debug, Default)]
pub(super) struct Keys {
    stated: Vec<Stated>,
    recorded: BTreeMap<u64, Recorded>,
    pinned: Option<LogKey>,
    /// The last rotation that a person was told of: its key is trusted with those before it, signed or not.
    accepted: Option<Told>,
}

/// Who signed a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) checkpoint: Checkpoint,
    /// The public key that signed it.
    pub(super) key: [u8; 32],
}

impl Keys {
    /// Trusts this key from here on, and those that take its place.
    pub(super) fn pin(&mut self, key: LogKey) {
        self.pinned = Some(key);
    }

    /// Trusts what leads from the pinned key to this one, although not everything of it is signed.
    pub(super) fn accept(&mut self, last: Option<Told>) {
        self.accepted = last;
    }

    pub(super) const fn pinned(&self) -> Option<&LogKey> {
        self.pinned.as_ref()
    }

    /// The log's own first key.
    pub(super) fn first(&self) -> Option<&LogKey> {
        self.stated.first().map(|stated| &stated.key)
    }

    /// Takes in an event, whatever it is about. What cannot be read is for the fold to tell, and so is a key that the log had before:
    /// whoever states one again would have what was told and trusted once stand for what came in between.
    pub(super) fn learn(&mut self, event: &Event<'_>) {
        if !event.kind.starts_with("checkpoint") || event.partner_id != 0 {
            return;
        }
        let Ok(payload) = Payload::read(event.kind, event.schema, event.payload) else { return };
        if let Payload::CheckpointKeyCreated(it) = payload {
            let Ok(key) = LogKey::parse(&log_key_text(&it.origin, &it.public_key.0)) else { return };
            if self.stated.iter().any(|stated| stated.key.public_key() == key.public_key()) {
                return;
            }
            let (id, seq, created_in, handover) = (it.key.get(), event.seq, event.command_seq, it.handover);
            let newest_before = self.recorded.last_key_value().map_or(0, |(size, _)| *size);
            self.stated.push(Stated { id, seq, created_in, retired_in: None, key, handover, newest_before });
        } else if let Payload::CheckpointKeyRetired(it) = payload {
            let retired =
                self.stated.iter_mut().find(|stated| stated.id == it.key.get() && stated.retired_in.is_none());
            if let Some(stated) = retired {
                stated.retired_in = Some(event.command_seq);
            }
        } else if let Payload::CheckpointMade(it) = payload
            && let Ok(size) = u64::try_from(it.size)
        {
            let in_force = |stated: &&Stated| stated.id == it.key.get() && stated.retired_in.is_none();
            let key = self.stated.iter().find(in_force).map(|stated| stated.key.public_key());
            self.recorded.entry(size).or_insert(Recorded { root: it.root.0, key });
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
            let sizes = (stated.newest_before, stated.created_in);
            let successor = Successor { seq: *seq, old: &last.key, key, handover: *handover, sizes };
            if last.retired_in == Some(stated.created_in) && successor.is_one() {
                found.push(successor);
                last = stated;
            }
        }
        found
    }

    /// Those of the chain that a person was told of, by the last of them. What was signed in another place than it stands is never
    /// told for good, nor is what comes after it.
    pub(super) fn told(chain: &[Successor<'_>], last: Option<&Told>) -> usize {
        let is = |successor: &Successor<'_>, last: &Told| {
            successor.key.text() == last.key && last.seq.is_none_or(|seq| seq == successor.seq)
        };
        let told = last.and_then(|last| chain.iter().position(|successor| is(successor, last)));
        let placed = chain.iter().take_while(|successor| successor.is_placed()).count();
        told.map_or(0, |at| at + 1).min(placed)
    }

    /// The keys that are trusted because they took the pinned one's place.
    fn trusted(&self) -> Vec<Successor<'_>> {
        let mut chain = self.chain();
        let accepted = Self::told(&chain, self.accepted.as_ref());
        let signed = |successor: &&Successor<'_>| successor.handover.is_some() && successor.is_placed();
        let signed = chain.iter().skip(accepted).take_while(signed).count();
        chain.truncate(accepted + signed);
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
                Ok(checkpoint) => return Ok(Opened { checkpoint, key: key.public_key() }),
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
            if *kind == MADE {
                let (root, signature) = (hex::encode([5; 32]), hex::encode([6; 64]));
                payload = json!({"key": number, "size": seq - 1, "root": root, "signature": signature});
            } else if *kind == CREATED {
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
    const MADE: &str = "checkpoint.made";

    fn last_told(number: u8) -> Option<Told> {
        Some(Told { key: key(number).text(), seq: None })
    }

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
        keys.accept(last_told(2));
        assert_eq!(keys.newest(), Some(&key(2)), "that was told of before it");
        keys.accept(last_told(3));
        assert_eq!(keys.newest(), Some(&key(4)), "and what it signed for");
        keys.accept(Some(Told { key: key(3).text(), seq: Some(5) }));
        assert_eq!(keys.newest(), Some(&key(4)), "by its event, too");
        for stranger in [last_told(9), Some(Told { key: key(3).text(), seq: Some(7) })] {
            keys.accept(stranger);
            assert_eq!(keys.newest(), Some(&key(2)), "a stranger leads nowhere");
        }
    }

    #[test]
    fn a_key_that_comes_again_does_not_lead_past_one_that_nobody_was_told_of() {
        let told = [(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2), (4, RETIRED, 2), (4, CREATED, 3)];
        for again in [1, 2] {
            let mut keys = log_where(&[&told[..], &[(6, RETIRED, 3), (6, CREATED, again)]].concat(), |_| None);
            keys.pin(key(1));
            keys.accept(last_told(2));
            assert_eq!((trusted(&keys), keys.chain().len()), (vec![(3, &key(2))], 2), "{again}");
        }
    }

    #[test]
    fn a_checkpoint_is_recorded_by_the_key_that_is_in_force() {
        let rotated = [(1, CREATED, 1), (2, MADE, 1), (3, RETIRED, 1), (3, CREATED, 2), (5, MADE, 1), (6, MADE, 2)];
        let keys = log(&rotated);
        let by = |size| keys.recorded(size).unwrap().key;
        assert_eq!([by(1), by(4), by(5)], [Some(key(1).public_key()), None, Some(key(2).public_key())]);
    }

    #[test]
    fn what_was_signed_elsewhere_than_it_stands_is_not_trusted_whatever_was_told() {
        // The handover is of size 1: before the checkpoint of size 2, and not before its own command.
        let late = [(1, CREATED, 1), (2, MADE, 1), (3, MADE, 1), (4, RETIRED, 1), (4, CREATED, 2)];
        let early = [(1, RETIRED, 1), (1, CREATED, 2)];
        for events in [&late[..], &[&[(1, CREATED, 1)], &early[..]].concat()] {
            let mut keys = log(events);
            keys.pin(key(1));
            for told in [None, last_told(2)] {
                keys.accept(told.clone());
                assert_eq!((trusted(&keys).len(), keys.chain().len()), (0, 1), "{events:?}");
                assert_eq!(Keys::told(&keys.chain(), told.as_ref()), 0, "an alarm as long as it stands there");
            }
        }
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
            keys.accept(last_told(2));
            assert_eq!((trusted(&keys).len(), keys.chain().len()), (0, 0), "{:?}", keys.stated);
        }
    }
}
