//! What happens to webhooks. Where they lead stands in the vault: an address may hold a token of the receiver's.

use super::EventName;
use super::state::Disabled;
use crate::domain::programme::{is_yes, yes};
use crate::domain::{Sealed, ShopId, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};

/// `webhook.created`: from the next event on, the receiver is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookCreated {
    pub webhook: WebhookId,
    /// At least one.
    pub events: Vec<EventName>,
    /// Only what happens in these shops; absent means everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shop_ids: Vec<ShopId>,
    /// Absent means yes.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub is_active: bool,
    /// Which secret signs. The secret itself is kept outside of the log and the vault.
    pub secret_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `webhook.updated`: the whole webhook anew, its secret aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookUpdated {
    pub webhook: WebhookId,
    pub events: Vec<EventName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shop_ids: Vec<ShopId>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub is_active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `webhook.rotated`: another secret signs from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRotated {
    pub webhook: WebhookId,
    pub secret_id: String,
    /// Until when the secret before signs too.
    pub previous_until: Timestamp,
}

/// `webhook.disabled`: nothing is sent any more until an update makes it active again. It keeps its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDisabled {
    pub webhook: WebhookId,
    pub reason: Disabled,
}

/// `webhook.skipped`: what came before this event and was not delivered is not sent any more, unless it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSkipped {
    pub webhook: WebhookId,
}

/// `webhook.removed`: for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRemoved {
    pub webhook: WebhookId,
}
