//! Counting cards and finding the nth one without reading the list: whole blocks of card ids from `card_counts`, the edges
//! from an index.

use super::QueryError;
use crate::domain::cards::{Status, Tier};
use crate::domain::{PartnerId, Timestamp};
use rusqlite::Connection;

/// How many card ids one row of `card_counts` spans.
const BLOCK: i64 = 4_096;

/// Which cards of a partner: card ids from `low` to `high`, both included, of one status, of one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) partner: PartnerId,
    pub(super) status: Option<Status>,
    pub(super) tier: Option<Tier>,
    pub(super) low: i64,
    pub(super) high: i64,
}

pub(super) const COUNT_ALL: &str =
    "SELECT count(*) FROM cards INDEXED BY cards_by_partner WHERE partner = ?1 AND card BETWEEN ?2 AND ?3";
pub(super) const COUNT_STANDING: &str = "SELECT count(*) FROM cards INDEXED BY cards_by_status \
     WHERE partner = ?1 AND card BETWEEN ?2 AND ?3 AND status = ?4 AND tier = ?5";
pub(super) const COUNT_BLOCKS: &str = "SELECT block, sum(cards) FROM card_counts \
     WHERE partner = ?1 AND block BETWEEN ?2 AND ?3 AND (?4 IS NULL OR status = ?4) AND (?5 IS NULL OR tier = ?5) \
     GROUP BY block ORDER BY block";
pub(super) const FIRST_FROM: &str = "SELECT card, issued_at FROM cards INDEXED BY cards_by_partner \
     WHERE partner = ?1 AND card >= ?2 ORDER BY card LIMIT 1";
pub(super) const LAST_CARD: &str =
    "SELECT card FROM cards INDEXED BY cards_by_partner WHERE partner = ?1 ORDER BY card DESC LIMIT 1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    [
        ("count of cards", COUNT_ALL),
        ("count of cards by status", COUNT_STANDING),
        ("blocks of cards", COUNT_BLOCKS),
        ("first card from an id", FIRST_FROM),
        ("last card", LAST_CARD),
    ]
    .map(|(name, sql)| (name, sql.to_owned()))
    .into()
}

impl Span {
    /// All cards of a partner that were issued from `after` to `before`, both included.
    pub(super) fn issued(
        connection: &Connection,
        partner: PartnerId,
        (after, before): (Option<Timestamp>, Option<Timestamp>),
    ) -> Result<Self, QueryError> {
        let last = last_card(connection, partner)?;
        let low = match after {
            Some(after) => first_issued(connection, partner, after, last)?,
            None => 0,
        };
        let high = match before {
            Some(before) => {
                let next = Timestamp::from_micros(before.micros().saturating_add(1));
                first_issued(connection, partner, next, last)? - 1
            }
            None => last,
        };
        Ok(Self { partner, status: None, tier: None, low, high })
    }

    /// Whether the span is about card ids alone.
    pub(super) const fn is_plain(&self) -> bool {
        self.status.is_none() && self.tier.is_none()
    }

    /// The ranges of `cards_by_status` that the span is made of.
    pub(super) fn standings(&self) -> impl Iterator<Item = (Status, Tier)> + '_ {
        let statuses = [Status::Active, Status::Inactive, Status::Blocked];
        let statuses = statuses.into_iter().filter(|status| self.status.is_none_or(|wanted| wanted == *status));
        statuses.flat_map(|status| {
            let tiers = Tier::ALL.into_iter().filter(|tier| self.tier.is_none_or(|wanted| wanted == *tier));
            tiers.map(move |tier| (status, tier))
        })
    }

    /// How many cards there are in it.
    pub(super) fn count(&self, connection: &Connection) -> Result<i64, QueryError> {
        Ok(self.parts(connection)?.iter().map(|part| part.cards).sum())
    }

    /// The card id from which on (downwards or upwards) the `offset`th card of the span is near, and how many cards of the
    /// span are still to be skipped from there: less than one block holds.
    pub(super) fn seek(&self, connection: &Connection, offset: i64, down: bool) -> Result<(i64, i64), QueryError> {
        let mut parts = self.parts(connection)?;
        if down {
            parts.reverse();
        }
        let mut left = offset;
        for part in &parts {
            if left < part.cards {
                return Ok((if down { part.high } else { part.low }, left));
            }
            left -= part.cards;
        }
        // Past the end: a place with nothing beyond it.
        Ok((if down { self.low - 1 } else { self.high + 1 }, 0))
    }

    // The span cut at the borders of blocks, in the order of card ids; parts without cards may be missing.
    fn parts(&self, connection: &Connection) -> Result<Vec<Part>, QueryError> {
        if self.high < self.low {
            return Ok(Vec::new());
        }
        let first_whole = self.low.div_euclid(BLOCK) + i64::from(self.low.rem_euclid(BLOCK) != 0);
        let last_whole = (self.high + 1).div_euclid(BLOCK) - 1;
        if last_whole < first_whole {
            return Ok(vec![self.edge(connection, self.low, self.high)?]);
        }
        let mut parts = Vec::new();
        let (inner_low, inner_high) = (first_whole * BLOCK, (last_whole + 1) * BLOCK - 1);
        if self.low < inner_low {
            parts.push(self.edge(connection, self.low, inner_low - 1)?);
        }
        parts.extend(self.blocks(connection, first_whole, last_whole)?);
        if inner_high < self.high {
            parts.push(self.edge(connection, inner_high + 1, self.high)?);
        }
        Ok(parts)
    }

    fn blocks(&self, connection: &Connection, first: i64, last: i64) -> Result<Vec<Part>, QueryError> {
        let mut statement = connection.prepare_cached(COUNT_BLOCKS)?;
        let (status, tier) = (self.status.map(Status::name), self.tier.map(Tier::name));
        let rows = statement.query_map((self.partner.get(), first, last, status, tier), |row| {
            let block: i64 = row.get(0)?;
            Ok(Part { low: block * BLOCK, high: (block + 1) * BLOCK - 1, cards: row.get(1)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn edge(&self, connection: &Connection, low: i64, high: i64) -> Result<Part, QueryError> {
        let partner = self.partner.get();
        if self.is_plain() {
            let mut statement = connection.prepare_cached(COUNT_ALL)?;
            let cards = statement.query_row((partner, low, high), |row| row.get(0))?;
            return Ok(Part { low, high, cards });
        }
        let mut statement = connection.prepare_cached(COUNT_STANDING)?;
        let mut cards = 0;
        for (status, tier) in self.standings() {
            cards +=
                statement.query_row((partner, low, high, status.name(), tier.name()), |row| row.get::<_, i64>(0))?;
        }
        Ok(Part { low, high, cards })
    }
}

// A stretch of card ids with the number of the span's cards in it.
struct Part {
    low: i64,
    high: i64,
    cards: i64,
}

fn last_card(connection: &Connection, partner: PartnerId) -> Result<i64, QueryError> {
    let mut statement = connection.prepare_cached(LAST_CARD)?;
    let mut rows = statement.query([partner.get()])?;
    Ok(rows.next()?.map_or(Ok(-1), |row| row.get(0))?)
}

// Ids and times of issue grow together, so the first card issued at or after a moment is found by halving.
fn first_issued(connection: &Connection, partner: PartnerId, from: Timestamp, last: i64) -> Result<i64, QueryError> {
    let mut statement = connection.prepare_cached(FIRST_FROM)?;
    let (mut low, mut high) = (0, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut rows = statement.query((partner.get(), middle))?;
        match rows.next()? {
            Some(row) if row.get::<_, i64>(1)? < from.micros() => low = row.get::<_, i64>(0)? + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}
