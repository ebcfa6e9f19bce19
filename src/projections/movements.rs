//! History: the table `movements`, one row for each event that moved points.

use crate::domain::cards::MovementType;
use crate::domain::points::Points;
use crate::domain::{CardId, Event, RecordId, Seq, ShopId, Timestamp};
use crate::event_log::Stored;
use rusqlite::Connection;

/// What a card has earned since a moment, less what refunds took back; and the last event that this reflects.
///
/// # Errors
/// When the file cannot be read.
pub fn earned_since(connection: &Connection, card: CardId, since: Timestamp) -> rusqlite::Result<(Seq, Points)> {
    // One statement, so that both are of one moment.
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'watermark'), coalesce(sum(points), 0) \
         FROM movements WHERE card = ?1 AND type IN ('award', 'refund') AND at >= ?2",
    )?;
    statement.query_row((card.get(), since.micros()), |row| Ok((Seq::new(row.get(0)?), Points::new(row.get(1)?))))
}

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Movement {
    seq: Seq,
    card: CardId,
    movement: MovementType,
    points: Points,
    balance_before: Points,
    balance_after: Points,
    shop: Option<ShopId>,
    order: Option<String>,
    reference: Option<String>,
    expires_at: Option<Timestamp>,
    actor: String,
    record: Option<RecordId>,
    at: Timestamp,
}

impl Movement {
    /// Whether an event moves points.
    pub(super) const fn is(event: &Event) -> bool {
        matches!(
            event,
            Event::PointsAwarded(_)
                | Event::PointsRedeemed(_)
                | Event::PointsAdjusted(_)
                | Event::PointsExpired(_)
                | Event::OrderRecorded(_)
                | Event::PointsRefunded(_)
                | Event::PointsReturned(_)
        )
    }

    /// The row that an event adds, where it moved points.
    pub(super) fn of(stored: &Stored) -> Option<Self> {
        let mut row = match &stored.event {
            Event::PointsAwarded(event) => Self {
                shop: event.shop,
                order: event.order.clone(),
                reference: event.reference.clone(),
                expires_at: event.lot.and_then(|lot| lot.expires_at),
                ..Self::new(stored, MovementType::Award, event.card, event.points, event.balance_before, event.balance)
            },
            Event::PointsRedeemed(event) => Self {
                shop: event.shop,
                order: event.order.clone(),
                reference: event.reference.clone(),
                ..Self::new(stored, MovementType::Redeem, event.card, event.points, event.balance_before, event.balance)
            },
            Event::PointsAdjusted(event) => Self {
                shop: event.shop,
                reference: event.reference.clone(),
                expires_at: event.lot.and_then(|lot| lot.expires_at),
                ..Self::new(stored, MovementType::Adjust, event.card, event.points, event.balance_before, event.balance)
            },
            Event::PointsExpired(event) => Self {
                shop: event.shop,
                reference: event.reference.clone(),
                ..Self::new(stored, MovementType::Expire, event.card, event.points, event.balance_before, event.balance)
            },
            Event::OrderRecorded(event) => Self {
                shop: event.shop,
                order: Some(event.order.clone()),
                ..Self::new(stored, MovementType::Order, event.card, Points::ZERO, event.balance, event.balance)
            },
            Event::PointsRefunded(event) => Self {
                shop: event.shop,
                order: Some(event.order.clone()),
                reference: event.refund.clone(),
                ..Self::new(stored, MovementType::Refund, event.card, event.points, event.balance_before, event.balance)
            },
            Event::PointsReturned(event) => Self {
                shop: event.shop,
                order: Some(event.order.clone()),
                reference: event.refund.clone(),
                expires_at: event.lot.and_then(|lot| lot.expires_at),
                ..Self::new(stored, MovementType::Return, event.card, event.points, event.balance_before, event.balance)
            },
            Event::PartnerCreated(_)
            | Event::PartnerSettingsChanged(_)
            | Event::ShopOpened(_)
            | Event::ShopUpdated(_)
            | Event::ShopRetired(_)
            | Event::TemplateCreated(_)
            | Event::TemplateUpdated(_)
            | Event::TemplateRetired(_)
            | Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::CustomerRegistered(_)
            | Event::CustomerUpdated(_)
            | Event::CustomerErased(_)
            | Event::CardIssued(_)
            | Event::CardUpdated(_)
            | Event::CardActivated(_)
            | Event::CardBlocked(_)
            | Event::CardUnblocked(_)
            | Event::CardTierChanged(_) => return None,
        };
        row.record = stored.event.sealed().map(|sealed| sealed.record);
        Some(row)
    }

    fn new(
        stored: &Stored,
        movement: MovementType,
        card: CardId,
        points: Points,
        balance_before: Points,
        balance_after: Points,
    ) -> Self {
        let (seq, at, actor) = (stored.seq, stored.at, stored.actor.clone());
        let (shop, order, reference, expires_at, record) = (None, None, None, None, None);
        Self {
            seq,
            card,
            movement,
            points,
            balance_before,
            balance_after,
            shop,
            order,
            reference,
            expires_at,
            actor,
            record,
            at,
        }
    }

    /// Adds the row.
    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO movements (seq, card, type, points, balance_before, balance_after, shop, order_id, reference, \
             expires_at, actor, record, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?;
        statement
            .execute((
                self.seq.get(),
                self.card.get(),
                self.movement.name(),
                self.points.get(),
                self.balance_before.get(),
                self.balance_after.get(),
                self.shop.map(ShopId::get),
                &self.order,
                &self.reference,
                self.expires_at.map(Timestamp::micros),
                &self.actor,
                self.record.map(RecordId::get),
                self.at.micros(),
            ))
            .map(|_| ())
    }
}
