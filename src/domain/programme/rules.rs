//! A card template's rules: what a purchase earns, what points are worth, how long they last.

use super::shop::{is_yes, yes};
use crate::domain::points::Points;
use crate::domain::{Rejection, ShopId, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The rules of a template, as `template.created` and `template.updated` state them.
///
/// What is absent from the rules of an early log has the value that it had then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateRules {
    /// Given to customers who have no card yet.
    pub auto_assign: bool,
    /// What makes an inactive card active.
    pub activation: Activation,
    /// Whether cards of this template earn at all.
    pub points_enabled: bool,
    /// Given when a card is issued, unless the request says otherwise.
    pub initial_bonus_points: Points,
    /// Days from the award to the expiry of its lot; none or 0 means never.
    pub points_expiration_days: Option<u32>,
    /// Points for each `currency_amount` of a purchase.
    pub points_per_currency: Decimal,
    /// The money that earns `points_per_currency`.
    pub currency_amount: Decimal,
    /// Round earned points up instead of down.
    pub round_points_up: bool,
    /// The least a purchase earns.
    pub min_points_per_purchase: Points,
    /// The most a purchase earns; none means no bound.
    pub max_points_per_purchase: Option<Points>,
    /// Added to what each purchase earns.
    pub points_per_visit: Points,
    /// Whether points of these cards may be spent.
    pub points_redemption_enabled: bool,
    /// Points for each `currency_amount_redemption` of discount.
    pub points_per_currency_redemption: Decimal,
    /// The discount that `points_per_currency_redemption` buys.
    pub currency_amount_redemption: Decimal,
    /// The least one redemption may spend.
    pub min_points_for_redemption: Points,
    /// The most one redemption may spend; none means no bound.
    pub max_points_per_redemption: Option<Points>,
    /// Whether it is offered to new customers and listed by default. Cards that have it go on by its rules.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub is_active: bool,
    /// The shops where its cards earn and spend; empty means every shop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shop_ids: Vec<ShopId>,
    /// Whether it stands for a card of another programme.
    #[serde(default, skip_serializing_if = "is_no")]
    pub third_party: bool,
    /// Days that a coupon of this template is valid unless it says otherwise; none means it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_coupon_validity_days: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_no(value: &bool) -> bool {
    !*value
}

/// What makes an inactive card active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The first award, redemption or adjustment.
    FirstUse,
    /// Only an unblock command.
    Manual,
}

impl TemplateRules {
    /// The most that a rate may be.
    pub const MAX_RATE: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
    /// How many decimal places a rate may have.
    pub const MAX_RATE_PLACES: u32 = 8;

    /// When a lot opened now expires; none or 0 days mean never.
    #[must_use]
    pub fn lot_expiry(&self, now: Timestamp) -> Option<Timestamp> {
        self.points_expiration_days.filter(|days| *days > 0).map(|days| now.plus_days(days))
    }

    /// The most that a purchase earns; 0 means no bound.
    #[must_use]
    pub fn purchase_maximum(&self) -> Option<Points> {
        self.max_points_per_purchase.filter(|maximum| maximum.is_positive())
    }

    /// The most that one redemption may spend; 0 means no bound.
    #[must_use]
    pub fn redemption_maximum(&self) -> Option<Points> {
        self.max_points_per_redemption.filter(|maximum| maximum.is_positive())
    }

    /// Whether cards of the template earn and spend at a shop. Who names no shop is everywhere.
    #[must_use]
    pub fn applies_at(&self, shop: Option<ShopId>) -> bool {
        shop.is_none_or(|shop| self.shop_ids.is_empty() || self.shop_ids.contains(&shop))
    }

    /// Whether a number can be a rate: above zero, and within [`Self::MAX_RATE`] and [`Self::MAX_RATE_PLACES`].
    #[must_use]
    pub fn is_rate(number: Decimal) -> bool {
        number > Decimal::ZERO && number <= Self::MAX_RATE && number.normalize().scale() <= Self::MAX_RATE_PLACES
    }

    /// The rule that is not within its bounds, if one is not.
    ///
    /// # Errors
    /// [`Rejection::RuleOutOfBounds`]
    pub fn check(&self) -> Result<(), Rejection> {
        let rate = Self::is_rate;
        let points = |points: Points| (Points::ZERO..=Points::MAX_BALANCE).contains(&points);
        let above = |maximum: Option<Points>, minimum| maximum.is_none_or(|maximum| maximum >= minimum);
        let bounds = [
            ("initial_bonus_points", points(self.initial_bonus_points)),
            ("points_per_currency", rate(self.points_per_currency)),
            ("currency_amount", rate(self.currency_amount)),
            ("min_points_per_purchase", points(self.min_points_per_purchase)),
            ("max_points_per_purchase", above(self.purchase_maximum(), self.min_points_per_purchase)),
            ("points_per_visit", points(self.points_per_visit)),
            ("points_per_currency_redemption", rate(self.points_per_currency_redemption)),
            ("currency_amount_redemption", rate(self.currency_amount_redemption)),
            ("min_points_for_redemption", points(self.min_points_for_redemption)),
            ("max_points_per_redemption", above(self.redemption_maximum(), self.min_points_for_redemption)),
            ("max_points_per_purchase", points(self.max_points_per_purchase.unwrap_or_default())),
            ("max_points_per_redemption", points(self.max_points_per_redemption.unwrap_or_default())),
        ];
        bounds.into_iter().find(|(_, held)| !held).map_or(Ok(()), |(rule, _)| Err(Rejection::RuleOutOfBounds { rule }))
    }
}

impl Default for TemplateRules {
    /// 10 points per 1.00, rounded down, no bonus, no expiry, redeemed at 100 points per 1.00, assigned automatically.
    fn default() -> Self {
        Self {
            auto_assign: true,
            activation: Activation::FirstUse,
            points_enabled: true,
            initial_bonus_points: Points::ZERO,
            points_expiration_days: None,
            points_per_currency: Decimal::TEN,
            currency_amount: Decimal::ONE,
            round_points_up: false,
            min_points_per_purchase: Points::ZERO,
            max_points_per_purchase: None,
            points_per_visit: Points::ZERO,
            points_redemption_enabled: true,
            points_per_currency_redemption: Decimal::ONE_HUNDRED,
            currency_amount_redemption: Decimal::ONE,
            min_points_for_redemption: Points::ZERO,
            max_points_per_redemption: None,
            is_active: true,
            shop_ids: Vec::new(),
            third_party: false,
            default_coupon_validity_days: None,
        }
    }
}
