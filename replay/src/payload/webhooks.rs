//! The layouts of `webhook.*`.

use super::{Sealed, present};
use crate::instant::Instant;
use crate::points::{ShopId, WebhookId};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookCreated {
    pub webhook: WebhookId,
    pub events: Vec<String>,
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
    pub events: Vec<String>,
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
