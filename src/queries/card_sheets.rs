//! A card as a till needs it: its state, its holder, and the template whose rules it goes by.

use super::card_views::holder;
use super::templates::{self, TemplateView};
use super::{Queries, QueryError, Subject, bodies};
use crate::domain::cards::{Card, CardNumber};
use crate::domain::customers::PersonRecord;
use crate::domain::{CardId, CustomerId, Metadata, PartnerId};
use crate::{projections, vault};
use rusqlite::Connection;

/// A card with everything that a till reckons by.
#[derive(Debug, Clone, PartialEq)]
pub struct CardSheet {
    pub card: Card,
    /// None once erased.
    pub person: Option<PersonRecord>,
    pub metadata: Metadata,
    pub template: Option<TemplateView>,
}

/// How a card is asked for. What is given must all name the same one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardNames {
    pub card: Option<CardId>,
    pub number: Option<CardNumber>,
    pub customer: Option<CustomerId>,
    /// Of the holder, in any case.
    pub email: Option<String>,
}

impl CardNames {
    /// Whose past tells of the card; nobody's where an email alone names it, which may have been another's then.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        let by_card = self.card.map(Subject::Card).or(self.number.map(Subject::Number));
        by_card.or(self.customer.map(Subject::Customer))
    }
}

impl Queries {
    /// The card of a partner that all the names name.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn card_sheet(&self, partner: PartnerId, names: &CardNames) -> Result<Option<CardSheet>, QueryError> {
        self.settled().await?;
        let directory = self.live().directory();
        self.here(|connection| {
            let Some(card) = named(connection, partner, names)? else { return Ok(None) };
            let template = directory.template_of(partner, card.template);
            Ok(Some(CardSheet {
                person: holder(connection, card.customer)?,
                metadata: bodies::metadata(connection, card.metadata_record)?,
                template: template.map(|template| templates::view(connection, template)).transpose()?,
                card,
            }))
        })
    }

    /// The number of a card, whoever it belongs to: what its QR code says.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn card_number(&self, card: CardId) -> Result<Option<CardNumber>, QueryError> {
        self.settled().await?;
        self.here(|connection| Ok(projections::load_card(connection, card)?.map(|card| card.number)))
    }
}

fn named(connection: &Connection, partner: PartnerId, names: &CardNames) -> Result<Option<Card>, QueryError> {
    let by_customer = |customer| projections::card_of_customer(connection, customer);
    let customer_of = |email: &String| {
        let hash = vault::lookup_hash(partner, "email", &PersonRecord::email_key(email));
        projections::customer_by_email(connection, partner, &hash)
    };
    let by_email = |email| customer_of(email)?.map_or(Ok(None), by_customer);
    let found = [
        names.card.map(|card| Ok(Some(card))),
        names.number.as_ref().map(|number| projections::card_by_number(connection, partner, number)),
        names.customer.map(by_customer),
        names.email.as_ref().map(by_email),
    ];
    let found = found.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
    let Some(Some(first)) = found.first() else { return Ok(None) };
    if found.iter().any(|other| *other != Some(*first)) {
        return Ok(None);
    }
    let card = projections::load_card(connection, *first)?;
    Ok(card.filter(|card| card.partner == partner))
}
