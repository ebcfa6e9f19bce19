//! Customers, by id, each with the card that they have.

use super::super::QueryError;
use super::names;
use super::{ExportQuestion, balance_at, candidates};
use crate::domain::cards::{Status, Tier};
use crate::domain::customers::PersonRecord;
use crate::domain::points::Points;
use crate::domain::{CardId, CustomerId, Timestamp};
use crate::projections;
use rusqlite::{Connection, Row};

/// A customer of an export. The balance is as of the export's position; the rest is as it was when the row was read.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerRow {
    pub customer: CustomerId,
    /// None once erased, or where no column asks for it.
    pub person: Option<PersonRecord>,
    pub registered_at: Timestamp,
    pub updated_at: Timestamp,
    pub erased_at: Option<Timestamp>,
    /// None where the customer has no card.
    pub card: Option<CustomersCard>,
}

/// The card of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomersCard {
    pub card: CardId,
    pub number: String,
    pub status: Status,
    pub tier: Tier,
    /// By the books: points past their time count until their expiry has been written.
    pub balance: Points,
    pub lifetime: Points,
    pub redeemed: Points,
    pub last_activity: Timestamp,
}

const IDS: &str = "SELECT customer FROM customers INDEXED BY customers_by_partner \
     WHERE partner = ?1 AND customer BETWEEN ?2 AND ?3 ORDER BY customer LIMIT ?4";
// A customer has one card at a partner; were there more, the oldest would be shown.
const ROW: &str = "SELECT customers.registered_at, customers.updated_at, customers.erased_at, sealed.body, cards.card, cards.number, \
     cards.status, cards.tier, cards.balance, cards.last_seq, cards.lifetime, cards.redeemed, cards.last_activity \
     FROM customers LEFT JOIN ledger.sealed_records AS sealed ON ?2 AND sealed.record = customers.record \
     LEFT JOIN cards ON cards.card = (SELECT card FROM cards WHERE customer = ?1 ORDER BY card LIMIT 1) \
     WHERE customers.customer = ?1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![("customers of an export", IDS.to_owned()), ("a customer of an export", ROW.to_owned())]
}

pub(super) fn page(
    connection: &Connection,
    question: &ExportQuestion,
    after: i64,
) -> Result<(Vec<CustomerRow>, Option<i64>), QueryError> {
    let Some((low, high)) = range(connection, question, after)? else { return Ok((Vec::new(), None)) };
    let (ids, next) = candidates(connection, IDS, question, (low, high))?;
    let mut statement = connection.prepare_cached(ROW)?;
    let mut customers = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query((id, question.wanted.person))?;
        if let Some(found) = rows.next()? {
            customers.extend(row(connection, question, CustomerId::new(id), found)?);
        }
    }
    Ok((customers, next))
}

fn range(connection: &Connection, question: &ExportQuestion, after: i64) -> Result<Option<(i64, i64)>, QueryError> {
    let filter = &question.filter;
    let (mut low, mut high) = (after + 1, question.position.last);
    let of_card = match filter.card {
        Some(card) => match projections::load_card(connection, card)? {
            Some(card) => Some(card.customer),
            None => return Ok(None),
        },
        None => None,
    };
    for customer in [filter.customer, of_card].into_iter().flatten() {
        (low, high) = (low.max(customer.get()), high.min(customer.get()));
    }
    Ok((low <= high).then_some((low, high)))
}

fn row(
    connection: &Connection,
    question: &ExportQuestion,
    customer: CustomerId,
    row: &Row<'_>,
) -> Result<Option<CustomerRow>, QueryError> {
    let filter = &question.filter;
    let registered_at = Timestamp::from_micros(row.get(0)?);
    let card = card(connection, question, row)?;
    let standing = |matching: fn(&CustomersCard, &ExportQuestion) -> bool| {
        card.as_ref().is_some_and(|card| matching(card, question))
    };
    let matching = filter.from.is_none_or(|from| from <= registered_at)
        && filter.until.is_none_or(|until| registered_at <= until)
        && (filter.status.is_none() || standing(|card, asked| asked.filter.status == Some(card.status)))
        && (filter.tier.is_none() || standing(|card, asked| asked.filter.tier == Some(card.tier)));
    if !matching {
        return Ok(None);
    }
    Ok(Some(CustomerRow {
        customer,
        person: names::person(row, 3)?,
        registered_at,
        updated_at: Timestamp::from_micros(row.get(1)?),
        erased_at: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_micros),
        card,
    }))
}

fn card(
    connection: &Connection,
    question: &ExportQuestion,
    row: &Row<'_>,
) -> Result<Option<CustomersCard>, QueryError> {
    let Some(card) = row.get::<_, Option<i64>>(4)?.map(CardId::new) else { return Ok(None) };
    let status = Status::from_name(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?);
    let tier = Tier::from_name(row.get_ref(7)?.as_str().map_err(rusqlite::Error::from)?);
    let (Some(status), Some(tier)) = (status, tier) else { return Err(rusqlite::Error::InvalidQuery.into()) };
    Ok(Some(CustomersCard {
        card,
        number: row.get(5)?,
        status,
        tier,
        balance: balance_at(connection, question, card, (row.get(9)?, row.get(8)?))?,
        lifetime: Points::new(row.get(10)?),
        redeemed: Points::new(row.get(11)?),
        last_activity: Timestamp::from_micros(row.get(12)?),
    }))
}
