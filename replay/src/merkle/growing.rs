//! A tree that only grows, kept as the roots of its complete subtrees.

use super::{node, nothing};
use crate::ledger::Hash;

/// The roots of the complete subtrees, each with the number of leaves under it: the largest first, no two alike.
#[derive(Debug, Clone, Default)]
pub struct Growing {
    subtrees: Vec<(u64, Hash)>,
    leaves: u64,
}

impl Growing {
    /// How many leaves there are.
    #[must_use]
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Adds a leaf's hash.
    pub fn push(&mut self, leaf: Hash) {
        let (mut count, mut hash) = (1, leaf);
        while let Some((last, left)) = self.subtrees.last()
            && *last == count
        {
            hash = node(left, &hash);
            count *= 2;
            self.subtrees.pop();
        }
        self.subtrees.push((count, hash));
        self.leaves += 1;
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev();
        let Some((_, smallest)) = subtrees.next() else { return nothing() };
        subtrees.fold(*smallest, |right, (_, left)| node(left, &right))
    }
}
