//! Whether the log continues what was signed of it, and how a log that does not is admitted to be another.

use super::{CheckpointCopy, Known, Notary, NotaryError, verifier};
use crate::domain::checkpoints::{Restoration, SignedTree};
use crate::domain::{Bytes, Seq, Timestamp};
use crate::note::VerifierKey;
use crate::ops::{Signed, Signing};
use crate::writer::Actor;

impl Notary {
    /// Refuses a log that is not a continuation of the largest tree that is known to have been signed: by ops.db, and by the copy of
    /// a checkpoint, where there is one.
    ///
    /// # Errors
    /// [`NotaryError::Shorter`], [`NotaryError::Different`], or that something cannot be read.
    pub fn expect_continuation(&self, copy: Option<&CheckpointCopy>) -> Result<(), NotaryError> {
        let head = self.writer.live().progress().head();
        for (signed, known) in self.known(copy)? {
            self.check_continues(&signed, head, known)?;
        }
        Ok(())
    }

    /// Says in the log that it was put back to an older copy, and begins with a new key. `lost` is the size of the largest tree known
    /// to have been signed that this log does not continue; it must be that, so that nobody gives up what they do not know of.
    ///
    /// # Errors
    /// When there is none or it is of another size, or it cannot be written.
    pub fn admit_loss(
        &self,
        lost: Seq,
        copy: Option<&CheckpointCopy>,
        actor: Actor,
    ) -> Result<VerifierKey, NotaryError> {
        let known: Vec<_> = self.known(copy)?.into_iter().map(|(signed, _)| signed).collect();
        let signed = self.largest_not_continued(&known)?.ok_or(NotaryError::NothingLost)?;
        if signed.size != lost {
            return Err(NotaryError::LostOther { signed: signed.size });
        }
        let key = self.begin_anew(Some(signed), actor)?;
        if let Some(copy) = copy {
            copy.begin_anew(&self.checkpoint(actor)?.note)?;
        }
        Ok(key)
    }

    /// Begins with a new key after the log was put back to a copy; `signed` is what is known to be lost.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin_anew(&self, signed: Option<Signed>, actor: Actor) -> Result<VerifierKey, NotaryError> {
        let signed = signed.map(|Signed { size, root }| SignedTree { size, root: Bytes(root) });
        let signing = self.secrets.signing();
        verifier(&self.change_key(&signing, None, None, Some(Restoration { signed }), actor)?)
    }

    /// The largest of these trees that this log does not continue.
    ///
    /// # Errors
    /// When the tree cannot be read.
    pub fn largest_not_continued(&self, signed: &[Signed]) -> Result<Option<Signed>, NotaryError> {
        let head = self.writer.live().progress().head();
        let mut lost: Option<Signed> = None;
        for signed in signed {
            match self.check_continues(signed, head, Known::Ops) {
                Ok(()) => {}
                Err(NotaryError::Shorter { .. } | NotaryError::Different { .. }) => {
                    lost = lost.filter(|lost| lost.size >= signed.size).or(Some(*signed));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(lost)
    }

    fn known(&self, copy: Option<&CheckpointCopy>) -> Result<Vec<(Signed, Known)>, NotaryError> {
        let directory = self.writer.live().directory();
        let Some(key) = directory.checkpoints.in_force() else { return Ok(Vec::new()) };
        let mut known: Vec<_> = self.not_admitted()?.into_iter().map(|signed| (signed, Known::Ops)).collect();
        if let Some(copy) = copy
            && let Some(held) = copy.read()?
        {
            let path = copy.path().to_owned();
            if held.origin != key.origin {
                return Err(NotaryError::CopyOther { path, held: held.origin, origin: key.origin.clone() });
            }
            let size = Seq::new(i64::try_from(held.size).unwrap_or(i64::MAX));
            known.push((Signed { size, root: held.root }, Known::Copy(path)));
        }
        Ok(known)
    }

    /// What ops.db knows to have been signed, by whichever key, but those trees that this log does not continue and that it says to be
    /// lost: they were signed before the key that began when that was said.
    fn not_admitted(&self) -> Result<Vec<Signed>, NotaryError> {
        let signing = self.secrets.signing();
        let (mut not_admitted, mut said) = (Vec::new(), None);
        for (public_key, kept_at, signed) in signing.signed()? {
            let continued = self.largest_not_continued(&[signed])?.is_none();
            if !continued && said.is_none() {
                said = self.last_restoration(&signing)?;
            }
            let admitted = said.as_ref().is_some_and(|(key, said)| *key != public_key && kept_at <= *said);
            if continued || !admitted {
                not_admitted.push(signed);
            }
        }
        // Whoever is refused is told of the largest.
        not_admitted.sort_by_key(|signed| std::cmp::Reverse(signed.size));
        Ok(not_admitted)
    }

    /// The newest key that began because the log was put back, and when its seed was kept.
    fn last_restoration(&self, signing: &Signing<'_>) -> Result<Option<([u8; 32], Timestamp)>, NotaryError> {
        let directory = self.writer.live().directory();
        let newest = self.queries.keys_after_restorations()?.into_iter().max();
        let Some(key) = newest.and_then(|key| directory.checkpoints.keys.get(&key)) else { return Ok(None) };
        let public_key = key.public_key.0;
        // Of an ops.db that lacks the seed, the time of the key's event is as good: the seed came just before it.
        Ok(Some((public_key, signing.kept_at(&public_key)?.unwrap_or(key.created_at))))
    }

    /// A log that is shorter than what was signed, or different, was put back to an older copy or rewritten.
    pub(super) fn check_continues(&self, signed: &Signed, size: Seq, known: Known) -> Result<(), NotaryError> {
        let &Signed { size: signed, root } = signed;
        if signed > size {
            return Err(NotaryError::Shorter { signed, size, known });
        }
        if self.queries.tree_root(signed)? != root {
            return Err(NotaryError::Different { signed, size, known });
        }
        Ok(())
    }
}
