//! What happens to people. Who they are stands in the vault; the log knows numbers.

use super::PersonField;
use crate::domain::programme::RetentionRule;
use crate::domain::{CustomerId, RecordId, Sealed, Seq, Timestamp};
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
    /// What differs from the record before, which may be gone with this event: names, no values. Empty where an earlier version
    /// recorded the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<PersonField>,
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
    /// The retention rule that asked for it; absent where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RetentionRule>,
    /// What that rule stated then, in the unit that its name says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u32>,
}

/// `records.erased`: these sealed records about the person are gone from the vault, the others stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsErased {
    pub customer: CustomerId,
    /// The retention rule that asked for it.
    pub rule: RetentionRule,
    /// What it stated then, in the unit that its name says.
    pub value: u32,
    pub records: Vec<ErasedRecord>,
}

/// A record that was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedRecord {
    pub record: RecordId,
    /// The event that names the record, where the rule goes by its time and kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Seq>,
}
