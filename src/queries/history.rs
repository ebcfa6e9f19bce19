//! A card's history: its movements, newest first.

use super::{Page, Queries, QueryError, Window, bodies};
use crate::domain::MovementType;
use crate::domain::cards::Card;
use crate::domain::points::{Note, Points};
use crate::domain::{CardId, PartnerId, Seq, Timestamp};
use crate::projections;
use rusqlite::{Connection, Row};

/// How many movements of one card a filtered page may have to look at. A wider question is refused, not cut short.
pub const HISTORY_WALK_MAX: i64 = 100_000;

/// Which movements are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    pub movement: Option<MovementType>,
    /// Recorded at this moment or later.
    pub from: Option<Timestamp>,
    /// Recorded at this moment or before.
    pub until: Option<Timestamp>,
    /// The order id or the reference, exact.
    pub reference: Option<String>,
    /// Exact.
    pub staff_member: Option<String>,
}

/// A movement as the history shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct MovementView {
    pub seq: Seq,
    pub movement: MovementType,
    pub points: Points,
    pub balance_before: Points,
    pub balance_after: Points,
    pub order: Option<String>,
    pub reference: Option<String>,
    pub expires_at: Option<Timestamp>,
    /// Whether anything was typed about it, erased since or not.
    pub sealed: bool,
    /// What was typed; none where nothing was, or once erased.
    pub note: Option<Note>,
    /// When it happened. Of an import's rows that is not when they were recorded, by which the history is in order.
    pub at: Timestamp,
}

/// A page of a card's history, with the card it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    pub card: Card,
    pub page: Page<MovementView>,
}

impl Queries {
    /// A page of a card's history; none where the card is not the partner's.
    ///
    /// # Errors
    /// When the projector is too far behind, the views cannot be read, or the question is too wide.
    pub async fn history(
        &self,
        partner: PartnerId,
        card: CardId,
        filter: HistoryFilter,
        window: Window,
    ) -> Result<Option<HistoryPage>, QueryError> {
        self.settled().await?;
        self.aside(move |connection| {
            let card = projections::load_card(connection, card)?.filter(|card| card.partner == partner);
            let Some(card) = card else { return Ok(None) };
            let page = page(connection, &card, &filter, window)?;
            Ok(Some(HistoryPage { card, page }))
        })
        .await
    }
}

const ROW: &str = "SELECT movements.seq, movements.type, movements.points, movements.balance_before, movements.balance_after, \
     movements.order_id, movements.reference, movements.expires_at, movements.record, coalesce(movements.happened_at, movements.at), sealed.body \
     FROM movements LEFT JOIN ledger.sealed_records AS sealed ON sealed.record = movements.record WHERE movements.seq = ?1";
const NEWEST: &str = "SELECT seq FROM card_movements \
     WHERE card = ?1 AND type IN ('award', 'redeem') ORDER BY era DESC, seq DESC LIMIT ?2";
const COUNT: &str = "SELECT count(*) FROM card_movements WHERE card = ?1 AND seq BETWEEN ?2 AND ?3";
const SEQS_DOWN: &str = "SELECT seq FROM card_movements \
     WHERE card = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY era DESC, seq DESC LIMIT ?4 OFFSET ?5";
const SEQS_UP: &str = "SELECT seq FROM card_movements \
     WHERE card = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY era, seq LIMIT ?4 OFFSET ?5";
const FILTERED: &str = "SELECT movements.seq, sealed.body FROM card_movements AS movements \
     LEFT JOIN ledger.sealed_records AS sealed ON ?6 AND sealed.record = movements.record \
     WHERE movements.card = ?1 AND movements.seq BETWEEN ?2 AND ?3 AND (?4 IS NULL OR movements.type = ?4) \
     AND (?5 IS NULL OR movements.reference = ?5 OR movements.order_id = ?5) \
     ORDER BY movements.era DESC, movements.seq DESC";
const FIRST_FROM: &str = "SELECT seq, at FROM movements WHERE seq >= ?1 ORDER BY seq LIMIT 1";
const LAST: &str = "SELECT seq FROM movements ORDER BY seq DESC LIMIT 1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    [
        ("a movement", ROW),
        ("newest movements", NEWEST),
        ("count of movements", COUNT),
        ("movements, newest first", SEQS_DOWN),
        ("movements, oldest first", SEQS_UP),
        ("filtered movements", FILTERED),
        ("first movement from a seq", FIRST_FROM),
    ]
    .map(|(name, sql)| (name, sql.to_owned()))
    .into()
}

/// The newest awards and redemptions of a card.
pub(super) fn newest(connection: &Connection, card: CardId, most: i64) -> Result<Vec<MovementView>, QueryError> {
    let mut statement = connection.prepare_cached(NEWEST)?;
    let seqs = statement.query_map((card.get(), most), |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    rows(connection, &seqs)
}

fn page(
    connection: &Connection,
    card: &Card,
    filter: &HistoryFilter,
    window: Window,
) -> Result<Page<MovementView>, QueryError> {
    let range = seq_range(connection, (filter.from, filter.until))?;
    let plain = filter.movement.is_none() && filter.reference.is_none() && filter.staff_member.is_none();
    let all = if filter.from.is_none() && filter.until.is_none() {
        card.movements
    } else {
        let mut statement = connection.prepare_cached(COUNT)?;
        statement.query_row((card.id.get(), range.0, range.1), |row| row.get(0))?
    };
    if plain {
        let seqs = unfiltered(connection, card.id, range, window, all)?;
        return Ok(Page { rows: rows(connection, &seqs)?, total: all });
    }
    if all > HISTORY_WALK_MAX {
        return Err(QueryError::TooWide { most: HISTORY_WALK_MAX });
    }
    let matching = filtered(connection, card.id, range, filter)?;
    let place = |number: i64| usize::try_from(number).unwrap_or_default().min(matching.len());
    let seqs = &matching[place(window.offset)..place(window.offset.saturating_add(window.limit))];
    Ok(Page { rows: rows(connection, seqs)?, total: i64::try_from(matching.len()).unwrap_or(i64::MAX) })
}

// Past the middle of the history, the nearer way is from its other end.
fn unfiltered(
    connection: &Connection,
    card: CardId,
    (low, high): (i64, i64),
    window: Window,
    total: i64,
) -> Result<Vec<i64>, QueryError> {
    if window.offset >= total {
        return Ok(Vec::new());
    }
    let limit = window.limit.min(total - window.offset);
    let backwards = window.offset > total / 2;
    let skip = if backwards { total - window.offset - limit } else { window.offset };
    let mut statement = connection.prepare_cached(if backwards { SEQS_UP } else { SEQS_DOWN })?;
    let parameters = (card.get(), low, high, limit, skip);
    let mut seqs = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    if backwards {
        seqs.reverse();
    }
    Ok(seqs)
}

fn filtered(
    connection: &Connection,
    card: CardId,
    (low, high): (i64, i64),
    filter: &HistoryFilter,
) -> Result<Vec<i64>, QueryError> {
    let mut statement = connection.prepare_cached(FILTERED)?;
    let movement = filter.movement.map(MovementType::name);
    let by_staff = filter.staff_member.is_some();
    let mut found = statement.query((card.get(), low, high, movement, &filter.reference, by_staff))?;
    let mut seqs = Vec::new();
    while let Some(row) = found.next()? {
        if let Some(staff_member) = &filter.staff_member {
            let note = bodies::note(row.get_ref(1)?.as_str_or_null().map_err(rusqlite::Error::from)?)?;
            if note.and_then(|note| note.staff_member).as_ref() != Some(staff_member) {
                continue;
            }
        }
        seqs.push(row.get(0)?);
    }
    Ok(seqs)
}

fn rows(connection: &Connection, seqs: &[i64]) -> Result<Vec<MovementView>, QueryError> {
    let mut statement = connection.prepare_cached(ROW)?;
    let mut views = Vec::with_capacity(seqs.len());
    for seq in seqs {
        let mut rows = statement.query([seq])?;
        if let Some(row) = rows.next()? {
            views.push(movement(row)?);
        }
    }
    Ok(views)
}

fn movement(row: &Row<'_>) -> Result<MovementView, QueryError> {
    let name: String = row.get(1)?;
    Ok(MovementView {
        seq: Seq::new(row.get(0)?),
        movement: MovementType::from_name(&name).ok_or(rusqlite::Error::InvalidQuery)?,
        points: Points::new(row.get(2)?),
        balance_before: Points::new(row.get(3)?),
        balance_after: Points::new(row.get(4)?),
        order: row.get(5)?,
        reference: row.get(6)?,
        expires_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
        sealed: row.get::<_, Option<i64>>(8)?.is_some(),
        note: bodies::note(row.get_ref(10)?.as_str_or_null().map_err(rusqlite::Error::from)?)?,
        at: Timestamp::from_micros(row.get(9)?),
    })
}

// Seqs and times of record grow together, over all cards: a period is a range of seqs, found by halving.
pub(super) fn seq_range(
    connection: &Connection,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
) -> Result<(i64, i64), QueryError> {
    let low = from.map(|from| first_at(connection, from)).transpose()?.unwrap_or(0);
    let next = until.map(|until| Timestamp::from_micros(until.micros().saturating_add(1)));
    let high = next.map(|next| first_at(connection, next)).transpose()?.map_or(i64::MAX, |first| first - 1);
    Ok((low, high))
}

fn first_at(connection: &Connection, from: Timestamp) -> Result<i64, QueryError> {
    let mut last = connection.prepare_cached(LAST)?;
    let last: i64 = last.query([])?.next()?.map_or(Ok(0), |row| row.get(0))?;
    let mut statement = connection.prepare_cached(FIRST_FROM)?;
    let (mut low, mut high) = (0, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut rows = statement.query([middle])?;
        match rows.next()? {
            Some(row) if row.get::<_, i64>(1)? < from.micros() => low = row.get::<_, i64>(0)? + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}
