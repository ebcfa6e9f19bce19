//! What every command that moves points has in common: how it is named, what the vault keeps of it, and the checks on the card.

use super::expire::expire_due_as_of;
use super::past::When;
use super::{Past, Points};
use crate::domain::cards::{Card, CardActivated, Status};
use crate::domain::programme::{Activation, TemplateRules};
use crate::domain::{Draft, Metadata, Rejection, Secret, ShopId, Stream};
use serde::{Deserialize, Serialize};

/// The caller's own names for a movement, and where it took place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Particulars {
    pub shop: Option<ShopId>,
    pub name: Option<Order>,
    pub note: Note,
    /// When it happened, where it is not happening now.
    pub past: Option<Past>,
}

impl Particulars {
    /// The order id, where the movement belongs to an order.
    #[must_use]
    pub fn order(&self) -> Option<String> {
        match &self.name {
            Some(Order::Id(id) | Order::Both { id, .. }) => Some(id.clone()),
            Some(Order::Reference(_)) | None => None,
        }
    }

    /// Any other name.
    #[must_use]
    pub fn reference(&self) -> Option<String> {
        match &self.name {
            Some(Order::Reference(reference) | Order::Both { reference, .. }) => Some(reference.clone()),
            Some(Order::Id(_)) | None => None,
        }
    }
}

/// The name that makes a movement happen exactly once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// An order of a shop: counts once whatever the card.
    Id(String),
    /// Any other name: counts once for each card.
    Reference(String),
    /// An order with a reference that is only kept beside it.
    Both { id: String, reference: String },
}

/// What people typed about a movement. It goes to the vault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_member: Option<String>,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
}

impl Note {
    /// The note as the vault keeps it, or nothing where nothing was typed.
    pub(in crate::domain) fn secret(&self, card: &Card) -> Option<Secret> {
        let empty = self.reason.is_none() && self.staff_member.is_none() && self.metadata.is_empty();
        (!empty).then(|| Secret::new(Stream::Customer(card.customer), self))
    }
}

/// A card made ready to earn or spend: lots past their time written off, an inactive card woken.
#[derive(Debug)]
pub(in crate::domain) struct Ready {
    pub(in crate::domain) drafts: Vec<Draft>,
    pub(in crate::domain) balance: Points,
}

/// Checks that the card may earn and spend, and drafts what has to be recorded first.
pub(in crate::domain) fn ready(card: &Card, rules: &TemplateRules, when: When) -> Result<Ready, Rejection> {
    let mut drafts = Vec::from_iter(expire_due_as_of(card, when));
    match (card.status, rules.activation) {
        // What the card is today says nothing of then, and what happened then wakes nobody today.
        _ if when.is_past() => {}
        (Status::Blocked, _) => return Err(Rejection::CardBlocked { card: card.id }),
        (Status::Inactive, Activation::Manual) => return Err(Rejection::CardInactive { card: card.id }),
        (Status::Inactive, Activation::FirstUse) => drafts.push(Draft::open(CardActivated { card: card.id })),
        (Status::Active, _) => {}
    }
    Ok(Ready { drafts, balance: card.available(when.at()) })
}

/// Refuses to earn or to spend nothing, or less.
pub(in crate::domain) fn something(points: Points) -> Result<(), Rejection> {
    if points.is_positive() { Ok(()) } else { Err(Rejection::NothingMoved) }
}

/// Refuses a movement that is larger than one operation may be.
pub(in crate::domain) fn within_one_operation(points: Points) -> Result<(), Rejection> {
    if points.abs() > Points::MAX_MOVED { Err(Rejection::TooManyPoints { points }) } else { Ok(()) }
}

/// The balance after a movement.
pub(in crate::domain) fn balance_after(balance: Points, points: Points) -> Result<Points, Rejection> {
    balance.checked_add(points).ok_or(Rejection::BalanceOutOfRange { balance, points })
}

/// Records an event, with its note in the vault where there is one.
pub(in crate::domain) fn draft(event: impl Into<crate::domain::Event>, secret: Option<Secret>) -> Draft {
    Draft { event: event.into(), secret }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::points::{Adjust, Award, Redeem};
    use crate::domain::samples::{CARD, NOW, after, card, kinds, lot, named, programme};

    /// Whatever earns or spends, on the same card under the same rules.
    fn all_movements(card: &Card, rules: &TemplateRules) -> [Result<Vec<Draft>, Rejection>; 4] {
        let (points, particulars) = (Points::new(10), named(None));
        let programme = programme(rules.clone());
        let terms = programme.terms();
        let adjust = |points| Adjust { card: CARD, points, particulars: particulars.clone() };
        [
            Award { card: CARD, points, expires_at: None, particulars: particulars.clone() }.decide(card, &terms, NOW),
            Redeem { card: CARD, points, particulars: particulars.clone() }.decide(card, &terms, NOW),
            adjust(points).decide(card, rules, NOW),
            adjust(points.negated()).decide(card, rules, NOW),
        ]
    }

    #[test]
    fn a_card_is_used_as_its_status_and_template_allow() {
        let blocked = || Err(Rejection::CardBlocked { card: CARD });
        for (status, activation, expected) in [
            (Status::Active, Activation::FirstUse, Ok(false)),
            (Status::Active, Activation::Manual, Ok(false)),
            (Status::Inactive, Activation::FirstUse, Ok(true)),
            (Status::Inactive, Activation::Manual, Err(Rejection::CardInactive { card: CARD })),
            (Status::Blocked, Activation::FirstUse, blocked()),
            (Status::Blocked, Activation::Manual, blocked()),
        ] {
            let before = Card { status, ..card(&[lot(2, 100, None)]) };
            let rules = TemplateRules { activation, ..TemplateRules::default() };
            for decided in all_movements(&before, &rules) {
                let activated = decided.map(|drafts| {
                    assert_eq!(after(&before, &drafts).status, Status::Active);
                    kinds(&drafts)[0] == "card.activated"
                });
                assert_eq!(activated, expected, "{status:?} {activation:?}");
            }
        }
    }

    #[test]
    fn a_refused_movement_activates_nothing() {
        let empty = Card { status: Status::Inactive, ..card(&[]) };
        let [award, redeem, up, down] = all_movements(&empty, &TemplateRules::default());
        assert!(award.is_ok() && up.is_ok());
        assert!(redeem.is_err() && down.is_err());
    }

    #[test]
    fn a_note_without_any_words_is_not_sealed() {
        let card = card(&[]);
        assert_eq!(Note::default().secret(&card), None);
        let metadata = serde_json::json!({"till": 4}).as_object().cloned().unwrap();
        for (note, body) in [
            (Note { reason: Some("Gift".to_owned()), ..Note::default() }, r#"{"reason":"Gift"}"#),
            (Note { staff_member: Some("Ona".to_owned()), ..Note::default() }, r#"{"staff_member":"Ona"}"#),
            (Note { metadata, ..Note::default() }, r#"{"metadata":{"till":4}}"#),
        ] {
            let secret = note.secret(&card).unwrap();
            assert_eq!((secret.subject, secret.body.as_str()), (Stream::Customer(card.customer), body));
        }
    }
}
