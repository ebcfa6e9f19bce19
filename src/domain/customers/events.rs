//! What happens to people. Who they are stands in the vault; the log knows numbers.

use crate::domain::{CustomerId, Sealed, Timestamp};
use serde::{Deserialize, Serialize};

/// `customer.registered`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerRegistered {
    pub customer: CustomerId,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `customer.updated`: the sealed record replaces the one before as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerUpdated {
    pub customer: CustomerId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `customer.erased`: every sealed record about the person is gone from the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerErased {
    pub customer: CustomerId,
    /// How many records were erased.
    pub records: i64,
}
