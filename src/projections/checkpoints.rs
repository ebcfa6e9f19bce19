//! Checkpoints, their cosignatures, and the keys that sign them: the tables `checkpoints` and `checkpoint_keys`.

use crate::domain::checkpoints::{CheckpointKey, Checkpoints, Newest};
use crate::domain::{Bytes, CheckpointKeyId, Event, Seq, Timestamp};
use crate::event_log::Stored;
use rusqlite::{Connection, OptionalExtension as _};

/// A row of `checkpoints`: the event as it is.
#[derive(Debug)]
pub(super) struct CheckpointRow {
    seq: Seq,
    at: Timestamp,
    event: Event,
}

impl CheckpointRow {
    /// The row that an event adds, where it is a checkpoint or a cosignature.
    pub(super) fn of(stored: &Stored) -> Option<Self> {
        let adds = matches!(stored.event, Event::CheckpointMade(_) | Event::CheckpointCosigned(_));
        adds.then(|| Self { seq: stored.seq, at: stored.at, event: stored.event.clone() })
    }

    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO checkpoints (seq, at, key, size, root, signature, witness, witness_key, cosigned_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        let (seq, at) = (self.seq.get(), self.at.micros());
        if let Event::CheckpointMade(event) = &self.event {
            let (key, size, root, signature) = (event.key.get(), event.size.get(), event.root.0, event.signature.0);
            let none: Option<i64> = None;
            statement.execute((seq, at, key, size, root, signature, none, none, none))?;
        } else if let Event::CheckpointCosigned(event) = &self.event {
            let (key, size, signature) = (event.key.get(), event.size.get(), event.signature.0);
            let none: Option<i64> = None;
            statement.execute((
                seq,
                at,
                key,
                size,
                none,
                signature,
                &event.witness,
                event.public_key.0,
                event.timestamp,
            ))?;
        }
        Ok(())
    }
}

/// The keys, and the newest checkpoint.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<Checkpoints> {
    let mut checkpoints = Checkpoints::default();
    let keys = "SELECT key, origin, public_key, created_at, retired_at, version, as_of FROM checkpoint_keys";
    let mut statement = connection.prepare(keys)?;
    let rows = statement.query_map([], |row| {
        Ok(CheckpointKey {
            id: CheckpointKeyId::new(row.get(0)?),
            origin: row.get(1)?,
            public_key: Bytes(row.get(2)?),
            created_at: Timestamp::from_micros(row.get(3)?),
            retired_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
            version: row.get(5)?,
            as_of: Seq::new(row.get(6)?),
        })
    })?;
    for key in rows {
        let key = key?;
        checkpoints.keys.insert(key.id, key);
    }
    let newest =
        "SELECT seq, key, size, root, signature, at FROM checkpoints WHERE witness IS NULL ORDER BY seq DESC LIMIT 1";
    let newest = connection.query_row(newest, [], |row| {
        Ok(Newest {
            seq: Seq::new(row.get(0)?),
            key: CheckpointKeyId::new(row.get(1)?),
            size: Seq::new(row.get(2)?),
            root: Bytes(row.get(3)?),
            signature: Bytes(row.get(4)?),
            at: Timestamp::from_micros(row.get(5)?),
        })
    });
    checkpoints.newest = newest.optional()?;
    Ok(checkpoints)
}

/// Writes the keys that changed after `before`.
pub(super) fn save_keys(connection: &Connection, checkpoints: &Checkpoints, before: Seq) -> rusqlite::Result<()> {
    for key in checkpoints.keys.values().filter(|key| key.as_of > before) {
        connection
            .prepare_cached("INSERT OR REPLACE INTO checkpoint_keys (key, origin, public_key, created_at, retired_at, version, as_of) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute((
                key.id.get(),
                &key.origin,
                key.public_key.0,
                key.created_at.micros(),
                key.retired_at.map(Timestamp::micros),
                key.version,
                key.as_of.get(),
            ))?;
    }
    Ok(())
}
