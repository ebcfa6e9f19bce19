//! RFC 6962, section 2.1, word by word and without a thought for speed.

use counterfoil::tree::NodeHash;
use sha2::{Digest as _, Sha256};

/// MTH over leaves that are hashed already.
pub(super) fn root(leaves: &[NodeHash]) -> NodeHash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Sha256::new().chain_update([1]).chain_update(root(left)).chain_update(root(right)).finalize().into()
        }
    }
}

/// PATH(m, D[n])
pub(super) fn path(index: usize, leaves: &[NodeHash]) -> Vec<NodeHash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, beside) = if index < middle {
        (self::path(index, left), root(right))
    } else {
        (self::path(index - middle, right), root(left))
    };
    path.push(beside);
    path
}

/// PROOF(m, D[n])
pub(super) fn proof(old: usize, leaves: &[NodeHash]) -> Vec<NodeHash> {
    subproof(old, leaves, true)
}

fn subproof(old: usize, leaves: &[NodeHash], known: bool) -> Vec<NodeHash> {
    if old == leaves.len() {
        return if known { Vec::new() } else { vec![root(leaves)] };
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut proof, beside) = if old <= middle {
        (subproof(old, left, known), root(right))
    } else {
        (subproof(old - middle, right, false), root(left))
    };
    proof.push(beside);
    proof
}

fn split(count: usize) -> usize {
    let mut middle = 1;
    while middle * 2 < count {
        middle *= 2;
    }
    middle
}
