//! Which open lots are due at the end of a period: past their time, and not written off by then.
//!
//! The kept sums tell it to the day. The rest is told by the lots themselves: see `window`.

use super::kept::{Kept, LotsOf, columns};
use super::position::{Position, Stretch};
use super::window::Window;
use crate::books::{Ending, Lots, Month};
use crate::domain::{PartnerId, TemplateId, Timestamp};
use crate::queries::QueryError;
use std::collections::BTreeMap;

const WHOLE_DAYS: &str = "SELECT partner, template, ending, lots, points FROM book_ends \
     WHERE ending <= ?1 AND (day, block) < (?2, ?3) AND (?4 IS NULL OR partner = ?4) ORDER BY ending";

/// Due lots by the month in which they ended.
pub(super) type Due = BTreeMap<LotsOf, Lots>;

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
    if let Some(window) = Window::between(certain, moment) {
        window.open_at(kept, stretches, position, &mut due)?;
    }
    Ok(due)
}

/// What ended up to `certain`, by the kept sums.
fn whole_days(kept: &Kept<'_>, position: &Position, certain: Ending) -> Result<Due, QueryError> {
    let mut statement = kept.connection.prepare_cached(WHOLE_DAYS)?;
    let only = kept.only.map(PartnerId::get);
    let mut rows = statement.query((certain.get(), position.bound.day, position.bound.block, only))?;
    let mut due = Due::new();
    while let Some(row) = rows.next()? {
        let (partner, template) = (PartnerId::new(row.get(0)?), TemplateId::new(row.get(1)?));
        let month = Month::of(Ending::new(row.get(2)?).start());
        let more = Lots::read(columns(row, 3))?;
        kept.room.change(&mut due, (partner, template, month), |lots| lots.add(&more))?;
    }
    for ((ending, _, partner, template), part) in position.part.iter().flat_map(|part| &part.ends) {
        if *ending <= certain && kept.wants(*partner) {
            let of = (*partner, *template, Month::of(ending.start()));
            kept.room.change(&mut due, of, |lots| lots.add(part))?;
        }
    }
    Ok(due)
}
