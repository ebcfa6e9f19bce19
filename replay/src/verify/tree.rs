//! The thread that grows the Merkle tree beside the fold, and holds every recorded checkpoint against it. A checkpoint is recorded
//! after the events that it covers, so leaves wait until one says how far it goes; the tree itself only ever grows. On the way it
//! leaves the hashes that the projections keep of it.

use super::VerifyError;
use super::batch::Batch;
use crate::findings::{Check, Findings};
use crate::ledger::{Event, Hash};
use crate::merkle::{Growing, Tiles, leaf};
use crate::note::{Checkpoint, Rotation, well_named};
use crate::payload::{
    CheckpointCosigned, CheckpointKeyCreated, CheckpointKeyRetired, CheckpointMade, Handover, Payload, RetirementCause,
};
use rusqlite::Connection;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// How many leaves wait for a checkpoint at most, at 32 bytes each. A checkpoint that is recorded later than so many events after
/// the last that it covers is checked at the end.
const WAITING: usize = 65_536;

/// What is known of a key that signs.
#[derive(Debug)]
struct Key {
    origin: String,
    public_key: [u8; 32],
    retired: bool,
}

/// That the tree of so many events has this root, by an event.
#[derive(Debug)]
struct Claim {
    seq: i64,
    size: i64,
    root: Hash,
}

/// What the thread comes to.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) findings: Findings,
    /// The root over the whole log; none where events are missing.
    pub(super) root: Option<Hash>,
    pub(super) checkpoints: u64,
    /// The tiles as of the watermark; none where events before it are missing.
    pub(super) tiles: Option<Tiles>,
    /// The events that made a key without a signature of the key before it.
    pub(super) unsigned: Vec<i64>,
    /// What is said of trees that the thread had grown beyond.
    late: Vec<Claim>,
}

#[derive(Debug)]
pub(super) struct Tree {
    waiting_max: usize,
    findings: Findings,
    growing: Growing,
    /// How many leaves the tree of the projections has.
    watermark: u64,
    tiles: Tiles,
    waiting: VecDeque<Hash>,
    /// An event is missing: from there on no root can be known.
    torn: bool,
    keys: FxHashMap<i64, Key>,
    public_keys: FxHashSet<[u8; 32]>,
    /// The root of each checkpoint by its size, and its key.
    stated: FxHashMap<i64, (Hash, i64)>,
    newest: i64,
    /// The key that was retired last, and by which command.
    retired: Option<(i64, i64)>,
    unsigned: Vec<i64>,
    late: Vec<Claim>,
}

impl Tree {
    /// `watermark` is the last event that the projections reflect; 0 where there are none.
    pub(super) fn new(watermark: i64) -> Self {
        Self::that_holds(WAITING, watermark)
    }

    fn that_holds(waiting_max: usize, watermark: i64) -> Self {
        Self {
            waiting_max,
            findings: Findings::default(),
            growing: Growing::default(),
            watermark: u64::try_from(watermark).unwrap_or(0),
            tiles: Tiles::default(),
            waiting: VecDeque::new(),
            torn: false,
            keys: FxHashMap::default(),
            public_keys: FxHashSet::default(),
            stated: FxHashMap::default(),
            newest: 0,
            retired: None,
            unsigned: Vec::new(),
            late: Vec::new(),
        }
    }

    /// Works until no batch is left.
    pub(super) fn run(mut self, batches: &Receiver<Arc<Batch>>) -> Grown {
        for batch in batches {
            for at in 0..batch.len() {
                let event = batch.event(at);
                if event.kind.starts_with("checkpoint") {
                    self.check(&event);
                }
                self.grow(&event);
            }
        }
        while let Some(leaf) = self.waiting.pop_front() {
            self.push(leaf);
        }
        let tiles = (!self.torn || self.growing.leaves() >= self.watermark).then_some(self.tiles);
        let root = (!self.torn).then(|| self.growing.root());
        let checkpoints = u64::try_from(self.stated.len()).unwrap_or(u64::MAX);
        Grown { findings: self.findings, root, checkpoints, tiles, unsigned: self.unsigned, late: self.late }
    }

    fn grow(&mut self, event: &Event<'_>) {
        let known = self.growing.leaves() + self.waiting.len() as u64;
        if u64::try_from(event.seq.saturating_sub(1)) != Ok(known) {
            self.torn = true;
        }
        if self.torn {
            return;
        }
        self.waiting.push_back(leaf(&event.hash));
        if self.waiting.len() > self.waiting_max
            && let Some(leaf) = self.waiting.pop_front()
        {
            self.push(leaf);
        }
    }

    fn push(&mut self, leaf: Hash) {
        let (tiles, projected) = (&mut self.tiles, self.growing.leaves() < self.watermark);
        self.growing.push_with(leaf, |root| {
            if projected {
                tiles.push(root);
            }
        });
    }

    /// Whether the payload can be read is told by the fold.
    fn check(&mut self, event: &Event<'_>) {
        let Ok(payload) = Payload::read(event.kind, event.schema, event.payload) else { return };
        if event.partner_id != 0 {
            self.tell(event.seq, "belongs to a partner, where it concerns the whole deployment");
        }
        if let Payload::CheckpointKeyCreated(created) = payload {
            self.key_created(event, created);
        } else if let Payload::CheckpointKeyRetired(retired) = payload {
            self.lost(event.seq, &retired);
            if let Some(key) = self.keys.get_mut(&retired.key.get()) {
                key.retired = true;
            }
            self.retired = Some((retired.key.get(), event.command_seq));
        } else if let Payload::CheckpointMade(made) = payload {
            self.made(event.seq, made);
        } else if let Payload::CheckpointCosigned(cosigned) = payload {
            self.cosigned(event.seq, &cosigned);
        }
    }

    fn key_created(&mut self, event: &Event<'_>, created: CheckpointKeyCreated) {
        let seq = event.seq;
        if !well_named(&created.origin) {
            self.tell(seq, "the log's name is empty or holds spaces, control characters or a plus");
        }
        if self.keys.values().any(|key| key.origin != created.origin) {
            self.tell(seq, "the log is called otherwise than before");
        }
        if self.keys.values().any(|key| !key.retired) {
            self.tell(seq, "a key is made while another is in force");
        }
        if !self.public_keys.insert(created.public_key.0) {
            self.tell(seq, "a key is made that the log had before");
        }
        match created.handover {
            Some(handover) => self.handed_over(event, &created, handover),
            None if self.keys.is_empty() => {}
            None => self.unsigned.push(seq),
        }
        let key = Key { origin: created.origin, public_key: created.public_key.0, retired: false };
        self.keys.insert(created.key.get(), key);
    }

    /// The key before it has to have signed that this one takes its place, after the history that stands before both.
    fn handed_over(&mut self, event: &Event<'_>, created: &CheckpointKeyCreated, handover: Handover) {
        let Handover { size, root, signature } = handover;
        let retired = self.retired.filter(|(_, command)| *command == event.command_seq);
        let Some(old) = retired.and_then(|(key, _)| self.keys.get(&key)) else {
            return self.tell(event.seq, "a key hands over that was not retired in the same command");
        };
        let rotation = Rotation {
            origin: &created.origin,
            old: &old.public_key,
            new: &created.public_key.0,
            size: u64::try_from(size).unwrap_or(0),
            root: &root.0,
        };
        if !rotation.signed_by_the_old(&signature.0) {
            self.tell(event.seq, "the key before it has not signed that this one takes its place");
        }
        if size < self.newest.max(1) || size >= event.command_seq {
            let newest = self.newest;
            let sentence = format!(
                "the rotation was signed at size {size}: no less than the newest checkpoint before it, {newest}, and before its command"
            );
            self.findings.event(Check::Checkpoints, event.seq, sentence);
        }
        self.compare(Claim { seq: event.seq, size, root: root.0 });
    }

    /// What is said of a tree that was signed and is lost is of another log: no more of it can be held against this one.
    fn lost(&mut self, seq: i64, retired: &CheckpointKeyRetired) {
        let Some(signed) = retired.signed else { return };
        if retired.cause != Some(RetirementCause::Restored) || signed.size < 1 {
            self.tell(seq, "names a tree that was signed before, but not that the log was put back to a copy");
        }
        let size = signed.size;
        if self.stated.get(&size).is_some_and(|(root, _)| *root == signed.root.0) {
            self.tell(seq, "says of a checkpoint that stands in this log that the log does not continue it");
        }
    }

    fn made(&mut self, seq: i64, made: CheckpointMade) {
        let key = self.keys.get(&made.key.get());
        match key {
            None => self.tell(seq, "signed with a key that the log does not state"),
            Some(key) if key.retired => self.tell(seq, "signed with a key that was retired before"),
            Some(key) => {
                let checkpoint = statement(key, made.size, made.root.0);
                if !checkpoint.signed_by(&key.public_key, &made.signature.0) {
                    self.tell(seq, "the signature does not fit the size and root that are stated");
                }
            }
        }
        if made.size <= self.newest || made.size >= seq {
            let newest = self.newest;
            let sentence = format!(
                "the size is {}: it is above the newest before it, {newest}, and covers only events before it",
                made.size
            );
            self.findings.event(Check::Checkpoints, seq, sentence);
        }
        self.newest = self.newest.max(made.size);
        self.stated.insert(made.size, (made.root.0, made.key.get()));
        self.compare(Claim { seq, size: made.size, root: made.root.0 });
    }

    /// Holds the stated root against the tree, which grows as far as what was signed goes.
    fn compare(&mut self, claim: Claim) {
        if self.torn || claim.size >= claim.seq {
            return;
        }
        let size = u64::try_from(claim.size).unwrap_or(0);
        if size < self.growing.leaves() {
            self.late.push(claim);
            return;
        }
        while self.growing.leaves() < size
            && let Some(leaf) = self.waiting.pop_front()
        {
            self.push(leaf);
        }
        if self.growing.root() != claim.root {
            tell_root(claim.seq, &mut self.findings);
        }
    }

    fn cosigned(&mut self, seq: i64, cosigned: &CheckpointCosigned) {
        let Some((root, key)) = self.stated.get(&cosigned.size).copied() else {
            return self.tell(seq, "cosigns a checkpoint that is not recorded before it");
        };
        if key != cosigned.key.get() {
            self.tell(seq, "names another key than the checkpoint's");
        }
        let Some(key) = self.keys.get(&key) else { return };
        let checkpoint = statement(key, cosigned.size, root);
        let timestamp = u64::try_from(cosigned.timestamp);
        let fits = timestamp.is_ok_and(|at| checkpoint.cosigned_by(&cosigned.public_key.0, at, &cosigned.signature.0));
        if !fits || !well_named(&cosigned.witness) {
            self.tell(seq, "the witness's signature does not fit the checkpoint");
        }
    }

    fn tell(&mut self, seq: i64, sentence: &'static str) {
        self.findings.event(Check::Checkpoints, seq, sentence);
    }
}

impl Grown {
    /// Checks what was recorded too late to be checked on the way: one more look at the hashes, in order.
    pub(super) fn finish(&mut self, ledger: &Connection) -> Result<(), VerifyError> {
        self.late.sort_by_key(|claim| claim.size);
        let mut late = self.late.iter().peekable();
        let mut growing = Growing::default();
        let mut statement = ledger.prepare("SELECT hash FROM events ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(claim) = late.peek() {
            if u64::try_from(claim.size) == Ok(growing.leaves()) {
                if growing.root() != claim.root {
                    tell_root(claim.seq, &mut self.findings);
                }
                late.next();
                continue;
            }
            let Some(row) = rows.next()? else { break };
            growing.push(leaf(&row.get(0)?));
        }
        Ok(())
    }
}

fn statement(key: &Key, size: i64, root: Hash) -> Checkpoint {
    Checkpoint { origin: key.origin.clone(), size: u64::try_from(size).unwrap_or(0), root }
}

fn tell_root(seq: i64, findings: &mut Findings) {
    findings.event(
        Check::Checkpoints,
        seq,
        "the root is not that of the events before it: what was signed is not this history",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::Instant;
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::json;
    use std::sync::mpsc::channel;

    fn row<'a>(seq: i64, kind: &'a str, payload: &'a str) -> Event<'a> {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&seq.to_be_bytes());
        Event {
            seq,
            command_seq: seq,
            recorded_at: 0,
            partner_id: 0,
            stream: "checkpoint_key:1",
            version: seq,
            kind,
            schema: 1,
            actor: "cli",
            idempotency_key: None,
            fingerprint: None,
            payload,
            hash,
        }
    }

    fn root(size: i64) -> Hash {
        let mut growing = Growing::default();
        (1..=size).for_each(|seq| growing.push(leaf(&row(seq, "", "").hash)));
        growing.root()
    }

    fn made(size: i64, root: Hash) -> String {
        let checkpoint = Checkpoint { origin: "log".to_owned(), size: size.unsigned_abs(), root };
        let signature = SigningKey::from_bytes(&[4; 32]).sign(checkpoint.text().as_bytes()).to_bytes();
        json!({"key": 1, "size": size, "root": hex::encode(root), "signature": hex::encode(signature)}).to_string()
    }

    #[test]
    fn a_checkpoint_that_was_recorded_long_after_its_tree_is_checked_all_the_same() {
        let public_key = hex::encode(SigningKey::from_bytes(&[4; 32]).verifying_key().as_bytes());
        let created = json!({"key": 1, "origin": "log", "public_key": public_key}).to_string();
        // Of a thread that holds four leaves back, the tree has grown to 95 when these are read.
        let (early, wrong, recent) = (made(3, root(3)), made(50, root(49)), made(97, root(97)));
        let ledger = Connection::open_in_memory().unwrap();
        ledger.execute_batch("CREATE TABLE events (seq INTEGER PRIMARY KEY, hash BLOB)").unwrap();
        let mut batch = Batch::with_capacity(103);
        for seq in 1..=103 {
            let event = match seq {
                1 => row(seq, "checkpoint_key.created", &created),
                101 => row(seq, "checkpoint.made", &early),
                102 => row(seq, "checkpoint.made", &wrong),
                103 => row(seq, "checkpoint.made", &recent),
                _ => row(seq, "points.awarded", "{}"),
            };
            ledger.execute("INSERT INTO events VALUES (?1, ?2)", (seq, event.hash)).unwrap();
            batch.push(&event, None, None, Instant::from_micros(event.recorded_at));
        }
        let (queue, batches) = channel();
        queue.send(Arc::new(batch)).unwrap();
        drop(queue);
        let mut grown = Tree::that_holds(4, 0).run(&batches);
        assert_eq!((grown.late.len(), grown.root, grown.checkpoints), (3, Some(root(103)), 3));
        assert_eq!(grown.findings.total(), 0, "until then nothing is wrong");
        grown.finish(&ledger).unwrap();
        let problems = grown.findings.into_sorted();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].sentence.contains("not this history"), "{problems:?}");
        assert_eq!(problems[0].place, crate::findings::Place::Event(102));
    }
}
