//! The right edge of a growing tree: all that appending needs, in memory. Appending a leaf costs one hash of the leaf and,
//! amortised, one of a node.

use super::tiles::{TILE_HEIGHT, TILE_WIDTH};
use super::{NodeHash, empty_root, node_hash};

/// A tile of level 1 or above that has just become full. Those of level 0 are the leaves themselves and are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullTile {
    pub level: u8,
    pub index: u64,
    /// [`TILE_WIDTH`] of them.
    pub hashes: Vec<NodeHash>,
}

/// The tree as far as it has grown, seen from its right edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The roots of the complete subtrees that make up the tree: one for each bit of the size, the largest first.
    peaks: Vec<NodeHash>,
    /// The partial tiles of levels 1, 2, 3 …
    partial: Vec<Vec<NodeHash>>,
}

impl Edge {
    /// The edge of a tree of `size` leaves. `partial` answers the hashes of the partial tile at a level: at 0 those of the leaves.
    ///
    /// # Errors
    /// What `partial` answers.
    pub fn restore<E>(size: u64, mut partial: impl FnMut(u8) -> Result<Vec<NodeHash>, E>) -> Result<Self, E> {
        let mut levels = Vec::new();
        for level in (0..8).take_while(|level| size >> (u32::from(*level) * TILE_HEIGHT) > 0) {
            levels.push(partial(level)?);
        }
        let mut peaks = Vec::new();
        for hashes in levels.iter().rev() {
            stack(&mut peaks, hashes);
        }
        let partial = if levels.is_empty() { levels } else { levels.split_off(1) };
        Ok(Self { size, peaks, partial })
    }

    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> NodeHash {
        let smallest_first = self.peaks.iter().rev().copied();
        smallest_first.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// The partial tiles that the tree has, each with its level (1 and above) and index; empty ones are none.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (u8, u64, &[NodeHash])> {
        (1..).zip(&self.partial).filter(|(_, hashes)| !hashes.is_empty()).map(|(level, hashes)| {
            let index = self.size >> ((u32::from(level) + 1) * TILE_HEIGHT);
            (level, index, hashes.as_slice())
        })
    }

    /// Appends a leaf; hands `full` every tile that becomes full by it.
    pub fn append(&mut self, leaf: NodeHash, mut full: impl FnMut(FullTile)) {
        let (mut node, mut height) = (leaf, 0);
        loop {
            if height > 0 && height % TILE_HEIGHT == 0 {
                self.enter(height / TILE_HEIGHT, node, &mut full);
            }
            if self.size >> height & 1 == 0 {
                break;
            }
            // A bit of the size that is set has its peak.
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            height += 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Enters the root of a full tile into the tile of the level above.
    fn enter(&mut self, level: u32, node: NodeHash, full: &mut impl FnMut(FullTile)) {
        let place = usize::try_from(level - 1).unwrap_or(usize::MAX);
        if self.partial.len() == place {
            self.partial.push(Vec::with_capacity(TILE_WIDTH));
        }
        let hashes = &mut self.partial[place];
        hashes.push(node);
        if hashes.len() == TILE_WIDTH {
            let hashes = std::mem::replace(hashes, Vec::with_capacity(TILE_WIDTH));
            let index = self.size >> ((level + 1) * TILE_HEIGHT);
            full(FullTile { level: u8::try_from(level).unwrap_or(u8::MAX), index, hashes });
        }
    }
}

/// Adds hashes of one height to the peaks above them. There are fewer than a tile's width, so none grows beyond its level.
fn stack(peaks: &mut Vec<NodeHash>, hashes: &[NodeHash]) {
    for (count, hash) in hashes.iter().enumerate() {
        let mut node = *hash;
        for _ in 0..count.trailing_ones() {
            let Some(left) = peaks.pop() else { break };
            node = node_hash(&left, &node);
        }
        peaks.push(node);
    }
}
