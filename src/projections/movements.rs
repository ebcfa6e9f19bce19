//! History: the table `movements`, one row for each event that moved points.

use crate::domain::orders::TransactionKind;
use crate::domain::points::Points;
use crate::domain::{CardId, Movement, MovementType, PartnerId, RecordId, Seq, ShopId, Timestamp};
use crate::event_log::Stored;
use rusqlite::Connection;

/// What a card has earned since a moment, less what refunds took back; and the last event that this reflects.
///
/// # Errors
/// When the file cannot be read.
pub fn earned_since(connection: &Connection, card: CardId, since: Timestamp) -> rusqlite::Result<(Seq, Points)> {
    // One snapshot, so that both are of one moment; the caller's, where it has one.
    let _snapshot = connection.is_autocommit().then(|| connection.unchecked_transaction()).transpose()?;
    let mut watermark =
        connection.prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'watermark'")?;
    let watermark = watermark.query_row([], |row| row.get(0)).map(Seq::new)?;
    let mut newest = connection.prepare_cached(
        "SELECT at, coalesce(happened_at, at), points, type IN ('award', 'refund') FROM card_movements \
         WHERE card = ?1 ORDER BY era DESC, seq DESC",
    )?;
    let mut rows = newest.query([card.get()])?;
    let mut earned = Points::ZERO;
    while let Some(row) = rows.next()? {
        // Nothing happened after it was recorded, and nothing was recorded before what stands earlier in the log.
        if row.get::<_, i64>(0)? < since.micros() {
            break;
        }
        if row.get::<_, i64>(1)? >= since.micros() && row.get(3)? {
            earned = earned.plus(Points::new(row.get(2)?));
        }
    }
    Ok((watermark, earned))
}

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MovementRow {
    pub(super) seq: Seq,
    pub(super) partner: PartnerId,
    card: CardId,
    movement: MovementType,
    pub(super) kind: TransactionKind,
    pub(super) points: Points,
    balance_before: Points,
    balance_after: Points,
    pub(super) shop: Option<ShopId>,
    order: Option<String>,
    reference: Option<String>,
    expires_at: Option<Timestamp>,
    actor: String,
    record: Option<RecordId>,
    at: Timestamp,
    /// When it really happened, where that is not when it was recorded.
    happened_at: Option<Timestamp>,
    /// The order's total, in ten-thousandths; none where the row states none.
    amount: Option<i64>,
}

impl MovementRow {
    /// The row that an event adds, where it is a movement.
    pub(super) fn of(stored: &Stored) -> Option<Self> {
        let moved = Movement::of(&stored.event)?.stated();
        Some(Self {
            seq: stored.seq,
            partner: stored.partner,
            card: moved.card,
            movement: moved.movement,
            kind: moved.kind,
            points: moved.points,
            balance_before: moved.before,
            balance_after: moved.after,
            shop: moved.shop,
            order: moved.order.map(str::to_owned),
            // A refund's own id is the name that its caller gave it.
            reference: moved.refund.or(moved.reference).map(str::to_owned),
            expires_at: moved.lot.and_then(|lot| lot.expires_at),
            actor: stored.actor.clone(),
            record: stored.event.sealed().map(|sealed| sealed.record),
            at: stored.at,
            happened_at: moved.happened_at,
            amount: Some(moved.order_total().ten_thousandths()).filter(|amount| *amount != 0),
        })
    }
}

/// Adds rows.
pub(super) fn insert(connection: &Connection, rows: &[MovementRow]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO movements (seq, card, type, points, balance_before, balance_after, shop, order_id, reference, \
         expires_at, actor, record, at, partner, kind, amount, happened_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    for row in rows {
        statement.execute(rusqlite::params![
            row.seq.get(),
            row.card.get(),
            row.movement.name(),
            row.points.get(),
            row.balance_before.get(),
            row.balance_after.get(),
            row.shop.map(ShopId::get),
            row.order,
            row.reference,
            row.expires_at.map(Timestamp::micros),
            row.actor,
            row.record.map(RecordId::get),
            row.at.micros(),
            row.partner.get(),
            row.kind.place(),
            row.amount,
            row.happened_at.map(Timestamp::micros),
        ])?;
    }
    Ok(())
}
