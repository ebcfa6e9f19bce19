//! `rebuild`: this tool's own fold as a file to query, with the columns of the service's projections.

use super::CommandError;
use crate::findings::Findings;
use crate::fold::{CardRow, Cards, LotRow, MovementRow, Value};
use crate::ledger::{COLUMNS, Event, head, require_ledger};
use crate::payload::Payload;
use crate::progress::Progress;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};
use std::path::Path;

/// What a rebuild wrote.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    pub events: u64,
    pub cards: u64,
    pub movements: u64,
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Folds a ledger into a new file.
///
/// # Errors
/// The file exists, or the ledger cannot be read: a payload that is not one stops the rebuild, `verify` says more.
pub fn rebuild(ledger: &Path, file: &Path, progress: &Progress) -> Result<Written, CommandError> {
    if file.exists() {
        return Err(CommandError::Exists(file.to_owned()));
    }
    let connection = require_ledger(ledger)?;
    let mut target = Connection::open(file)?;
    // A rebuild that was interrupted is thrown away, so nothing has to survive a loss of power.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    target.execute_batch(SCHEMA)?;
    let transaction = target.transaction()?;
    let written = fold_into(&connection, &transaction, progress)?;
    transaction.commit()?;
    target.execute_batch("CREATE INDEX movements_by_card ON movements (card, seq)")?;
    Ok(written)
}

const SCHEMA: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cards (
    card INTEGER PRIMARY KEY, partner INTEGER NOT NULL, customer INTEGER NOT NULL, template INTEGER NOT NULL, number TEXT NOT NULL,
    status TEXT NOT NULL, status_before_block TEXT, design TEXT NOT NULL, shop INTEGER, tier TEXT NOT NULL, balance INTEGER NOT NULL,
    debt INTEGER NOT NULL, lifetime INTEGER NOT NULL, redeemed INTEGER NOT NULL, expired INTEGER NOT NULL, adjusted INTEGER NOT NULL,
    movements INTEGER NOT NULL, last_seq INTEGER, last_type TEXT, last_points INTEGER, last_at INTEGER, issued_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    last_activity INTEGER NOT NULL, blocked_at INTEGER, block_record INTEGER, metadata_record INTEGER, version INTEGER NOT NULL, as_of INTEGER NOT NULL
) STRICT;
CREATE TABLE lots (
    card INTEGER NOT NULL, lot INTEGER NOT NULL, points INTEGER NOT NULL, remaining INTEGER NOT NULL, shop INTEGER, expires_at INTEGER,
    PRIMARY KEY (card, lot)
) STRICT, WITHOUT ROWID;
CREATE TABLE movements (
    seq INTEGER PRIMARY KEY, card INTEGER NOT NULL, type TEXT NOT NULL, points INTEGER NOT NULL, balance_before INTEGER NOT NULL,
    balance_after INTEGER NOT NULL, shop INTEGER, order_id TEXT, reference TEXT, expires_at INTEGER, actor TEXT NOT NULL, record INTEGER, at INTEGER NOT NULL,
    happened_at INTEGER
) STRICT;
CREATE TABLE keys (seq INTEGER PRIMARY KEY, idempotency_key TEXT NOT NULL) STRICT;
";

fn fold_into(ledger: &Connection, target: &Connection, progress: &Progress) -> Result<Written, CommandError> {
    progress.begin("folding", head(ledger)?);
    let mut cards = Cards::default();
    let mut ignored = Findings::default();
    let mut written = Written::default();
    let (mut watermark, mut watermark_hash) = (0, crate::ledger::GENESIS);
    let mut movement = insert(target, "movements", &MovementRow::NAMES)?;
    let mut key = insert(target, "keys", &["seq", "idempotency_key"])?;
    let mut statement = ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let event = Event::read(row)?;
        progress.at(event.seq);
        written.events += 1;
        (watermark, watermark_hash) = (event.seq, event.hash);
        if let Some(text) = event.idempotency_key {
            key.execute((event.seq, text))?;
        }
        let payload = Payload::read(event.kind, event.schema, event.payload)
            .map_err(|source| CommandError::Payload { seq: event.seq, source })?;
        if let Some(row) = cards.apply(&event, &payload, &mut ignored) {
            movement.execute(rusqlite::params_from_iter(row.values()))?;
            written.movements += 1;
        }
    }
    progress.end();
    written.cards = write_cards(&cards, target)?;
    let mut meta = insert(target, "meta", &["name", "value"])?;
    meta.execute(("watermark", watermark.to_string()))?;
    meta.execute(("watermark_hash", hex::encode(watermark_hash)))?;
    Ok(written)
}

fn write_cards(cards: &Cards, target: &Connection) -> Result<u64, CommandError> {
    let mut ids: Vec<_> = cards.ids().collect();
    // In the order of the tables, so that they are written from front to back.
    ids.sort_unstable();
    let mut card_row = insert(target, "cards", &CardRow::NAMES)?;
    let mut lot_row = insert(target, "lots", &LotRow::NAMES)?;
    let mut written = 0;
    for id in ids {
        let Some(card) = cards.get(id) else { continue };
        let number = card.number.to_string();
        card_row.execute(rusqlite::params_from_iter(CardRow::values(id, card, &number)))?;
        for lot in &card.lots {
            lot_row.execute(rusqlite::params_from_iter(LotRow::values(id, lot)))?;
        }
        written += 1;
    }
    Ok(written)
}

fn insert<'a>(target: &'a Connection, table: &str, columns: &[&str]) -> rusqlite::Result<Statement<'a>> {
    let places = vec!["?"; columns.len()].join(", ");
    target.prepare(&format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", ")))
}
