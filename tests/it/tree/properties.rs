//! Random trees and trees at the borders of tiles: every proof is the naive one and verifies, and every bit of it counts.

use super::{Memory, leaf, naive};
use counterfoil::tree::{Edge, NodeHash, ProofError, consistency, inclusion, root};
use counterfoil_replay::merkle::{Growing, consistent, included};
use proptest::prelude::*;

fn bit_flipped(hashes: &[NodeHash], bit: usize) -> Vec<NodeHash> {
    let mut changed = hashes.to_vec();
    changed[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
    changed
}

fn number(index: usize) -> u64 {
    u64::try_from(index).expect("a number")
}

/// The inclusion proof is the naive one, verifies, and fails with any one bit changed.
fn check_inclusion(memory: &mut Memory, index: usize, size: usize, every_bit: bool) {
    let leaves = memory.leaves[..size].to_vec();
    let top = naive::root(&leaves);
    assert_eq!(root(memory, number(size)), Ok(top), "size {size}");
    let path = inclusion(memory, number(index), number(size)).expect("a proof");
    assert_eq!(path, naive::path(index, &leaves), "leaf {index} of {size}");
    let verifies = |leaf: &NodeHash, index: u64, size: u64, path: &[NodeHash], top: &NodeHash| {
        included(leaf, index, size, path, top)
    };
    let (own, at, of) = (leaves[index], number(index), number(size));
    assert!(verifies(&own, at, of, &path, &top));
    let bits: Vec<usize> = if every_bit {
        (0..path.len() * 256).collect()
    } else {
        (0..path.len()).map(|hash| hash * 257 % (path.len() * 256)).collect()
    };
    for bit in bits {
        assert!(!verifies(&own, at, of, &bit_flipped(&path, bit), &top), "bit {bit} of the proof");
    }
    for bit in 0..256 {
        assert!(!verifies(&bit_flipped(&[own], bit)[0], at, of, &path, &top), "bit {bit} of the leaf");
        assert!(!verifies(&own, at, of, &path, &bit_flipped(&[top], bit)[0]), "bit {bit} of the root");
    }
    assert!(!verifies(&own, of, of, &path, &top));
    assert!(at == 0 || !verifies(&own, at - 1, of, &path, &top));
    if let Some((_, shorter)) = path.split_last() {
        assert!(!verifies(&own, at, of, shorter, &top));
    }
    assert!(!verifies(&own, at, of, &[path.as_slice(), &[top]].concat(), &top));
}

fn check_consistency(memory: &mut Memory, from: usize, to: usize, every_bit: bool) {
    let (old, new) = (naive::root(&memory.leaves[..from]), naive::root(&memory.leaves[..to]));
    let proof = consistency(memory, number(from), number(to)).expect("a proof");
    if from > 0 {
        assert_eq!(proof, naive::proof(from, &memory.leaves[..to]), "{from} to {to}");
    }
    let (a, b) = (number(from), number(to));
    assert!(consistent(a, &old, b, &new, &proof));
    let bits: Vec<usize> = if every_bit {
        (0..proof.len() * 256).collect()
    } else {
        (0..proof.len()).map(|hash| hash * 257 % (proof.len() * 256)).collect()
    };
    for bit in bits {
        assert!(!consistent(a, &old, b, &new, &bit_flipped(&proof, bit)), "bit {bit} of the proof");
    }
    for bit in 0..256 {
        assert!(!consistent(a, &bit_flipped(&[old], bit)[0], b, &new, &proof), "bit {bit} of the old root");
        // A tree of nothing says nothing of what comes after it.
        assert!(
            from == 0 || !consistent(a, &old, b, &bit_flipped(&[new], bit)[0], &proof),
            "bit {bit} of the new root"
        );
    }
    assert!(!consistent(a, &old, b, &new, &[proof.as_slice(), &[new]].concat()));
    assert!(from == to || !consistent(b, &new, a, &old, &proof), "and not the other way round");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_proof_of_a_random_tree_verifies_and_every_changed_bit_fails(grown in 1_usize..700, size in 1_usize..700, index in 0_usize..700, from in 0_usize..700) {
        let size = size.min(grown);
        let mut memory = Memory::of((0..number(grown)).map(leaf));
        check_inclusion(&mut memory, index % size, size, true);
        check_consistency(&mut memory, from % (size + 1), size, true);
    }
}

#[test]
fn every_proof_of_every_small_tree_is_the_naive_one() {
    let mut memory = Memory::of((0..40).map(leaf));
    for size in 1..=40 {
        for index in 0..size {
            check_inclusion(&mut memory, index, size, false);
        }
        for from in 0..=size {
            check_consistency(&mut memory, from, size, false);
        }
    }
}

#[test]
fn proofs_hold_across_the_borders_of_tiles() {
    let mut memory = Memory::of((0..65_537).map(leaf));
    for size in [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537] {
        for index in [0, 1, 127, 128, 254, 255, 256, 257, 32_768, 65_279, 65_280, 65_534, 65_535, 65_536] {
            if index < size {
                check_inclusion(&mut memory, index, size, false);
            }
            if index <= size {
                check_consistency(&mut memory, index, size, false);
            }
        }
    }
}

#[test]
fn a_proof_reads_few_tiles() {
    let mut memory = Memory::of((0..200_000).map(leaf));
    for (index, size) in [(0, 200_000), (199_999, 200_000), (70_000, 131_073), (65_535, 65_537)] {
        memory.read = 0;
        inclusion(&mut memory, index, size).expect("a proof");
        assert!(memory.read <= 6, "{index} of {size}: {} tiles, two a level at most", memory.read);
        memory.read = 0;
        consistency(&mut memory, index, size).expect("a proof");
        assert!(memory.read <= 6, "{index} to {size}: {} tiles", memory.read);
    }
}

#[test]
fn an_edge_that_is_read_back_goes_on_as_if_it_had_never_stopped() {
    let (mut memory, mut growing) = (Memory::default(), Growing::default());
    for size in 0..66_000_u64 {
        if [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 65_793].contains(&size) || size % 9_973 == 0 {
            let restored = Edge::restore(size, |level| -> Result<_, std::convert::Infallible> {
                let width = usize::try_from((size >> (8 * u32::from(level))) % 256).expect("a width");
                let index = size >> (8 * (u32::from(level) + 1));
                if width == 0 {
                    Ok(Vec::new())
                } else {
                    counterfoil::tree::Tiles::tile(&mut memory, level, index, width)
                }
            });
            let restored = restored.expect("tiles in memory");
            assert_eq!((restored.size(), restored.root()), (size, growing.root()));
            memory.edge = restored;
        }
        memory.push(leaf(size));
        growing.push(leaf(size));
    }
    assert_eq!(memory.edge.root(), naive::root(&memory.leaves));
}

#[test]
fn what_is_not_there_is_not_proved() {
    let mut memory = Memory::of((0..5).map(leaf));
    assert_eq!(inclusion(&mut memory, 5, 5), Err(ProofError::NoSuchLeaf { index: 5, size: 5 }));
    assert_eq!(inclusion(&mut memory, 0, 0), Err(ProofError::NoSuchLeaf { index: 0, size: 0 }));
    assert_eq!(consistency(&mut memory, 5, 4), Err(ProofError::NotAPrefix { from: 5, to: 4 }));
}
