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
mod tests;
