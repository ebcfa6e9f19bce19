//! Seals of balances, and the balances that cards had at a month's end, for whoever seals and proves them.

use super::log_rows::Sight;
use super::{Queries, QueryError};
use crate::domain::cards::CardNumber;
use crate::domain::points::Points;
use crate::domain::seals::{Period, SealRecord};
use crate::domain::{Bytes, CardId, Event, Movement, PartnerId, RecordId, SealId, Seq, Timestamp, UnknownEvent};
use crate::{projections, vault};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};
use rustc_hash::FxHashMap;

/// A seal as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealView {
    pub seal: SealId,
    pub seq: Seq,
    pub at: Timestamp,
    pub partner: PartnerId,
    pub period: Period,
    pub ends_at: Timestamp,
    /// The last event before `ends_at`.
    pub as_of: Seq,
    pub cards: i64,
    pub points: Points,
    pub available: Points,
    pub root: Bytes<32>,
    pub record: RecordId,
}

/// What a card had at a month's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    pub card: CardId,
    pub number: CardNumber,
    /// By the books.
    pub balance: Points,
    /// What would have been answered in the last microsecond of the month.
    pub available: Points,
}

/// A month's end: its last event, and the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthEnd {
    pub as_of: Seq,
    pub period: Period,
}

/// A partner's cards after one, in the order of the index `cards_by_partner`.
const CARDS: &str = "SELECT card, number, balance, coalesce(last_seq, 0), issued_at FROM cards \
                     WHERE partner = ?1 AND card > ?2 ORDER BY card LIMIT ?3";
/// What is still open of lots of then whose time had come by then. (The plus sign has each card's own lots looked up: the bounds of the
/// cards are not theirs.)
const DUE: &str = "SELECT cards.card, sum(remaining) FROM cards INDEXED BY cards_by_partner \
                   CROSS JOIN card_lots AS lots ON lots.card = +cards.card \
                   WHERE cards.partner = ?1 AND cards.card BETWEEN ?2 AND ?3 AND lot <= ?4 AND expires_at <= ?5 \
                   GROUP BY cards.card";
const ANY_DUE: &str = "SELECT 1 FROM lots WHERE expires_at <= ?1 LIMIT 1";
const LATER: &str = "SELECT seq, balance_before, points, type != 'order' AND happened_at IS NULL FROM card_movements \
                     WHERE card = ?1 AND seq > ?2 ORDER BY era, seq";
const COLUMNS: &str = "seal, seq, at, partner, period, ends_at, up_to, cards, points, available, root, record";

/// The statements that are run for every card, with the indexes they rely on.
pub(super) fn statements() -> Vec<(&'static str, String)> {
    vec![
        ("cards_by_partner", CARDS.to_owned()),
        ("cards_by_partner", DUE.to_owned()),
        ("lots_by_expiry", ANY_DUE.to_owned()),
        ("movements_by_card", LATER.to_owned()),
    ]
}

impl Queries {
    /// At most `limit` seals that were recorded after the event `after`, in that order.
    ///
    /// # Errors
    /// When views.db cannot be read, or is behind for too long.
    pub async fn seals(&self, sight: Sight, after: Seq, limit: i64) -> Result<Vec<SealView>, QueryError> {
        self.settled().await?;
        self.aside(move |views| {
            let sql = format!(
                "SELECT {COLUMNS} FROM seals WHERE seq > ?1 AND (?2 IS NULL OR partner = ?2) ORDER BY seq LIMIT ?3"
            );
            let mut statement = views.prepare_cached(&sql)?;
            let rows = statement.query_map((after.get(), partner_of(sight), limit), view)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The seals of a month, in the order of partners: one where the reader sees one partner's.
    ///
    /// # Errors
    /// As [`Queries::seals`].
    pub async fn seals_of(&self, sight: Sight, period: Period) -> Result<Vec<SealView>, QueryError> {
        self.settled().await?;
        self.aside(move |views| {
            let sql = format!(
                "SELECT {COLUMNS} FROM seals WHERE period = ?1 AND (?2 IS NULL OR partner = ?2) ORDER BY partner"
            );
            let mut statement = views.prepare_cached(&sql)?;
            let rows = statement.query_map((period.to_string(), partner_of(sight)), view)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The seal of a partner's month.
    ///
    /// # Errors
    /// As [`Queries::seals`].
    pub async fn seal(&self, partner: PartnerId, period: Period) -> Result<Option<SealView>, QueryError> {
        self.settled().await?;
        self.here(|views| {
            let sql = format!("SELECT {COLUMNS} FROM seals WHERE partner = ?1 AND period = ?2");
            let mut statement = views.prepare_cached(&sql)?;
            Ok(statement.query_row((partner.get(), period.to_string()), view).optional()?)
        })
    }

    /// The partner of a card; none where there is no such card.
    ///
    /// # Errors
    /// As [`Queries::seals`].
    pub async fn partner_of_card(&self, card: CardId) -> Result<Option<PartnerId>, QueryError> {
        self.settled().await?;
        self.here(|views| {
            let mut statement = views.prepare_cached("SELECT partner FROM cards WHERE card = ?1")?;
            Ok(statement.query_row([card.get()], |row| row.get(0).map(PartnerId::new)).optional()?)
        })
    }

    /// The event that records the newest seal. Blocks until the projector is level.
    ///
    /// # Errors
    /// As [`Queries::seals`].
    pub fn newest_seal(&self) -> Result<Option<Seq>, QueryError> {
        self.settled_blocking()?;
        self.here(|views| {
            let newest: Option<i64> = views.query_row("SELECT max(seq) FROM seals", [], |row| row.get(0))?;
            Ok(newest.map(Seq::new))
        })
    }

    /// The last event that was recorded before a moment, of those that views.db reflects: balances as of it can be read. Blocks until
    /// everything committed is projected; what is committed meanwhile may be missed, and whoever relies on it asks the log.
    ///
    /// # Errors
    /// As [`Queries::seals`].
    pub fn last_before(&self, moment: Timestamp) -> Result<Option<Seq>, QueryError> {
        self.settled_blocking()?;
        self.here(|views| {
            let mut at = views.prepare_cached("SELECT recorded_at FROM ledger.events WHERE seq = ?1")?;
            let (mut before, mut from) = (0, projections::watermark(views)?.get() + 1);
            // Times never fall from event to event, so the place is found by halving.
            while from - before > 1 {
                let middle = before + (from - before) / 2;
                if at.query_row([middle], |row| row.get::<_, i64>(0))? < moment.micros() {
                    before = middle;
                } else {
                    from = middle;
                }
            }
            Ok((before > 0).then_some(Seq::new(before)))
        })
    }

    /// What a partner's cards had at a month's end: at most `limit` of those issued by then, from after `after` on, by their ids.
    /// Each answer is of one snapshot, but what it says of the past is the same in all of them.
    ///
    /// # Errors
    /// When the files cannot be read, or an event not be understood; [`QueryError::Behind`] where views.db does not reflect the month's
    /// last event, so that nothing could be said.
    pub fn closings(
        &self,
        partner: PartnerId,
        after: CardId,
        limit: i64,
        end: MonthEnd,
    ) -> Result<Vec<Closing>, QueryError> {
        self.here(|views| closings(views, partner, after, limit, end))
    }

    /// What the vault keeps of a seal; none where it was erased.
    ///
    /// # Errors
    /// When it cannot be read, or has another layout.
    pub fn seal_record(&self, record: RecordId) -> Result<Option<SealRecord>, QueryError> {
        self.here(|views| {
            let body = vault::body(views, record)?;
            Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
        })
    }
}

/// A card as it is now, on its way back to what it was.
struct Now {
    card: CardId,
    number: CardNumber,
    balance: Points,
    moved_since: bool,
}

fn closings(
    views: &Connection,
    partner: PartnerId,
    after: CardId,
    limit: i64,
    end: MonthEnd,
) -> Result<Vec<Closing>, QueryError> {
    if projections::watermark(views)? < end.as_of {
        return Err(QueryError::Behind);
    }
    let mut statement = views.prepare_cached(CARDS)?;
    let mut rows = statement.query((partner.get(), after.get(), limit))?;
    let mut cards = Vec::new();
    while let Some(row) = rows.next()? {
        // Ids rise with time: whatever comes after was issued later still.
        if row.get::<_, i64>(4)? >= end.period.ends_at().micros() {
            break;
        }
        let number: String = row.get(1)?;
        let wrong = || rusqlite::Error::InvalidColumnType(1, "number".to_owned(), Type::Text);
        let number = CardNumber::parse(&number).ok_or_else(wrong)?;
        let (card, balance) = (CardId::new(row.get(0)?), Points::new(row.get(2)?));
        cards.push(Now { card, number, balance, moved_since: row.get::<_, i64>(3)? > end.as_of.get() });
    }
    let (Some(first), Some(last)) = (cards.first(), cards.last()) else { return Ok(Vec::new()) };
    let open = open_due(views, partner, (first.card, last.card), end)?;
    cards
        .into_iter()
        .map(|now| {
            let (mut balance, mut due) = (now.balance, open.get(&now.card).copied().unwrap_or(Points::ZERO));
            if now.moved_since {
                let taken;
                (balance, taken) = undo(views, now.card, balance, end)?;
                due = due.plus(taken);
            }
            Ok(Closing { card: now.card, number: now.number, balance, available: balance.minus(due) })
        })
        .collect()
}

fn open_due(
    views: &Connection,
    partner: PartnerId,
    (first, last): (CardId, CardId),
    end: MonthEnd,
) -> Result<FxHashMap<CardId, Points>, QueryError> {
    let (lot, moment) = (end.as_of.get(), end.period.last_moment().micros());
    // Mostly everything due has expired: then no card's lots have to be looked at.
    if !views.prepare_cached(ANY_DUE)?.exists([moment])? {
        return Ok(FxHashMap::default());
    }
    let mut statement = views.prepare_cached(DUE)?;
    let rows = statement.query_map((partner.get(), first.get(), last.get(), lot, moment), |row| {
        Ok((CardId::new(row.get(0)?), Points::new(row.get(1)?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Goes through what a card moved since, and answers its balance before all of that, and how much of it took from lots of then
/// whose time had come by then.
fn undo(views: &Connection, card: CardId, balance: Points, end: MonthEnd) -> Result<(Points, Points), QueryError> {
    let mut statement = views.prepare_cached(LATER)?;
    let mut rows = statement.query((card.get(), end.as_of.get()))?;
    let (mut before, mut taken) = (None, Points::ZERO);
    while let Some(row) = rows.next()? {
        before.get_or_insert(Points::new(row.get(1)?));
        if row.get::<_, i64>(2)? < 0 {
            taken = taken.plus(taken_of_due(views, row.get(0)?, end)?);
        }
        // Whatever moves points now first writes off all that is due by now: beyond it nothing of then is left.
        if row.get(3)? {
            break;
        }
    }
    Ok((before.unwrap_or(balance), taken))
}

fn taken_of_due(views: &Connection, seq: i64, end: MonthEnd) -> Result<Points, QueryError> {
    let mut statement = views.prepare_cached("SELECT kind, schema, payload FROM ledger.events WHERE seq = ?1")?;
    let event = statement.query_row([seq], |row| {
        let (kind, schema, payload) = (row.get_ref(0)?.as_str()?, row.get(1)?, row.get_ref(2)?.as_str()?);
        Ok(Event::decode(kind, schema, payload))
    })?;
    let event = event.map_err(unreadable)?;
    let Some(movement) = Movement::of(&event) else { return Ok(Points::ZERO) };
    let moment = end.period.last_moment();
    let of_then = movement.stated().taken.iter();
    let due = of_then.filter(|slice| slice.lot <= end.as_of && slice.expires_at.is_some_and(|time| time <= moment));
    Ok(due.map(|slice| slice.points).sum())
}

fn unreadable(error: UnknownEvent) -> QueryError {
    match error {
        UnknownEvent::Payload { source, .. } => source.into(),
        UnknownEvent::Kind { kind, .. } => QueryError::Read(rusqlite::Error::InvalidColumnName(kind)),
    }
}

const fn partner_of(sight: Sight) -> Option<i64> {
    match sight {
        Sight::Everything => None,
        Sight::Partner(partner) => Some(partner.get()),
    }
}

fn view(row: &Row<'_>) -> rusqlite::Result<SealView> {
    let period: String = row.get(4)?;
    let wrong = || rusqlite::Error::InvalidColumnType(4, "period".to_owned(), Type::Text);
    Ok(SealView {
        seal: SealId::new(row.get(0)?),
        seq: Seq::new(row.get(1)?),
        at: Timestamp::from_micros(row.get(2)?),
        partner: PartnerId::new(row.get(3)?),
        period: Period::parse(&period).ok_or_else(wrong)?,
        ends_at: Timestamp::from_micros(row.get(5)?),
        as_of: Seq::new(row.get(6)?),
        cards: row.get(7)?,
        points: Points::new(row.get(8)?),
        available: Points::new(row.get(9)?),
        root: Bytes(row.get(10)?),
        record: RecordId::new(row.get(11)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn due_lots_are_looked_for_among_the_partners_cards_alone() {
        let views = Connection::open_in_memory().unwrap();
        views.execute_batch(include_str!("../../schema/sql/views/tables.sql")).unwrap();
        views.execute_batch(include_str!("../../schema/sql/views/indexes.sql")).unwrap();
        let rows = "WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 5000) \
             INSERT INTO cards (card, partner, customer, template, number, status, design, tier, balance, debt, lifetime, redeemed, \
                 expired, adjusted, movements, issued_at, updated_at, last_activity, version, as_of) \
             SELECT n, CASE WHEN n IN (1, 5000) THEN 1 ELSE 2 END, 1, 1, n, '', '', '', 7, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, n FROM n; \
             INSERT INTO lots (era, card, lot, points, remaining, expires_at) SELECT 0, card, card, 7, 7, 10 FROM cards; \
             INSERT INTO eras (era) VALUES (0);";
        views.execute_batch(rows).unwrap();
        let mut statement = views.prepare(DUE).unwrap();
        let rows =
            statement.query_map((1, 1, 5000, 5000, 10), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        assert_eq!(rows.unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap(), [(1, 7), (5000, 7)]);
        let steps = statement.get_status(StatementStatus::VmStep);
        assert!(steps < 500, "{steps} steps for two cards");
    }
}
