//! Reading cards back as state.

use crate::domain::cards::{Card, CardNumber, LastMovement, Status, Tier};
use crate::domain::points::{Lot, Lots, Points};
use crate::domain::{CardId, CustomerId, MovementType, PartnerId, RecordId, Seq, ShopId, TemplateId, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};

const COLUMNS: &str = "card, partner, customer, template, number, status, status_before_block, design, shop, tier, \
     debt, lifetime, redeemed, expired, adjusted, movements, last_seq, last_type, last_points, \
     last_at, issued_at, updated_at, last_activity, blocked_at, \
     block_record, metadata_record, version, as_of";

const LOTS_OF_CARD: &str = "SELECT lot, points, remaining, shop, expires_at FROM card_lots WHERE card = ?1";

/// A card as of the last event that views.db reflects.
///
/// # Errors
/// When the file cannot be read.
pub fn load_card(connection: &Connection, card: CardId) -> rusqlite::Result<Option<Card>> {
    let Some((mut found, _)) = load_without_lots(connection, card)? else { return Ok(None) };
    found.lots = load_lots(connection, card)?;
    Ok(Some(found))
}

/// A card as if it had no open lots, and its balance: enough for what only moves points, whatever number of lots the card has.
pub(in crate::projections) fn load_without_lots(
    connection: &Connection,
    card: CardId,
) -> rusqlite::Result<Option<(Card, Points)>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS}, balance FROM cards WHERE card = ?1"))?
        .query_row([card.get()], |row| Ok((from_row(row)?, Points::new(row.get(28)?))))
        .optional()
}

/// Whose a card is and which shop issued it: both for good.
///
/// # Errors
/// When the file cannot be read.
pub fn owner_of_card(connection: &Connection, card: CardId) -> rusqlite::Result<Option<(CustomerId, Option<ShopId>)>> {
    let mut statement = connection.prepare_cached("SELECT customer, shop FROM cards WHERE card = ?1")?;
    let owner = |row: &Row<'_>| Ok((CustomerId::new(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(ShopId::new)));
    statement.query_row([card.get()], owner).optional()
}

/// The card with that number.
///
/// # Errors
/// When the file cannot be read.
pub fn card_by_number(
    connection: &Connection,
    partner: PartnerId,
    number: &CardNumber,
) -> rusqlite::Result<Option<CardId>> {
    connection
        .prepare_cached("SELECT card FROM cards WHERE partner = ?1 AND number = ?2")?
        .query_row((partner.get(), number.as_str()), |row| row.get(0).map(CardId::new))
        .optional()
}

/// The oldest card of a customer.
///
/// # Errors
/// When the file cannot be read.
pub fn card_of_customer(connection: &Connection, customer: CustomerId) -> rusqlite::Result<Option<CardId>> {
    connection
        .prepare_cached("SELECT card FROM cards WHERE customer = ?1 ORDER BY card LIMIT 1")?
        .query_row([customer.get()], |row| row.get(0).map(CardId::new))
        .optional()
}

/// All cards of a customer, the oldest first.
///
/// # Errors
/// When the file cannot be read.
pub fn cards_of_customer(connection: &Connection, customer: CustomerId) -> rusqlite::Result<Vec<CardId>> {
    let mut statement = connection.prepare_cached("SELECT card FROM cards WHERE customer = ?1 ORDER BY card")?;
    statement.query_map([customer.get()], |row| row.get(0).map(CardId::new))?.collect()
}

/// How many cards [`each_card`] reads from one snapshot: one that is held for long keeps the WAL growing.
const CARDS_AT_ONCE: i64 = 1_000;

/// Calls `each` with every card of every partner, in the order of their ids, until it says no more. Each is as of one moment, not all
/// of them as of the same.
///
/// # Errors
/// When the file cannot be read.
pub fn each_card(connection: &Connection, mut each: impl FnMut(&Card) -> bool) -> rusqlite::Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM cards WHERE card > ?1 ORDER BY card LIMIT ?2");
    let mut after = i64::MIN;
    loop {
        // Both tables at the same moment.
        let snapshot = connection.unchecked_transaction()?;
        let mut statement = snapshot.prepare_cached(&sql)?;
        let mut rows = statement.query((after, CARDS_AT_ONCE))?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let mut card = from_row(row)?;
            card.lots = load_lots(&snapshot, card.id)?;
            (after, read) = (card.id.get(), read + 1);
            if !each(&card) {
                return Ok(());
            }
        }
        if read < CARDS_AT_ONCE {
            return Ok(());
        }
    }
}

fn load_lots(connection: &Connection, card: CardId) -> rusqlite::Result<Lots> {
    let mut statement = connection.prepare_cached(LOTS_OF_CARD)?;
    let lots = statement.query_map([card.get()], lot_from_row)?;
    Ok(Lots::new(lots.collect::<Result<_, _>>()?))
}

fn lot_from_row(row: &Row<'_>) -> rusqlite::Result<Lot> {
    Ok(Lot {
        id: Seq::new(row.get(0)?),
        points: Points::new(row.get(1)?),
        remaining: Points::new(row.get(2)?),
        shop: row.get::<_, Option<i64>>(3)?.map(ShopId::new),
        expires_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
    })
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Card> {
    let number: String = row.get(4)?;
    Ok(Card {
        id: CardId::new(row.get(0)?),
        partner: PartnerId::new(row.get(1)?),
        customer: CustomerId::new(row.get(2)?),
        template: TemplateId::new(row.get(3)?),
        number: CardNumber::parse(&number).ok_or_else(|| unexpected(4, &number))?,
        status: name(row, 5, Status::from_name)?,
        status_before_block: optional_name(row, 6, Status::from_name)?,
        design: row.get::<_, String>(7)?.into(),
        shop: row.get::<_, Option<i64>>(8)?.map(ShopId::new),
        tier: name(row, 9, Tier::from_name)?,
        lots: Lots::default(),
        debt: Points::new(row.get(10)?),
        lifetime: Points::new(row.get(11)?),
        redeemed: Points::new(row.get(12)?),
        expired: Points::new(row.get(13)?),
        adjusted: Points::new(row.get(14)?),
        movements: row.get(15)?,
        last: last_movement(row)?,
        issued_at: Timestamp::from_micros(row.get(20)?),
        updated_at: Timestamp::from_micros(row.get(21)?),
        last_activity: Timestamp::from_micros(row.get(22)?),
        blocked_at: row.get::<_, Option<i64>>(23)?.map(Timestamp::from_micros),
        block_record: row.get::<_, Option<i64>>(24)?.map(RecordId::new),
        metadata_record: row.get::<_, Option<i64>>(25)?.map(RecordId::new),
        version: row.get(26)?,
        as_of: Seq::new(row.get(27)?),
    })
}

fn last_movement(row: &Row<'_>) -> rusqlite::Result<Option<LastMovement>> {
    let Some(seq) = row.get::<_, Option<i64>>(16)? else { return Ok(None) };
    Ok(Some(LastMovement {
        seq: Seq::new(seq),
        movement: name(row, 17, MovementType::from_name)?,
        points: Points::new(row.get(18)?),
        at: Timestamp::from_micros(row.get(19)?),
    }))
}

fn name<T>(row: &Row<'_>, index: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    parse(text).ok_or_else(|| unexpected(index, text))
}

fn optional_name<T>(row: &Row<'_>, index: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<Option<T>> {
    match row.get_ref(index)?.as_str_or_null()? {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or_else(|| unexpected(index, text)),
    }
}

fn unexpected(index: usize, text: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, format!("unexpected value {text:?}").into())
}
