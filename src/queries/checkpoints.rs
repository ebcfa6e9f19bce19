//! Checkpoints as they were recorded, with the cosignatures that they have got since.

use super::{Queries, QueryError};
use crate::domain::{Bytes, CheckpointKeyId, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row};

/// A checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointView {
    /// The event that records it.
    pub seq: Seq,
    pub at: Timestamp,
    pub key: CheckpointKeyId,
    pub size: Seq,
    pub root: Bytes<32>,
    pub signature: Bytes<64>,
    pub cosignatures: Vec<CosignatureView>,
}

/// A witness's signature, verified when it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignatureView {
    pub witness: String,
    pub public_key: Bytes<32>,
    pub timestamp: i64,
    pub signature: Bytes<64>,
}

/// Which checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichCheckpoint {
    Newest,
    OfSize(Seq),
    /// The smallest one that covers the event: always the same, once there is one.
    Covering(Seq),
}

const COLUMNS: &str = "seq, at, key, size, root, signature";

impl Queries {
    /// A checkpoint, if there is one.
    ///
    /// # Errors
    /// When views.db cannot be read, or is behind for too long.
    pub async fn checkpoint(&self, which: WhichCheckpoint) -> Result<Option<CheckpointView>, QueryError> {
        self.settled().await?;
        self.here(|views| find(views, which))
    }

    /// [`Queries::checkpoint`] for a thread that may block.
    ///
    /// # Errors
    /// As there.
    pub fn checkpoint_blocking(&self, which: WhichCheckpoint) -> Result<Option<CheckpointView>, QueryError> {
        self.settled_blocking()?;
        self.here(|views| find(views, which))
    }

    /// At most `limit` checkpoints of sizes above `after`, the smallest first.
    ///
    /// # Errors
    /// As [`Queries::checkpoint`].
    pub async fn checkpoints(&self, after: Seq, limit: i64) -> Result<Vec<CheckpointView>, QueryError> {
        self.settled().await?;
        self.aside(move |views| {
            let sql =
                format!("SELECT {COLUMNS} FROM checkpoints WHERE size > ?1 AND witness IS NULL ORDER BY size LIMIT ?2");
            let mut statement = views.prepare_cached(&sql)?;
            let rows = statement.query_map((after.get(), limit), view)?;
            rows.map(|row| with_cosignatures(views, row?)).collect()
        })
        .await
    }
}

fn find(views: &Connection, which: WhichCheckpoint) -> Result<Option<CheckpointView>, QueryError> {
    let (tail, size) = match which {
        WhichCheckpoint::Newest => ("size >= ?1 AND witness IS NULL ORDER BY size DESC LIMIT 1", Seq::ZERO),
        WhichCheckpoint::OfSize(size) => ("size = ?1 AND witness IS NULL LIMIT 1", size),
        WhichCheckpoint::Covering(seq) => ("size >= ?1 AND witness IS NULL ORDER BY size LIMIT 1", seq),
    };
    let mut statement = views.prepare_cached(&format!("SELECT {COLUMNS} FROM checkpoints WHERE {tail}"))?;
    let found = statement.query_row([size.get()], view).optional()?;
    found.map(|found| with_cosignatures(views, found)).transpose()
}

fn view(row: &Row<'_>) -> rusqlite::Result<CheckpointView> {
    Ok(CheckpointView {
        seq: Seq::new(row.get(0)?),
        at: Timestamp::from_micros(row.get(1)?),
        key: CheckpointKeyId::new(row.get(2)?),
        size: Seq::new(row.get(3)?),
        root: Bytes(row.get(4)?),
        signature: Bytes(row.get(5)?),
        cosignatures: Vec::new(),
    })
}

fn with_cosignatures(views: &Connection, mut checkpoint: CheckpointView) -> Result<CheckpointView, QueryError> {
    let sql = "SELECT witness, witness_key, cosigned_at, signature FROM checkpoints \
               WHERE size = ?1 AND witness IS NOT NULL ORDER BY seq";
    let mut statement = views.prepare_cached(sql)?;
    let rows = statement.query_map([checkpoint.size.get()], |row| {
        let (public_key, signature) = (Bytes(row.get(1)?), Bytes(row.get(3)?));
        Ok(CosignatureView { witness: row.get(0)?, public_key, timestamp: row.get(2)?, signature })
    })?;
    checkpoint.cosignatures = rows.collect::<rusqlite::Result<_>>()?;
    Ok(checkpoint)
}
