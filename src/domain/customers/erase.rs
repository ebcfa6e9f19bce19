//! Erasing a person. The points stay: books do not forget.

use super::{Customer, CustomerErased};
use crate::domain::{CustomerId, Draft};

/// Erases every sealed record about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erase {
    pub customer: CustomerId,
}

impl Erase {
    /// The erasure of `records` records, or nothing where it has happened already.
    #[must_use]
    pub fn decide(&self, customer: &Customer, records: i64) -> Vec<Draft> {
        match customer.erased_at {
            Some(_) if records == 0 => Vec::new(),
            Some(_) | None => vec![Draft::open(CustomerErased { customer: customer.id, records })],
        }
    }
}
