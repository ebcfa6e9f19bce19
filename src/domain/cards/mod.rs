//! Cards: their numbers, states and tiers, and the commands that issue, change, block and unblock them.

mod block;
mod card;
mod events;
mod issue;
mod number;
mod tier;
mod update;

pub use block::{Block, BlockNote, Unblock};
pub use card::{Card, LastMovement, Status};
pub use events::{CardActivated, CardBlocked, CardIssued, CardTierChanged, CardUnblocked, CardUpdated};
pub use issue::{Fresh, Holder, Issue};
pub use number::CardNumber;
pub use tier::Tier;
pub use update::UpdateCard;

use crate::domain::Metadata;
use serde::{Deserialize, Serialize};

/// What the vault keeps of a card: the shop's own data about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardRecord {
    pub metadata: Metadata,
}
