//! A movement as `/api/*` shows it, rendered from the recorded event and what the vault holds of it: so that the answer to a
//! repeated request is the first answer again.

use super::ERASED;
use crate::domain::points::{ExpiryCause, Note, Order, Points};
use crate::domain::{CardId, Metadata, Movement, MovementType, Seq, Timestamp};
use crate::http::ids;
use crate::queries::MovementView;
use crate::writer::Recorded;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What the history says of an expiry that nobody gave a reason for.
const EXPIRED: &str = "Points expired";

/// A recorded movement with what was typed about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moved {
    pub(crate) seq: Seq,
    pub(crate) at: Timestamp,
    pub(crate) card: CardId,
    pub(crate) movement: MovementType,
    pub(crate) points: Points,
    pub(crate) before: Points,
    pub(crate) after: Points,
    pub(crate) reason: Option<String>,
    reference: Option<String>,
    /// When the points of an award expire.
    expires_at: Option<Timestamp>,
    staff_member: Option<String>,
    metadata: Metadata,
}

impl Moved {
    /// The movement that a command was about, among the events that it led to: what was due before is not it.
    pub(crate) fn of(events: &[Recorded]) -> Option<Self> {
        events.iter().rev().find_map(Self::from_recorded)
    }

    fn from_recorded(recorded: &Recorded) -> Option<Self> {
        let moved = match Movement::of(&recorded.event)? {
            Movement::Expired(event) if event.cause == ExpiryCause::Due => return None,
            Movement::Returned(_) => return None,
            moved @ (Movement::Awarded(_)
            | Movement::Redeemed(_)
            | Movement::Adjusted(_)
            | Movement::Expired(_)
            | Movement::Recorded(_)
            | Movement::Refunded(_)) => moved.stated(),
        };
        let note = recorded.body.as_deref().and_then(|body| serde_json::from_str::<Note>(body).ok());
        let erased = recorded.event.sealed().is_some() && note.is_none();
        let note = note.unwrap_or_default();
        Some(Self {
            seq: recorded.seq,
            at: recorded.at,
            card: moved.card,
            movement: moved.movement,
            points: moved.points,
            before: moved.before,
            after: moved.after,
            reason: if erased { Some(ERASED.to_owned()) } else { note.reason },
            reference: moved.refund.or(moved.reference).or(moved.order).map(str::to_owned),
            // Only an award's answer states it.
            expires_at: moved.lot.filter(|_| moved.movement == MovementType::Award).and_then(|lot| lot.expires_at),
            staff_member: note.staff_member,
            metadata: note.metadata,
        })
    }
}

/// The answer of award, redeem and adjust.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Movement)]
pub(crate) struct Entry {
    transaction_id: String,
    card_id: String,
    r#type: &'static str,
    points: i64,
    reason: String,
    reference: Option<String>,
    previous_balance: i64,
    new_balance: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    staff_member: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

impl From<Moved> for Entry {
    fn from(moved: Moved) -> Self {
        Self {
            transaction_id: ids::transaction(moved.seq),
            card_id: ids::card(moved.card),
            r#type: moved.movement.name(),
            points: moved.points.get(),
            reason: moved.reason.unwrap_or_default(),
            reference: moved.reference,
            previous_balance: moved.before.get(),
            new_balance: moved.after.get(),
            created_at: moved.at.to_seconds_text(),
            expires_at: moved.expires_at.map(Timestamp::to_seconds_text),
            staff_member: moved.staff_member,
            metadata: moved.metadata,
        }
    }
}

/// The answer of an expiry.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ExpiredPoints)]
pub(crate) struct Expired {
    transaction_id: String,
    card_id: String,
    points_expired: i64,
    previous_balance: i64,
    new_balance: i64,
    reason: Option<String>,
    #[schema(format = DateTime)]
    expired_at: String,
}

impl From<Moved> for Expired {
    fn from(moved: Moved) -> Self {
        Self {
            transaction_id: ids::transaction(moved.seq),
            card_id: ids::card(moved.card),
            points_expired: moved.points.abs().get(),
            previous_balance: moved.before.get(),
            new_balance: moved.after.get(),
            reason: moved.reason,
            expired_at: moved.at.to_seconds_text(),
        }
    }
}

/// What stands recorded under a key that another request claimed.
pub(crate) fn recorded(events: &[Recorded]) -> Value {
    match Moved::of(events) {
        Some(moved) if moved.movement == MovementType::Expire => json!(Expired::from(moved)),
        Some(moved) => json!(Entry::from(moved)),
        None => json!({}),
    }
}

/// A row of a card's history under `/api/loyalty-cards`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HistoryEntry {
    id: String,
    r#type: &'static str,
    points: i64,
    reason: String,
    reference: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    staff_member: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

/// A row of a card's history under `/api/points`: the same, with balances.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct BalancedEntry {
    #[serde(flatten)]
    entry: HistoryEntry,
    balance_before: i64,
    balance_after: i64,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A row of a card's newest transactions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct RecentEntry {
    id: String,
    r#type: &'static str,
    points: i64,
    reason: String,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<MovementView> for HistoryEntry {
    fn from(view: MovementView) -> Self {
        let reason = reason(&view);
        let note = view.note.unwrap_or_default();
        Self {
            id: ids::transaction(view.seq),
            r#type: view.movement.name(),
            points: view.points.get(),
            reason,
            reference: view.reference.or(view.order),
            created_at: view.at.to_seconds_text(),
            staff_member: note.staff_member,
            metadata: note.metadata,
        }
    }
}

impl From<MovementView> for BalancedEntry {
    fn from(view: MovementView) -> Self {
        Self {
            balance_before: view.balance_before.get(),
            balance_after: view.balance_after.get(),
            expires_at: view.expires_at.map(Timestamp::to_seconds_text),
            entry: view.into(),
        }
    }
}

impl From<MovementView> for RecentEntry {
    fn from(view: MovementView) -> Self {
        Self {
            id: ids::transaction(view.seq),
            r#type: view.movement.name(),
            points: view.points.get(),
            reason: reason(&view),
            created_at: view.at.to_seconds_text(),
        }
    }
}

fn reason(view: &MovementView) -> String {
    match (&view.note, view.sealed) {
        (None, true) => ERASED.to_owned(),
        (Some(Note { reason: Some(reason), .. }), _) => reason.clone(),
        (Some(_) | None, _) if view.movement == MovementType::Expire => EXPIRED.to_owned(),
        (Some(_) | None, _) => String::new(),
    }
}

impl Moved {
    /// A movement that never was, for the benchmark's echo.
    pub(crate) fn echoed(points: Points, note: Note, name: Option<Order>, at: Timestamp) -> Self {
        let reference = name.map(|name| match name {
            Order::Id(name) | Order::Reference(name) | Order::Both { reference: name, .. } => name,
        });
        Self {
            seq: Seq::new(123_456_789),
            at,
            card: CardId::new(123_456),
            movement: MovementType::Award,
            points,
            before: points,
            after: points.plus(points),
            reason: note.reason,
            reference,
            expires_at: None,
            staff_member: note.staff_member,
            metadata: note.metadata,
        }
    }
}
