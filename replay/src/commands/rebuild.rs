//! `rebuild`: this tool's own fold as a file to query, with the tables of the service's projections.

use super::CommandError;
use crate::findings::Findings;
use crate::fold::{
    CardCounts, CardRow, Cards, Cell, ERA_BITS, LotRow, MovementRow, Shelf, Tables, VIEWS_INDEXES, VIEWS_TABLES, Value,
    shelves,
};
use crate::instant::Instant;
use crate::ledger::{COLUMNS, Event, head, require_ledger};
use crate::merkle::{Growing, Tiles, leaf};
use crate::payload::Payload;
use crate::progress::Progress;
use crate::verify::{LAYOUT, Lookups, row_of};
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

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            // A copy without its vault does not say; the look-up columns stay empty then.
            Self::Null | Self::Unknown => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Number(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Json(json) => ToSqlOutput::from(json.to_string()),
        })
    }
}

/// Keys on their way to the table `idempotency`: sorted by era, so that it is written from front to back.
struct Claims<'a> {
    statement: Statement<'a>,
    waiting: Vec<[i64; 3]>,
}

impl Claims<'_> {
    fn add(&mut self, row: [i64; 3]) -> rusqlite::Result<()> {
        if self.waiting.last().is_some_and(|last| last[0] != row[0]) {
            self.write()?;
        }
        self.waiting.push(row);
        Ok(())
    }

    fn write(&mut self) -> rusqlite::Result<()> {
        self.waiting.sort_unstable();
        self.waiting.drain(..).try_for_each(|row| self.statement.execute(row).map(|_| ()))
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
    target.execute_batch(VIEWS_TABLES)?;
    let transaction = target.transaction()?;
    let written = fold_into(&connection, &transaction, progress)?;
    transaction.commit()?;
    target.execute_batch(VIEWS_INDEXES)?;
    Ok(written)
}

fn fold_into(ledger: &Connection, target: &Connection, progress: &Progress) -> Result<Written, CommandError> {
    progress.begin("folding", head(ledger)?);
    let mut cards = Cards::default();
    let mut ignored = Findings::default();
    let mut written = Written::default();
    let (mut watermark, mut watermark_hash) = (0, crate::ledger::GENESIS);
    let mut movement = insert(target, "movements", &MovementRow::NAMES)?;
    let mut claims = Claims { statement: insert(target, "idempotency", &["era", "hash", "seq"])?, waiting: Vec::new() };
    let mut tables = Tables::default();
    let mut latest = Instant::from_micros(i64::MIN);
    let (mut growing, mut tiles) = (Growing::default(), Tiles::default());
    let mut statement = ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let event = Event::read(row)?;
        progress.at(event.seq);
        written.events += 1;
        (watermark, watermark_hash) = (event.seq, event.hash);
        growing.push_with(leaf(&event.hash), |root| tiles.push(root));
        if let Some(text) = event.idempotency_key {
            claims.add(row_of(event.seq, text))?;
        }
        let payload = Payload::read(event.kind, event.schema, event.payload)
            .map_err(|source| CommandError::Payload { seq: event.seq, source })?;
        cards.programme.learn(&event, &payload);
        let row = cards.apply(&event, &payload, &mut ignored);
        if let Some(row) = &row {
            movement.execute(rusqlite::params_from_iter(row.values()))?;
            written.movements += 1;
        }
        let customer = payload.card().and_then(|card| cards.get(card)).map(|card| card.customer);
        tables.apply(&event, &payload, customer, row.as_ref());
        latest = latest.max(Instant::from_micros(event.recorded_at));
        let card = payload.card().and_then(|card| cards.get(card));
        tables.books.book(&event, &payload, latest, card);
    }
    progress.end();
    claims.write()?;
    written.cards = write_cards(&cards, target)?;
    let mut lookups = Lookups::new(ledger);
    let mut contacts = |partner, record| lookups.of(partner, record);
    for shelf in shelves(watermark, tables, CardCounts::of_all(&cards), Some(tiles), &mut contacts) {
        write_shelf(shelf, target)?;
    }
    let mut meta = insert(target, "meta", &["name", "value"])?;
    meta.execute(("layout", LAYOUT))?;
    meta.execute(("watermark", watermark.to_string()))?;
    meta.execute(("watermark_hash", hex::encode(watermark_hash)))?;
    Ok(written)
}

fn write_cards(cards: &Cards, target: &Connection) -> Result<u64, CommandError> {
    let mut ids: Vec<_> = cards.ids().collect();
    // In the order of the tables, so that they are written from front to back.
    ids.sort_unstable();
    let mut card_row = insert(target, "cards", &CardRow::NAMES)?;
    let mut lots = Vec::new();
    let mut written = 0;
    for id in ids {
        let Some(card) = cards.get(id) else { continue };
        let number = card.number.to_string();
        card_row.execute(rusqlite::params_from_iter(CardRow::values(id, card, &number)))?;
        lots.extend(card.lots.iter().map(|lot| (id, lot)));
        written += 1;
    }
    lots.sort_unstable_by_key(|(id, lot)| (lot.lot.get() >> ERA_BITS, *id, lot.lot));
    let mut lot_row = insert(target, "lots", &LotRow::NAMES)?;
    for (id, lot) in lots {
        lot_row.execute(rusqlite::params_from_iter(LotRow::values(id, lot)))?;
    }
    Ok(written)
}

fn write_shelf(shelf: Shelf<'_>, target: &Connection) -> rusqlite::Result<()> {
    let mut statement = insert(target, shelf.shape.name, shelf.shape.columns)?;
    for row in shelf.rows {
        statement.execute(rusqlite::params_from_iter(row))?;
    }
    Ok(())
}

fn insert<'a>(target: &'a Connection, table: &str, columns: &[&str]) -> rusqlite::Result<Statement<'a>> {
    let places = vec!["?"; columns.len()].join(", ");
    target.prepare(&format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", ")))
}
