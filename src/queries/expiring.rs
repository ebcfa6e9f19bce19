//! What expires soon.

use super::{Queries, QueryError, Window};
use crate::domain::cards::Card;
use crate::domain::points::Points;
use crate::domain::{CardId, PartnerId, Timestamp};
use rusqlite::Connection;

/// How many lots, of whichever partner, a question about all cards may have to look at. A wider one is refused, not cut short.
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
        self.aside(move |connection| walk(connection, partner, (now, until), window)).await
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

const WALK: &str = "SELECT lots.card, lots.remaining, lots.expires_at, cards.partner FROM lots INDEXED BY lots_by_expiry \
     CROSS JOIN cards ON cards.card = lots.card WHERE lots.expires_at > ?1 AND lots.expires_at <= ?2 \
     ORDER BY lots.expires_at, lots.card LIMIT ?3";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![("lots that expire", WALK.to_owned())]
}

fn walk(
    connection: &Connection,
    partner: PartnerId,
    (now, until): (Timestamp, Timestamp),
    window: Window,
) -> Result<ExpiringPage, QueryError> {
    let mut statement = connection.prepare_cached(WALK)?;
    let mut rows = statement.query((now.micros(), until.micros(), EXPIRING_WALK_MAX + 1))?;
    let mut page = ExpiringPage { lots: Vec::new(), total_lots: 0, total_points: Points::ZERO };
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > EXPIRING_WALK_MAX {
            return Err(QueryError::TooWide { most: EXPIRING_WALK_MAX });
        }
        if row.get::<_, i64>(3)? != partner.get() {
            continue;
        }
        let (card, points) = (CardId::new(row.get(0)?), Points::new(row.get(1)?));
        if page.total_lots >= window.offset && page.total_lots < window.offset.saturating_add(window.limit) {
            page.lots.push(ExpiringLot { card, points, expires_at: Timestamp::from_micros(row.get(2)?) });
        }
        page.total_lots += 1;
        page.total_points = page.total_points.plus(points);
    }
    Ok(page)
}
