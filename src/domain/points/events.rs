//! Movements of points. Each states its outcome (lots, balances), so that replaying one needs no rule.

use super::{Points, Slice};
use crate::domain::orders::{Breakdown, Discount};
use crate::domain::{CardId, Sealed, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

/// `points.awarded`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsAwarded {
    pub card: CardId,
    /// More than zero.
    pub points: Points,
    pub origin: Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The purchase that earned it and how; absent where it was not a purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Box<Breakdown>>,
    /// How much of it paid debt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt_paid: Option<Points>,
    /// The lot it opened, unless debt took everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<OpenedLot>,
    pub balance_before: Points,
    pub balance: Points,
    /// All points ever awarded to the card, these included.
    pub lifetime: Points,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// What gave rise to an award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A command of its own.
    Award,
    /// The issue of the card.
    Issue,
}

/// The lot that an event opens. Its id is the event's seq, its shop the event's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedLot {
    pub points: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// `points.redeemed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsRedeemed {
    pub card: CardId,
    /// Less than zero.
    pub points: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The discount that they bought in a purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Box<Discount>>,
    pub taken: Vec<Slice>,
    /// Where the lots of `taken` were opened, in the same order, so that a refund can give the points back to their shops;
    /// absent where none of them has a shop, or no purchase took them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lot_shops: Vec<Option<ShopId>>,
    pub balance_before: Points,
    pub balance: Points,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `points.adjusted`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsAdjusted {
    pub card: CardId,
    /// Not zero.
    pub points: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt_paid: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<OpenedLot>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<Slice>,
    pub balance_before: Points,
    pub balance: Points,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `points.expired`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsExpired {
    pub card: CardId,
    /// Less than zero.
    pub points: Points,
    pub cause: ExpiryCause,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    pub taken: Vec<Slice>,
    pub balance_before: Points,
    pub balance: Points,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// Why points expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryCause {
    /// Their time had come.
    Due,
    /// Somebody asked.
    Requested,
}
