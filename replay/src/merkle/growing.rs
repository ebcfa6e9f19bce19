//! A tree that only grows, kept as the roots of its complete subtrees.

use super::tiles::WIDTH;
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
        self.push_with(leaf, |_| ());
    }

    /// Adds a leaf's hash, and hands over the root of the tile of 256 leaves that it completes, if it does.
    pub fn push_with(&mut self, leaf: Hash, complete: impl FnOnce(Hash)) {
        let (mut count, mut hash, mut tile) = (1, leaf, None);
        while let Some((last, left)) = self.subtrees.last()
            && *last == count
        {
            hash = node(left, &hash);
            count *= 2;
            self.subtrees.pop();
            if count == WIDTH as u64 {
                tile = Some(hash);
            }
        }
        if let Some(root) = tile {
            complete(root);
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
