//! The tables `checkpoint_keys` and `checkpoints`.

use super::shapes::{CHECKPOINT_KEYS, CHECKPOINTS, Cell};
use super::shelves::Shelf;
use super::tables::Course;
use crate::ledger::{Event, Hash};
use crate::payload::Payload;
use std::collections::BTreeMap;

/// The keys that sign, and all that they and witnesses have signed.
#[derive(Debug, Default)]
pub struct CheckpointRows {
    keys: BTreeMap<i64, SigningKey>,
    signed: Vec<Signed>,
}

#[derive(Debug)]
struct SigningKey {
    origin: String,
    public_key: [u8; 32],
    /// Of the key's stream, which holds its checkpoints too.
    course: Course,
}

#[derive(Debug)]
struct Signed {
    seq: i64,
    at: i64,
    key: i64,
    size: i64,
    signature: [u8; 64],
    says: Says,
}

#[derive(Debug)]
enum Says {
    Root(Hash),
    Witnessed(Box<Witness>),
}

#[derive(Debug)]
struct Witness {
    name: String,
    public_key: [u8; 32],
    /// In seconds, as the witness signed it.
    at: i64,
}

impl CheckpointRows {
    /// Applies an event, where it is about checkpoints.
    pub(super) fn apply(&mut self, event: &Event<'_>, payload: &Payload<'_>) {
        let (seq, at) = (event.seq, event.recorded_at);
        if let Payload::CheckpointKeyCreated(it) = payload {
            let (origin, public_key, course) = (it.origin.clone(), it.public_key.0, Course::begun(event));
            self.keys.insert(it.key.get(), SigningKey { origin, public_key, course });
        } else if let Payload::CheckpointKeyRetired(it) = payload {
            if let Some(key) = self.keys.get_mut(&it.key.get()) {
                key.course.go_on(event, Some(at));
            }
        } else if let Payload::CheckpointMade(it) = payload {
            let says = Says::Root(it.root.0);
            let (key, size, signature) = (it.key.get(), it.size, it.signature.0);
            self.sign(event, Signed { seq, at, key, size, signature, says });
        } else if let Payload::CheckpointCosigned(it) = payload {
            let witness = Witness { name: it.witness.clone(), public_key: it.public_key.0, at: it.timestamp };
            let (key, size, signature) = (it.key.get(), it.size, it.signature.0);
            self.sign(event, Signed { seq, at, key, size, signature, says: Says::Witnessed(Box::new(witness)) });
        }
    }

    fn sign(&mut self, event: &Event<'_>, signed: Signed) {
        if let Some(key) = self.keys.get_mut(&signed.key) {
            key.course.go_on(event, key.course.ended_at);
        }
        self.signed.push(signed);
    }

    /// Takes over what another fold noted.
    pub(super) fn absorb(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.signed.extend(other.signed);
    }

    /// Both tables with their rows.
    pub(super) fn into_shelves<'a>(mut self) -> [Shelf<'a>; 2] {
        self.signed.sort_unstable_by_key(|signed| signed.seq);
        let key = |(id, key): (i64, SigningKey)| {
            let Course { created_at, ended_at, version, as_of, .. } = key.course;
            vec![
                id.into(),
                Cell::Text(key.origin),
                Cell::Bytes(key.public_key.to_vec()),
                created_at.into(),
                ended_at.into(),
                version.into(),
                as_of.into(),
            ]
        };
        [
            Shelf { shape: CHECKPOINT_KEYS, rows: Box::new(self.keys.into_iter().map(key)) },
            Shelf { shape: CHECKPOINTS, rows: Box::new(self.signed.into_iter().map(Signed::row)) },
        ]
    }
}

impl Signed {
    fn row(self) -> Vec<Cell> {
        let signature = Cell::Bytes(self.signature.to_vec());
        let (root, [name, public_key, cosigned_at]) = match self.says {
            Says::Root(root) => (Cell::Bytes(root.to_vec()), [Cell::Null, Cell::Null, Cell::Null]),
            Says::Witnessed(witness) => {
                let Witness { name, public_key, at } = *witness;
                (Cell::Null, [Cell::Text(name), Cell::Bytes(public_key.to_vec()), Cell::Number(at)])
            }
        };
        let [seq, at, key, size] = [self.seq, self.at, self.key, self.size].map(Cell::Number);
        vec![seq, at, key, size, root, signature, name, public_key, cosigned_at]
    }
}
