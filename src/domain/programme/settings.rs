//! A partner's settings: whose points may be spent where, what a refund does when a card holds too little, and the tiers.

use super::Retention;
use crate::domain::cards::Tier;
use crate::domain::points::Points;
use crate::domain::{Rejection, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The settings as a whole, as `partner.settings_changed` states them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether the shops of the partner share points at all.
    pub multi_store_points: bool,
    /// How they share them. Without `multi_store_points` it is kept and ignored.
    pub point_sharing: PointSharing,
    /// Whether all cards of one customer count together towards the tier.
    pub unified_tiers: bool,
    /// What a refund does when the card holds too little.
    pub refund_shortfall: Shortfall,
    pub tiers: TierPlan,
    /// How long the vault keeps what. Absent where it says nothing else than a partner that never set it.
    #[serde(default, skip_serializing_if = "Retention::is_default")]
    pub retention: Retention,
}

/// Where points are earned and spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointSharing {
    /// Earned anywhere, spent anywhere.
    #[default]
    Full,
    /// Earned anywhere, spent only at the card's home shop.
    EarningOnly,
    /// Earned only at the card's home shop, spent anywhere.
    RedemptionOnly,
    /// Spent where they were earned.
    None,
}

/// What a refund does when the card holds less than it has to give back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortfall {
    /// The refund is refused.
    Block,
    /// What is there is taken, the rest is let go.
    Partial,
    /// The rest becomes debt, which the next points pay first.
    #[default]
    Negative,
}

/// A setting, by the name that the API has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    MultiStorePoints,
    PointSharing,
    ShopsOfTemplate,
}

impl Setting {
    /// The setting's name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MultiStorePoints => "multi_store_points",
            Self::PointSharing => "point_sharing",
            Self::ShopsOfTemplate => "shop_ids",
        }
    }
}

impl Settings {
    /// How points are shared, in effect: without `multi_store_points` they are not.
    #[must_use]
    pub const fn sharing(&self) -> PointSharing {
        if self.multi_store_points { self.point_sharing } else { PointSharing::None }
    }

    /// The setting that decides how points are shared.
    #[must_use]
    pub const fn deciding(&self) -> Setting {
        if self.multi_store_points { Setting::PointSharing } else { Setting::MultiStorePoints }
    }

    /// The rule that the settings break, if they break one.
    ///
    /// # Errors
    /// [`Rejection::RuleOutOfBounds`]
    pub fn check(&self) -> Result<(), Rejection> {
        self.tiers.check()?;
        self.retention.check()
    }
}

/// The tiers of a partner, from the lowest.
///
/// A partner uses as many of the four ranks as it likes, from bronze on. What it calls them stands in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierPlan {
    pub basis: TierBasis,
    pub levels: Vec<TierLevel>,
}

/// Which points count towards a tier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierBasis {
    /// All that were ever earned.
    #[default]
    Lifetime,
    /// Those earned in the last twelve months.
    #[serde(rename = "rolling_12_months")]
    Rolling,
}

impl TierBasis {
    /// The moment from which earned points count; none means always.
    #[must_use]
    pub fn since(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Lifetime => None,
            Self::Rolling => Some(now.twelve_months_earlier()),
        }
    }
}

/// One tier of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierLevel {
    pub tier: Tier,
    /// The points from which a card has it.
    pub threshold: Points,
    /// What the points of a purchase are multiplied by.
    pub multiplier: Decimal,
}

impl TierLevel {
    /// Whether points can be multiplied by it: from 0 to 1,000, with at most four decimal places.
    #[must_use]
    pub fn is_multiplier(number: Decimal) -> bool {
        (Decimal::ZERO..=Decimal::ONE_THOUSAND).contains(&number) && number.normalize().scale() <= 4
    }
}

impl TierPlan {
    /// The tier that so many counted points reach.
    #[must_use]
    pub fn reached(&self, counted: Points) -> Tier {
        let reached = self.levels.iter().rev().find(|level| level.threshold <= counted);
        reached.map_or(Tier::Bronze, |level| level.tier)
    }

    /// The level after a tier, which a card of that tier reaches next.
    #[must_use]
    pub fn next(&self, tier: Tier) -> Option<&TierLevel> {
        self.levels.iter().find(|level| level.tier > tier)
    }

    /// The next tier of a card, and how many points it is away.
    #[must_use]
    pub fn to_next(&self, tier: Tier, counted: Points) -> Option<(Tier, Points)> {
        let next = self.next(tier)?;
        Some((next.tier, next.threshold.minus(counted).max(Points::ZERO)))
    }

    /// What the purchases of a card are multiplied by. A tier that the plan has no more counts as the highest below it.
    #[must_use]
    pub fn multiplier(&self, tier: Tier) -> Decimal {
        let level = self.levels.iter().rev().find(|level| level.tier <= tier);
        level.map_or(Decimal::ONE, |level| level.multiplier)
    }

    // The lowest is bronze and begins at nothing, so that every card has a tier; each later one is higher in rank and threshold.
    fn check(&self) -> Result<(), Rejection> {
        let refused = |rule| Err(Rejection::RuleOutOfBounds { rule });
        let begins = self.levels.first().is_some_and(|first| first.tier == Tier::Bronze && first.threshold.is_zero());
        let pairs = self.levels.iter().zip(self.levels.iter().skip(1));
        let rises = pairs.into_iter().all(|(low, high)| low.tier < high.tier && low.threshold < high.threshold);
        let bounded = self.levels.iter().all(|level| level.threshold <= Points::MAX_BALANCE);
        if !(begins && rises && bounded) {
            return refused("tiers.threshold");
        }
        let multiplies = |level: &TierLevel| TierLevel::is_multiplier(level.multiplier);
        if self.levels.iter().all(multiplies) { Ok(()) } else { refused("tiers.multiplier") }
    }
}

impl Default for TierPlan {
    /// The four ranks at their own thresholds on lifetime points, none of which multiplies anything.
    fn default() -> Self {
        let level = |tier: Tier| TierLevel { tier, threshold: tier.threshold(), multiplier: Decimal::ONE };
        Self { basis: TierBasis::Lifetime, levels: Tier::ALL.map(level).to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(levels: &[(Tier, i64, &str)]) -> TierPlan {
        let level = |&(tier, threshold, multiplier): &(Tier, i64, &str)| TierLevel {
            tier,
            threshold: Points::new(threshold),
            multiplier: multiplier.parse().unwrap(),
        };
        TierPlan { basis: TierBasis::Lifetime, levels: levels.iter().map(level).collect() }
    }

    #[test]
    fn whoever_never_configured_anything_has_the_published_tiers_and_shares_nothing() {
        let settings = Settings::default();
        for counted in [0, 499, 500, 799, 800, 5_999, 6_000, i64::MAX].map(Points::new) {
            assert_eq!(settings.tiers.reached(counted), Tier::of(counted), "{counted}");
        }
        assert!(Tier::ALL.into_iter().all(|tier| settings.tiers.multiplier(tier) == Decimal::ONE));
        assert_eq!((settings.sharing(), settings.deciding()), (PointSharing::None, Setting::MultiStorePoints));
        assert_eq!((settings.refund_shortfall, settings.check()), (Shortfall::Negative, Ok(())));
    }

    #[test]
    fn sharing_counts_once_shops_share_points_at_all() {
        let shared = Settings { multi_store_points: true, ..Settings::default() };
        assert_eq!((shared.sharing(), shared.deciding()), (PointSharing::Full, Setting::PointSharing));
    }

    #[test]
    fn a_plan_begins_with_bronze_at_nothing_and_rises() {
        use Tier::{Bronze, Gold, Silver};
        let refused = |rule| Err(Rejection::RuleOutOfBounds { rule });
        for (levels, expected) in [
            (&[(Bronze, 0, "1")][..], Ok(())),
            (&[(Bronze, 0, "1"), (Gold, 10, "1.5")], Ok(())),
            (&[], refused("tiers.threshold")),
            (&[(Silver, 0, "1")], refused("tiers.threshold")),
            (&[(Bronze, 1, "1")], refused("tiers.threshold")),
            (&[(Bronze, 0, "1"), (Gold, 10, "1"), (Silver, 20, "1")], refused("tiers.threshold")),
            (&[(Bronze, 0, "1"), (Silver, 10, "1"), (Gold, 10, "1")], refused("tiers.threshold")),
            (&[(Bronze, 0, "-1")], refused("tiers.multiplier")),
            (&[(Bronze, 0, "1.00001")], refused("tiers.multiplier")),
        ] {
            assert_eq!(plan(levels).check(), expected, "{levels:?}");
        }
    }

    #[test]
    fn a_tier_that_a_plan_leaves_out_counts_as_the_highest_below_it() {
        let plan = plan(&[(Tier::Bronze, 0, "1"), (Tier::Gold, 100, "2")]);
        assert_eq!(Tier::ALL.map(|tier| plan.multiplier(tier).to_string()), ["1", "1", "2", "2"]);
        assert_eq!(
            [0, 99, 100].map(|points| plan.reached(Points::new(points))),
            [Tier::Bronze, Tier::Bronze, Tier::Gold]
        );
        assert_eq!(plan.next(Tier::Bronze).map(|level| level.tier), Some(Tier::Gold));
        assert_eq!(plan.next(Tier::Platinum), None);
        let to_next = |counted| plan.to_next(Tier::Bronze, Points::new(counted));
        assert_eq!(to_next(30), Some((Tier::Gold, Points::new(70))));
        assert_eq!(to_next(100), Some((Tier::Gold, Points::ZERO)), "a threshold that was lowered since");
    }

    #[test]
    fn rolling_points_count_for_twelve_months_of_the_calendar() {
        let now = Timestamp::parse("2028-02-29T12:00:00Z").unwrap();
        assert_eq!(TierBasis::Rolling.since(now), Timestamp::parse("2027-02-28T12:00:00Z"));
        assert_eq!(TierBasis::Lifetime.since(now), None);
        assert_eq!(serde_json::to_string(&TierBasis::Rolling).unwrap(), "\"rolling_12_months\"");
    }
}
