//! The rows of [`Tables`] as views.db has them: table by table, sorted by their keys.

use super::book::Cards;
use super::card::Card;
use super::shapes::{
    CARD_COUNTS, CUSTOMER_RECORDS, CUSTOMERS, Cell, ERAS, KEYS, PARTNERS, REFUNDS, SHOPS, STREAM_EVENTS, Shape,
    TEMPLATES, TILES, TRANSACTION_COUNTS, WEBHOOKS,
};
use super::tables::{Course, Tables};
use crate::decimal::Decimal;
use crate::merkle::Tiles;
use crate::points::CardId;
use std::collections::BTreeMap;

/// How many card ids one row of `card_counts` spans.
const CARD_BLOCK: i64 = 4096;

/// How many seqs share an era, as a power of two.
pub const ERA_BITS: u32 = 20;

/// A table with the rows that it should have, sorted by key.
#[expect(missing_debug_implementations, reason = "an iterator shows nothing")]
pub struct Shelf<'a> {
    pub shape: Shape,
    pub rows: Box<dyn Iterator<Item = Vec<Cell>> + 'a>,
}

/// How many cards each block, status and tier of a partner has.
#[derive(Debug, Default)]
pub struct CardCounts(BTreeMap<(i64, i64, &'static str, &'static str), i64>);

impl CardCounts {
    /// Of the cards of some folds, as they are.
    #[must_use]
    pub fn of<'a>(cards: impl IntoIterator<Item = (CardId, &'a Card)>) -> Self {
        let mut counts = Self::default();
        for (id, card) in cards {
            let key = (card.partner.get(), id.get().div_euclid(CARD_BLOCK), card.status.name(), card.tier.name());
            *counts.0.entry(key).or_default() += 1;
        }
        counts
    }

    /// Of all cards of a fold, as they are.
    #[must_use]
    pub fn of_all(cards: &Cards) -> Self {
        Self::of(cards.iter())
    }
}

/// What the look-up columns of a customer hold, from the partner and the record that is in force.
pub type Contacts<'a> = dyn FnMut(i64, i64) -> [Cell; 2] + 'a;

/// The tables with their rows as of the event `last`; without the tree's, where its tiles cannot be known.
pub fn shelves<'a>(
    last: i64,
    mut tables: Tables,
    counts: CardCounts,
    tiles: Option<Tiles>,
    contacts: &'a mut Contacts<'a>,
) -> impl Iterator<Item = Shelf<'a>> {
    tables.customer_records.sort_unstable();
    tables.customer_records.dedup();
    tables.stream_events.sort_unstable();
    tables.refunds.sort_unstable();
    let Tables {
        partners,
        shops,
        templates,
        keys,
        webhooks,
        customers,
        customer_records,
        stream_events,
        refunds,
        transactions,
        checkpoints,
        seals,
        books,
    } = tables;
    let mut customers: Vec<_> = customers.into_iter().collect();
    customers.sort_unstable_by_key(|(id, _)| *id);
    let mut transactions: Vec<_> = transactions.into_iter().collect();
    transactions.sort_unstable_by_key(|(key, _)| *key);
    let thing = |(id, row): (i64, super::tables::ThingRow)| {
        let Course { created_at, updated_at, ended_at, version, as_of } = row.course;
        let (partner, says, record) = (row.partner, Cell::Json(plain(row.says)), row.record);
        vec![
            id.into(),
            partner.into(),
            says,
            record.into(),
            created_at.into(),
            version.into(),
            as_of.into(),
            updated_at.into(),
            ended_at.into(),
        ]
    };
    let pair = |(one, other): (i64, i64)| vec![Cell::Number(one), Cell::Number(other)];
    let record = |row: [i64; 3]| row.map(Cell::Number).to_vec();
    let triple = |(stream, id, seq): (&'static str, i64, i64)| vec![Cell::from(stream), id.into(), seq.into()];
    let partner = |(id, row): (i64, super::tables::PartnerRow)| {
        let Course { created_at, updated_at, version, as_of, .. } = row.course;
        vec![
            id.into(),
            Cell::Text(row.currency),
            row.record.into(),
            created_at.into(),
            version.into(),
            as_of.into(),
            Cell::Json(plain(row.settings)),
            row.settings_record.into(),
            updated_at.into(),
        ]
    };
    let key = |(id, mut row): (i64, super::tables::KeyRow)| {
        let mut said = |field| Cell::Json(plain(row.says[field].take()));
        let [form, scopes, allowed_ips] = ["form", "scopes", "allowed_ips"].map(&mut said);
        let Course { created_at, ended_at, version, as_of, .. } = row.course;
        vec![
            id.into(),
            row.partner.into(),
            Cell::Text(row.public_id),
            form,
            row.shop.into(),
            scopes,
            allowed_ips,
            row.expires_at.into(),
            created_at.into(),
            ended_at.into(),
            version.into(),
            as_of.into(),
        ]
    };
    let customer = move |(id, row): (i64, super::tables::CustomerRow)| {
        let Course { created_at, updated_at, ended_at, version, as_of } = row.course;
        let [email, phone] =
            if ended_at.is_some() { [Cell::Null, Cell::Null] } else { contacts(row.partner, row.record) };
        vec![
            id.into(),
            row.partner.into(),
            email,
            phone,
            row.record.into(),
            created_at.into(),
            updated_at.into(),
            ended_at.into(),
            version.into(),
            as_of.into(),
        ]
    };
    let count = |((partner, block, status, tier), cards): ((i64, i64, &str, &str), i64)| {
        vec![partner.into(), block.into(), status.into(), tier.into(), cards.into()]
    };
    let sums = |(key, sums): ([i64; 4], super::tables::Sums)| {
        key.into_iter().chain([sums.transactions, sums.gained, sums.lost]).map(Cell::Number).collect()
    };
    let eras = (0..=last >> ERA_BITS).map(|era| vec![Cell::Number(era)]);
    [
        Shelf { shape: ERAS, rows: Box::new(eras) },
        Shelf { shape: PARTNERS, rows: Box::new(partners.into_iter().map(partner)) },
        Shelf { shape: SHOPS, rows: Box::new(shops.into_iter().map(thing)) },
        Shelf { shape: TEMPLATES, rows: Box::new(templates.into_iter().map(thing)) },
        Shelf { shape: KEYS, rows: Box::new(keys.into_iter().map(key)) },
        Shelf { shape: WEBHOOKS, rows: Box::new(webhooks.into_iter().map(thing)) },
        Shelf { shape: CUSTOMERS, rows: Box::new(customers.into_iter().map(customer)) },
        Shelf { shape: CUSTOMER_RECORDS, rows: Box::new(customer_records.into_iter().map(record)) },
        Shelf { shape: STREAM_EVENTS, rows: Box::new(stream_events.into_iter().map(triple)) },
        Shelf { shape: REFUNDS, rows: Box::new(refunds.into_iter().map(pair)) },
        Shelf { shape: CARD_COUNTS, rows: Box::new(counts.0.into_iter().map(count)) },
        Shelf { shape: TRANSACTION_COUNTS, rows: Box::new(transactions.into_iter().map(sums)) },
    ]
    .into_iter()
    .chain(checkpoints.into_shelves())
    .chain([seals.into_shelf()])
    .chain(books.into_shelves())
    .chain(tiles.map(|tiles| Shelf { shape: TILES, rows: Box::new(tiles.rows().map(tile)) }))
}

fn tile((level, index, hashes): (i64, i64, Vec<u8>)) -> Vec<Cell> {
    vec![level.into(), index.into(), Cell::Bytes(hashes)]
}

/// JSON in the one form in which two spellings of the same are equal: numbers without zeros at their end, and without what may be left out.
#[must_use]
pub fn plain(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(Decimal::parse(&text).map_or(text, |number| number.to_string())),
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(fields) => {
            let said = fields.into_iter().map(|(name, value)| (name, plain(value)));
            Value::Object(said.filter(|(name, value)| !goes_without_saying(name, value)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn goes_without_saying(name: &str, value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (name, value) {
        ("is_active", Value::Bool(active)) => *active,
        ("third_party", Value::Bool(third_party)) => !*third_party,
        ("shop_ids", Value::Array(shops)) => shops.is_empty(),
        _ => false,
    }
}
