//! Roots and proofs of a tree of any size up to what the tiles hold, from O(log n) tiles.

use super::tiles::{TILE_HEIGHT, TILE_WIDTH, Tiles, width_of};
use super::{NodeHash, empty_root, node_hash};
use std::collections::HashMap;
use std::ops::Range;

/// Why there is no proof.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    #[error("a tree of {size} leaves has no leaf {index}")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("a tree of {to} leaves does not continue one of {from}")]
    NotAPrefix { from: u64, to: u64 },
    #[error("tile {level}/{index} has fewer hashes than the tree of that size needs")]
    Torn { level: u8, index: u64 },
    #[error(transparent)]
    Tiles(#[from] E),
}

/// The root of the tree of the first `size` leaves.
///
/// # Errors
/// When a tile cannot be read.
pub fn root<T: Tiles>(tiles: &mut T, size: u64) -> Result<NodeHash, ProofError<T::Error>> {
    if size == 0 {
        return Ok(empty_root());
    }
    Prover::new(tiles, size).hash(0..size)
}

/// The audit path of RFC 6962, 2.1.1: that the leaf `index` is in the tree of `size` leaves.
///
/// # Errors
/// A leaf that is not in the tree, or a tile that cannot be read.
pub fn inclusion<T: Tiles>(tiles: &mut T, index: u64, size: u64) -> Result<Vec<NodeHash>, ProofError<T::Error>> {
    if index >= size {
        return Err(ProofError::NoSuchLeaf { index, size });
    }
    let mut prover = Prover::new(tiles, size);
    let (mut range, mut path) = (0..size, Vec::new());
    while range.end - range.start > 1 {
        let middle = range.start + split(range.end - range.start);
        let (left, right) = (range.start..middle, middle..range.end);
        let beside;
        (range, beside) = if index < middle { (left, right) } else { (right, left) };
        path.push(prover.hash(beside)?);
    }
    path.reverse();
    Ok(path)
}

/// The consistency proof of RFC 6962, 2.1.2: that the tree of `to` leaves begins with that of `from`. Empty where both are the
/// same, or where `from` is 0 and there is nothing to prove.
///
/// # Errors
/// A tree that is smaller than the one it should continue, or a tile that cannot be read.
pub fn consistency<T: Tiles>(tiles: &mut T, from: u64, to: u64) -> Result<Vec<NodeHash>, ProofError<T::Error>> {
    if from > to {
        return Err(ProofError::NotAPrefix { from, to });
    }
    if from == 0 {
        return Ok(Vec::new());
    }
    let mut prover = Prover::new(tiles, to);
    // Until a subtree is reached that ends where the old tree ends: it is part of both.
    let (mut range, mut path) = (0..to, Vec::new());
    while range.end > from {
        let middle = range.start + split(range.end - range.start);
        let (left, right) = (range.start..middle, middle..range.end);
        let beside;
        (range, beside) = if from <= middle { (left, right) } else { (right, left) };
        path.push(prover.hash(beside)?);
    }
    // Where that is the old tree itself, whoever verifies has its root.
    if range.start > 0 {
        path.push(prover.hash(range)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two below a count of two or more.
const fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// Hashes subtrees of a tree of `size` leaves, each tile read once.
struct Prover<'t, T> {
    tiles: &'t mut T,
    size: u64,
    read: HashMap<(u8, u64), Vec<NodeHash>>,
}

impl<'t, T: Tiles> Prover<'t, T> {
    fn new(tiles: &'t mut T, size: u64) -> Self {
        Self { tiles, size, read: HashMap::new() }
    }

    /// The hash of the subtree over a range of leaves, as the splits of RFC 6962 make it: complete subtrees from the left, each
    /// smaller than the one before.
    fn hash(&mut self, range: Range<u64>) -> Result<NodeHash, ProofError<T::Error>> {
        let (mut start, mut peaks) = (range.start, Vec::new());
        while start < range.end {
            let height = (range.end - start).ilog2();
            peaks.push(self.complete(start, height)?);
            start += 1 << height;
        }
        let smallest_first = peaks.into_iter().rev();
        Ok(smallest_first.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root))
    }

    /// The root of the complete subtree of 2^height leaves from `start` on.
    fn complete(&mut self, start: u64, height: u32) -> Result<NodeHash, ProofError<T::Error>> {
        let level = height / TILE_HEIGHT;
        let first = start >> (level * TILE_HEIGHT);
        let count = 1_usize << (height % TILE_HEIGHT);
        let index = first / TILE_WIDTH as u64;
        let offset = usize::try_from(first % TILE_WIDTH as u64).unwrap_or(usize::MAX);
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        let hashes = self.tile(level, index)?;
        let wanted = hashes.get(offset..offset.saturating_add(count));
        Ok(fold(wanted.ok_or(ProofError::Torn { level, index })?))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[NodeHash], ProofError<T::Error>> {
        let width = width_of(self.size, level, index);
        let hashes = match self.read.entry((level, index)) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(self.tiles.tile(level, index, width)?),
        };
        Ok(hashes)
    }
}

/// The root over hashes whose number is a power of two.
fn fold(hashes: &[NodeHash]) -> NodeHash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.first().copied().unwrap_or_else(empty_root)
}
