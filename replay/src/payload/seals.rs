//! The layout of `balances.sealed`.

use super::{Digits, Sealed, Text};
use crate::instant::{Instant, Month};
use serde::{Deserialize, Deserializer, de};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancesSealed {
    pub seal: i64,
    #[serde(deserialize_with = "month")]
    pub period: Month,
    pub ends_at: Instant,
    pub as_of: i64,
    pub cards: i64,
    /// Sums: no bound of one balance holds for them.
    pub points: i64,
    pub available: i64,
    pub root: Digits<32>,
    pub sealed: Sealed,
}

fn month<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
    let text = Text::deserialize(deserializer)?;
    Month::parse(text.as_str())
        .ok_or_else(|| de::Error::custom(format!("{:?} is not a month like 2026-10", text.as_str())))
}
