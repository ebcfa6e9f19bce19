//! The Merkle tree: its head, its tiles, and proofs for any size up to the end of the log.

use super::{Queries, QueryError};
use crate::domain::{CheckpointKeyId, Seq};
use crate::projections::{StoredTiles, watermark};
use crate::tree::{self, NodeHash, ProofError, TileId, Tiles as _, width_of};
use rusqlite::Connection;

/// How large the tree is, and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    pub size: Seq,
    pub root: NodeHash,
}

/// That an event is in the tree of a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    pub leaf_hash: NodeHash,
    pub hashes: Vec<NodeHash>,
    pub root: NodeHash,
}

/// That a tree begins with a smaller one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    pub hashes: Vec<NodeHash>,
    pub from_root: NodeHash,
    pub to_root: NodeHash,
}

impl From<ProofError<rusqlite::Error>> for QueryError {
    fn from(error: ProofError<rusqlite::Error>) -> Self {
        if let ProofError::Tiles(source) = error { Self::Read(source) } else { Self::Tree(error.to_string()) }
    }
}

impl Queries {
    /// The tree over everything that was committed when this was called. Blocks until the projector is there.
    ///
    /// # Errors
    /// When views.db cannot be read, or is behind for too long.
    pub fn tree_head(&self) -> Result<TreeHead, QueryError> {
        self.settled_blocking()?;
        self.tree_head_so_far()
    }

    /// The tree as far as the projector has come. It waits for nobody: under load, waiting would make the projector work at once
    /// what it does more cheaply by the batch.
    ///
    /// # Errors
    /// When views.db cannot be read.
    pub fn tree_head_so_far(&self) -> Result<TreeHead, QueryError> {
        self.here(|views| {
            let size = watermark(views)?;
            Ok(TreeHead { size, root: root(views, size)? })
        })
    }

    /// The root of the tree of a size that the log has reached.
    ///
    /// # Errors
    /// As [`Queries::tree_head`], and where the log is not that long.
    pub fn tree_root(&self, size: Seq) -> Result<NodeHash, QueryError> {
        let reached = self.here(|views| Ok(if watermark(views)? >= size { Some(root(views, size)?) } else { None }))?;
        if let Some(root) = reached {
            return Ok(root);
        }
        self.settled_blocking()?;
        self.here(|views| root(views, size))
    }

    /// The keys that began because the log was put back to an older copy.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn keys_after_restorations(&self) -> Result<Vec<CheckpointKeyId>, QueryError> {
        // The one command writes both events, one after the other.
        let sql = "SELECT created.payload ->> '$.key' FROM ledger.events retired \
             JOIN ledger.events created ON created.seq = retired.seq + 1 \
             WHERE retired.kind = 'checkpoint_key.retired' AND retired.payload ->> '$.cause' = 'restored'";
        self.here(|views| {
            let mut query = views.prepare(sql)?;
            let keys = query.query_map([], |row| Ok(CheckpointKeyId::new(row.get(0)?)))?;
            Ok(keys.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether anything but checkpoints and cosignatures stands after the first `from` events and within the first `to`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn grown_between(&self, from: Seq, to: Seq) -> Result<bool, QueryError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM ledger.events WHERE seq > ?1 AND seq <= ?2 \
                   AND kind NOT IN ('checkpoint.made', 'checkpoint.cosigned'))";
        self.here(|views| Ok(views.prepare_cached(sql)?.query_row([from.get(), to.get()], |row| row.get(0))?))
    }

    /// The proof that the event is in the tree of `size` events. Both must be there.
    ///
    /// # Errors
    /// As [`Queries::tree_root`].
    pub async fn inclusion(&self, seq: Seq, size: Seq) -> Result<InclusionProof, QueryError> {
        self.settled().await?;
        self.aside(move |views| inclusion(views, seq, size)).await
    }

    /// The proof that the tree of `to` events begins with the tree of `from`.
    ///
    /// # Errors
    /// As [`Queries::tree_root`].
    pub async fn consistency(&self, from: Seq, to: Seq) -> Result<ConsistencyProof, QueryError> {
        self.settled().await?;
        self.aside(move |views| {
            let hashes = tree::consistency(&mut StoredTiles::attached(views), count(from), count(to))?;
            Ok(ConsistencyProof { hashes, from_root: root(views, from)?, to_root: root(views, to)? })
        })
        .await
    }

    /// The hashes of a tile, where the tree has so many of them.
    ///
    /// # Errors
    /// As [`Queries::tree_head`].
    pub async fn tile(&self, id: TileId) -> Result<Option<Vec<NodeHash>>, QueryError> {
        self.of_tile(id, move |tiles| tiles.tile(id.level, id.index, id.width)).await
    }

    /// The data of the leaves of a tile of level 0, where the tree has so many of them.
    ///
    /// # Errors
    /// As [`Queries::tree_head`].
    pub async fn entries(&self, id: TileId) -> Result<Option<Vec<NodeHash>>, QueryError> {
        self.of_tile(id, move |tiles| tiles.entries(id.index, id.width)).await
    }

    async fn of_tile(
        &self,
        id: TileId,
        read: impl FnOnce(&mut StoredTiles<'_>) -> rusqlite::Result<Vec<NodeHash>> + Send + 'static,
    ) -> Result<Option<Vec<NodeHash>>, QueryError> {
        self.settled().await?;
        self.aside(move |views| {
            let there = width_of(count(watermark(views)?), id.level, id.index) >= id.width;
            let hashes = if there { Some(read(&mut StoredTiles::attached(views))?) } else { None };
            Ok(hashes.filter(|hashes| hashes.len() == id.width))
        })
        .await
    }
}

fn inclusion(views: &Connection, seq: Seq, size: Seq) -> Result<InclusionProof, QueryError> {
    let index = count(seq).saturating_sub(1);
    let mut tiles = StoredTiles::attached(views);
    let hashes = tree::inclusion(&mut tiles, index, count(size))?;
    let place = usize::try_from(index % (1 << tree::TILE_HEIGHT)).unwrap_or(0);
    let leaves = tiles.tile(0, index >> tree::TILE_HEIGHT, place + 1)?;
    let leaf_hash = leaves.get(place).copied();
    let leaf_hash = leaf_hash.ok_or_else(|| QueryError::Tree(format!("event {seq} is missing")))?;
    Ok(InclusionProof { leaf_hash, hashes, root: root(views, size)? })
}

fn root(views: &Connection, size: Seq) -> Result<NodeHash, QueryError> {
    Ok(tree::root(&mut StoredTiles::attached(views), count(size))?)
}

// A seq is no less than 0.
fn count(seq: Seq) -> u64 {
    u64::try_from(seq.get()).unwrap_or(0)
}
