//! One card: its state, its holder, and the newest of its history.

use super::history::{MovementView, newest};
use super::{Queries, QueryError, bodies};
use crate::domain::cards::{BlockNote, Card};
use crate::domain::customers::PersonRecord;
use crate::domain::{CardId, CustomerId, Metadata, PartnerId};
use crate::projections;
use rusqlite::Connection;

/// How many movements a card is shown with.
const RECENT: i64 = 5;

/// A card with everything that is shown beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct CardView {
    pub card: Card,
    /// None once erased.
    pub person: Option<PersonRecord>,
    pub metadata: Metadata,
    /// The newest awards and redemptions, newest first.
    pub recent: Vec<MovementView>,
}

/// Why and since when a card is blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedCard {
    pub card: Card,
    /// None once erased.
    pub note: Option<BlockNote>,
}

impl Queries {
    /// A card of a partner as of its last committed event.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn card(&self, partner: PartnerId, card: CardId) -> Result<Option<Card>, QueryError> {
        // What is not in memory has been passed by the projector: views.db is current for it.
        let found = match self.live().card(card) {
            Some(card) => Some(card),
            None => self.here(|connection| Ok(projections::load_card(connection, card)?))?,
        };
        Ok(found.filter(|card| card.partner == partner))
    }

    /// A card with its holder and its newest movements.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn card_view(&self, partner: PartnerId, card: CardId) -> Result<Option<CardView>, QueryError> {
        self.settled().await?;
        self.here(|connection| {
            let card = projections::load_card(connection, card)?.filter(|card| card.partner == partner);
            let Some(card) = card else { return Ok(None) };
            let person = holder(connection, card.customer)?;
            let metadata = bodies::metadata(connection, card.metadata_record)?;
            let recent = newest(connection, card.id, RECENT)?;
            Ok(Some(CardView { card, person, metadata, recent }))
        })
    }

    /// A card's metadata as the vault has it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn metadata(&self, card: &Card) -> Result<Metadata, QueryError> {
        self.here(|connection| bodies::metadata(connection, card.metadata_record))
    }

    /// Who a customer is; none once erased.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn person(&self, customer: CustomerId) -> Result<Option<PersonRecord>, QueryError> {
        self.here(|connection| holder(connection, customer))
    }

    /// Why a card is blocked, as its holder may know; none where it is not, or once erased.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn block_reason(&self, card: &Card) -> Result<Option<String>, QueryError> {
        let Some(record) = card.block_record else { return Ok(None) };
        let note = self.here(|connection| bodies::block_note(connection, record))?;
        Ok(note.map(|note| note.reason))
    }

    /// Why a card is blocked; none where it is not, or not the partner's.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn blocked(&self, partner: PartnerId, card: CardId) -> Result<Option<BlockedCard>, QueryError> {
        let Some(card) = self.card(partner, card)? else { return Ok(None) };
        let Some(record) = card.block_record else { return Ok(None) };
        let note = self.here(|connection| bodies::block_note(connection, record))?;
        Ok(Some(BlockedCard { card, note }))
    }
}

/// The person who holds a card; none once erased.
pub(super) fn holder(connection: &Connection, customer: CustomerId) -> Result<Option<PersonRecord>, QueryError> {
    match projections::load_customer(connection, customer)? {
        Some(customer) => bodies::person(connection, customer.record),
        None => Ok(None),
    }
}
