//! A customer as the partner sees them: with what they bought, where, and what counts towards their tier.

use super::customer_views::{CustomerView, view};
use super::{Queries, QueryError};
use crate::domain::cards::Card;
use crate::domain::orders::TransactionKind;
use crate::domain::points::Points;
use crate::domain::programme::Settings;
use crate::domain::{CustomerId, Event, Money, PartnerId, ShopId, Timestamp};
use crate::projections;
use rusqlite::Connection;
use rust_decimal::Decimal;

/// A customer with what they did.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerSheet {
    pub view: CustomerView,
    /// How many purchases were recorded.
    pub purchases: i64,
    /// Where points were moved, in the order of their ids.
    pub shops: Vec<ShopId>,
}

/// What a customer's card says in figures.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerFigures {
    /// None where the customer has no card.
    pub card: Option<Card>,
    /// The points that count towards the tier.
    pub counted: Points,
    /// What the purchases came to, less what was refunded of them.
    pub spent: Decimal,
}

impl Queries {
    /// A customer of a partner.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn customer_sheet(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Option<CustomerSheet>, QueryError> {
        self.settled().await?;
        self.here(|connection| {
            let sheet = sheet(connection, customer, now)?;
            Ok(sheet.filter(|sheet| sheet.view.customer.partner == partner))
        })
    }

    /// What a customer's card says in figures; nothing for a customer without one.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn customer_figures(
        &self,
        customer: CustomerId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<CustomerFigures, QueryError> {
        self.settled().await?;
        self.here(|connection| {
            let card = projections::card_of_customer(connection, customer)?;
            let card = card.map(|card| projections::load_card(connection, card)).transpose()?.flatten();
            let (counted, spent) = match &card {
                Some(card) => (counted(connection, card, settings, now)?, spent(connection, card)?),
                None => (Points::ZERO, Decimal::ZERO),
            };
            Ok(CustomerFigures { card, counted, spent })
        })
    }

    /// The points of a card that count towards its tier, as the partner's settings say which do.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn counted(&self, card: &Card, settings: &Settings, now: Timestamp) -> Result<Points, QueryError> {
        if !settings.counts_more_than_the_card() {
            return Ok(card.lifetime);
        }
        self.settled().await?;
        self.here(|connection| counted(connection, card, settings, now))
    }
}

// As the writer counts when it decides on the next award.
fn counted(connection: &Connection, card: &Card, settings: &Settings, now: Timestamp) -> Result<Points, QueryError> {
    let mut cards = vec![card.id];
    if settings.unified_tiers {
        cards = projections::cards_of_customer(connection, card.customer)?;
    }
    let mut counted = Points::ZERO;
    for id in cards {
        counted = counted.plus(match settings.tiers.basis.since(now) {
            Some(since) => projections::earned_since(connection, id, since)?.1,
            None if id == card.id => card.lifetime,
            None => projections::load_card(connection, id)?.map(|card| card.lifetime).unwrap_or_default(),
        });
    }
    Ok(counted)
}

const PURCHASES: &str = "SELECT count(*), coalesce(sum(amount), 0) FROM card_movements \
     WHERE card = ?1 AND kind = ?2";
const SHOPS: &str = "SELECT shop FROM card_movements WHERE card = ?1 AND shop IS NOT NULL ORDER BY era, seq";
const REFUNDS: &str = "SELECT events.kind, events.schema, events.payload FROM card_movements AS movements \
     CROSS JOIN ledger.events AS events ON events.seq = movements.seq WHERE movements.card = ?1 AND movements.type = 'refund'";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    [("purchases of a card", PURCHASES), ("shops of a card", SHOPS), ("refunds of a card", REFUNDS)]
        .map(|(name, sql)| (name, sql.to_owned()))
        .into()
}

pub(super) fn sheet(
    connection: &Connection,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Option<CustomerSheet>, QueryError> {
    let Some(view) = view(connection, customer, now)? else { return Ok(None) };
    let (mut purchases, mut shops) = (0, Vec::new());
    for card in &view.cards {
        let mut statement = connection.prepare_cached(PURCHASES)?;
        let parameters = (card.card.get(), TransactionKind::Purchase.place());
        purchases += statement.query_row(parameters, |row| row.get::<_, i64>(0))?;
        let mut statement = connection.prepare_cached(SHOPS)?;
        for shop in statement.query_map([card.card.get()], |row| row.get(0).map(ShopId::new))? {
            shops.push(shop?);
        }
    }
    shops.sort_unstable();
    shops.dedup();
    Ok(Some(CustomerSheet { view, purchases, shops }))
}

fn spent(connection: &Connection, card: &Card) -> Result<Decimal, QueryError> {
    let mut statement = connection.prepare_cached(PURCHASES)?;
    let bought: i64 = statement.query_row((card.id.get(), TransactionKind::Purchase.place()), |row| row.get(1))?;
    // Amounts are kept in ten-thousandths.
    let mut spent = Decimal::new(bought, 4);
    let mut statement = connection.prepare_cached(REFUNDS)?;
    let mut rows = statement.query([card.id.get()])?;
    while let Some(row) = rows.next()? {
        let (kind, schema, payload) = (row.get_ref(0)?, row.get(1)?, row.get_ref(2)?);
        let (kind, payload) =
            (kind.as_str().map_err(rusqlite::Error::from)?, payload.as_str().map_err(rusqlite::Error::from)?);
        if let Ok(Event::PointsRefunded(event)) = Event::decode(kind, schema, payload) {
            spent -= event.amount.map_or(Decimal::ZERO, Money::get);
        }
    }
    Ok(spent)
}
