//! Tiers, by lifetime points.

use crate::domain::points::Points;
use serde::{Deserialize, Serialize};

/// A card's standing. A tier never drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    Bronze,
    Silver,
    Gold,
    Platinum,
}

impl Tier {
    /// From the lowest to the highest.
    pub const ALL: [Self; 4] = [Self::Bronze, Self::Silver, Self::Gold, Self::Platinum];

    /// The lifetime points from which a card has this tier.
    #[must_use]
    pub const fn threshold(self) -> Points {
        match self {
            Self::Bronze => Points::ZERO,
            Self::Silver => Points::new(500),
            Self::Gold => Points::new(800),
            Self::Platinum => Points::new(6_000),
        }
    }

    /// The tier that so many lifetime points reach.
    #[must_use]
    pub fn of(lifetime: Points) -> Self {
        Self::ALL.into_iter().rev().find(|tier| tier.threshold() <= lifetime).unwrap_or(Self::Bronze)
    }

    /// The next higher tier.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Bronze => Some(Self::Silver),
            Self::Silver => Some(Self::Gold),
            Self::Gold => Some(Self::Platinum),
            Self::Platinum => None,
        }
    }

    /// The tier's name in the log and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Platinum => "platinum",
        }
    }

    /// The tier of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_belongs_to_the_tier_it_opens() {
        for (lifetime, tier) in [
            (0, Tier::Bronze),
            (499, Tier::Bronze),
            (500, Tier::Silver),
            (799, Tier::Silver),
            (800, Tier::Gold),
            (5_999, Tier::Gold),
            (6_000, Tier::Platinum),
            (i64::MAX, Tier::Platinum),
        ] {
            assert_eq!(Tier::of(Points::new(lifetime)), tier, "{lifetime}");
        }
    }
}
