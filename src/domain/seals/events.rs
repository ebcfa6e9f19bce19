//! What is recorded of a seal.

use super::Period;
use crate::domain::points::Points;
use crate::domain::{Bytes, SealId, Sealed, Seq, Timestamp};
use serde::{Deserialize, Serialize};

/// `balances.sealed`: these were a partner's balances at a month's end, every card's under the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancesSealed {
    pub seal: SealId,
    pub period: Period,
    /// The first instant after it.
    pub ends_at: Timestamp,
    /// The last event that was recorded before `ends_at`, whoever's.
    pub as_of: Seq,
    /// How many cards the partner had issued by then: the leaves.
    pub cards: i64,
    /// The sum of their balances by the books.
    pub points: Points,
    /// The sum of what was available on them in the last microsecond of the period.
    pub available: Points,
    /// Of the tree over the cards, in the order of their ids.
    pub root: Bytes<32>,
    /// The secret from which every leaf's salt is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}
