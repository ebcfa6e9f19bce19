//! Registering a customer without a card.

use super::{CustomerRegistered, PersonRecord};
use crate::domain::{CustomerId, Draft, Rejection, Secret, Stream};

/// Makes a person known to the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    pub person: PersonRecord,
}

impl Register {
    /// The registration, or the customer who has that email already.
    ///
    /// # Errors
    /// [`Rejection::CustomerExists`]
    pub fn decide(&self, existing: Option<CustomerId>, fresh: CustomerId) -> Result<Vec<Draft>, Rejection> {
        if let Some(customer) = existing {
            return Err(Rejection::CustomerExists { customer });
        }
        let secret = Secret::new(Stream::Customer(fresh), &self.person);
        Ok(vec![Draft::sealing(CustomerRegistered { customer: fresh, happened_at: None, sealed: None }, secret)])
    }
}
