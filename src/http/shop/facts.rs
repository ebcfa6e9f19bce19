//! What every form of a transaction under `/{locale}/shop` is rendered from: the recorded event, and what the vault holds of it.

use crate::domain::orders::TransactionKind;
use crate::domain::points::{Note, Points};
use crate::domain::{CardId, Event, Metadata, Money, Movement, Seq, Timestamp};
use crate::http::api::ERASED;
use crate::http::locales::{Locale, Message};
use crate::queries::{TransactionView, transaction_word};
use crate::writer::Recorded;
use serde_json::Value;

/// Under which name the metadata of a transaction keeps what was bought.
const CART: &str = "cart_items";

/// A transaction as its event states it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) seq: Seq,
    pub(crate) at: Timestamp,
    pub(crate) kind: TransactionKind,
    pub(crate) card: CardId,
    pub(crate) points: Points,
    pub(crate) balance: Points,
    /// The order's total, or nothing.
    pub(crate) total: Money,
    pub(crate) order: Option<String>,
    refund: Option<String>,
    reference: Option<String>,
    pub(crate) expires_at: Option<Timestamp>,
    reason: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) cart: Vec<Value>,
}

/// The metadata that keeps what was bought beside what the client sent.
pub(crate) fn metadata_with_cart(mut metadata: Metadata, cart: Vec<Value>) -> Metadata {
    if !cart.is_empty() {
        metadata.insert(CART.to_owned(), Value::Array(cart));
    }
    metadata
}

impl Facts {
    pub(crate) fn of_recorded(recorded: &Recorded) -> Option<Self> {
        let note = recorded.body.as_deref().and_then(|body| serde_json::from_str::<Note>(body).ok());
        Self::of((recorded.seq, recorded.at), &recorded.event, note)
    }

    pub(crate) fn of_view(view: &TransactionView) -> Option<Self> {
        Self::of((view.seq, view.at), &view.event, view.note.clone())
    }

    fn of((seq, at): (Seq, Timestamp), event: &Event, note: Option<Note>) -> Option<Self> {
        let moved = Movement::of(event)?.stated();
        let erased = event.sealed().is_some() && note.is_none();
        let note = note.unwrap_or_default();
        let mut metadata = note.metadata;
        let cart = match metadata.remove(CART) {
            Some(Value::Array(items)) => items,
            Some(other) => {
                metadata.insert(CART.to_owned(), other);
                Vec::new()
            }
            None => Vec::new(),
        };
        Some(Self {
            seq,
            at,
            kind: moved.kind,
            card: moved.card,
            points: moved.points,
            balance: moved.after,
            total: moved.order_total(),
            order: moved.order.map(str::to_owned),
            refund: moved.refund.map(str::to_owned),
            reference: moved.reference.map(str::to_owned),
            expires_at: moved.lot.and_then(|lot| lot.expires_at),
            reason: if erased { Some(ERASED.to_owned()) } else { note.reason },
            metadata,
            cart,
        })
    }

    /// The caller's own name for it, and what kind of name that is.
    pub(crate) fn named(&self) -> (Option<String>, Option<&'static str>) {
        match (&self.refund, &self.order, &self.reference) {
            (Some(refund), _, _) => (Some(refund.clone()), Some("refund")),
            (None, Some(order), _) => (Some(order.clone()), Some("order")),
            (None, None, Some(reference)) => (Some(reference.clone()), Some("reference")),
            (None, None, None) => (None, None),
        }
    }

    /// What was typed about it, else what it is.
    pub(crate) fn description(&self, locale: Locale) -> String {
        let described = match self.kind {
            TransactionKind::Purchase => Message::KindPurchase,
            TransactionKind::Award => Message::KindAward,
            TransactionKind::Welcome => Message::KindWelcome,
            TransactionKind::Redemption => Message::KindRedemption,
            TransactionKind::Expiry => Message::KindExpiry,
            TransactionKind::Refund => Message::KindRefund,
            TransactionKind::Cancellation => Message::KindCancellation,
            TransactionKind::Return => Message::KindReturn,
            TransactionKind::Raise | TransactionKind::Cut => Message::KindAdjustment,
        };
        self.reason.clone().unwrap_or_else(|| described.text(locale).into_owned())
    }

    /// What a transaction calls it.
    pub(crate) const fn transaction_type(&self) -> &'static str {
        transaction_word(self.kind)
    }

    /// What a point entry calls it.
    pub(crate) const fn entry_type(&self) -> &'static str {
        match self.kind {
            TransactionKind::Purchase | TransactionKind::Award | TransactionKind::Raise => "earned",
            TransactionKind::Welcome => "bonus",
            TransactionKind::Redemption => "spent",
            TransactionKind::Expiry => "expired",
            TransactionKind::Refund
            | TransactionKind::Cancellation
            | TransactionKind::Return
            | TransactionKind::Cut => "refund",
        }
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|time| time <= now)
    }
}

/// What of a command's events its answer is about: the purchase, the refund or the movement itself.
pub(crate) fn main_of(events: &[Recorded]) -> Option<Facts> {
    let facts: Vec<Facts> = events.iter().filter_map(Facts::of_recorded).collect();
    let is_main = |facts: &&Facts| {
        matches!(facts.kind, TransactionKind::Purchase | TransactionKind::Refund | TransactionKind::Cancellation)
    };
    facts.iter().find(is_main).or(facts.last()).cloned()
}
