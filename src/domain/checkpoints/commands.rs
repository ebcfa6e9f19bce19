//! Making and changing the key, and recording what was signed with it.

use super::{
    CheckpointCosigned, CheckpointKeyCreated, CheckpointKeyRetired, CheckpointMade, Checkpoints, Handover,
    RetirementCause, SignedTree,
};
use crate::domain::{Bytes, CheckpointKeyId, Draft, Rejection, Seq};

/// Brings a key into force whose secret is kept already; the one before it is retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeCheckpointKey {
    /// What the log is called. A log that has a name keeps it.
    pub origin: String,
    pub public_key: Bytes<32>,
    /// Signed by the key that is retired, where that still can.
    pub handover: Option<Handover>,
    /// That the log was put back to an older copy.
    pub restoration: Option<Restoration>,
}

/// That a log was put back to an older copy, and what is known of the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restoration {
    /// The largest tree known to have been signed that this log does not continue.
    pub signed: Option<SignedTree>,
}

impl ChangeCheckpointKey {
    /// The key's first event, after the end of the one before. A first key takes nobody's place, so nobody hands over to it.
    #[must_use]
    pub fn decide(&self, checkpoints: &Checkpoints) -> Vec<Draft> {
        let before = checkpoints.in_force();
        let cause = self.restoration.map(|_| RetirementCause::Restored);
        let signed = self.restoration.and_then(|restoration| restoration.signed);
        let retired = before.map(|key| Draft::open(CheckpointKeyRetired { key: key.id, cause, signed }));
        let origin = before.map_or_else(|| self.origin.clone(), |key| key.origin.clone());
        let handover = before.and(self.handover);
        let created =
            CheckpointKeyCreated { key: checkpoints.next_key(), origin, public_key: self.public_key, handover };
        retired.into_iter().chain([Draft::open(created)]).collect()
    }
}

/// Records a checkpoint that has been signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCheckpoint {
    pub key: CheckpointKeyId,
    pub size: Seq,
    pub root: Bytes<32>,
    pub signature: Bytes<64>,
}

impl RecordCheckpoint {
    /// The event; `head` is the last one of the log.
    ///
    /// # Errors
    /// [`Rejection::CheckpointKeyNotInForce`], [`Rejection::CheckpointNotAhead`]
    pub fn decide(&self, checkpoints: &Checkpoints, head: Seq) -> Result<Vec<Draft>, Rejection> {
        let &Self { key, size, root, signature } = self;
        if checkpoints.in_force().is_none_or(|in_force| in_force.id != key) {
            return Err(Rejection::CheckpointKeyNotInForce { key });
        }
        let newest = checkpoints.newest.as_ref().map_or(Seq::ZERO, |newest| newest.size);
        // A log states each size once, and never a smaller one after a larger.
        if size <= newest || size > head {
            return Err(Rejection::CheckpointNotAhead { size, newest });
        }
        Ok(vec![Draft::open(CheckpointMade { key, size, root, signature })])
    }
}

/// Records a witness's signature that has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCosignature {
    /// The key of the checkpoint.
    pub key: CheckpointKeyId,
    pub size: Seq,
    pub witness: String,
    pub public_key: Bytes<32>,
    pub timestamp: i64,
    pub signature: Bytes<64>,
}

impl RecordCosignature {
    /// The event.
    ///
    /// # Errors
    /// [`Rejection::CheckpointKeyNotInForce`] where the log has no such key.
    pub fn decide(&self, checkpoints: &Checkpoints) -> Result<Vec<Draft>, Rejection> {
        let Self { key, size, witness, public_key, timestamp, signature } = self.clone();
        if !checkpoints.keys.contains_key(&key) {
            return Err(Rejection::CheckpointKeyNotInForce { key });
        }
        Ok(vec![Draft::open(CheckpointCosigned { key, size, witness, public_key, timestamp, signature })])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;
    use crate::domain::samples::NOW;

    fn evolved(mut checkpoints: Checkpoints, drafts: &[Draft], first: i64) -> Checkpoints {
        for (seq, draft) in (first..).zip(drafts) {
            checkpoints.evolve(&draft.event, Seq::new(seq), NOW);
        }
        checkpoints
    }

    fn change(number: u8) -> ChangeCheckpointKey {
        let handover = Handover { size: Seq::new(5), root: Bytes([8; 32]), signature: Bytes([9; 64]) };
        ChangeCheckpointKey {
            origin: format!("example.com/{number}"),
            public_key: Bytes([number; 32]),
            handover: Some(handover),
            restoration: None,
        }
    }

    fn handover(drafts: &[Draft]) -> Option<Handover> {
        let Some(Event::CheckpointKeyCreated(created)) = drafts.last().map(|draft| &draft.event) else { return None };
        created.handover
    }

    fn made(key: i64, size: i64) -> RecordCheckpoint {
        let key = CheckpointKeyId::new(key);
        RecordCheckpoint { key, size: Seq::new(size), root: Bytes([1; 32]), signature: Bytes([2; 64]) }
    }

    #[test]
    fn a_new_key_retires_the_one_before_and_the_log_keeps_its_name() {
        let drafts = change(1).decide(&Checkpoints::default());
        assert_eq!(handover(&drafts), None, "nobody was there to hand over");
        let first = evolved(Checkpoints::default(), &drafts, 5);
        let drafts = change(2).decide(&first);
        assert_eq!(handover(&drafts), change(2).handover);
        assert_eq!(crate::domain::samples::kinds(&drafts), ["checkpoint_key.retired", "checkpoint_key.created"]);
        let second = evolved(first, &drafts, 6);
        let key = second.in_force().expect("a key");
        assert_eq!((key.id.get(), key.origin.as_str(), key.public_key), (2, "example.com/1", Bytes([2; 32])));
        assert_eq!(second.keys[&CheckpointKeyId::new(1)].version, 2);
    }

    #[test]
    fn a_log_that_was_put_back_says_so_where_its_key_ends() {
        let first = evolved(Checkpoints::default(), &change(1).decide(&Checkpoints::default()), 5);
        let signed = Some(SignedTree { size: Seq::new(9), root: Bytes([9; 32]) });
        let drafts = ChangeCheckpointKey { restoration: Some(Restoration { signed }), ..change(2) }.decide(&first);
        let crate::domain::Event::CheckpointKeyRetired(retired) = &drafts[0].event else { panic!("{drafts:?}") };
        assert_eq!((retired.cause, retired.signed), (Some(RetirementCause::Restored), signed));
    }

    #[test]
    fn a_checkpoint_is_larger_than_the_newest_and_no_larger_than_the_log() {
        let mut checkpoints = evolved(Checkpoints::default(), &change(1).decide(&Checkpoints::default()), 5);
        let (head, newest) = (Seq::new(5), Seq::ZERO);
        assert!(matches!(made(2, 5).decide(&checkpoints, head), Err(Rejection::CheckpointKeyNotInForce { .. })));
        assert_eq!(
            made(1, 6).decide(&checkpoints, head),
            Err(Rejection::CheckpointNotAhead { size: Seq::new(6), newest })
        );
        let drafts = made(1, 5).decide(&checkpoints, head).unwrap();
        checkpoints = evolved(checkpoints, &drafts, 6);
        for size in [4, 5] {
            let refused = Err(Rejection::CheckpointNotAhead { size: Seq::new(size), newest: Seq::new(5) });
            assert_eq!(made(1, size).decide(&checkpoints, Seq::new(6)), refused);
        }
        assert!(made(1, 6).decide(&checkpoints, Seq::new(6)).is_ok());
    }
}
