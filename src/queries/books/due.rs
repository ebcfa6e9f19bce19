//! Which open lots are due at the end of a period: past their time, and not written off by then.
//!
//! The kept sums tell it to the day. What ends on the day on which the period ends within it, and what ends after a statement's last
//! event but before the period's end, is told by the lots that are open now and by what was taken from them since.

use super::kept::{Kept, columns};
use super::position::{Position, Stretch};
use crate::books::{Ending, Lots, Month, Span};
use crate::domain::{Movement, PartnerId, Seq, TemplateId, Timestamp};
use crate::projections::stored_events;
use crate::queries::QueryError;
use rusqlite::OptionalExtension as _;
use std::collections::BTreeMap;

/// How many events may have to be read for it. A wider question is refused.
const EVENTS_MAX: i64 = 200_000;

const WHOLE_DAYS: &str = "SELECT partner, template, ending, sum(lots), sum(points) FROM book_ends \
     WHERE ending <= ?1 AND (day, block) < (?2, ?3) AND (?4 IS NULL OR partner = ?4) GROUP BY ending, partner, template";
const OPEN_NOW: &str = "SELECT lots.lot, cards.partner, cards.template, lots.expires_at, lots.remaining \
     FROM lots INDEXED BY lots_by_expiry JOIN cards ON cards.card = lots.card \
     WHERE lots.expires_at > ?1 AND lots.expires_at <= ?2 AND lots.lot <= ?3 AND (?4 IS NULL OR cards.partner = ?4)";

/// Due lots by the month in which they ended.
pub(super) type Due = BTreeMap<(PartnerId, TemplateId, Month), Lots>;

/// The lots that are due at `moment`, as known at `position`.
pub(super) fn due(
    kept: &Kept<'_>,
    stretches: &[Stretch],
    position: &Position,
    moment: Timestamp,
) -> Result<Due, QueryError> {
    let start = Ending::at_start_of(moment);
    let certain = if position.cut { start.min(Ending::at_end_of(position.day)) } else { start };
    let mut due = whole_days(kept, position, certain)?;
    let window = Window::between(certain, moment);
    if window.after < window.until {
        for lot in window.open_at(kept, stretches, position)?.into_values() {
            let sums = due.entry((lot.partner, lot.template, Month::of(lot.expires_at))).or_default();
            sums.add(&Lots { lots: 1, points: i128::from(lot.points) });
        }
    }
    due.retain(|_, lots| lots.lots != 0 || lots.points != 0);
    Ok(due)
}

/// What ended up to `certain`, by the kept sums.
fn whole_days(kept: &Kept<'_>, position: &Position, certain: Ending) -> rusqlite::Result<Due> {
    let mut statement = kept.connection.prepare_cached(WHOLE_DAYS)?;
    let only = kept.only.map(PartnerId::get);
    let mut rows = statement.query((certain.get(), position.bound.day, position.bound.block, only))?;
    let mut due = Due::new();
    while let Some(row) = rows.next()? {
        let (partner, template) = (PartnerId::new(row.get(0)?), TemplateId::new(row.get(1)?));
        let month = Month::of(Ending::new(row.get(2)?).start());
        due.entry((partner, template, month)).or_default().add(&Lots::read(columns(row, 3))?);
    }
    for ((ending, _, partner, template), part) in position.part.iter().flat_map(|part| &part.ends) {
        if *ending <= certain && kept.wants(*partner) {
            due.entry((*partner, *template, Month::of(ending.start()))).or_default().add(part);
        }
    }
    Ok(due)
}

/// Lots that end after one moment, and up to another.
#[derive(Debug, Clone, Copy)]
struct Window {
    after: i64,
    until: i64,
}

#[derive(Debug)]
struct OpenLot {
    partner: PartnerId,
    template: TemplateId,
    expires_at: Timestamp,
    points: i64,
}

impl Window {
    /// What ends after the last of `certain`, and up to a moment.
    fn between(certain: Ending, moment: Timestamp) -> Self {
        let next = Ending::new(certain.get() + 1);
        // An ending at a day's first moment is that moment alone; of one later on the day, the day is over.
        let after = if next.day() == certain.day() { certain.start().micros() } else { next.start().micros() - 1 };
        Self { after, until: moment.micros() }
    }

    const fn holds(self, expires_at: Timestamp) -> bool {
        expires_at.micros() > self.after && expires_at.micros() <= self.until
    }

    /// The lots of the window that were open at a place of the log: those that are open now, and what was taken from them since.
    fn open_at(
        self,
        kept: &Kept<'_>,
        stretches: &[Stretch],
        position: &Position,
    ) -> Result<BTreeMap<Seq, OpenLot>, QueryError> {
        let mut open = self.open_now(kept, position)?;
        let touched = self.touched(kept, stretches, position)?;
        if touched.iter().map(|(after, until)| until - after).sum::<i64>() > EVENTS_MAX {
            return Err(QueryError::TooWide { most: EVENTS_MAX });
        }
        let mut taken = Vec::new();
        for (after, until) in touched {
            stored_events(kept.connection, Seq::new(after), Seq::new(until), |stored| {
                let Some(stated) = Movement::of(&stored.event).map(Movement::stated) else { return };
                if !kept.wants(stored.partner) {
                    return;
                }
                let slices = stated.taken.iter().filter(|slice| slice.lot.get() <= position.seq);
                let ending =
                    slices.filter_map(|slice| Some((slice, slice.expires_at.filter(|time| self.holds(*time))?)));
                taken
                    .extend(ending.map(|(slice, at)| (stored.partner, stated.card, slice.lot, at, slice.points.get())));
            })?;
        }
        let mut template = kept.connection.prepare_cached("SELECT template FROM cards WHERE card = ?1")?;
        for (partner, card, lot, expires_at, points) in taken {
            if let Some(known) = open.get_mut(&lot) {
                known.points += points;
                continue;
            }
            let found: Option<i64> = template.query_row([card.get()], |row| row.get(0)).optional()?;
            let Some(template) = found.map(TemplateId::new) else { continue };
            open.insert(lot, OpenLot { partner, template, expires_at, points });
        }
        Ok(open)
    }

    fn open_now(self, kept: &Kept<'_>, position: &Position) -> rusqlite::Result<BTreeMap<Seq, OpenLot>> {
        let mut statement = kept.connection.prepare_cached(OPEN_NOW)?;
        let rows =
            statement.query_map((self.after, self.until, position.seq, kept.only.map(PartnerId::get)), |row| {
                let lot = OpenLot {
                    partner: PartnerId::new(row.get(1)?),
                    template: TemplateId::new(row.get(2)?),
                    expires_at: Timestamp::from_micros(row.get(3)?),
                    points: row.get(4)?,
                };
                Ok((Seq::new(row.get(0)?), lot))
            })?;
        rows.collect()
    }

    /// The events after a place of the log that may have taken from lots of the window, as pairs of seqs: after, and up to.
    fn touched(
        self,
        kept: &Kept<'_>,
        stretches: &[Stretch],
        position: &Position,
    ) -> Result<Vec<(i64, i64)>, QueryError> {
        let Some(head) = stretches.last().map(|it| it.last).filter(|head| *head > position.seq) else {
            return Ok(Vec::new());
        };
        if position.cut {
            return Ok(vec![(position.seq, head)]);
        }
        // The window is within one day here, and nothing that happened before that day comes after the place.
        let (first, last) = (Timestamp::from_micros(self.after.saturating_add(1)), Timestamp::from_micros(self.until));
        let mut statement = kept.connection.prepare_cached(
            "SELECT DISTINCT day, block FROM book_ends WHERE ending >= ?1 AND ending <= ?2 AND (day, block) >= (?3, ?4)",
        )?;
        let range = (Ending::of(first).get(), Ending::of(last).get(), position.bound.day, position.bound.block);
        let spans = statement.query_map(range, |row| Ok(Span { day: row.get(0)?, block: row.get(1)? }))?;
        let mut touched = Vec::new();
        for span in spans {
            let span = span?;
            let found = stretches.binary_search_by_key(&span, |it| it.span).ok().and_then(|at| stretches.get(at));
            touched
                .extend(found.map(|it| (position.seq.max(it.first - 1), it.last)).filter(|(after, last)| after < last));
        }
        Ok(touched)
    }
}
