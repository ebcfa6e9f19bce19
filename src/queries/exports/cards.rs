//! Cards, by id.

use super::super::{QueryError, counts::Span};
use super::names::{self, ShopNames};
use super::{ExportQuestion, balance_at, candidates};
use crate::domain::cards::{Status, Tier};
use crate::domain::customers::PersonRecord;
use crate::domain::points::Points;
use crate::domain::{CardId, CustomerId, ShopId, TemplateId, Timestamp};
use crate::projections;
use rusqlite::{Connection, Row};

/// A card of an export. Its balance is as of the export's position; the rest is as it was when the row was read.
#[derive(Debug, Clone, PartialEq)]
pub struct CardRow {
    pub card: CardId,
    pub number: String,
    pub status: Status,
    pub tier: Tier,
    /// By the books: points past their time count until their expiry has been written.
    pub balance: Points,
    pub lifetime: Points,
    pub redeemed: Points,
    pub design: String,
    pub template: TemplateId,
    pub shop: Option<ShopId>,
    pub shop_name: Option<String>,
    pub customer: CustomerId,
    /// None once erased, or where no column asks for it.
    pub person: Option<PersonRecord>,
    pub issued_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_activity: Timestamp,
}

const IDS: &str = "SELECT card FROM cards INDEXED BY cards_by_partner \
     WHERE partner = ?1 AND card BETWEEN ?2 AND ?3 ORDER BY card LIMIT ?4";
const ROW: &str = "SELECT cards.number, cards.status, cards.tier, cards.balance, cards.last_seq, cards.lifetime, cards.redeemed, \
     cards.design, cards.template, cards.shop, cards.customer, cards.issued_at, cards.updated_at, cards.last_activity, sealed.body \
     FROM cards JOIN customers ON customers.customer = cards.customer \
     LEFT JOIN ledger.sealed_records AS sealed ON ?2 AND sealed.record = customers.record WHERE cards.card = ?1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![("cards of an export", IDS.to_owned()), ("a card of an export", ROW.to_owned())]
}

pub(super) fn page(
    connection: &Connection,
    question: &ExportQuestion,
    after: i64,
) -> Result<(Vec<CardRow>, Option<i64>), QueryError> {
    let Some((low, high)) = range(connection, question, after)? else { return Ok((Vec::new(), None)) };
    let (ids, next) = candidates(connection, IDS, question, (low, high))?;
    let mut shops = ShopNames::new(connection, question.wanted);
    let mut statement = connection.prepare_cached(ROW)?;
    let mut cards = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query((id, question.wanted.person))?;
        if let Some(found) = rows.next()? {
            cards.extend(row(connection, question, &mut shops, CardId::new(id), found)?);
        }
    }
    Ok((cards, next))
}

fn range(connection: &Connection, question: &ExportQuestion, after: i64) -> Result<Option<(i64, i64)>, QueryError> {
    let filter = &question.filter;
    let issued = Span::issued(connection, question.partner, (filter.from, filter.until))?;
    let (mut low, mut high) = (issued.low.max(after + 1), issued.high.min(question.position.last));
    let of_customer = match filter.customer {
        Some(customer) => match projections::card_of_customer(connection, customer)? {
            Some(card) => Some(card),
            None => return Ok(None),
        },
        None => None,
    };
    for card in [filter.card, of_customer].into_iter().flatten() {
        (low, high) = (low.max(card.get()), high.min(card.get()));
    }
    Ok((low <= high).then_some((low, high)))
}

fn row(
    connection: &Connection,
    question: &ExportQuestion,
    shops: &mut ShopNames<'_>,
    card: CardId,
    row: &Row<'_>,
) -> Result<Option<CardRow>, QueryError> {
    let filter = &question.filter;
    let status = Status::from_name(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
    let tier = Tier::from_name(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?);
    let (Some(status), Some(tier)) = (status, tier) else { return Err(rusqlite::Error::InvalidQuery.into()) };
    let shop = row.get::<_, Option<i64>>(9)?.map(ShopId::new);
    let matching = filter.status.is_none_or(|wanted| wanted == status)
        && filter.tier.is_none_or(|wanted| wanted == tier)
        && filter.shop.is_none_or(|wanted| Some(wanted) == shop);
    if !matching {
        return Ok(None);
    }
    Ok(Some(CardRow {
        card,
        number: row.get(0)?,
        status,
        tier,
        balance: balance_at(connection, question, card, (row.get(4)?, row.get(3)?))?,
        lifetime: Points::new(row.get(5)?),
        redeemed: Points::new(row.get(6)?),
        design: row.get(7)?,
        template: TemplateId::new(row.get(8)?),
        shop,
        shop_name: shops.of(shop)?,
        customer: CustomerId::new(row.get(10)?),
        person: names::person(row, 14)?,
        issued_at: Timestamp::from_micros(row.get(11)?),
        updated_at: Timestamp::from_micros(row.get(12)?),
        last_activity: Timestamp::from_micros(row.get(13)?),
    }))
}
