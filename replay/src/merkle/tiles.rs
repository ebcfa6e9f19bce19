//! The tiles above the leaves (C2SP tlog-tiles), from the roots of the full tiles of leaves.

use super::Growing;
use crate::ledger::Hash;

/// How many hashes a full tile has.
pub(super) const WIDTH: usize = 256;

/// The roots of the full tiles of leaves, from the first on: 32 bytes for 256 leaves.
#[derive(Debug, Clone, Default)]
pub struct Tiles(Vec<Hash>);

impl Tiles {
    /// Adds the root over the next 256 leaves.
    pub fn push(&mut self, root: Hash) {
        self.0.push(root);
    }

    /// Every tile of level 1 and above as its level, its index and its hashes, in that order. The last of a level may be partial, none is empty.
    pub fn rows(self) -> impl Iterator<Item = (i64, i64, Vec<u8>)> {
        let mut levels = Vec::new();
        let mut hashes = self.0;
        while !hashes.is_empty() {
            let above = hashes.chunks_exact(WIDTH).map(root).collect();
            levels.push(std::mem::replace(&mut hashes, above));
        }
        (1..).zip(levels).flat_map(|(level, hashes)| {
            let tiles: Vec<_> = hashes.chunks(WIDTH).map(<[Hash]>::concat).collect();
            (0..).zip(tiles).map(move |(index, tile)| (level, index, tile))
        })
    }
}

fn root(tile: &[Hash]) -> Hash {
    let mut growing = Growing::default();
    tile.iter().for_each(|hash| growing.push(*hash));
    growing.root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf;

    fn leaf_at(place: usize) -> Hash {
        leaf(&[u8::try_from(place % 251).unwrap(); 32])
    }

    /// A root by nothing but the definition.
    fn over(leaves: std::ops::Range<usize>) -> Hash {
        let mut growing = Growing::default();
        leaves.for_each(|place| growing.push(leaf_at(place)));
        growing.root()
    }

    fn tiles(leaves: usize) -> Vec<(i64, i64, Vec<u8>)> {
        let (mut growing, mut tiles) = (Growing::default(), Tiles::default());
        (0..leaves).for_each(|place| growing.push_with(leaf_at(place), |root| tiles.push(root)));
        assert_eq!(growing.root(), over(0..leaves));
        tiles.rows().collect()
    }

    #[test]
    fn a_tile_is_there_from_its_first_hash_on() {
        let shape = |leaves| -> Vec<_> {
            tiles(leaves).iter().map(|(level, tile, hashes)| (*level, *tile, hashes.len() / 32)).collect()
        };
        assert_eq!(shape(0), []);
        assert_eq!(shape(255), []);
        assert_eq!(shape(256), [(1, 0, 1)]);
        assert_eq!(shape(511), [(1, 0, 1)]);
        assert_eq!(shape(65_535), [(1, 0, 255)]);
        assert_eq!(shape(65_536), [(1, 0, 256), (2, 0, 1)]);
        assert_eq!(shape(131_072 + 256), [(1, 0, 256), (1, 1, 256), (1, 2, 1), (2, 0, 2)]);
    }

    #[test]
    fn its_hashes_are_the_roots_of_what_is_below() {
        let all = tiles(131_072 + 600);
        assert_eq!(all[0].2[32..64], over(256..512));
        assert_eq!(all[1].2[255 * 32..], over(131_072 - 256..131_072));
        assert_eq!(all[2].2, [over(131_072..131_072 + 256), over(131_072 + 256..131_072 + 512)].concat());
        assert_eq!(all[3].2, [over(0..65_536), over(65_536..131_072)].concat());
    }
}
