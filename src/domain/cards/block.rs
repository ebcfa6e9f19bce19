//! Blocking a card, and lifting the block.

use super::{Card, CardActivated, CardBlocked, CardUnblocked, Status};
use crate::domain::{CardId, Draft, Secret, Stream};
use serde::{Deserialize, Serialize};

/// Why, in two wordings: one for the customer, one for the staff only. It goes to the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockNote {
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Stops a card from earning and spending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub card: CardId,
    pub note: BlockNote,
}

impl Block {
    /// The block, or nothing where the card is blocked already.
    #[must_use]
    pub fn decide(&self, card: &Card) -> Vec<Draft> {
        if card.status == Status::Blocked {
            return Vec::new();
        }
        let secret = Secret::new(Stream::Customer(card.customer), &self.note);
        vec![Draft::sealing(CardBlocked { card: card.id, sealed: None }, secret)]
    }
}

/// Lifts a block, which restores the card as it was. An inactive card is activated by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unblock {
    pub card: CardId,
    pub note: BlockNote,
}

impl Unblock {
    /// The end of the block, the activation, or nothing where the card is active already.
    #[must_use]
    pub fn decide(&self, card: &Card) -> Vec<Draft> {
        match card.status {
            Status::Active => Vec::new(),
            Status::Inactive => vec![Draft::open(CardActivated { card: card.id })],
            Status::Blocked => {
                let status = card.status_before_block.unwrap_or(Status::Active);
                let secret = Secret::new(Stream::Customer(card.customer), &self.note);
                vec![Draft::sealing(CardUnblocked { card: card.id, status, sealed: None }, secret)]
            }
        }
    }
}
