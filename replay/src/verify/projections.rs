//! The tables against the fold, column by column. Movements were compared on the way through the log.

use super::idempotency::{self, RowSum};
use super::tables::{self, Lookups};
use super::views::{Views, unreadable};
use super::{VerifyError, fold_of};
use crate::findings::{Check, Findings};
use crate::fold::{Card, CardCounts, CardRow, Cards, LotRow, Tables, Value, differences, shelves};
use crate::merkle::Tiles;
use crate::points::{CardId, LotId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use std::collections::HashSet;

/// How many rows were compared.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compared {
    pub(super) cards: u64,
    pub(super) lots: u64,
}

/// Compares all tables with the folds as of the watermark.
pub(super) fn compare(
    views: &Views,
    ledger: &Connection,
    folds: &[Cards],
    (tables, tiles): (Tables, Option<Tiles>),
    claims: &RowSum,
    findings: &mut Findings,
) -> Result<Compared, VerifyError> {
    let folds = Folds(folds);
    // A watermark may say anything.
    let head: i64 = ledger.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))?;
    let mut lookups = Lookups::new(ledger);
    let mut contacts = |partner, record| lookups.of(partner, record);
    for shelf in shelves(views.watermark.min(head), tables, CardCounts::of(folds.cards()), tiles, &mut contacts) {
        let table = shelf.shape.name;
        let compared = tables::compare(&views.connection, shelf, findings);
        as_far_as_it_is_readable(table, compared, findings)?;
    }
    let compared = idempotency::compare(views, ledger, claims, findings);
    as_far_as_it_is_readable("idempotency", compared, findings)?;
    let cards = compare_cards(views, &folds, findings);
    let cards = as_far_as_it_is_readable("cards", cards, findings)?.unwrap_or(0);
    let lots = compare_lots(views, &folds, findings);
    let lots = as_far_as_it_is_readable("lots", lots, findings)?.unwrap_or(0);
    Ok(Compared { cards, lots })
}

/// A table that cannot be read to its end is a finding, and the other tables are compared all the same. The log was read to its end
/// before, so the file at fault is views.db.
fn as_far_as_it_is_readable<T>(
    table: &'static str,
    compared: Result<T, VerifyError>,
    findings: &mut Findings,
) -> Result<Option<T>, VerifyError> {
    match compared {
        Ok(compared) => Ok(Some(compared)),
        Err(VerifyError::Sqlite(error)) => {
            unreadable(table, &error, findings);
            Ok(None)
        }
        Err(error @ (VerifyError::Open(_) | VerifyError::Died)) => Err(error),
    }
}

struct Folds<'a>(&'a [Cards]);

impl<'a> Folds<'a> {
    fn card(&self, id: CardId) -> Option<&'a Card> {
        self.0.get(fold_of(id, self.0.len()))?.as_frozen(id)
    }

    fn cards(&self) -> impl Iterator<Item = (CardId, &'a Card)> {
        self.0.iter().flat_map(|fold| fold.ids().filter_map(|id| Some((id, fold.as_frozen(id)?))))
    }
}

fn compare_cards(views: &Views, folds: &Folds<'_>, findings: &mut Findings) -> Result<u64, VerifyError> {
    let columns = CardRow::NAMES.join(", ");
    let mut statement = views.connection.prepare(&format!("SELECT {columns} FROM cards ORDER BY card"))?;
    let mut rows = statement.query([])?;
    let (mut compared, mut matched) = (0, 0);
    while let Some(row) = rows.next()? {
        compared += 1;
        let id = CardId::new(row.get(0)?);
        let Some(card) = folds.card(id) else {
            findings.row(Check::Projections, "cards", id, None, "the table has this card, the log does not");
            continue;
        };
        matched += 1;
        let number = card.number.to_string();
        for (column, held, wanted) in differences(&CardRow::NAMES, held(row)?, CardRow::values(id, card, &number)) {
            findings.row(
                Check::Projections,
                "cards",
                id,
                Some(column),
                format!("the table says {held}, the log says {wanted}"),
            );
        }
    }
    if folds.cards().count() > matched {
        let listed: HashSet<i64> = views
            .connection
            .prepare("SELECT card FROM cards")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for (id, _) in folds.cards().filter(|(id, _)| !listed.contains(&id.get())) {
            findings.row(Check::Projections, "cards", id, None, "the log has this card, the table does not");
        }
    }
    Ok(compared)
}

fn compare_lots(views: &Views, folds: &Folds<'_>, findings: &mut Findings) -> Result<u64, VerifyError> {
    let columns = LotRow::NAMES.join(", ");
    let mut statement = views.connection.prepare(&format!("SELECT {columns} FROM lots ORDER BY era, card, lot"))?;
    let mut rows = statement.query([])?;
    let (mut compared, mut matched) = (0, 0);
    while let Some(row) = rows.next()? {
        compared += 1;
        let (id, lot) = (CardId::new(row.get(1)?), LotId::new(row.get(2)?));
        let open = folds
            .card(id)
            .and_then(|card| card.lots.binary_search_by_key(&lot, |open| open.lot).ok().map(|at| card.lots[at]));
        let Some(open) = open else {
            findings.row(
                Check::Projections,
                "lots",
                format!("{id}/{lot}"),
                None,
                format!("the table has lot {lot} of card {id}, which is not open by the log"),
            );
            continue;
        };
        matched += 1;
        for (column, held, wanted) in differences(&LotRow::NAMES, held(row)?, LotRow::values(id, &open)) {
            findings.row(
                Check::Projections,
                "lots",
                format!("{id}/{lot}"),
                Some(column),
                format!("the table says {held}, the log says {wanted}"),
            );
        }
    }
    if folds.cards().map(|(_, card)| card.lots.len()).sum::<usize>() > matched {
        let mut listed = HashSet::new();
        let mut statement = views.connection.prepare("SELECT card, lot FROM lots")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            listed.insert((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        }
        for (id, card) in folds.cards() {
            for lot in card.lots.iter().filter(|lot| !listed.contains(&(id.get(), lot.lot.get()))) {
                let sentence =
                    format!("lot {} of card {id} is open by the log, but the table does not have it", lot.lot);
                findings.row(Check::Projections, "lots", format!("{id}/{}", lot.lot), None, sentence);
            }
        }
    }
    Ok(compared)
}

/// What a row holds, as it stands.
fn held<'a, const N: usize>(row: &'a Row<'_>) -> Result<[Value<'a>; N], VerifyError> {
    let mut values = [Value::Null; N];
    for (at, value) in values.iter_mut().enumerate() {
        *value = match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Number(number),
            ValueRef::Text(_) => row.get_ref(at)?.as_str().map_or(Value::Text("(not UTF-8)"), Value::Text),
            ValueRef::Real(_) | ValueRef::Blob(_) => Value::Text("(a number with a fraction, or bytes)"),
        };
    }
    Ok(values)
}
