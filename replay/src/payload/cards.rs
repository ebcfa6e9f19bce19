//! The layouts of `card.*`.

use super::{Sealed, Text, present};
use crate::instant::Instant;
use crate::points::{CardId, CustomerId, Points, ShopId, TemplateId};
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// What a card may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Inactive,
    Blocked,
}

impl Status {
    /// The word in payloads and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Blocked => "blocked",
        }
    }
}

/// What a card has earned its owner, by lifetime points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Bronze,
    Silver,
    Gold,
    Platinum,
}

impl Tier {
    /// The tier that so many lifetime points reach.
    #[must_use]
    pub const fn of(lifetime: Points) -> Self {
        match lifetime.get() {
            6000.. => Self::Platinum,
            800.. => Self::Gold,
            500.. => Self::Silver,
            _ => Self::Bronze,
        }
    }

    /// The word in payloads and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Platinum => "platinum",
        }
    }
}

/// `LC` and 12 digits, the last a Luhn check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardNumber(u64);

impl CardNumber {
    /// Reads a number and checks its check digit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("LC")?;
        if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let sum: u32 = digits.bytes().rev().enumerate().map(|(place, byte)| luhn(place, u32::from(byte - b'0'))).sum();
        if !sum.is_multiple_of(10) {
            return None;
        }
        digits.parse().ok().map(Self)
    }
}

/// What a digit counts in the Luhn sum, places counted from the right.
const fn luhn(place: usize, digit: u32) -> u32 {
    match (place % 2, digit * 2) {
        (0, _) => digit,
        (_, double @ 0..=9) => double,
        (_, double) => double - 9,
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LC{:012}", self.0)
    }
}

impl<'de> Deserialize<'de> for CardNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Self::parse(text.as_str()).ok_or_else(|| {
            de::Error::custom(format!("{:?} is not LC and 12 digits with a right check digit", text.as_str()))
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardIssued<'a> {
    pub card: CardId,
    pub customer: CustomerId,
    pub template: TemplateId,
    pub template_version: i64,
    pub number: CardNumber,
    pub status: Status,
    #[serde(borrow)]
    pub design: Text<'a>,
    #[serde(default, deserialize_with = "present")]
    pub shop: Option<ShopId>,
    #[serde(default, deserialize_with = "present")]
    pub happened_at: Option<Instant>,
    #[serde(default, deserialize_with = "present")]
    pub sealed: Option<Sealed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardUpdated<'a> {
    pub card: CardId,
    #[serde(borrow, default, deserialize_with = "present")]
    pub design: Option<Text<'a>>,
    #[serde(default, deserialize_with = "present")]
    pub sealed: Option<Sealed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardActivated {
    pub card: CardId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardBlocked {
    pub card: CardId,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardUnblocked {
    pub card: CardId,
    pub status: Status,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardTierChanged {
    pub card: CardId,
    pub from: Tier,
    pub to: Tier,
    pub lifetime: Points,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_has_a_right_check_digit() {
        assert!(CardNumber::parse("LC000000000018").is_some());
        for wrong in ["LC000000000019", "LC00000000018", "XX000000000018", "LC00000000001x", "000000000018"] {
            assert_eq!(CardNumber::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_tier_begins_at_its_threshold() {
        let tiers = [(0, Tier::Bronze), (499, Tier::Bronze), (500, Tier::Silver), (799, Tier::Silver)];
        for (lifetime, tier) in tiers.into_iter().chain([(800, Tier::Gold), (5999, Tier::Gold), (6000, Tier::Platinum)])
        {
            assert_eq!(Tier::of(Points::new(lifetime)), tier, "{lifetime}");
        }
    }
}
