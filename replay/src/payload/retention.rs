//! How long a partner keeps what, and the layouts of what is erased by it.

use super::present;
use crate::points::{CustomerId, RecordId};
use serde::Deserialize;

/// The retention rules in a partner's settings. What is absent keeps for ever; what was replaced goes at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    #[serde(default)]
    superseded_records_after_days: u32,
    #[serde(default, deserialize_with = "present")]
    movement_texts_after_months: Option<u32>,
    #[serde(default, deserialize_with = "present")]
    block_reasons_after_months: Option<u32>,
    #[serde(default, deserialize_with = "present")]
    inactive_customers_after_months: Option<u32>,
    /// Whether inactive customers go while they could still spend points.
    #[serde(default)]
    pub inactive_customers_with_points: bool,
}

/// A retention rule, by the name of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Rule {
    #[serde(rename = "superseded_records_after_days")]
    Superseded,
    #[serde(rename = "movement_texts_after_months")]
    MovementTexts,
    #[serde(rename = "block_reasons_after_months")]
    BlockReasons,
    #[serde(rename = "inactive_customers_after_months")]
    Inactive,
}

impl Rule {
    /// The name of its setting.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Superseded => "superseded_records_after_days",
            Self::MovementTexts => "movement_texts_after_months",
            Self::BlockReasons => "block_reasons_after_months",
            Self::Inactive => "inactive_customers_after_months",
        }
    }
}

impl Retention {
    /// What a rule says; none where it keeps everything.
    #[must_use]
    pub const fn value(&self, rule: Rule) -> Option<u32> {
        match rule {
            Rule::Superseded => Some(self.superseded_records_after_days),
            Rule::MovementTexts => self.movement_texts_after_months,
            Rule::BlockReasons => self.block_reasons_after_months,
            Rule::Inactive => self.inactive_customers_after_months,
        }
    }
}

/// `customer.erased`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerErased {
    pub customer: CustomerId,
    pub records: u64,
    /// Where nobody asked for it.
    #[serde(default, deserialize_with = "present")]
    pub rule: Option<Rule>,
    #[serde(default, deserialize_with = "present")]
    pub value: Option<u32>,
}

/// `records.erased`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsErased {
    pub customer: CustomerId,
    pub rule: Rule,
    pub value: u32,
    pub records: Vec<ErasedRecord>,
}

/// A record that was erased.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedRecord {
    pub record: RecordId,
    /// The seq of the event that names it.
    #[serde(default, deserialize_with = "present")]
    pub event: Option<i64>,
}
