//! Where in the log a moment is: the spans that lie before it as a whole, and what the rest of the way to it adds.

use super::TAKINGS_MAX;
use super::order::Order;
use crate::books::{Changes, Span};
use crate::domain::{Seq, Timestamp};
use crate::projections::changes_between;
use crate::queries::QueryError;
use rusqlite::Connection;

/// A span of the whole log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) span: Span,
    pub(super) events: i64,
    pub(super) late: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) last_at: Timestamp,
}

/// All spans, in the order of the log.
pub(super) fn stretches(connection: &Connection) -> rusqlite::Result<Vec<Stretch>> {
    let mut statement = connection.prepare_cached(
        "SELECT day, block, sum(events), sum(late), min(first_seq), max(last_seq), max(last_at) FROM book_spans \
         GROUP BY day, block ORDER BY day, block",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Stretch {
            span: Span { day: row.get(0)?, block: row.get(1)? },
            events: row.get(2)?,
            late: row.get(3)?,
            first: row.get(4)?,
            last: row.get(5)?,
            last_at: Timestamp::from_micros(row.get(6)?),
        })
    })?;
    rows.collect()
}

/// A place in the log: after the last event of which a statement knows.
#[derive(Debug)]
pub(super) struct Position {
    /// All spans before this one are known whole.
    pub(super) bound: Span,
    /// What is known of that span, where it is something.
    pub(super) part: Option<Changes>,
    /// The last event that is known; 0 before the first.
    pub(super) seq: i64,
    /// The day of that event.
    pub(super) day: i64,
    /// Whether there are later events before the moment that was asked for.
    pub(super) cut: bool,
}

impl Position {
    /// Before the first event.
    pub(super) const fn start() -> Self {
        Self { bound: Span::START, part: None, seq: 0, day: i64::MIN, cut: false }
    }

    /// Where a day begins.
    pub(super) const fn day(day: i64) -> Self {
        Self { bound: Span { day, block: i64::MIN }, part: None, seq: 0, day, cut: false }
    }

    /// After the last event recorded before a moment, or after `most` where that comes first.
    pub(super) fn before(
        connection: &Connection,
        stretches: &[Stretch],
        moment: Timestamp,
        most: i64,
    ) -> Result<Self, QueryError> {
        let whole = stretches.partition_point(|it| it.last_at < moment && it.last <= most);
        let (seq, latest, day) = match whole.checked_sub(1).and_then(|last| stretches.get(last)) {
            Some(last) => (last.last, Some(last.last_at), last.span.day),
            None => (0, None, i64::MIN),
        };
        let bound = stretches.get(whole).map_or(Span::END, |next| next.span);
        let mut position = Self { bound, part: None, seq, day, cut: false };
        let Some(next) = stretches.get(whole) else { return Ok(position) };
        let ended = last_before(connection, next, latest, moment)?;
        let until = ended.min(most);
        position.cut = until < ended;
        if until >= next.first {
            let range = (Seq::new(next.first - 1), Seq::new(until));
            position.part = Some(changes_between(connection, range, latest, TAKINGS_MAX)?);
            (position.seq, position.day) = (until, next.span.day);
        }
        Ok(position)
    }

    /// Tells a reader of the log's order everything up to here.
    pub(super) fn follow(
        &self,
        connection: &Connection,
        stretches: &[Stretch],
        order: &mut Order,
    ) -> Result<(), QueryError> {
        for it in stretches.iter().take_while(|it| it.span < self.bound) {
            if it.late == 0 && it.events == it.last - it.first + 1 {
                order.skip(it.first, it.last, it.last_at);
            } else {
                each(connection, it.first, it.last, |seq, at| order.note(seq, at))?;
            }
        }
        let part = stretches.iter().find(|it| it.span == self.bound).filter(|_| self.part.is_some());
        part.map_or(Ok(()), |it| each(connection, it.first, self.seq, |seq, at| order.note(seq, at)))
    }
}

/// The last event of a span that was recorded before a moment, or the one before its first.
fn last_before(
    connection: &Connection,
    it: &Stretch,
    latest: Option<Timestamp>,
    moment: Timestamp,
) -> Result<i64, QueryError> {
    if it.last_at < moment {
        return Ok(it.last);
    }
    if it.late > 0 || it.events != it.last - it.first + 1 {
        let (mut at, mut last) = (latest.map_or(i64::MIN, Timestamp::micros), it.first - 1);
        each(connection, it.first, it.last, |seq, recorded| {
            at = at.max(recorded.micros());
            if at < moment.micros() {
                last = seq;
            }
        })?;
        return Ok(last);
    }
    // Times go forward here, and no seq is missing: it is found by halving.
    let mut statement = connection.prepare_cached("SELECT recorded_at FROM ledger.events WHERE seq = ?1")?;
    let (mut low, mut high) = (it.first - 1, it.last);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let at: i64 = statement.query_row([middle], |row| row.get(0))?;
        if at < moment.micros() { low = middle } else { high = middle - 1 }
    }
    Ok(low)
}

fn each(
    connection: &Connection,
    first: i64,
    last: i64,
    mut each: impl FnMut(i64, Timestamp),
) -> Result<(), QueryError> {
    let sql = "SELECT seq, recorded_at FROM ledger.events WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((first, last))?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, Timestamp::from_micros(row.get(1)?));
    }
    Ok(())
}
