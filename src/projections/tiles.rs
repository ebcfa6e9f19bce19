//! The Merkle tree's tiles: the table `tiles`. Level 0 is not kept: its hashes follow from the chain's, which the log holds.

use crate::domain::Seq;
use crate::event_log::{Hash, hashes};
use crate::tree::{Edge, FullTile, NodeHash, TILE_HEIGHT, Tiles, leaf_hash};
use rusqlite::{Connection, OptionalExtension as _};

/// The right edge of the tree, and the tiles that have become full and are not written yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Growth {
    edge: Edge,
    full: Vec<FullTile>,
}

impl Growth {
    /// Continues a tree that views.db holds up to `watermark`. Reads the partial tiles and at most 255 events, whatever the
    /// size of the log. A tile that lacks hashes is an error: views.db is then of no use.
    pub(super) fn restore(views: &Connection, ledger: &Connection, watermark: Seq) -> rusqlite::Result<Self> {
        let size = u64::try_from(watermark.get()).unwrap_or(0);
        let edge = Edge::restore(size, |level| {
            let shift = u32::from(level) * TILE_HEIGHT;
            match usize::try_from((size >> shift) % (1 << TILE_HEIGHT)).unwrap_or(0) {
                0 => Ok(Vec::new()),
                width => {
                    let mut stored = StoredTiles { views, leaves: Leaves::Of(ledger) };
                    let hashes = stored.tile(level, size >> (shift + TILE_HEIGHT), width)?;
                    if hashes.len() == width { Ok(hashes) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
                }
            }
        })?;
        Ok(Self { edge, full: Vec::new() })
    }

    /// Appends the next event.
    pub(super) fn append(&mut self, hash: &Hash) {
        let full = &mut self.full;
        self.edge.append(leaf_hash(hash), |tile| full.push(tile));
    }

    /// Writes what has become full, and the right edge.
    pub(super) fn write(&mut self, views: &Connection) -> rusqlite::Result<()> {
        for tile in std::mem::take(&mut self.full) {
            save(views, tile.level, tile.index, &tile.hashes)?;
        }
        for (level, index, hashes) in self.edge.partial_tiles() {
            save(views, level, index, hashes)?;
        }
        Ok(())
    }
}

fn save(views: &Connection, level: u8, index: u64, hashes: &[NodeHash]) -> rusqlite::Result<()> {
    let mut statement =
        views.prepare_cached("INSERT OR REPLACE INTO tiles (level, tile, hashes) VALUES (?1, ?2, ?3)")?;
    statement.execute((level, place(index), hashes.as_flattened())).map(|_| ())
}

// A tree of 2^63 leaves has no tile with a larger index.
fn place(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// The table `tiles` and the log's hashes as the tree's tiles.
#[derive(Debug)]
pub struct StoredTiles<'c> {
    views: &'c Connection,
    leaves: Leaves<'c>,
}

#[derive(Debug)]
enum Leaves<'c> {
    /// A connection to ledger.db.
    Of(&'c Connection),
    /// ledger.db is attached to views.db as `ledger`.
    Attached,
}

impl<'c> StoredTiles<'c> {
    /// The tiles of a reader's connection: views.db with ledger.db attached as `ledger`.
    #[must_use]
    pub const fn attached(views: &'c Connection) -> Self {
        Self { views, leaves: Leaves::Attached }
    }

    /// The data of the leaves of a tile of level 0: the chain's hashes, as far as the log has them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn entries(&self, index: u64, width: usize) -> rusqlite::Result<Vec<Hash>> {
        let first = place(index).saturating_mul(1 << TILE_HEIGHT);
        let until = first.saturating_add(i64::try_from(width).unwrap_or(i64::MAX));
        match self.leaves {
            Leaves::Of(ledger) => hashes(ledger, "events", Seq::new(first), Seq::new(until)),
            Leaves::Attached => hashes(self.views, "ledger.events", Seq::new(first), Seq::new(until)),
        }
    }
}

impl Tiles for StoredTiles<'_> {
    type Error = rusqlite::Error;

    fn tile(&mut self, level: u8, index: u64, width: usize) -> rusqlite::Result<Vec<NodeHash>> {
        if level == 0 {
            return Ok(self.entries(index, width)?.iter().map(leaf_hash).collect());
        }
        let mut statement = self.views.prepare_cached("SELECT hashes FROM tiles WHERE level = ?1 AND tile = ?2")?;
        let found: Option<Vec<u8>> = statement.query_row((level, place(index)), |row| row.get(0)).optional()?;
        let (all, _) = found.as_deref().unwrap_or_default().as_chunks::<32>();
        Ok(all.iter().take(width).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projections::layout::create_tables;
    use crate::tree::{inclusion, root};

    fn chain_hash(seq: i64) -> Hash {
        let mut hash = [9; 32];
        hash[..8].copy_from_slice(&seq.to_be_bytes());
        hash
    }

    /// The hashes of a log of that length, and views.db over it, written in batches that end everywhere.
    fn grown(until: i64, batch: i64) -> (Connection, Connection) {
        let (views, ledger) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
        create_tables(&views).unwrap();
        ledger.execute_batch("CREATE TABLE events (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL)").unwrap();
        ledger.execute_batch("BEGIN").unwrap();
        let mut growth = Growth::default();
        for seq in 1..=until {
            let hash = chain_hash(seq);
            ledger
                .prepare_cached("INSERT INTO events VALUES (?1, ?2)")
                .unwrap()
                .execute((seq, hash.as_slice()))
                .unwrap();
            growth.append(&hash);
            if seq % batch == 0 || seq == until {
                growth.write(&views).unwrap();
                growth = Growth::restore(&views, &ledger, Seq::new(seq)).unwrap();
            }
        }
        (views, ledger)
    }

    fn rows(views: &Connection) -> Vec<(i64, i64, Vec<u8>)> {
        let mut statement = views.prepare("SELECT level, tile, hashes FROM tiles ORDER BY level, tile").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn the_same_rows_come_out_whatever_the_batches_were() {
        let (at_once, log) = grown(66_000, 1_000_000);
        for batch in [997, 65_536] {
            let (views, ledger) = grown(66_000, batch);
            assert_eq!(rows(&views), rows(&at_once), "batches of {batch}");
            let edge = Growth::restore(&views, &ledger, Seq::new(66_000)).unwrap().edge;
            let mut tiles = StoredTiles { views: &views, leaves: Leaves::Of(&ledger) };
            assert_eq!(root(&mut tiles, 66_000).unwrap(), edge.root());
            assert_eq!(
                inclusion(&mut tiles, 65_999, 66_000).unwrap().len(),
                8,
                "few hashes beside a leaf of the right edge"
            );
        }
        at_once.execute_batch("DELETE FROM tiles WHERE level = 2").unwrap();
        assert!(Growth::restore(&at_once, &log, Seq::new(66_000)).is_err(), "a tree with a hole goes on nowhere");
    }

    #[test]
    fn full_and_partial_tiles_above_the_leaves_are_kept_and_nothing_else() {
        let (at_once, _) = grown(66_000, 1_000_000);
        let kept: Vec<_> =
            rows(&at_once).iter().map(|(level, tile, hashes)| (*level, *tile, hashes.len() / 32)).collect();
        assert_eq!(kept, [(1, 0, 256), (1, 1, 1), (2, 0, 1)]);
    }
}
