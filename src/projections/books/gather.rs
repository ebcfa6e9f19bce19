//! The changes of a stretch of the log that no whole span covers, from the log itself.

use crate::books::{Changes, Span, closing};
use crate::domain::points::Slice;
use crate::domain::{CardId, Event, Movement, Seq, TemplateId, Timestamp};
use crate::event_log::{LogError, Stored, events_after};
use rusqlite::{Connection, OptionalExtension as _};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// Why events could not be summed up.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("views.db could not be read: {0}")]
    Views(#[from] rusqlite::Error),
}

/// The events from `after` (exclusive) to `until` (inclusive), on a reader's connection.
///
/// # Errors
/// When the log cannot be read or understood.
pub fn stored_events(
    connection: &Connection,
    after: Seq,
    until: Seq,
    mut each: impl FnMut(&Stored),
) -> Result<(), BookError> {
    events_after(connection, after, until, |stored| {
        each(&stored);
        Ok::<_, LogError>(())
    })?;
    Ok(())
}

/// What the events from `after` (exclusive) to `until` (inclusive) add to the sums, read on a reader's connection: views.db with
/// ledger.db attached. `latest` is when the latest event before them was recorded.
///
/// # Errors
/// When a file cannot be read.
pub fn changes_between(
    connection: &Connection,
    (after, until): (Seq, Seq),
    latest: Option<Timestamp>,
) -> Result<Changes, BookError> {
    let mut gathered = Gathered { connection, changes: Changes::after(latest), templates: FxHashMap::default() };
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
        let mut open = FxHashMap::default();
        let taken = || events.iter().filter_map(|(_, _, event)| Movement::of(event)).map(Movement::stated);
        for slice in taken().flat_map(|stated| stated.taken) {
            if let Entry::Vacant(place) = open.entry(slice.lot) {
                place.insert(is_open(self.connection, card, slice.lot, until)?);
            }
        }
        let partner = self
            .connection
            .prepare_cached("SELECT partner FROM cards WHERE card = ?1")?
            .query_row([card.get()], |row| row.get(0).map(crate::domain::PartnerId::new))?;
        let backwards = events.iter().rev().filter_map(|(_, span, event)| Some((*span, Movement::of(event)?)));
        let changes = &mut self.changes;
        closing(
            backwards,
            |lot| open.get(&lot).copied().unwrap_or(false),
            |span, slice: &Slice| changes.closed(span, partner, template, slice.expires_at),
        );
        Ok(())
    }
}

/// Whether something remained of a lot at a moment of the past. Most often the lots that are open now tell; else the card's
/// movements from the lot's own on are added up.
fn is_open(connection: &Connection, card: CardId, lot: Seq, until: Seq) -> Result<bool, BookError> {
    let mut now = connection.prepare_cached("SELECT 1 FROM lots WHERE card = ?1 AND lot = ?2")?;
    if now.exists((card.get(), lot.get()))? {
        return Ok(true);
    }
    let mut remaining = None;
    let mut seqs = connection.prepare_cached(
        "SELECT seq FROM movements WHERE card = ?1 AND seq >= ?2 AND seq <= ?3 AND (points <= 0 OR seq = ?2) ORDER BY seq",
    )?;
    let seqs: Vec<i64> =
        seqs.query_map((card.get(), lot.get(), until.get()), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for seq in seqs {
        stored_events(connection, Seq::new(seq - 1), Seq::new(seq), |stored| {
            let Some(stated) = Movement::of(&stored.event).map(Movement::stated) else { return };
            if stored.seq == lot {
                remaining = stated.lot.map(|lot| lot.points.get());
            }
            let taken: i64 = stated.taken.iter().filter(|slice| slice.lot == lot).map(|slice| slice.points.get()).sum();
            remaining = remaining.map(|remaining| remaining - taken);
        })?;
        if remaining == Some(0) {
            return Ok(false);
        }
    }
    Ok(remaining.is_some())
}
