//! Reading the kept sums between two places of the log.

use super::position::Position;
use crate::books::{Acts, Changes, Holders, Lots, Month, Moved, Refunds};
use crate::domain::{PartnerId, ShopId, TemplateId};
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

/// The rows of a range of spans, and of one partner where one is given.
const WHERE: &str = "(day, block) >= (?1, ?2) AND (day, block) < (?3, ?4) AND (?5 IS NULL OR partner = ?5)";

/// What is read, of whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'c> {
    pub(super) connection: &'c Connection,
    pub(super) only: Option<PartnerId>,
}

/// By partner, shop (0: none) and template.
pub(super) type Moves = BTreeMap<(PartnerId, ShopId, TemplateId), Moved>;
pub(super) type Cards = BTreeMap<(PartnerId, TemplateId), Holders>;
pub(super) type OpenLots = BTreeMap<(PartnerId, TemplateId, Month), Lots>;
/// By partner, actor and kind of event.
pub(super) type ActsDone = BTreeMap<(PartnerId, String, String), Acts>;

impl Kept<'_> {
    /// Whether a partner is one of those asked about.
    pub(super) fn wants(&self, partner: PartnerId) -> bool {
        self.only.is_none_or(|only| only == partner)
    }

    pub(super) fn moves(&self, from: &Position, to: &Position) -> rusqlite::Result<Moves> {
        let mut sums = self.sums("book_moves", &["partner", "shop", "template"], Moved::NAMES, (from, to), |row| {
            let key = (partner(row)?, ShopId::new(row.get(1)?), TemplateId::new(row.get(2)?));
            Ok((key, Moved::read(columns(row, 3))?))
        })?;
        let parts = |it: &Changes, sums: &mut Moves, by: fn(&mut Moved, &Moved)| {
            for ((_, partner, shop, template), part) in it.moves.iter().filter(|((_, of, ..), _)| self.wants(*of)) {
                by(sums.entry((*partner, *shop, *template)).or_default(), part);
            }
        };
        to.part.iter().for_each(|part| parts(part, &mut sums, Moved::add));
        from.part.iter().for_each(|part| parts(part, &mut sums, Moved::take_off));
        Ok(sums)
    }

    pub(super) fn cards(&self, from: &Position, to: &Position) -> rusqlite::Result<Cards> {
        let mut sums = self.sums("book_cards", &["partner", "template"], Holders::NAMES, (from, to), |row| {
            Ok(((partner(row)?, TemplateId::new(row.get(1)?)), Holders::read(columns(row, 2))?))
        })?;
        let parts = |it: &Changes, sums: &mut Cards, by: fn(&mut Holders, &Holders)| {
            for ((_, partner, template), part) in it.cards.iter().filter(|((_, of, _), _)| self.wants(*of)) {
                by(sums.entry((*partner, *template)).or_default(), part);
            }
        };
        to.part.iter().for_each(|part| parts(part, &mut sums, Holders::add));
        from.part.iter().for_each(|part| parts(part, &mut sums, Holders::take_off));
        Ok(sums)
    }

    pub(super) fn lots(&self, from: &Position, to: &Position) -> rusqlite::Result<OpenLots> {
        let keys = ["partner", "template", "month"];
        let mut sums = self.sums("book_lots", &keys, Lots::NAMES, (from, to), |row| {
            let key = (partner(row)?, TemplateId::new(row.get(1)?), Month::new(row.get(2)?));
            Ok((key, Lots::read(columns(row, 3))?))
        })?;
        let parts = |it: &Changes, sums: &mut OpenLots, by: fn(&mut Lots, &Lots)| {
            for ((_, partner, template, month), part) in it.lots.iter().filter(|((_, of, ..), _)| self.wants(*of)) {
                by(sums.entry((*partner, *template, *month)).or_default(), part);
            }
        };
        to.part.iter().for_each(|part| parts(part, &mut sums, Lots::add));
        from.part.iter().for_each(|part| parts(part, &mut sums, Lots::take_off));
        Ok(sums)
    }

    pub(super) fn acts(&self, from: &Position, to: &Position) -> rusqlite::Result<ActsDone> {
        let mut sums = self.sums("book_acts", &["partner", "actor", "act"], Acts::NAMES, (from, to), |row| {
            Ok(((partner(row)?, row.get(1)?, row.get(2)?), Acts::read(columns(row, 3))?))
        })?;
        let parts = |it: &Changes, sums: &mut ActsDone, by: fn(&mut Acts, &Acts)| {
            for ((_, partner, actor, act), part) in it.acts.iter().filter(|((_, of, ..), _)| self.wants(*of)) {
                by(sums.entry((*partner, actor.clone(), (*act).to_owned())).or_default(), part);
            }
        };
        to.part.iter().for_each(|part| parts(part, &mut sums, Acts::add));
        from.part.iter().for_each(|part| parts(part, &mut sums, Acts::take_off));
        Ok(sums)
    }

    pub(super) fn refunds(&self, from: &Position, to: &Position) -> rusqlite::Result<BTreeMap<PartnerId, Refunds>> {
        let mut sums = self.sums("book_refunds", &["partner"], Refunds::NAMES, (from, to), |row| {
            Ok((partner(row)?, Refunds::read(columns(row, 1))?))
        })?;
        let parts = |it: &Changes, sums: &mut BTreeMap<_, Refunds>, by: fn(&mut Refunds, &Refunds)| {
            for ((_, partner), part) in it.refunds.iter().filter(|((_, of), _)| self.wants(*of)) {
                by(sums.entry(*partner).or_default(), part);
            }
        };
        to.part.iter().for_each(|part| parts(part, &mut sums, Refunds::add));
        from.part.iter().for_each(|part| parts(part, &mut sums, Refunds::take_off));
        Ok(sums)
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

    fn range(&self, (from, to): (&Position, &Position)) -> (i64, i64, i64, i64, Option<i64>) {
        (from.bound.day, from.bound.block, to.bound.day, to.bound.block, self.only.map(PartnerId::get))
    }

    fn sums<K: Ord, S>(
        &self,
        table: &str,
        keys: &[&str],
        names: &[&str],
        range: (&Position, &Position),
        read: impl Fn(&Row<'_>) -> rusqlite::Result<(K, S)>,
    ) -> rusqlite::Result<BTreeMap<K, S>> {
        let mut statement = self.connection.prepare_cached(&Self::sql(table, keys, names))?;
        statement.query_map(self.range(range), read)?.collect()
    }

    pub(super) fn sql(table: &str, keys: &[&str], names: &[&str]) -> String {
        let keys = keys.join(", ");
        let sums: Vec<String> = names.iter().map(|name| format!("sum({name})")).collect();
        format!("SELECT {keys}, {} FROM {table} WHERE {WHERE} GROUP BY {keys}", sums.join(", "))
    }
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
