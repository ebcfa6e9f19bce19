//! How long a partner keeps what, and the layouts of what is erased by it.

use super::present;
use crate::points::{CustomerId, RecordId};
use serde::{Deserialize, Deserializer, de};

/// Ten years of days, and thirty of months: what a rule may state at most.
const DAYS_MAX: u32 = 3650;
const MONTHS_MAX: u32 = 360;
/// How many records one event erases at most.
const ERASED_MAX: usize = 500;

/// The retention rules in a partner's settings. What is absent keeps for ever; what was replaced goes at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    #[serde(default, deserialize_with = "days")]
    superseded_records_after_days: u32,
    #[serde(default, deserialize_with = "months")]
    movement_texts_after_months: Option<u32>,
    #[serde(default, deserialize_with = "months")]
    block_reasons_after_months: Option<u32>,
    #[serde(default, deserialize_with = "months")]
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
    #[serde(default, deserialize_with = "months")]
    pub value: Option<u32>,
}

/// `records.erased`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsErased {
    pub customer: CustomerId,
    pub rule: Rule,
    #[serde(deserialize_with = "stated")]
    pub value: u32,
    #[serde(deserialize_with = "some_records")]
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

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    bounded(deserializer, 1, DAYS_MAX)
}

fn months<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    bounded(deserializer, 1, MONTHS_MAX).map(Some)
}

/// Of any rule: 0 where superseded records go with the change.
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    bounded(deserializer, 0, DAYS_MAX)
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D, least: u32, most: u32) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    if !(least..=most).contains(&number) {
        return Err(de::Error::custom(format!("a retention rule states {number}, not {least} to {most}")));
    }
    Ok(number)
}

fn some_records<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ErasedRecord>, D::Error> {
    let records = Vec::deserialize(deserializer)?;
    if !(1..=ERASED_MAX).contains(&records.len()) {
        return Err(de::Error::custom(format!("{} records are erased, not 1 to {ERASED_MAX}", records.len())));
    }
    Ok(records)
}
