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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{CARD, after, card, kinds};

    fn note() -> BlockNote {
        BlockNote { reason: "Lost".to_owned(), note: Some("Said so at the till".to_owned()) }
    }

    fn block(card: &Card) -> Vec<Draft> {
        Block { card: CARD, note: note() }.decide(card)
    }

    fn unblock(card: &Card) -> Vec<Draft> {
        Unblock { card: CARD, note: note() }.decide(card)
    }

    #[test]
    fn unblocking_restores_the_card_as_it_was() {
        for status in [Status::Active, Status::Inactive] {
            let before = Card { status, ..card(&[]) };
            let drafts = block(&before);
            let blocked = after(&before, &drafts);
            assert_eq!((blocked.status, blocked.status_before_block), (Status::Blocked, Some(status)));
            assert!(blocked.blocked_at.is_some());
            let drafts = unblock(&blocked);
            assert_eq!(kinds(&drafts), ["card.unblocked"]);
            let restored = after(&blocked, &drafts);
            assert_eq!((restored.status, restored.status_before_block, restored.blocked_at), (status, None, None));
        }
    }

    #[test]
    fn a_card_is_blocked_once() {
        let blocked = after(&card(&[]), &block(&card(&[])));
        assert_eq!(block(&blocked), []);
    }

    #[test]
    fn unblocking_activates_an_inactive_card_and_leaves_an_active_one() {
        let inactive = Card { status: Status::Inactive, ..card(&[]) };
        let drafts = unblock(&inactive);
        assert_eq!(kinds(&drafts), ["card.activated"]);
        assert_eq!(after(&inactive, &drafts).status, Status::Active);
        assert_eq!(unblock(&card(&[])), []);
    }

    #[test]
    fn both_wordings_go_to_the_vault_as_the_holders() {
        let blocked = after(&card(&[]), &block(&card(&[])));
        for drafts in [block(&card(&[])), unblock(&blocked)] {
            let secret = drafts[0].secret.as_ref().unwrap();
            assert_eq!(secret.subject, Stream::Customer(blocked.customer));
            assert_eq!(secret.body, r#"{"reason":"Lost","note":"Said so at the till"}"#);
            assert!(!drafts[0].event.payload().contains("Lost"));
        }
    }
}
