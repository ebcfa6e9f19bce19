//! Transactions, in the order of the log.

use super::super::history::seq_range;
use super::super::{QueryError, bodies};
use super::names::{self, ShopNames};
use super::{EXPORT_PAGE, ExportQuestion, more};
use crate::domain::customers::PersonRecord;
use crate::domain::orders::TransactionKind;
use crate::domain::points::{Note, Points};
use crate::domain::{CardId, CustomerId, Seq, ShopId, Timestamp};
use crate::projections::{self, TRANSACTION_BLOCK};
use rusqlite::{Connection, OptionalExtension as _, Row};
use rust_decimal::Decimal;
use std::sync::Arc;

/// A transaction of an export. What the log recorded never changes; names are as they were when the row was read.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionRow {
    pub seq: Seq,
    pub at: Timestamp,
    /// When it really happened, where an import said so.
    pub happened_at: Option<Timestamp>,
    pub kind: TransactionKind,
    pub points: Points,
    pub balance_before: Points,
    pub balance_after: Points,
    /// The order's total, where the row states one.
    pub total: Option<Decimal>,
    /// The partner's.
    pub currency: Arc<str>,
    pub order: Option<String>,
    /// The refund id, or the reference.
    pub reference: Option<String>,
    pub shop: Option<ShopId>,
    pub shop_name: Option<String>,
    pub card: CardId,
    pub number: String,
    pub customer: CustomerId,
    /// None once erased, or where no column asks for it.
    pub person: Option<PersonRecord>,
    /// When the points that it gave expire.
    pub expires_at: Option<Timestamp>,
    /// What was typed; none where nothing was, once erased, or where no column asks for it.
    pub note: Option<Note>,
}

const CURRENCY: &str = "SELECT currency FROM partners WHERE partner = ?1";
const MATCHES: &str = "partner = ?1 AND seq BETWEEN ?2 AND ?3 AND (?4 >> kind) & 1 AND (?5 IS NULL OR shop = ?5) \
     AND (?6 IS NULL OR order_id = ?6 OR reference = ?6)";
const NEXT_BLOCK: &str = "SELECT block FROM transaction_counts WHERE partner = ?1 AND block BETWEEN ?2 AND ?3 \
     AND transactions > 0 AND (?4 >> kind) & 1 AND (?5 IS NULL OR shop = ?5) ORDER BY block LIMIT 1";
const ROW: &str = "SELECT movements.at, movements.kind, movements.points, movements.balance_before, movements.balance_after, \
     movements.amount, movements.order_id, movements.reference, movements.shop, movements.card, cards.number, cards.customer, \
     movements.expires_at, person.body, note.body, movements.happened_at FROM movements JOIN cards ON cards.card = movements.card \
     JOIN customers ON customers.customer = cards.customer \
     LEFT JOIN ledger.sealed_records AS person ON ?2 AND person.record = customers.record \
     LEFT JOIN ledger.sealed_records AS note ON ?3 AND note.record = movements.record WHERE movements.seq = ?1";

fn walk_sql() -> String {
    format!("SELECT seq FROM movements WHERE {MATCHES} ORDER BY seq LIMIT ?7")
}

fn card_sql() -> String {
    format!("SELECT seq FROM card_movements WHERE {MATCHES} AND card = ?8 ORDER BY era, seq LIMIT ?7")
}

pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![
        ("transactions of an export", walk_sql()),
        ("a card's transactions of an export", card_sql()),
        ("the next block of an export", NEXT_BLOCK.to_owned()),
        ("a transaction of an export", ROW.to_owned()),
    ]
}

pub(super) fn page(
    connection: &Connection,
    question: &ExportQuestion,
    after: i64,
) -> Result<(Vec<TransactionRow>, Option<i64>), QueryError> {
    let (seqs, next) = ids(connection, question, after)?;
    let currency = connection.prepare_cached(CURRENCY)?.query_row([question.partner.get()], |row| row.get(0));
    let currency: Arc<str> = currency.optional()?.unwrap_or_else(String::new).into();
    let mut shops = ShopNames::new(connection, question.wanted);
    let mut statement = connection.prepare_cached(ROW)?;
    let mut transactions = Vec::with_capacity(seqs.len());
    for seq in seqs {
        let mut rows = statement.query((seq, question.wanted.person, question.wanted.note))?;
        if let Some(found) = rows.next()? {
            transactions.push(row(&mut shops, &currency, Seq::new(seq), found)?);
        }
    }
    Ok((transactions, next))
}

fn ids(connection: &Connection, question: &ExportQuestion, after: i64) -> Result<super::Ids, QueryError> {
    let filter = &question.filter;
    let (low, high) = seq_range(connection, (filter.from, filter.until))?;
    let (low, high) = (low.max(after + 1), high.min(question.position.as_of.get()));
    let of_customer = match filter.customer {
        Some(customer) => match projections::card_of_customer(connection, customer)? {
            Some(card) => Some(card),
            None => return Ok((Vec::new(), None)),
        },
        None => None,
    };
    if low > high || filter.card.zip(of_customer).is_some_and(|(named, held)| named != held) {
        return Ok((Vec::new(), None));
    }
    match filter.card.or(of_customer) {
        Some(card) => of_card(connection, question, card, (low, high)),
        None => of_block(connection, question, (low, high)),
    }
}

fn of_card(
    connection: &Connection,
    question: &ExportQuestion,
    card: CardId,
    (low, high): (i64, i64),
) -> Result<super::Ids, QueryError> {
    let filter = &question.filter;
    let mut statement = connection.prepare_cached(&card_sql())?;
    let (kinds, shop) = (kinds(question), filter.shop.map(ShopId::get));
    let parameters = (question.partner.get(), low, high, kinds, shop, &filter.name, EXPORT_PAGE, card.get());
    let ids = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?;
    let next = more(&ids);
    Ok((ids, next))
}

// The log is shared by all partners: only blocks in which this one has something are looked at, and one of them at a time.
fn of_block(
    connection: &Connection,
    question: &ExportQuestion,
    (low, high): (i64, i64),
) -> Result<super::Ids, QueryError> {
    let (partner, filter) = (question.partner.get(), &question.filter);
    let (kinds, shop) = (kinds(question), filter.shop.map(ShopId::get));
    let (first, last) = (low.div_euclid(TRANSACTION_BLOCK), high.div_euclid(TRANSACTION_BLOCK));
    let mut statement = connection.prepare_cached(NEXT_BLOCK)?;
    let block: Option<i64> = statement.query_row((partner, first, last, kinds, shop), |row| row.get(0)).optional()?;
    let Some(block) = block else { return Ok((Vec::new(), None)) };
    let low = low.max(block * TRANSACTION_BLOCK);
    let end = high.min((block + 1) * TRANSACTION_BLOCK - 1);
    let mut statement = connection.prepare_cached(&walk_sql())?;
    let parameters = (partner, low, end, kinds, shop, &filter.name, EXPORT_PAGE);
    let ids = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?;
    let next = more(&ids).or((end < high).then_some(end));
    Ok((ids, next))
}

fn kinds(question: &ExportQuestion) -> i64 {
    let kinds = question.filter.kinds.as_deref().unwrap_or(&TransactionKind::ALL);
    kinds.iter().fold(0, |mask, kind| mask | 1 << kind.place())
}

fn row(shops: &mut ShopNames<'_>, currency: &Arc<str>, seq: Seq, row: &Row<'_>) -> Result<TransactionRow, QueryError> {
    let shop = row.get::<_, Option<i64>>(8)?.map(ShopId::new);
    Ok(TransactionRow {
        seq,
        at: Timestamp::from_micros(row.get(0)?),
        happened_at: row.get::<_, Option<i64>>(15)?.map(Timestamp::from_micros),
        kind: TransactionKind::at(row.get(1)?).ok_or(rusqlite::Error::InvalidQuery)?,
        points: Points::new(row.get(2)?),
        balance_before: Points::new(row.get(3)?),
        balance_after: Points::new(row.get(4)?),
        total: row.get::<_, Option<i64>>(5)?.map(|amount| Decimal::new(amount, 4)),
        currency: Arc::clone(currency),
        order: row.get(6)?,
        reference: row.get(7)?,
        shop,
        shop_name: shops.of(shop)?,
        card: CardId::new(row.get(9)?),
        number: row.get(10)?,
        customer: CustomerId::new(row.get(11)?),
        person: names::person(row, 13)?,
        expires_at: row.get::<_, Option<i64>>(12)?.map(Timestamp::from_micros),
        note: bodies::note(row.get_ref(14)?.as_str_or_null().map_err(rusqlite::Error::from)?)?,
    })
}
