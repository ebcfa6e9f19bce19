//! The Merkle tree of RFC 6962 over the chain's hashes, by the auditor's own hand: hashing, the root and the tiles of a growing
//! tree, and checking proofs that somebody else made.

mod growing;
mod proof;
mod tiles;

pub use growing::Growing;
pub use proof::{consistent, included};
pub use tiles::Tiles;

use crate::ledger::Hash;
use sha2::{Digest, Sha256};

/// The hash of a leaf, whose data is an event's chain hash.
#[must_use]
pub fn leaf(chain_hash: &Hash) -> Hash {
    let mut input = [0_u8; 33];
    input[1..].copy_from_slice(chain_hash);
    Sha256::digest(input).into()
}

/// The hash of a node over two others.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1_u8; 65];
    input[1..33].copy_from_slice(left);
    input[33..].copy_from_slice(right);
    Sha256::digest(input).into()
}

/// The root of an empty tree.
#[must_use]
pub fn nothing() -> Hash {
    Sha256::digest([]).into()
}
