//! Finding a card by its number or its holder, for as many names as one request holds.

use super::{Queries, QueryError};
use crate::domain::cards::CardNumber;
use crate::domain::customers::PersonRecord;
use crate::domain::{CardId, CustomerId, PartnerId};
use crate::{projections, vault};

/// Look-ups that see everything that was committed before they were asked for: the wait for the views is behind them.
#[derive(Debug)]
pub struct Lookups<'a>(&'a Queries);

impl Queries {
    /// Waits for the views, once for all look-ups that follow.
    ///
    /// # Errors
    /// When the projector is too far behind.
    pub async fn lookups(&self) -> Result<Lookups<'_>, QueryError> {
        self.settled().await?;
        Ok(Lookups(self))
    }
}

impl Lookups<'_> {
    /// The card with that number.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn card_by_number(&self, partner: PartnerId, number: &CardNumber) -> Result<Option<CardId>, QueryError> {
        self.0.here(|connection| Ok(projections::card_by_number(connection, partner, number)?))
    }

    /// The customer with that email, in any case.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn customer_by_email(&self, partner: PartnerId, email: &str) -> Result<Option<CustomerId>, QueryError> {
        let hash = vault::lookup_hash(partner, "email", &PersonRecord::email_key(email));
        self.0.here(|connection| Ok(projections::customer_by_email(connection, partner, &hash)?))
    }

    /// The customers with that phone number, by its digits alone: none, the one, or two of several.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn customers_by_phone(&self, partner: PartnerId, phone: &str) -> Result<Vec<CustomerId>, QueryError> {
        let hash = vault::lookup_hash(partner, "phone", &PersonRecord::phone_key(phone));
        self.0.here(|connection| Ok(projections::customers_by_phone(connection, partner, &hash)?))
    }

    /// The card of a customer, who must be the partner's: the outer option says whether there is such a customer.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn card_of_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<Option<CardId>>, QueryError> {
        self.0.here(|connection| {
            let known = projections::load_customer(connection, customer)?.filter(|known| known.partner == partner);
            let Some(known) = known else { return Ok(None) };
            Ok(Some(projections::card_of_customer(connection, known.id)?))
        })
    }
}
