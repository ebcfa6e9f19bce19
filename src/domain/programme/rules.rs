//! A card template's rules: what a purchase earns, what points are worth, how long they last.

use crate::domain::Timestamp;
use crate::domain::points::Points;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The rules of a template, as `template.created` states them.
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
    /// When a lot opened now expires; none or 0 days mean never.
    #[must_use]
    pub fn lot_expiry(&self, now: Timestamp) -> Option<Timestamp> {
        self.points_expiration_days.filter(|days| *days > 0).map(|days| now.plus_days(days))
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
        }
    }
}
