//! The lots that end within a window of time, as they were at a place of the log: those that are open now, and what was taken from
//! them since.
//!
//! A period that ends within a day has a window within that day. What is due at its end was past its time ever since, so that only
//! some of the later movements can have taken from it. How much was still to be written off of what ends on that day when the day was
//! over is told by the kept sums; most often it is nothing, or what the first minute of the next day wrote off. The search ends when
//! that much was found, however much may have been recorded since.
//!
//! Where a statement's last event lies before the period's end (`as_of_seq`), whatever has happened since may have taken from the lots.

use super::TAKINGS_MAX;
use super::due::Due;
use super::kept::Kept;
use super::position::{Position, Stretch};
use crate::books::{Ending, Lots, Month, Span};
use crate::domain::points::Slice;
use crate::domain::{CardId, PartnerId, Seq, TemplateId, Timestamp};
use crate::projections::{Takings, WhichTakings};
use crate::queries::QueryError;
use rusqlite::OptionalExtension as _;
use rustc_hash::FxHashSet;

/// How many seqs of the history may have to be looked through to find the movements that took.
const WALK_MAX: i64 = 2_000_000;

const OPEN_NOW: &str = "SELECT cards.partner, cards.template, lots.expires_at, lots.remaining \
     FROM lots INDEXED BY lots_by_expiry JOIN cards ON cards.card = lots.card \
     WHERE lots.expires_at > ?1 AND lots.expires_at <= ?2 AND lots.lot <= ?3 AND (?4 IS NULL OR cards.partner = ?4)";
const LEFT_NOW: &str = "SELECT coalesce(sum(lots.remaining), 0) \
     FROM lots INDEXED BY lots_by_expiry JOIN cards ON cards.card = lots.card \
     WHERE lots.expires_at > ?1 AND lots.expires_at <= ?2 AND lots.lot <= ?3 AND (?4 IS NULL OR cards.partner = ?4)";
const OF_LOT: &str =
    "SELECT template, EXISTS (SELECT 1 FROM lots WHERE card = ?1 AND lot = ?2) FROM cards WHERE card = ?1";
const TOUCHED: &str = "SELECT DISTINCT day, block FROM book_ends WHERE ending = ?1 AND (day, block) >= (?2, ?3) \
     AND (?4 IS NULL OR partner = ?4) ORDER BY day, block";
const LEFT_AFTER_DAY: &str =
    "SELECT coalesce(sum(points), 0) FROM book_ends WHERE ending = ?1 AND day <= ?2 AND (?3 IS NULL OR partner = ?3)";

/// Lots that end after one moment, and up to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    after: i64,
    until: i64,
}

/// What was taken from a lot after the place.
#[derive(Debug)]
struct Taken {
    partner: PartnerId,
    card: CardId,
    lot: Seq,
    expires_at: Timestamp,
    points: i64,
}

impl Window {
    /// What ends after the last of `certain`, and up to a moment; none where nothing can.
    pub(super) fn between(certain: Ending, moment: Timestamp) -> Option<Self> {
        let next = Ending::new(certain.get() + 1);
        // An ending at a day's first moment is that moment alone; of one later on the day, the day is over.
        let after = if next.day() == certain.day() { certain.start().micros() } else { next.start().micros() - 1 };
        Some(Self { after, until: moment.micros() }).filter(|window| window.after < window.until)
    }

    const fn holds(self, expires_at: Timestamp) -> bool {
        expires_at.micros() > self.after && expires_at.micros() <= self.until
    }

    /// Adds the lots of the window that were open at a place of the log to those that are due.
    pub(super) fn open_at(
        self,
        kept: &Kept<'_>,
        stretches: &[Stretch],
        position: &Position,
        due: &mut Due,
    ) -> Result<(), QueryError> {
        self.open_now(kept, position.seq, due)?;
        let mut search = Search {
            window: self,
            kept,
            known: position.seq,
            takings: Takings::new(kept.connection, TAKINGS_MAX),
            walk: WALK_MAX,
            emptied: FxHashSet::default(),
            due,
        };
        let head = stretches.last().map_or(0, |it| it.last);
        if position.cut {
            search.walk((position.seq, head), WhichTakings::All, |_| {})?;
        } else if head > position.seq {
            search.since(stretches, position)?;
        }
        Ok(())
    }

    /// Those that are open now, of the lots up to one.
    fn open_now(self, kept: &Kept<'_>, last: i64, due: &mut Due) -> Result<(), QueryError> {
        let mut statement = kept.connection.prepare_cached(OPEN_NOW)?;
        let mut rows = statement.query((self.after, self.until, last, kept.only.map(PartnerId::get)))?;
        while let Some(row) = rows.next()? {
            let month = Month::of(Timestamp::from_micros(row.get(2)?));
            let of = (PartnerId::new(row.get(0)?), TemplateId::new(row.get(1)?), month);
            let lot = Lots { lots: 1, points: i128::from(row.get::<_, i64>(3)?) };
            kept.room.change(due, of, |lots| lots.add(&lot))?;
        }
        Ok(())
    }
}

struct Search<'k, 'c> {
    window: Window,
    kept: &'k Kept<'c>,
    /// The last event that is known; lots that were opened later are none of the statement's.
    known: i64,
    takings: Takings<'c>,
    /// How many seqs may still be looked through.
    walk: i64,
    /// Lots of which nothing remains now, as far as what was taken from them has been found.
    emptied: FxHashSet<Seq>,
    due: &'k mut Due,
}

impl Search<'_, '_> {
    /// What was taken after the place at which the period ends, which is within the day on which the lots of the window end.
    fn since(&mut self, stretches: &[Stretch], position: &Position) -> Result<(), QueryError> {
        let ending = Ending::of(Timestamp::from_micros(self.window.until));
        let of_day = stretches.partition_point(|it| it.span.day <= ending.day());
        let last_of_day = of_day.checked_sub(1).and_then(|last| stretches.get(last)).map_or(0, |it| it.last);
        let mut left = self.left_after(ending, last_of_day)?;
        for it in self.touched(ending, stretches, position)? {
            let later = it.span.day > ending.day();
            if later && left <= 0 {
                break;
            }
            // Where times went back, what stands later in the log may have happened before.
            let which = if it.late > 0 { WhichTakings::All } else { WhichTakings::OfPastTheirTime };
            self.walk((self.known.max(it.first - 1), it.last), which, |slice| {
                let counts =
                    later && slice.lot.get() <= last_of_day && slice.expires_at.map(Ending::of) == Some(ending);
                left -= if counts { slice.points.get() } else { 0 };
            })?;
        }
        Ok(())
    }

    /// How many points of the lots that end on a day were left when it was over, and have been taken since.
    fn left_after(&self, ending: Ending, last_of_day: i64) -> rusqlite::Result<i64> {
        let mut statement = self.kept.connection.prepare_cached(LEFT_AFTER_DAY)?;
        let only = self.kept.only.map(PartnerId::get);
        let left: i64 = statement.query_row((ending.get(), ending.day(), only), |row| row.get(0))?;
        let next_day = Ending::new(ending.get() + 1).start().micros();
        let whole_day = Window { after: ending.start().micros(), until: next_day - 1 };
        let mut now = self.kept.connection.prepare_cached(LEFT_NOW)?;
        let now: i64 = now.query_row((whole_day.after, whole_day.until, last_of_day, only), |row| row.get(0))?;
        Ok(left - now)
    }

    /// The spans from a place on in which lots that end then were opened or taken from.
    fn touched(&self, ending: Ending, stretches: &[Stretch], position: &Position) -> rusqlite::Result<Vec<Stretch>> {
        let mut statement = self.kept.connection.prepare_cached(TOUCHED)?;
        let only = self.kept.only.map(PartnerId::get);
        let range = (ending.get(), position.bound.day, position.bound.block, only);
        let spans = statement.query_map(range, |row| Ok(Span { day: row.get(0)?, block: row.get(1)? }))?;
        let mut touched = Vec::new();
        for span in spans {
            let span = span?;
            let found = stretches.binary_search_by_key(&span, |it| it.span).ok();
            touched.extend(found.and_then(|at| stretches.get(at)).copied().filter(|it| it.last > position.seq));
        }
        Ok(touched)
    }

    /// Gives back what was taken from the window's lots between two places, and shows every slice.
    fn walk(
        &mut self,
        (after, until): (i64, i64),
        which: WhichTakings,
        mut each: impl FnMut(&Slice),
    ) -> Result<(), QueryError> {
        self.walk -= until - after;
        if self.walk < 0 {
            return Err(QueryError::TooWide { most: WALK_MAX });
        }
        let (window, known) = (self.window, self.known);
        let mut taken = Vec::new();
        let range = (Seq::new(after), Seq::new(until));
        self.takings.between(range, self.kept.only, which, |stored, stated| {
            for slice in stated.taken {
                each(slice);
                let ends = slice.expires_at.filter(|time| window.holds(*time) && slice.lot.get() <= known);
                taken.extend(ends.map(|expires_at| Taken {
                    partner: stored.partner,
                    card: stated.card,
                    lot: slice.lot,
                    expires_at,
                    points: slice.points.get(),
                }));
            }
        })?;
        taken.into_iter().try_for_each(|it| self.give_back(&it))
    }

    fn give_back(&mut self, taken: &Taken) -> Result<(), QueryError> {
        let mut statement = self.kept.connection.prepare_cached(OF_LOT)?;
        let found = statement.query_row((taken.card.get(), taken.lot.get()), |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((template, is_open)) = found.optional()? else { return Ok(()) };
        let counted = is_open || !self.emptied.insert(taken.lot);
        let of = (taken.partner, TemplateId::new(template), Month::of(taken.expires_at));
        let more = Lots { lots: i128::from(!counted), points: i128::from(taken.points) };
        self.kept.room.change(self.due, of, |lots| lots.add(&more))
    }
}
