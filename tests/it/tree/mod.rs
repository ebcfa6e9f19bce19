//! The Merkle tree: the service's roots and proofs against the definition of RFC 6962, the published vectors, and the
//! auditor's own verification, which shares no code with it.

mod naive;
mod properties;
mod published;

use counterfoil::tree::{Edge, NodeHash, Tiles, leaf_hash};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Tiles in memory, as the projector would keep them.
#[derive(Debug, Default)]
struct Memory {
    edge: Edge,
    leaves: Vec<NodeHash>,
    full: BTreeMap<(u8, u64), Vec<NodeHash>>,
    read: usize,
}

impl Memory {
    fn of(leaves: impl IntoIterator<Item = NodeHash>) -> Self {
        let mut memory = Self::default();
        leaves.into_iter().for_each(|leaf| memory.push(leaf));
        memory
    }

    fn push(&mut self, leaf: NodeHash) {
        self.leaves.push(leaf);
        self.edge.append(leaf, |tile| {
            assert_eq!(self.full.insert((tile.level, tile.index), tile.hashes), None, "a tile becomes full once");
        });
    }
}

impl Tiles for Memory {
    type Error = Infallible;

    fn tile(&mut self, level: u8, index: u64, width: usize) -> Result<Vec<NodeHash>, Infallible> {
        self.read += 1;
        if level == 0 {
            let start = usize::try_from(index).expect("an index") * 256;
            return Ok(self.leaves[start..start + width].to_vec());
        }
        let partial =
            || self.edge.partial_tiles().find(|(of, at, _)| (*of, *at) == (level, index)).expect("a tile").2.to_vec();
        let whole = self.full.get(&(level, index)).cloned().unwrap_or_else(partial);
        Ok(whole[..width].to_vec())
    }
}

/// A leaf like any other, and unlike any other.
fn leaf(index: u64) -> NodeHash {
    let mut chain_hash = [7; 32];
    chain_hash[..8].copy_from_slice(&index.to_be_bytes());
    leaf_hash(&chain_hash)
}
