//! The changes of a stretch of the log that no whole span covers, from the log itself.

use super::takings::Takings;
use crate::books::{Changes, Span, closing};
use crate::domain::points::Slice;
use crate::domain::{CardId, Event, Movement, Seq, TemplateId, Timestamp};
use crate::event_log::{LogError, Stored, events_after};
use crate::projections::cards::is_open;
use rusqlite::{Connection, OptionalExtension as _};
use rustc_hash::{FxHashMap, FxHashSet};

/// Why events could not be summed up.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("views.db could not be read: {0}")]
    Views(#[from] rusqlite::Error),
    #[error("more than {most} movements would have to be read")]
    TooWide { most: i64 },
}

/// What the events from `after` (exclusive) to `until` (inclusive) add to the sums, read on a reader's connection: views.db with
/// ledger.db attached. `latest` is when the latest event before them was recorded. Which of the lots that they took from were closed
/// is told by other movements of the same cards; of these at most `most` are read.
///
/// # Errors
/// When a file cannot be read, or more movements would have to be read than may be.
pub fn changes_between(
    connection: &Connection,
    (after, until): (Seq, Seq),
    latest: Option<Timestamp>,
    most: i64,
) -> Result<Changes, BookError> {
    let takings = Takings::new(connection, most);
    let mut gathered =
        Gathered { connection, takings, changes: Changes::after(latest), templates: FxHashMap::default() };
    let mut moved: FxHashMap<CardId, Vec<(Seq, Span, Event)>> = FxHashMap::default();
    events_after(connection, after, until, |stored| {
        if let Some((card, seq, span, event)) = gathered.take(stored)? {
            moved.entry(card).or_default().push((seq, span, event));
        }
        Ok::<_, BookError>(())
    })?;
    for (card, events) in &moved {
        gathered.close(*card, events, until)?;
    }
    Ok(gathered.changes)
}

struct Gathered<'c> {
    connection: &'c Connection,
    takings: Takings<'c>,
    changes: Changes,
    templates: FxHashMap<CardId, Option<TemplateId>>,
}

impl Gathered<'_> {
    /// Takes an event; gives it back where it took from lots.
    fn take(&mut self, stored: Stored) -> Result<Option<(CardId, Seq, Span, Event)>, BookError> {
        let (seq, partner) = (stored.seq, stored.partner);
        let span = self.changes.note((seq, stored.at), partner, &stored.actor, &stored.event);
        if let Event::CardIssued(event) = &stored.event {
            self.changes.issued(span, partner, event.template);
            self.templates.insert(event.card, Some(event.template));
        }
        if let Event::PointsRefunded(event) = &stored.event {
            let mut before =
                self.connection.prepare_cached("SELECT 1 FROM refunds WHERE order_seq = ?1 AND seq < ?2 LIMIT 1")?;
            if !before.exists((event.of.get(), seq.get()))? {
                self.changes.first_refund(span, partner);
            }
        }
        let Some(movement) = Movement::of(&stored.event) else { return Ok(None) };
        let stated = movement.stated();
        let card = stated.card;
        let Some(template) = self.template(card)? else { return Ok(None) };
        self.changes.moved(span, partner, template, movement);
        let takes = !stated.taken.is_empty();
        Ok(takes.then_some((card, seq, span, stored.event)))
    }

    fn template(&mut self, card: CardId) -> rusqlite::Result<Option<TemplateId>> {
        if let Some(known) = self.templates.get(&card) {
            return Ok(*known);
        }
        let mut statement = self.connection.prepare_cached("SELECT template FROM cards WHERE card = ?1")?;
        let template = statement.query_row([card.get()], |row| row.get(0).map(TemplateId::new)).optional()?;
        self.templates.insert(card, template);
        Ok(template)
    }

    /// Notes the lots that these movements of a card, the last of which stands at `until` or before, took the last of.
    fn close(&mut self, card: CardId, events: &[(Seq, Span, Event)], until: Seq) -> Result<(), BookError> {
        let Some(template) = self.template(card)? else { return Ok(()) };
        let taken = || events.iter().filter_map(|(_, _, event)| Movement::of(event)).map(Movement::stated);
        let open = self.open_at(card, taken().flat_map(|stated| stated.taken).map(|slice| slice.lot), until)?;
        let partner = self
            .connection
            .prepare_cached("SELECT partner FROM cards WHERE card = ?1")?
            .query_row([card.get()], |row| row.get(0).map(crate::domain::PartnerId::new))?;
        let backwards = events.iter().rev().filter_map(|(_, span, event)| Some((*span, Movement::of(event)?)));
        let changes = &mut self.changes;
        closing(
            backwards,
            |lot| open.contains(&lot),
            |span, slice: &Slice| changes.closed(span, partner, template, slice.expires_at),
        );
        Ok(())
    }

    /// In which of these lots of a card something remained after an event. Most often the lots that are open now tell; else the
    /// card's movements do, on the shorter way: those since, which took from a lot what remained of it then, or those from the first
    /// of the lots on.
    fn open_at(
        &mut self,
        card: CardId,
        lots: impl Iterator<Item = Seq>,
        until: Seq,
    ) -> Result<FxHashSet<Seq>, BookError> {
        let lots: FxHashSet<Seq> = lots.collect();
        let (mut open, mut gone) = (FxHashSet::default(), FxHashSet::default());
        for lot in lots {
            let found = if is_open(self.connection, card, lot)? { &mut open } else { &mut gone };
            found.insert(lot);
        }
        let Some(first) = gone.iter().min().copied() else { return Ok(open) };
        let (before, since) = ((first, until), (Seq::new(until.get() + 1), Seq::new(i64::MAX)));
        if self.takings.count(card, since)? <= self.takings.count(card, before)? {
            self.takings.of_card(card, since, false, |_, stated| {
                open.extend(stated.taken.iter().map(|slice| slice.lot).filter(|lot| gone.contains(lot)));
            })?;
            return Ok(open);
        }
        let mut remaining: FxHashMap<Seq, i64> = FxHashMap::default();
        self.takings.of_card(card, before, true, |stored, stated| {
            if let Some(lot) = stated.lot.filter(|_| gone.contains(&stored.seq)) {
                *remaining.entry(stored.seq).or_default() += lot.points.get();
            }
            for slice in stated.taken.iter().filter(|slice| gone.contains(&slice.lot)) {
                *remaining.entry(slice.lot).or_default() -= slice.points.get();
            }
        })?;
        open.extend(remaining.iter().filter(|(_, points)| **points > 0).map(|(lot, _)| *lot));
        Ok(open)
    }
}
