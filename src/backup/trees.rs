//! The trees of a log, from its file alone: what a copy was signed as, held against what it is.

use super::BackupError;
use crate::domain::Event;
use crate::domain::Seq;
use crate::event_log::{LogError, each_wanted, hash_at, hashes, head};
use crate::note::{Algorithm, Checkpoint, VerifierKey};
use crate::tree::{Edge, NodeHash, leaf_hash};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// How many hashes are read at a time.
const PAGE: i64 = 10_000;

/// A checkpoint as the log states it.
struct Stated {
    seq: Seq,
    checkpoint: Checkpoint,
    key: VerifierKey,
    signature: [u8; 64],
}

/// The root of the tree of the first `size` events; none where the log is not that long.
///
/// # Errors
/// When the log cannot be read.
pub fn root_at(ledger: &Connection, size: Seq) -> rusqlite::Result<Option<NodeHash>> {
    if size > Seq::ZERO && hash_at(ledger, size)?.is_none() {
        return Ok(None);
    }
    let mut tree = Edge::default();
    grow(ledger, &mut tree, size)?;
    Ok(Some(tree.root()))
}

/// Checks every checkpoint of a log: it is signed, and says what the log is. Answers how many there are.
pub(super) fn check_checkpoints(ledger: &Connection, path: &Path) -> Result<usize, BackupError> {
    let database = |source| BackupError::Database { path: path.to_owned(), source };
    let stated = stated(ledger).map_err(|error| match error {
        LogError::Storage(source) => database(source),
        LogError::Unknown { .. } => BackupError::Finding(error.to_string()),
    })?;
    let (mut tree, count) = (Edge::default(), stated.len());
    for Stated { seq, checkpoint, key, signature } in stated {
        let size = Seq::new(i64::try_from(checkpoint.size).unwrap_or(i64::MAX));
        let finding = |what| Err(BackupError::Finding(format!("the checkpoint of event {seq} {what}")));
        if size >= seq {
            return finding("covers more than what stands before it");
        }
        grow(ledger, &mut tree, size).map_err(database)?;
        if tree.size() != checkpoint.size || tree.root() != checkpoint.root {
            return finding("states another root than that of the log");
        }
        if !key.verifies(checkpoint.text().as_bytes(), &signature) {
            return finding("is not signed by the key that it names");
        }
    }
    Ok(count)
}

/// The checkpoints of a log, in its order.
fn stated(ledger: &Connection) -> Result<Vec<Stated>, LogError> {
    let (mut keys, mut stated) = (BTreeMap::new(), Vec::new());
    let until = head(ledger)?.seq;
    let wanted = |_, kind: &str| matches!(kind, "checkpoint_key.created" | "checkpoint.made");
    each_wanted(ledger, (Seq::ZERO, until), wanted, |row| {
        if let Event::CheckpointKeyCreated(created) = row.event {
            keys.insert(created.key, (created.origin, created.public_key));
        } else if let Event::CheckpointMade(made) = row.event
            && let Some((origin, public_key)) = keys.get(&made.key)
            && let Ok(key) = VerifierKey::new(origin, Algorithm::Ed25519, &public_key.0)
        {
            let size = u64::try_from(made.size.get()).unwrap_or(0);
            let checkpoint = Checkpoint { origin: origin.clone(), size, root: made.root.0 };
            stated.push(Stated { seq: row.seq, checkpoint, key, signature: made.signature.0 });
        }
        true
    })?;
    Ok(stated)
}

/// Lets the tree grow to `size` events, where the log has so many.
fn grow(ledger: &Connection, tree: &mut Edge, size: Seq) -> rusqlite::Result<()> {
    let mut at = i64::try_from(tree.size()).unwrap_or(i64::MAX);
    while at < size.get() {
        let page = hashes(ledger, "events", Seq::new(at), Seq::new((at + PAGE).min(size.get())))?;
        if page.is_empty() {
            break;
        }
        page.iter().for_each(|hash| tree.append(leaf_hash(hash), |_| ()));
        at += i64::try_from(page.len()).unwrap_or(PAGE);
    }
    Ok(())
}
