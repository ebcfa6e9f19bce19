//! A customer's state.

use super::{CustomerErased, CustomerRegistered, CustomerUpdated};
use crate::domain::{CustomerId, PartnerId, RecordId, Seq, Timestamp};

/// A customer as of the last event. Who it is stands in the vault under `record`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub id: CustomerId,
    pub partner: PartnerId,
    pub record: RecordId,
    pub registered_at: Timestamp,
    pub updated_at: Timestamp,
    pub erased_at: Option<Timestamp>,
    pub version: i64,
    pub as_of: Seq,
}

impl Customer {
    /// The customer that `customer.registered` brings into being.
    #[must_use]
    pub fn registered(event: &CustomerRegistered, partner: PartnerId, seq: Seq, at: Timestamp) -> Self {
        Self {
            id: event.customer,
            partner,
            record: event.sealed.map_or(RecordId::new(0), |sealed| sealed.record),
            registered_at: event.happened_at.unwrap_or(at),
            updated_at: at,
            erased_at: None,
            version: 1,
            as_of: seq,
        }
    }

    /// `customer.updated`
    pub fn updated(&mut self, event: &CustomerUpdated, seq: Seq, at: Timestamp) {
        if let Some(sealed) = event.sealed {
            self.record = sealed.record;
        }
        self.advanced(seq, at);
    }

    /// `customer.erased`
    pub fn erased(&mut self, _event: &CustomerErased, seq: Seq, at: Timestamp) {
        self.erased_at = Some(at);
        self.advanced(seq, at);
    }

    /// `records.erased`: what was known of them before is known no longer; who they are stays as it was.
    pub fn records_erased(&mut self, seq: Seq) {
        self.version += 1;
        self.as_of = seq;
    }

    fn advanced(&mut self, seq: Seq, at: Timestamp) {
        self.updated_at = at;
        self.version += 1;
        self.as_of = seq;
    }
}
