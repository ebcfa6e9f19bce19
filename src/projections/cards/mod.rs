//! Cards and their open lots: the tables `cards`, `lots` and `card_counts`.

mod load;

pub(super) use load::load_without_lots;
pub use load::{card_by_number, card_of_customer, cards_of_customer, each_card, load_card, owner_of_card};

use super::eras::era;
use crate::domain::cards::{Card, Status};
use crate::domain::points::{Lot, Lots, OpenedLot, Points, Slice};
use crate::domain::{CardId, LotId, Movement, RecordId, Seq, ShopId, Timestamp};
use rusqlite::Connection;

/// How many card ids one row of `card_counts` spans.
const BLOCK: i64 = 4_096;

const INSERT: &str = "INSERT INTO cards (card, partner, customer, template, number, status, status_before_block, design, \
     shop, tier, balance, debt, lifetime, redeemed, expired, adjusted, movements, last_seq, last_type, last_points, \
     last_at, issued_at, updated_at, last_activity, blocked_at, block_record, metadata_record, version, as_of) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, \
     ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)";

// Two statements, because SQLite touches the index of every column that a SET names, changed or not.
const UPDATE_STANDING: &str = "UPDATE cards SET status = ?2, status_before_block = ?3, design = ?4, tier = ?5, \
     updated_at = ?6, blocked_at = ?7, block_record = ?8, metadata_record = ?9, version = ?10, as_of = ?11 WHERE card = ?1";
const UPDATE_POINTS: &str = "UPDATE cards SET balance = ?2, debt = ?3, lifetime = ?4, redeemed = ?5, expired = ?6, \
     adjusted = ?7, movements = ?8, last_seq = ?9, last_type = ?10, last_points = ?11, last_at = ?12, last_activity = ?13, \
     version = ?14, as_of = ?15 WHERE card = ?1";

/// Writes a card's row and lots: `before` as the file has it, `card` as it shall be.
pub(super) fn save(connection: &Connection, before: &Card, card: &Card) -> rusqlite::Result<()> {
    update_points(connection, card, card.balance())?;
    if standing(before) != standing(card) {
        update_standing(connection, card)?;
    }
    save_lots(connection, &before.lots, card)
}

/// Writes the lots of new cards, in the order of the table: a rebuild has all there are.
pub(super) fn insert_lots(connection: &Connection, cards: &[Card]) -> rusqlite::Result<()> {
    let mut lots: Vec<_> = cards.iter().flat_map(|card| card.lots.iter().map(|lot| (card.id, lot))).collect();
    lots.sort_unstable_by_key(|(card, lot)| place(*card, lot.id));
    lots.into_iter().try_for_each(|(card, lot)| insert_lot(connection, card, &lot))
}

/// Writes a card that has only moved points: its state and balance as they shall be, and what each movement did to its lots. Those
/// that `card` holds are not looked at.
pub(super) fn save_moved<'e>(
    connection: &Connection,
    card: &Card,
    balance: Points,
    movements: impl Iterator<Item = (Seq, Movement<'e>)>,
) -> rusqlite::Result<()> {
    for (seq, movement) in movements {
        let moved = movement.stated();
        if let Some(OpenedLot { points, expires_at }) = moved.lot {
            insert_lot(connection, card.id, &Lot { id: seq, points, remaining: points, shop: moved.shop, expires_at })?;
        }
        moved.taken.iter().try_for_each(|slice| take_from_lot(connection, card.id, slice))?;
    }
    update_points(connection, card, balance)
}

fn take_from_lot(connection: &Connection, card: CardId, slice: &Slice) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("UPDATE lots SET remaining = remaining - ?4 WHERE era = ?1 AND card = ?2 AND lot = ?3")?;
    let (era, card, lot) = place(card, slice.lot);
    one_row(statement.execute((era, card, lot, slice.points.get()))?)?;
    let mut statement =
        connection.prepare_cached("DELETE FROM lots WHERE era = ?1 AND card = ?2 AND lot = ?3 AND remaining = 0")?;
    statement.execute((era, card, lot)).map(|_| ())
}

/// What `card_counts` counts a card under.
pub(super) type CountKey = (i64, i64, &'static str, &'static str);

/// The row of `card_counts` that a card belongs to.
pub(super) fn count_key(card: &Card) -> CountKey {
    (card.partner.get(), card.id.get() / BLOCK, card.status.name(), card.tier.name())
}

/// Adds to a row of `card_counts`.
pub(super) fn add_count(connection: &Connection, key: &CountKey, cards: i64) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO card_counts (partner, block, status, tier, cards) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (partner, block, status, tier) DO UPDATE SET cards = cards + ?5",
    )?;
    statement.execute((key.0, key.1, key.2, key.3, cards))?;
    // A row that counts nothing would tell a followed file from a rebuilt one.
    let mut statement = connection.prepare_cached(
        "DELETE FROM card_counts WHERE partner = ?1 AND block = ?2 AND status = ?3 AND tier = ?4 AND cards = 0",
    )?;
    statement.execute((key.0, key.1, key.2, key.3)).map(|_| ())
}

// Everything that `UPDATE_STANDING` writes.
fn standing(card: &Card) -> impl PartialEq + '_ {
    (
        (card.status, card.status_before_block, &card.design, card.tier),
        (card.updated_at, card.blocked_at, card.block_record, card.metadata_record),
    )
}

/// Writes the row of a new card; its lots are written apart.
pub(super) fn insert(connection: &Connection, card: &Card) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(INSERT)?;
    statement
        .execute(rusqlite::params![
            card.id.get(),
            card.partner.get(),
            card.customer.get(),
            card.template.get(),
            card.number.as_str(),
            card.status.name(),
            card.status_before_block.map(Status::name),
            &*card.design,
            card.shop.map(ShopId::get),
            card.tier.name(),
            card.balance().get(),
            card.debt.get(),
            card.lifetime.get(),
            card.redeemed.get(),
            card.expired.get(),
            card.adjusted.get(),
            card.movements,
            card.last.map(|last| last.seq.get()),
            card.last.map(|last| last.movement.name()),
            card.last.map(|last| last.points.get()),
            card.last.map(|last| last.at.micros()),
            card.issued_at.micros(),
            card.updated_at.micros(),
            card.last_activity.micros(),
            card.blocked_at.map(Timestamp::micros),
            card.block_record.map(RecordId::get),
            card.metadata_record.map(RecordId::get),
            card.version,
            card.as_of.get(),
        ])
        .map(|_| ())
}

fn update_points(connection: &Connection, card: &Card, balance: Points) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(UPDATE_POINTS)?;
    statement
        .execute((
            card.id.get(),
            balance.get(),
            card.debt.get(),
            card.lifetime.get(),
            card.redeemed.get(),
            card.expired.get(),
            card.adjusted.get(),
            card.movements,
            card.last.map(|last| last.seq.get()),
            card.last.map(|last| last.movement.name()),
            card.last.map(|last| last.points.get()),
            card.last.map(|last| last.at.micros()),
            card.last_activity.micros(),
            card.version,
            card.as_of.get(),
        ))
        .and_then(one_row)
}

// A row that is not where it should be means that the file is damaged; to go on would hide it.
fn one_row(changed: usize) -> rusqlite::Result<()> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

fn update_standing(connection: &Connection, card: &Card) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(UPDATE_STANDING)?;
    statement
        .execute((
            card.id.get(),
            card.status.name(),
            card.status_before_block.map(Status::name),
            &*card.design,
            card.tier.name(),
            card.updated_at.micros(),
            card.blocked_at.map(Timestamp::micros),
            card.block_record.map(RecordId::get),
            card.metadata_record.map(RecordId::get),
            card.version,
            card.as_of.get(),
        ))
        .map(|_| ())
}

fn save_lots(connection: &Connection, before: &Lots, card: &Card) -> rusqlite::Result<()> {
    let old = by_id(before);
    let new = by_id(&card.lots);
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return Ok(()),
            (Some(gone), next) if next.is_none_or(|next| gone.id < next.id) => {
                delete_lot(connection, card.id, gone)?;
                old.next();
            }
            (Some(kept), Some(lot)) if kept.id == lot.id => {
                if kept.remaining != lot.remaining {
                    insert_lot(connection, card.id, lot)?;
                }
                old.next();
                new.next();
            }
            (_, Some(lot)) => {
                insert_lot(connection, card.id, lot)?;
                new.next();
            }
            (Some(_), None) => unreachable!("the first guard holds when nothing new is left"),
        }
    }
}

/// Whether something remains in a lot.
pub(super) fn is_open(connection: &Connection, card: CardId, lot: LotId) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM lots WHERE era = ?1 AND card = ?2 AND lot = ?3")?;
    statement.exists(place(card, lot))
}

/// What the table of lots is sorted by.
const fn place(card: CardId, lot: LotId) -> (i64, i64, i64) {
    (era(lot), card.get(), lot.get())
}

fn delete_lot(connection: &Connection, card: CardId, lot: &Lot) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM lots WHERE era = ?1 AND card = ?2 AND lot = ?3")?;
    statement.execute(place(card, lot.id)).map(|_| ())
}

fn insert_lot(connection: &Connection, card: CardId, lot: &Lot) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO lots (era, card, lot, points, remaining, shop, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (era, card, lot) DO UPDATE SET remaining = excluded.remaining",
    )?;
    let shop = lot.shop.map(ShopId::get);
    let expires_at = lot.expires_at.map(Timestamp::micros);
    let (era, card, id) = place(card, lot.id);
    statement.execute((era, card, id, lot.points.get(), lot.remaining.get(), shop, expires_at)).map(|_| ())
}

fn by_id(lots: &Lots) -> Vec<Lot> {
    let mut sorted: Vec<Lot> = lots.iter().collect();
    sorted.sort_unstable_by_key(|lot| lot.id);
    sorted
}
