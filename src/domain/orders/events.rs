//! What happens to orders, apart from what their purchases award and redeem.

use super::Breakdown;
use crate::domain::points::{OpenedLot, Points, Slice};
use crate::domain::{CardId, Money, Sealed, Seq, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

/// `order.recorded`: a purchase that earned nothing.
///
/// Every purchase ends in exactly one event that states its terms, by which it is found, repeated and refunded: `points.awarded`
/// where it earned, else this one. It is a kind of its own rather than an award of 0 because an award opens a lot or pays
/// debt, and its readers rely on that; and it is not written for every purchase because that would double the hot path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRecorded {
    pub card: CardId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    pub order: String,
    pub purchase: Box<Breakdown>,
    /// The balance, which it leaves as it is.
    pub balance: Points,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `points.refunded`: what a refund took back of the points that an order earned. What the order spent, `points.returned` gives back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsRefunded {
    pub card: CardId,
    /// Not more than zero: what was taken from lots and what became debt. Zero where the refund only gives back, or comes to
    /// less than a point.
    pub points: Points,
    pub cause: RefundCause,
    /// Where the refund took place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    /// The order's id.
    pub order: String,
    /// The order's first event, which names it for good.
    pub of: Seq,
    /// The refund's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
    /// How much of the order's total was refunded; absent where the request stated points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Whether nothing of the order is left to refund.
    pub completes: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<Slice>,
    /// What the card did not hold and became debt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt: Option<Points>,
    /// What the card did not hold and was let go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub let_go: Option<Points>,
    pub balance_before: Points,
    pub balance: Points,
    /// All points ever awarded to the card, less those taken back.
    pub lifetime: Points,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// What a refund is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundCause {
    Refund,
    /// The whole order, under its own name.
    Cancellation,
}

/// `points.returned`: points that an order spent are the card's again, with the expiry that they had.
///
/// It follows its refund's `points.refunded`, once for each expiry and shop of the lots that were spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsReturned {
    pub card: CardId,
    /// More than zero.
    pub points: Points,
    /// Where the points had been earned: the new lot's shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    pub order: String,
    pub of: Seq,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debt_paid: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<OpenedLot>,
    pub balance_before: Points,
    pub balance: Points,
    /// When it really happened, where an import says so: a fact beside the time of recording, never after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
}
