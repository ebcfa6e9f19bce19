//! The log as it stands, row by row: what an auditor reads, and what others may see of it.

use super::{Queries, QueryError};
use crate::domain::{PartnerId, Seq};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;
use utoipa::ToSchema;

/// Whose rows a reader sees whole. Of all others there is the hash, so that the chain and the tree can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// One partner's.
    Partner(PartnerId),
    /// Everybody's, and the deployment's own.
    Everything,
}

impl Sight {
    /// Whether a partner's rows are seen whole. The deployment's rows are nobody's.
    #[must_use]
    pub fn sees(self, partner: PartnerId) -> bool {
        match self {
            Self::Everything => true,
            Self::Partner(own) => own == partner && partner != PartnerId::DEPLOYMENT,
        }
    }
}

/// A row of the log, as much of it as the reader sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum LogRow {
    Whole(WholeRow),
    Hidden { seq: i64, hash: String },
}

/// Every column as it is hashed; bytes as hex digits, the payload as the text that it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WholeRow {
    pub seq: i64,
    pub command_seq: i64,
    pub recorded_at: i64,
    pub partner_id: i64,
    pub stream: String,
    pub version: i64,
    pub kind: String,
    pub schema: i64,
    pub actor: String,
    pub idempotency_key: Option<String>,
    pub fingerprint: Option<String>,
    pub payload: String,
    pub hash: String,
}

impl LogRow {
    /// Its place in the log.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        match self {
            Self::Whole(WholeRow { seq, .. }) | Self::Hidden { seq, .. } => Seq::new(*seq),
        }
    }
}

const COLUMNS: &str = "seq, command_seq, recorded_at, partner_id, stream, version, kind, schema, actor, idempotency_key, \
                       fingerprint, payload, hash";

impl Queries {
    /// At most `limit` rows after `after`, in order.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn log_rows(&self, after: Seq, limit: i64, sight: Sight) -> Result<Vec<LogRow>, QueryError> {
        self.aside(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM ledger.events WHERE seq > ?1 ORDER BY seq LIMIT ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map((after.get(), limit), |row| seen(row, sight))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// One row with the hash of the row before it, where the reader sees it whole.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn log_row(&self, seq: Seq, sight: Sight) -> Result<Option<(WholeRow, String)>, QueryError> {
        self.aside(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM ledger.events WHERE seq = ?1");
            let row = connection.prepare_cached(&sql)?.query_row([seq.get()], |row| seen(row, sight)).optional()?;
            let Some(LogRow::Whole(row)) = row else { return Ok(None) };
            Ok(Some((row, hash_before(connection, seq)?)))
        })
        .await
    }
}

fn hash_before(connection: &Connection, seq: Seq) -> rusqlite::Result<String> {
    let sql = "SELECT hash FROM ledger.events WHERE seq = ?1";
    let hash: Option<[u8; 32]> =
        connection.prepare_cached(sql)?.query_row([seq.get() - 1], |row| row.get(0)).optional()?;
    Ok(hex::encode(hash.unwrap_or_default()))
}

fn seen(row: &Row<'_>, sight: Sight) -> rusqlite::Result<LogRow> {
    let partner = PartnerId::new(row.get(3)?);
    let hash = hex::encode(row.get::<_, [u8; 32]>(12)?);
    if !sight.sees(partner) {
        return Ok(LogRow::Hidden { seq: row.get(0)?, hash });
    }
    Ok(LogRow::Whole(WholeRow {
        seq: row.get(0)?,
        command_seq: row.get(1)?,
        recorded_at: row.get(2)?,
        partner_id: partner.get(),
        stream: row.get(4)?,
        version: row.get(5)?,
        kind: row.get(6)?,
        schema: row.get(7)?,
        actor: row.get(8)?,
        idempotency_key: row.get(9)?,
        fingerprint: row.get::<_, Option<Vec<u8>>>(10)?.map(hex::encode),
        payload: row.get(11)?,
        hash,
    }))
}
