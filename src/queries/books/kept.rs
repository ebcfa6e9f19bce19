//! Reading the kept sums between two places of the log: row by row, and no further than whoever gathers them has room.

use super::position::Position;
use super::room::Room;
use crate::books::{Acts, Changes, Holders, Lots, Month, Moved, Refunds};
use crate::domain::{PartnerId, ShopId, TemplateId};
use crate::queries::QueryError;
use rusqlite::{Connection, Row};
use std::ops::Neg;

/// The rows of a range of spans, and of one partner where one is given.
const WHERE: &str = "(day, block) >= (?1, ?2) AND (day, block) < (?3, ?4) AND (?5 IS NULL OR partner = ?5)";

/// What is read, of whom, and how much may be gathered of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'c> {
    pub(super) connection: &'c Connection,
    pub(super) only: Option<PartnerId>,
    pub(super) room: &'c Room,
}

/// From one place to another.
pub(super) type Between<'p> = (&'p Position, &'p Position);
/// By partner, shop (0: none) and template.
pub(super) type MovesOf = (PartnerId, ShopId, TemplateId);
pub(super) type CardsOf = (PartnerId, TemplateId);
pub(super) type LotsOf = (PartnerId, TemplateId, Month);
/// By partner, actor and kind of event.
pub(super) type ActsOf = (PartnerId, String, String);

/// What is done with each row; rows of one key may come more than once. An error ends the reading.
type Done = Result<(), QueryError>;

impl Kept<'_> {
    /// Whether a partner is one of those asked about.
    pub(super) fn wants(&self, partner: PartnerId) -> bool {
        self.only.is_none_or(|only| only == partner)
    }

    pub(super) fn moves(&self, between: Between<'_>, each: impl FnMut(MovesOf, &Moved) -> Done) -> Done {
        let read = |row: &Row<'_>| {
            let key = (partner(row)?, ShopId::new(row.get(1)?), TemplateId::new(row.get(2)?));
            Ok((key, Moved::read(columns(row, 3))?))
        };
        let part = |it: &Changes| {
            let parts = it.moves.iter().filter(|((_, of, ..), _)| self.wants(*of));
            parts.map(|((_, partner, shop, template), part)| ((*partner, *shop, *template), *part)).collect()
        };
        self.rows(&sql("book_moves", &["partner", "shop", "template"], Moved::NAMES), between, (read, part), each)
    }

    pub(super) fn cards(&self, between: Between<'_>, each: impl FnMut(CardsOf, &Holders) -> Done) -> Done {
        let read = |row: &Row<'_>| {
            let key = (partner(row)?, TemplateId::new(row.get(1)?));
            Ok((key, Holders::read(columns(row, 2))?))
        };
        let part = |it: &Changes| {
            let parts = it.cards.iter().filter(|((_, of, _), _)| self.wants(*of));
            parts.map(|((_, partner, template), part)| ((*partner, *template), *part)).collect()
        };
        self.rows(&sql("book_cards", &["partner", "template"], Holders::NAMES), between, (read, part), each)
    }

    pub(super) fn lots(&self, between: Between<'_>, each: impl FnMut(LotsOf, &Lots) -> Done) -> Done {
        let read = |row: &Row<'_>| {
            let key = (partner(row)?, TemplateId::new(row.get(1)?), Month::new(row.get(2)?));
            Ok((key, Lots::read(columns(row, 3))?))
        };
        let part = |it: &Changes| {
            let parts = it.lots.iter().filter(|((_, of, ..), _)| self.wants(*of));
            parts.map(|((_, partner, template, month), part)| ((*partner, *template, *month), *part)).collect()
        };
        self.rows(&sql("book_lots", &["partner", "template", "month"], Lots::NAMES), between, (read, part), each)
    }

    pub(super) fn acts(&self, between: Between<'_>, each: impl FnMut(ActsOf, &Acts) -> Done) -> Done {
        let read = |row: &Row<'_>| Ok(((partner(row)?, row.get(1)?, row.get(2)?), Acts::read(columns(row, 3))?));
        let part = |it: &Changes| {
            let parts = it.acts.iter().filter(|((_, of, ..), _)| self.wants(*of));
            parts.map(|((_, partner, actor, act), it)| ((*partner, actor.clone(), (*act).to_owned()), *it)).collect()
        };
        self.rows(&sql("book_acts", &["partner", "actor", "act"], Acts::NAMES), between, (read, part), each)
    }

    pub(super) fn refunds(&self, between: Between<'_>, each: impl FnMut(PartnerId, &Refunds) -> Done) -> Done {
        let read = |row: &Row<'_>| Ok((partner(row)?, Refunds::read(columns(row, 1))?));
        let part = |it: &Changes| {
            let parts = it.refunds.iter().filter(|((_, of), _)| self.wants(*of));
            parts.map(|((_, partner), part)| (*partner, *part)).collect()
        };
        self.rows(&sql("book_refunds", &["partner"], Refunds::NAMES), between, (read, part), each)
    }

    /// How many events there are.
    pub(super) fn events(&self, from: &Position, to: &Position) -> rusqlite::Result<i64> {
        let sql = format!("SELECT coalesce(sum(events), 0) FROM book_spans WHERE {WHERE}");
        let whole: i64 = self.connection.prepare_cached(&sql)?.query_row(self.range((from, to)), |row| row.get(0))?;
        let part = |it: &Position| -> i64 {
            let stretches = it.part.iter().flat_map(|part| &part.stretches);
            stretches.filter(|((_, of), _)| self.wants(*of)).map(|(_, stretch)| stretch.events).sum()
        };
        Ok(whole + part(to) - part(from))
    }

    /// The first event after one place that stands no later than another.
    pub(super) fn first(&self, from: &Position, to: &Position) -> rusqlite::Result<Option<i64>> {
        let only = self.only.map(PartnerId::get);
        // The rest of the span in which the period begins, of which only the log knows the order.
        if from.part.is_some() {
            let mut rest = self.connection.prepare_cached(
                "SELECT seq FROM ledger.events WHERE seq > ?1 AND seq <= min(?2, (SELECT max(last_seq) FROM book_spans \
                 WHERE day = ?3 AND block = ?4)) AND (?5 IS NULL OR partner_id = ?5) ORDER BY seq LIMIT 1",
            )?;
            let mut rows = rest.query((from.seq, to.seq, from.bound.day, from.bound.block, only))?;
            if let Some(row) = rows.next()? {
                return row.get(0).map(Some);
            }
        }
        let sql = format!("SELECT min(first_seq) FROM book_spans WHERE {WHERE} AND first_seq > ?6");
        let (a, b, c, d, e) = self.range((from, to));
        let whole: Option<i64> =
            self.connection.prepare_cached(&sql)?.query_row((a, b, c, d, e, from.seq), |row| row.get(0))?;
        let stretches = to.part.iter().flat_map(|part| &part.stretches);
        let part = stretches.filter(|((_, of), it)| self.wants(*of) && it.first.get() > from.seq);
        Ok(whole.into_iter().chain(part.map(|(_, it)| it.first.get())).min())
    }

    fn range(&self, (from, to): Between<'_>) -> (i64, i64, i64, i64, Option<i64>) {
        (from.bound.day, from.bound.block, to.bound.day, to.bound.block, self.only.map(PartnerId::get))
    }

    /// What is known of the span in which the stretch begins is taken off, the spans from there on follow in the order of the log,
    /// then what is known of the span in which it ends.
    fn rows<K, S: Neg<Output = S>>(
        &self,
        sql: &str,
        between: Between<'_>,
        (read, part): (impl Fn(&Row<'_>) -> rusqlite::Result<(K, S)>, impl Fn(&Changes) -> Vec<(K, S)>),
        mut each: impl FnMut(K, &S) -> Done,
    ) -> Done {
        let (from, to) = between;
        for (key, sums) in from.part.iter().flat_map(&part) {
            each(key, &-sums)?;
        }
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(self.range(between))?;
        while let Some(row) = rows.next()? {
            let (key, sums) = read(row)?;
            each(key, &sums)?;
        }
        for (key, sums) in to.part.iter().flat_map(&part) {
            each(key, &sums)?;
        }
        Ok(())
    }
}

// Adding up in the query would sort and read everything before the first sum is told.
fn sql(table: &str, keys: &[&str], names: &[&str]) -> String {
    format!("SELECT {}, {} FROM {table} WHERE {WHERE} ORDER BY day, block", keys.join(", "), names.join(", "))
}

fn partner(row: &Row<'_>) -> rusqlite::Result<PartnerId> {
    row.get(0).map(PartnerId::new)
}

/// The sums of a row, from a column on.
pub(super) fn columns<'r>(row: &'r Row<'_>, first: usize) -> impl FnMut() -> rusqlite::Result<i128> + use<'r> {
    let mut column = first;
    move || {
        column += 1;
        row.get::<_, i64>(column - 1).map(i128::from)
    }
}
