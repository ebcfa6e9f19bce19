//! Making checkpoints: reads the head of the tree, signs it, and has it recorded. The only place where a seed signs.
//!
//! Decides nothing about points or people. Blocks: callers on a runtime hand it to a thread that may.

mod continuation;
mod copy;
mod error;

pub use copy::CheckpointCopy;
pub use error::{Known, NotaryError};

use crate::clock::Clock;
use crate::domain::checkpoints::{
    ChangeCheckpointKey, CheckpointKey, Handover, RecordCheckpoint, RecordCosignature, Restoration,
};
use crate::domain::{Bytes, PartnerId, Seq};
use crate::note::{Algorithm, Checkpoint, Cosignature, Rotation, SignatureLine, Signer, VerifierKey};
use crate::ops::{Secrets, Seed, Signed, Signing};
use crate::queries::{CheckpointView, CosignatureView, Queries, QueryError, TreeHead, WhichCheckpoint};
use crate::writer::{Actor, Command, Outcome, Request, Writer};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use std::sync::Arc;

/// The longest name that a log may have, in bytes: it stands in every checkpoint.
pub const ORIGIN_BYTES: usize = 255;

/// Signs for the log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notary {
    writer: Writer,
    queries: Queries,
    secrets: Arc<Secrets>,
    clock: Clock,
}

/// A checkpoint with its note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub size: Seq,
    pub note: String,
    /// It was made for this request; otherwise nothing had happened since the newest one.
    pub fresh: bool,
}

impl Notary {
    /// A notary of a running engine.
    #[must_use]
    pub fn new(writer: Writer, queries: Queries, secrets: Arc<Secrets>, clock: Clock) -> Self {
        Self { writer, queries, secrets, clock }
    }

    /// Makes the log's first key where it has none; answers the key in force. A log without a name gets `origin`, or one drawn at
    /// random.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn ensure_key(&self, origin: Option<&str>, actor: Actor) -> Result<VerifierKey, NotaryError> {
        let signing = self.secrets.signing();
        self.key_in_force(&signing, origin, actor).and_then(|key| verifier(&key))
    }

    /// Retires the key in force, which signs that the one that is made takes its place; answers that.
    ///
    /// # Errors
    /// When the key in force is lost, or the log is not a continuation of what it has signed before, or it cannot be written.
    pub fn rotate_key(&self, actor: Actor) -> Result<VerifierKey, NotaryError> {
        let signing = self.secrets.signing();
        let before = self.writer.live().directory().checkpoints.in_force().cloned();
        let key = self.change_key(&signing, None, before.as_ref(), None, actor)?;
        verifier(&key)
    }

    /// Retires a key that is lost or was stolen, and makes another. Nobody but the log says so: whoever follows it is alarmed.
    ///
    /// # Errors
    /// When it cannot be written, or the log does not continue what the key has signed: that takes [`Notary::begin_anew`].
    pub fn replace_lost_key(&self, actor: Actor) -> Result<VerifierKey, NotaryError> {
        self.expect_continuation(None)?;
        let signing = self.secrets.signing();
        let key = self.change_key(&signing, None, None, None, actor)?;
        verifier(&key)
    }

    /// Every key that the log states, the first one first.
    ///
    /// # Errors
    /// When the log states one that is none.
    pub fn keys(&self) -> Result<Vec<(CheckpointKey, VerifierKey)>, NotaryError> {
        let directory = self.writer.live().directory();
        directory.checkpoints.keys.values().map(|key| Ok((key.clone(), verifier(key)?))).collect()
    }

    /// Makes a checkpoint of everything that is committed, or answers the newest one where nothing but checkpoints and
    /// cosignatures has been recorded since.
    ///
    /// # Errors
    /// When the log is not a continuation of what the key has signed before, or it cannot be written.
    pub fn checkpoint(&self, actor: Actor) -> Result<Made, NotaryError> {
        self.checkpoint_of(actor, Queries::tree_head)
    }

    /// [`Notary::checkpoint`] of what the projections have reached, for a job that is in no hurry: the next one covers the rest.
    ///
    /// # Errors
    /// As there.
    pub fn checkpoint_at_leisure(&self, actor: Actor) -> Result<Made, NotaryError> {
        self.checkpoint_of(actor, Queries::tree_head_so_far)
    }

    fn checkpoint_of(
        &self,
        actor: Actor,
        head: impl Fn(&Queries) -> Result<TreeHead, QueryError>,
    ) -> Result<Made, NotaryError> {
        let signing = self.secrets.signing();
        let key = self.key_in_force(&signing, None, actor)?;
        let newest = self.writer.live().directory().checkpoints.newest.clone();
        let head = head(&self.queries)?;
        if let Some(newest) = newest
            && (head.size <= newest.size || !self.queries.grown_between(newest.size, head.size)?)
        {
            let view = self.queries.checkpoint_blocking(WhichCheckpoint::OfSize(newest.size))?;
            let view = view.ok_or(NotaryError::Unwritten("the newest checkpoint"))?;
            return Ok(Made { size: view.size, note: self.note(&view)?, fresh: false });
        }
        let view = self.sign(&signing, &key, head, actor)?;
        Ok(Made { size: view.size, note: self.note(&view)?, fresh: true })
    }

    /// A checkpoint as the signed note that it is.
    ///
    /// # Errors
    /// When the log states a key that is none.
    pub fn note(&self, view: &CheckpointView) -> Result<String, NotaryError> {
        let directory = self.writer.live().directory();
        let key = directory.checkpoints.keys.get(&view.key).ok_or(NotaryError::Unwritten("the checkpoint's key"))?;
        let cosignatures: Result<Vec<_>, _> = view.cosignatures.iter().map(cosignature).collect();
        Ok(statement(key, view).note(&verifier(key)?, &view.signature.0, &cosignatures?))
    }

    /// Records a witness's signature of the checkpoint of that size; answers the note with it. One that the witness has given
    /// before changes nothing.
    ///
    /// # Errors
    /// When there is no such checkpoint, the signature is not one of the witnesses', or it does not fit.
    pub fn cosign(&self, size: Seq, line: &str, witnesses: &[VerifierKey], actor: Actor) -> Result<Made, NotaryError> {
        let _turn = self.secrets.signing();
        let mut view = self.find(size)?;
        let line = SignatureLine::parse(line)?;
        let witness = witnesses.iter().find(|witness| witness.name() == line.name && witness.id() == line.id);
        let witness = witness.ok_or(NotaryError::UnknownWitness)?;
        let directory = self.writer.live().directory();
        let key = directory.checkpoints.keys.get(&view.key).ok_or(NotaryError::Unwritten("the checkpoint's key"))?;
        let verified = Cosignature::verify(&line, witness, &statement(key, &view))?;
        let known =
            |known: &CosignatureView| known.public_key.0 == witness.public_key() && known.witness == witness.name();
        let fresh = !view.cosignatures.iter().any(known);
        if fresh {
            let command = RecordCosignature {
                key: view.key,
                size,
                witness: witness.name().to_owned(),
                public_key: Bytes(witness.public_key()),
                timestamp: i64::try_from(verified.timestamp).unwrap_or(i64::MAX),
                signature: Bytes(verified.signature),
            };
            self.submit(Command::RecordCosignature(command), actor)?;
            view = self.find(size)?;
        }
        Ok(Made { size, note: self.note(&view)?, fresh })
    }

    fn find(&self, size: Seq) -> Result<CheckpointView, NotaryError> {
        let found = self.queries.checkpoint_blocking(WhichCheckpoint::OfSize(size))?;
        found.ok_or(NotaryError::NoSuchCheckpoint { size })
    }

    fn sign(
        &self,
        signing: &Signing<'_>,
        key: &CheckpointKey,
        head: TreeHead,
        actor: Actor,
    ) -> Result<CheckpointView, NotaryError> {
        let (signer, TreeHead { size, root }) = self.signer_at(signing, key, head)?;
        let checkpoint = Checkpoint { origin: key.origin.clone(), size: count(size), root };
        let signature = Bytes(checkpoint.sign(&signer));
        let command = RecordCheckpoint { key: key.id, size, root: Bytes(root), signature };
        let outcome = self.submit(Command::RecordCheckpoint(command), actor)?;
        let recorded = outcome.events.first().ok_or(NotaryError::Unwritten("the checkpoint"))?;
        let (seq, at, root) = (recorded.seq, recorded.at, Bytes(root));
        Ok(CheckpointView { seq, at, key: key.id, size, root, signature, cosignatures: Vec::new() })
    }

    /// What signs with a key about this head, or one after it. Before anybody can see a signature it is remembered what was signed,
    /// whatever becomes of the log.
    fn signer_at(
        &self,
        signing: &Signing<'_>,
        key: &CheckpointKey,
        head: TreeHead,
    ) -> Result<(Signer, TreeHead), NotaryError> {
        let kept = signing.seed(&key.public_key.0)?;
        let (seed, farthest) = kept.ok_or(NotaryError::NoSeed { key: key.id })?;
        // Projections that lag behind what was signed are no reason to believe that the log is shorter.
        let lags = farthest.as_ref().is_some_and(|farthest| farthest.size > head.size);
        let TreeHead { size, root } = if lags { self.queries.tree_head()? } else { head };
        if let Some(farthest) = farthest {
            self.check_continues(&farthest, size, Known::Ops)?;
        }
        signing.note(&key.public_key.0, &Signed { size, root })?;
        Ok((Signer::new(&key.origin, seed.reveal())?, TreeHead { size, root }))
    }

    /// The statement of a key that another takes its place after everything that is committed.
    fn hand_over(
        &self,
        signing: &Signing<'_>,
        old: &CheckpointKey,
        public_key: &[u8; 32],
    ) -> Result<Handover, NotaryError> {
        let (signer, TreeHead { size, root }) = self.signer_at(signing, old, self.queries.tree_head()?)?;
        let new = VerifierKey::new(&old.origin, Algorithm::Ed25519, public_key)?;
        let statement = Rotation { old: signer.verifier(), new: &new, size: count(size), root };
        Ok(Handover { size, root: Bytes(root), signature: Bytes(statement.sign(&signer)) })
    }

    fn key_in_force(
        &self,
        signing: &Signing<'_>,
        origin: Option<&str>,
        actor: Actor,
    ) -> Result<CheckpointKey, NotaryError> {
        let directory = self.writer.live().directory();
        match directory.checkpoints.in_force() {
            Some(key) => Ok(key.clone()),
            None => self.change_key(signing, origin, None, None, actor),
        }
    }

    fn change_key(
        &self,
        signing: &Signing<'_>,
        origin: Option<&str>,
        handed_over_by: Option<&CheckpointKey>,
        restoration: Option<Restoration>,
        actor: Actor,
    ) -> Result<CheckpointKey, NotaryError> {
        let seed = Seed::draw()?;
        let public_key = Signer::public_key_of(seed.reveal());
        let handover = handed_over_by.map(|old| self.hand_over(signing, old, &public_key)).transpose()?;
        // The seed first: without its event it signs nothing, while an event without its seed would be a key that never can.
        signing.add(&public_key, &seed, self.clock.now())?;
        let origin = origin.map_or_else(drawn_origin, |origin| Ok(origin.to_owned()))?;
        let command = ChangeCheckpointKey { origin, public_key: Bytes(public_key), handover, restoration };
        self.submit(Command::ChangeCheckpointKey(command), actor)?;
        let directory = self.writer.live().directory();
        let key = directory.checkpoints.keys.values().find(|key| key.public_key.0 == public_key);
        key.cloned().ok_or(NotaryError::Unwritten("the key"))
    }

    fn submit(&self, command: Command, actor: Actor) -> Result<Outcome, NotaryError> {
        let request = Request { partner: PartnerId::DEPLOYMENT, actor, idempotency_key: None, command };
        Ok(self.writer.submit_blocking(request)?)
    }
}

/// A key of the log as verifiers are given it.
fn verifier(key: &CheckpointKey) -> Result<VerifierKey, NotaryError> {
    Ok(VerifierKey::new(&key.origin, Algorithm::Ed25519, &key.public_key.0)?)
}

fn statement(key: &CheckpointKey, view: &CheckpointView) -> Checkpoint {
    Checkpoint { origin: key.origin.clone(), size: count(view.size), root: view.root.0 }
}

fn cosignature(view: &CosignatureView) -> Result<Cosignature, NotaryError> {
    let witness = VerifierKey::new(&view.witness, Algorithm::Cosignature, &view.public_key.0)?;
    Ok(Cosignature { witness, timestamp: u64::try_from(view.timestamp).unwrap_or(0), signature: view.signature.0 })
}

fn drawn_origin() -> Result<String, NotaryError> {
    let mut bits = [0; 8];
    OsRng.try_fill_bytes(&mut bits)?;
    Ok(format!("counterfoil/{}", hex::encode(bits)))
}

// A size is no less than 0.
fn count(size: Seq) -> u64 {
    u64::try_from(size.get()).unwrap_or(0)
}
