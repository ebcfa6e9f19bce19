//! The layouts of `webhook.*`.

use super::{Sealed, present};
use crate::instant::Instant;
use crate::points::{ShopId, WebhookId};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookCreated {
    pub webhook: WebhookId,
    pub events: Vec<EventName>,
    #[serde(default)]
    pub shop_ids: Vec<ShopId>,
    #[serde(default, deserialize_with = "present")]
    pub is_active: Option<bool>,
    pub secret_id: String,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookUpdated {
    pub webhook: WebhookId,
    pub events: Vec<EventName>,
    #[serde(default)]
    pub shop_ids: Vec<ShopId>,
    #[serde(default, deserialize_with = "present")]
    pub is_active: Option<bool>,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRotated {
    pub webhook: WebhookId,
    pub secret_id: String,
    pub previous_until: Instant,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDisabled {
    pub webhook: WebhookId,
    pub reason: Disabled,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSkipped {
    pub webhook: WebhookId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRemoved {
    pub webhook: WebhookId,
}

/// Why the service stopped sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disabled {
    Gone,
    Failing,
}

/// What a webhook can ask for, by its place among the names. Names that mean the same are different wishes: it is told under the name
/// that it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EventName(usize);

/// Every name that the format knows.
const NAMES: [&str; 31] = [
    "*",
    "customer.registered",
    "customer_registered",
    "customer.updated",
    "customer_updated",
    "customer.erased",
    "customer_erased",
    "customer.tier_changed",
    "customer_tier_changed",
    "tier_upgraded",
    "points.awarded",
    "points_awarded",
    "points.redeemed",
    "points_redeemed",
    "points.expired",
    "points_expired",
    "transaction.refunded",
    "transaction_refunded",
    "card.created",
    "card_created",
    "loyalty_card.created",
    "card.blocked",
    "card_blocked",
    "card.unblocked",
    "card_unblocked",
    "coupon.redeemed",
    "coupon_redeemed",
    "offer.claimed",
    "offer_claimed",
    "game.completed",
    "game_completed",
];

impl TryFrom<String> for EventName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = NAMES.iter().position(|name| *name == text);
        known.map(Self).ok_or_else(|| format!("{text:?} is the name of no event that a webhook can ask for"))
    }
}
