//! Checking proofs, by the algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2 (the trees and proofs are those of RFC 6962).

use super::{node, nothing};
use crate::ledger::Hash;

/// Whether `proof` shows that the leaf with this hash stands at `index` of the tree of `size` leaves with this root.
#[must_use]
pub fn included(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            hash = node(beside, &hash);
            while place % 2 == 0 && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            hash = node(&hash, beside);
        }
        place /= 2;
        last /= 2;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `to` leaves begins with the tree of `from` leaves.
#[must_use]
pub fn consistent(from: u64, old: &Hash, to: u64, new: &Hash, proof: &[Hash]) -> bool {
    if from == to {
        return proof.is_empty() && old == new;
    }
    if from == 0 {
        return proof.is_empty() && *old == nothing();
    }
    if from > to {
        return false;
    }
    // An old tree that is one complete subtree is its own first hash.
    let complete = from.is_power_of_two();
    let mut hashes = complete.then_some(old).into_iter().chain(proof);
    let Some(first) = hashes.next() else { return false };
    let (mut place, mut last) = (from - 1, to - 1);
    while place % 2 == 1 {
        place /= 2;
        last /= 2;
    }
    let (mut rebuilt_old, mut rebuilt_new) = (*first, *first);
    for beside in hashes {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            rebuilt_old = node(beside, &rebuilt_old);
            rebuilt_new = node(beside, &rebuilt_new);
            while place % 2 == 0 && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            rebuilt_new = node(&rebuilt_new, beside);
        }
        place /= 2;
        last /= 2;
    }
    last == 0 && rebuilt_old == *old && rebuilt_new == *new
}
