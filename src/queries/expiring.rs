//! What expires soon.

use super::{Queries, QueryError, Window};
use crate::domain::cards::Card;
use crate::domain::points::Points;
use crate::domain::{CardId, PartnerId, Timestamp};
use rusqlite::{Connection, Row};

/// How many lots of the partner a question about all cards may find. A wider one is refused, not cut short.
pub const EXPIRING_WALK_MAX: i64 = 200_000;

/// Points that expire together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiringLot {
    pub card: CardId,
    pub points: Points,
    pub expires_at: Timestamp,
}

/// What expires soonest, and how many points expire altogether.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiringPage {
    pub lots: Vec<ExpiringLot>,
    pub total_lots: i64,
    pub total_points: Points,
}

impl Queries {
    /// What expires after `now` and until `until` on all cards of a partner, soonest first.
    ///
    /// # Errors
    /// When the projector is too far behind, the views cannot be read, or the question is too wide.
    pub async fn expiring(
        &self,
        partner: PartnerId,
        now: Timestamp,
        until: Timestamp,
        window: Window,
    ) -> Result<ExpiringPage, QueryError> {
        self.settled().await?;
        self.aside(move |connection| page(connection, partner, (now, until), window)).await
    }
}

impl ExpiringLot {
    /// What expires on one card after `now` and until `until`, soonest first.
    #[must_use]
    pub fn of_card(card: &Card, now: Timestamp, until: Timestamp) -> Vec<Self> {
        let soon = card.lots.iter().filter_map(|lot| Some((lot, lot.expires_at?)));
        let soon = soon.filter(|(_, expires_at)| now < *expires_at && *expires_at <= until);
        soon.map(|(lot, expires_at)| Self { card: card.id, points: lot.remaining, expires_at }).collect()
    }
}

const SOONEST: &str = "SELECT lots.card, lots.remaining, lots.expires_at, cards.partner FROM lots INDEXED BY lots_by_expiry \
     CROSS JOIN cards ON cards.card = lots.card WHERE lots.expires_at > ?1 AND lots.expires_at <= ?2 \
     ORDER BY lots.expires_at, lots.card LIMIT ?3";
const BY_CARD: &str = "SELECT lots.card, lots.remaining, lots.expires_at FROM cards INDEXED BY cards_by_partner \
     CROSS JOIN card_lots AS lots ON lots.card = cards.card \
     WHERE cards.partner = ?1 AND lots.expires_at > ?2 AND lots.expires_at <= ?3 ORDER BY cards.card, lots.era, lots.lot LIMIT ?4";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![("lots that expire", SOONEST.to_owned()), ("lots that expire, by card", BY_CARD.to_owned())]
}

type Period = (Timestamp, Timestamp);

fn page(
    connection: &Connection,
    partner: PartnerId,
    period: Period,
    window: Window,
) -> Result<ExpiringPage, QueryError> {
    let lots = match soonest(connection, partner, period)? {
        Some(lots) => lots,
        None => by_card(connection, partner, period)?,
    };
    let place = |number: i64| usize::try_from(number).unwrap_or_default().min(lots.len());
    let rows = &lots[place(window.offset)..place(window.offset.saturating_add(window.limit))];
    Ok(ExpiringPage {
        lots: rows.to_vec(),
        total_lots: i64::try_from(lots.len()).unwrap_or(i64::MAX),
        total_points: lots.iter().map(|lot| lot.points).sum(),
    })
}

/// What the index by expiry has of the partner; none where the lots of all partners are too many to look through for it.
fn soonest(
    connection: &Connection,
    partner: PartnerId,
    (now, until): Period,
) -> Result<Option<Vec<ExpiringLot>>, QueryError> {
    let mut statement = connection.prepare_cached(SOONEST)?;
    let mut rows = statement.query((now.micros(), until.micros(), EXPIRING_WALK_MAX + 1))?;
    let (mut lots, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > EXPIRING_WALK_MAX {
            return Ok(None);
        }
        if row.get::<_, i64>(3)? == partner.get() {
            lots.push(lot(row)?);
        }
    }
    Ok(Some(lots))
}

/// The same from the partner's own cards: however much others have, it costs what the partner itself has.
fn by_card(connection: &Connection, partner: PartnerId, (now, until): Period) -> Result<Vec<ExpiringLot>, QueryError> {
    let mut statement = connection.prepare_cached(BY_CARD)?;
    let mut rows = statement.query((partner.get(), now.micros(), until.micros(), EXPIRING_WALK_MAX + 1))?;
    let (mut lots, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > EXPIRING_WALK_MAX {
            return Err(QueryError::TooWide { most: EXPIRING_WALK_MAX });
        }
        lots.push(lot(row)?);
    }
    // Within a card the lots are in the order of their ids, as the index has them.
    lots.sort_by_key(|lot: &ExpiringLot| (lot.expires_at, lot.card));
    Ok(lots)
}

fn lot(row: &Row<'_>) -> rusqlite::Result<ExpiringLot> {
    Ok(ExpiringLot {
        card: CardId::new(row.get(0)?),
        points: Points::new(row.get(1)?),
        expires_at: Timestamp::from_micros(row.get(2)?),
    })
}
