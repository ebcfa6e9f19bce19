//! One customer: who it is, and what is on their cards.

use super::{Queries, QueryError, bodies};
use crate::domain::cards::{Card, Status, Tier};
use crate::domain::customers::{Customer, PersonRecord};
use crate::domain::points::Points;
use crate::domain::{CardId, CustomerId, PartnerId, Timestamp};
use crate::projections;
use rusqlite::Connection;

/// A customer's card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCard {
    pub card: CardId,
    pub number: String,
    pub balance: Points,
    pub status: Status,
    pub tier: Tier,
}

/// A customer with their cards.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerView {
    pub customer: Customer,
    /// None once erased.
    pub person: Option<PersonRecord>,
    pub cards: Vec<CustomerCard>,
}

impl CustomerView {
    /// What is available on all cards together.
    #[must_use]
    pub fn points(&self) -> Points {
        self.cards.iter().map(|card| card.balance).sum()
    }

    /// The highest tier of the cards.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.cards.iter().map(|card| card.tier).max().unwrap_or(Tier::Bronze)
    }
}

impl Queries {
    /// A customer of a partner.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Option<CustomerView>, QueryError> {
        self.settled().await?;
        self.here(|connection| {
            let view = view(connection, customer, now)?;
            Ok(view.filter(|view| view.customer.partner == partner))
        })
    }
}

pub(super) fn view(
    connection: &Connection,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Option<CustomerView>, QueryError> {
    let Some(customer) = projections::load_customer(connection, customer)? else { return Ok(None) };
    let person = bodies::person(connection, customer.record)?;
    // A customer has one card at a partner.
    let card = projections::card_of_customer(connection, customer.id)?;
    let card = card.map(|card| projections::load_card(connection, card)).transpose()?.flatten();
    let cards = card.iter().map(|card| on_card(card, now)).collect();
    Ok(Some(CustomerView { customer, person, cards }))
}

fn on_card(card: &Card, now: Timestamp) -> CustomerCard {
    CustomerCard {
        card: card.id,
        number: card.number.to_string(),
        balance: card.available(now),
        status: card.status,
        tier: card.tier,
    }
}
