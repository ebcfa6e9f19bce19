//! The fold's cards: what a batch of events does to each of them, looked at once it is known whole.

use super::{Fold, FoldError, Sources};
use crate::books::{Changes, Span, closing};
use crate::domain::cards::Card;
use crate::domain::{CardId, Event, LotId, Movement, RecordId, Seq, Stream, Timestamp};
use crate::event_log::Stored;
use crate::projections::cards::{self, CountKey};
use crate::projections::load_card;
use rusqlite::Connection;
use rustc_hash::FxHashSet;
use std::cell::LazyCell;
use std::collections::{BTreeMap, hash_map};

/// What a batch does to a card.
#[derive(Debug)]
pub(super) enum Touched {
    /// The card before, unless it is new, and after.
    Folded(Box<(Option<Card>, Card)>),
    /// Events of a card that has not been looked at.
    Waiting(Vec<Waiting>),
}

/// An event of a card that has not been looked at.
#[derive(Debug)]
pub(super) struct Waiting {
    seq: Seq,
    at: Timestamp,
    span: Span,
    event: Event,
}

impl Fold {
    pub(super) fn card(
        &mut self,
        id: CardId,
        stored: Stored,
        span: Span,
        sources: &Sources<'_>,
    ) -> Result<(), FoldError> {
        if let Event::CardIssued(event) = &stored.event {
            let card = Card::issued(event, stored.partner, stored.seq, stored.at);
            self.books.issued(span, card.partner, card.template);
            self.records.extend(event.sealed.map(|sealed| (event.customer, sealed.record, stored.seq)));
            self.cards.insert(id, Touched::Folded(Box::new((None, card))));
            return Ok(());
        }
        match self.cards.entry(id) {
            hash_map::Entry::Occupied(mut known) => match known.get_mut() {
                Touched::Folded(folded) => {
                    folded.1.evolve(&stored.event, stored.seq, stored.at);
                    let record = standing_record(&stored.event);
                    self.records.extend(record.map(|record| (folded.1.customer, record, stored.seq)));
                    let open = open_lots(&folded.1);
                    book(
                        &mut self.books,
                        &folded.1,
                        Movement::of(&stored.event).map(|movement| (span, movement)).iter(),
                        |lot| open.contains(&lot),
                    );
                }
                Touched::Waiting(events) => events.push(waiting(stored, span)),
            },
            hash_map::Entry::Vacant(_) if sources.views.is_none() => {
                return Err(FoldError::Orphan { seq: stored.seq, stream: Stream::Card(id) });
            }
            hash_map::Entry::Vacant(place) => {
                place.insert(Touched::Waiting(vec![waiting(stored, span)]));
            }
        }
        Ok(())
    }

    pub(super) fn write_cards(&mut self, views: &Connection) -> Result<(), FoldError> {
        let mut touched: Vec<_> = self.cards.drain().collect();
        touched.sort_unstable_by_key(|(id, _)| *id);
        let mut counts: BTreeMap<CountKey, i64> = BTreeMap::new();
        let mut new = Vec::new();
        for (id, touched) in touched {
            let folded = match touched {
                Touched::Folded(folded) => folded,
                Touched::Waiting(events) => match movements_alone(&events) {
                    Some(movements) => {
                        self.write_moved(id, &events, &movements, views)?;
                        continue;
                    }
                    None => self.fold_waiting(id, &events, views)?,
                },
            };
            let (before, card) = *folded;
            count_change(&mut counts, before.as_ref(), &card);
            if let Some(before) = before {
                cards::save(views, &before, &card)?;
            } else {
                cards::insert(views, &card)?;
                new.push(card);
            }
        }
        cards::insert_lots(views, &new)?;
        for (key, change) in counts.into_iter().filter(|(_, change)| *change != 0) {
            cards::add_count(views, &key, change)?;
        }
        Ok(())
    }

    /// What events that did no more than move points did to a card. Its lots are not read: an award to a card with a hundred of them
    /// costs what it costs to one with none.
    fn write_moved(
        &mut self,
        id: CardId,
        events: &[Waiting],
        movements: &[Movement<'_>],
        views: &Connection,
    ) -> Result<(), FoldError> {
        let seq = events.first().map_or(Seq::ZERO, |event| event.seq);
        let found = cards::load_without_lots(views, id)?;
        let (mut card, mut balance) = found.ok_or(FoldError::Orphan { seq, stream: Stream::Card(id) })?;
        for (Waiting { seq, at, event, .. }, movement) in events.iter().zip(movements) {
            card.evolve(event, *seq, *at);
            balance = balance.plus(movement.stated().points);
        }
        let seqs = events.iter().map(|event| event.seq);
        cards::save_moved(views, &card, balance, seqs.zip(movements.iter().copied()))?;
        let mut open = FxHashSet::default();
        for slice in movements.iter().flat_map(|movement| movement.stated().taken) {
            if cards::is_open(views, id, slice.lot)? {
                open.insert(slice.lot);
            }
        }
        let booked: Vec<_> = events.iter().map(|event| event.span).zip(movements.iter().copied()).collect();
        book(&mut self.books, &card, booked.iter(), |lot| open.contains(&lot));
        Ok(())
    }

    fn fold_waiting(
        &mut self,
        id: CardId,
        events: &[Waiting],
        views: &Connection,
    ) -> Result<Box<(Option<Card>, Card)>, FoldError> {
        let seq = events.first().map_or(Seq::ZERO, |event| event.seq);
        let before = load_card(views, id)?.ok_or(FoldError::Orphan { seq, stream: Stream::Card(id) })?;
        let mut card = before.clone();
        for Waiting { seq, at, event, .. } in events {
            card.evolve(event, *seq, *at);
            self.records.extend(standing_record(event).map(|record| (card.customer, record, *seq)));
        }
        let booked: Vec<_> =
            events.iter().filter_map(|waiting| Some((waiting.span, Movement::of(&waiting.event)?))).collect();
        let open = open_lots(&card);
        book(&mut self.books, &card, booked.iter(), |lot| open.contains(&lot));
        drop(open);
        Ok(Box::new((Some(before), card)))
    }
}

/// The events as movements, if they did no more than move points.
fn movements_alone(events: &[Waiting]) -> Option<Vec<Movement<'_>>> {
    events.iter().map(|waiting| Movement::of(&waiting.event)).collect()
}

// Listed once, and only where something was taken from lots: there may be thousands of both.
fn open_lots(card: &Card) -> LazyCell<FxHashSet<LotId>, impl FnOnce() -> FxHashSet<LotId>> {
    LazyCell::new(|| card.lots.iter().map(|lot| lot.id).collect())
}

fn waiting(stored: Stored, span: Span) -> Waiting {
    Waiting { seq: stored.seq, at: stored.at, span, event: stored.event }
}

/// Sums up the movements of a card, given in their order; `is_open` knows which of the lots that they took from are open after them.
fn book<'e>(
    books: &mut Changes,
    card: &Card,
    movements: impl DoubleEndedIterator<Item = &'e (Span, Movement<'e>)> + Clone,
    is_open: impl Fn(LotId) -> bool,
) {
    for (span, movement) in movements.clone() {
        books.moved(*span, card.partner, card.template, *movement);
    }
    closing(movements.rev().copied(), is_open, |span, slice| {
        books.closed(span, card.partner, card.template, slice.expires_at);
    });
}

/// The vault record that an event about a card names; a movement's stands in its own row.
fn standing_record(event: &Event) -> Option<RecordId> {
    if Movement::of(event).is_some() { None } else { event.sealed().map(|sealed| sealed.record) }
}

fn count_change(counts: &mut BTreeMap<CountKey, i64>, before: Option<&Card>, card: &Card) {
    let (old, new) = (before.map(cards::count_key), cards::count_key(card));
    if old == Some(new) {
        return;
    }
    if let Some(old) = old {
        *counts.entry(old).or_default() -= 1;
    }
    *counts.entry(new).or_default() += 1;
}
