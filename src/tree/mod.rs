//! The Merkle tree over the log: RFC 6962 with SHA-256, kept as the tiles of C2SP `tlog-tiles`. The data of a leaf is the
//! chain hash of an event; the leaf of the event `seq` has the index `seq - 1`.
//!
//! Pure: tile arithmetic, growing the right edge, roots and proofs. Where tiles are kept is [`Tiles`]'s business. Verifying a
//! proof is the auditor's, and stands in `replay/`, so that no defect is in both.

mod edge;
mod proofs;
mod tiles;

pub use edge::{Edge, FullTile};
pub use proofs::{ProofError, consistency, inclusion, root};
pub use tiles::{TILE_HEIGHT, TILE_WIDTH, TileId, Tiles, width_of};

use sha2::{Digest as _, Sha256};

/// A hash of the tree: of a leaf, or of a node over two subtrees.
pub type NodeHash = [u8; 32];

/// The hash of a leaf: SHA-256 over a zero byte and the event's chain hash.
#[must_use]
pub fn leaf_hash(chain_hash: &[u8; 32]) -> NodeHash {
    let mut bytes = [0; 33];
    bytes[1..].copy_from_slice(chain_hash);
    Sha256::digest(bytes).into()
}

/// The hash of a node: SHA-256 over a one byte and the hashes of its two subtrees.
#[must_use]
pub fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of a tree without leaves: SHA-256 over nothing.
#[must_use]
pub fn empty_root() -> NodeHash {
    Sha256::digest([]).into()
}
