//! What happens to cards, their points aside.

use super::{CardNumber, Status, Tier};
use crate::domain::points::Points;
use crate::domain::{CardId, CustomerId, Sealed, ShopId, TemplateId, Timestamp};
use serde::{Deserialize, Serialize};

/// `card.issued`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardIssued {
    pub card: CardId,
    pub customer: CustomerId,
    pub template: TemplateId,
    /// The version of the template's stream whose rules applied.
    pub template_version: i64,
    pub number: CardNumber,
    /// `active` or `inactive`.
    pub status: Status,
    pub design: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `card.updated`: what is absent stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardUpdated {
    pub card: CardId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub design: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `card.activated`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardActivated {
    pub card: CardId,
}

/// `card.blocked`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardBlocked {
    pub card: CardId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `card.unblocked`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardUnblocked {
    pub card: CardId,
    /// What the card is again: `active` or `inactive`.
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `card.tier_changed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardTierChanged {
    pub card: CardId,
    pub from: Tier,
    pub to: Tier,
    /// The lifetime points that crossed the threshold.
    pub lifetime: Points,
}
