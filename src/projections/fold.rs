//! How events change the projections. Folds in memory what a batch of events does, then writes it sorted, so that neighbours share pages.

use super::cards::CountKey;
use super::checkpoints::CheckpointRow;
use super::customers::Contact;
use super::movements::MovementRow;
use super::seals::SealRow;
use super::stream_events::StreamEventRow;
use super::tiles::Growth;
use super::transaction_counts::TransactionCounts;
use super::{books, cards, customers, idempotency, layout, load_card, load_customer, movements, programme, refunds};
use crate::books::{Changes, Span, closing};
use crate::domain::cards::Card;
use crate::domain::customers::Customer;
use crate::domain::programme::Directory;
use crate::domain::{CardId, CustomerId, Event, Movement, PartnerId, RecordId, Seq, Stream, Timestamp};
use crate::event_log::{Hash, LogError, Stored, ZERO_HASH, key_hash};
use crate::vault;
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, btree_map, hash_map};

/// Why an event cannot be folded.
#[derive(Debug, thiserror::Error)]
pub(super) enum FoldError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("views.db could not be read or written: {0}")]
    Storage(#[from] rusqlite::Error),
    #[error("event {seq} changes {stream}, which does not exist: run `counterfoil-replay verify`")]
    Orphan { seq: Seq, stream: Stream },
    #[error("event {seq} was committed and is not in the log: run `counterfoil-replay verify`")]
    Missing { seq: Seq },
}

/// Where states that the fold has not touched yet come from.
pub(super) struct Sources<'a> {
    /// views.db; none in a rebuild, where everything that exists has been folded.
    pub(super) views: Option<&'a Connection>,
    /// ledger.db, for the vault.
    pub(super) ledger: &'a Connection,
}

/// Where a card's state may be had without reading it: in memory, if its last event is the one asked for.
pub(super) type Recent = dyn Fn(CardId) -> Option<Card> + Send;

/// What a batch does to a card.
#[derive(Debug)]
enum Touched {
    /// The card before, unless it is new, and after.
    Folded(Box<(Option<Card>, Card)>),
    /// Events of a card that has not been looked at.
    Waiting(Vec<Waiting>),
}

/// An event of a card that has not been looked at.
#[derive(Debug)]
struct Waiting {
    seq: Seq,
    at: Timestamp,
    span: Span,
    event: Event,
}

/// A refund, by its order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Refunding {
    order: Seq,
    seq: Seq,
    span: Span,
    partner: PartnerId,
}

/// The effect of events that have been folded and not yet written.
#[derive(Debug)]
pub(super) struct Fold {
    directory: Directory,
    directory_saved: Seq,
    cards: FxHashMap<CardId, Touched>,
    customers: BTreeMap<CustomerId, (Customer, Option<Contact>)>,
    records: Vec<(CustomerId, RecordId, Seq)>,
    movements: Vec<MovementRow>,
    stream_events: Vec<StreamEventRow>,
    counts: TransactionCounts,
    keys: Vec<(i64, Seq)>,
    refunds: Vec<Refunding>,
    books: Changes,
    growth: Growth,
    checkpoints: Vec<CheckpointRow>,
    seals: Vec<SealRow>,
    pub(super) seq: Seq,
    hash: Hash,
}

impl Fold {
    /// Continues from what views.db holds.
    pub(super) fn new(directory: Directory, growth: Growth, seq: Seq, latest: Option<Timestamp>) -> Self {
        Self {
            directory,
            directory_saved: seq,
            cards: FxHashMap::default(),
            customers: BTreeMap::new(),
            records: Vec::new(),
            movements: Vec::new(),
            stream_events: Vec::new(),
            counts: TransactionCounts::default(),
            keys: Vec::new(),
            refunds: Vec::new(),
            books: Changes::after(latest),
            growth,
            checkpoints: Vec::new(),
            seals: Vec::new(),
            seq,
            hash: ZERO_HASH,
        }
    }

    /// The programme as folded.
    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// When the latest event so far was recorded.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.books.latest()
    }

    /// The tree as folded, once everything has been written.
    pub(super) fn into_growth(self) -> Growth {
        self.growth
    }

    /// Folds one event, which must be the next.
    pub(super) fn apply(&mut self, stored: Stored, sources: &Sources<'_>) -> Result<(), FoldError> {
        if let Some(key) = &stored.idempotency_key {
            self.keys.push((key_hash(key), stored.seq));
        }
        let span = self.books.note((stored.seq, stored.at), stored.partner, &stored.actor, &stored.event);
        if let Event::PointsRefunded(event) = &stored.event {
            let (order, seq, partner) = (event.of, stored.seq, stored.partner);
            self.refunds.push(Refunding { order, seq, span, partner });
        }
        self.growth.append(&stored.hash);
        self.checkpoints.extend(CheckpointRow::of(&stored));
        self.seals.extend(SealRow::of(&stored));
        self.change_in(span, stored, sources)
    }

    /// Folds what one event does to the thing that it is about; what it is to the log as a whole is left out.
    pub(super) fn change(&mut self, stored: Stored, sources: &Sources<'_>) -> Result<(), FoldError> {
        self.change_in(Span::of(stored.seq, stored.at), stored, sources)
    }

    fn change_in(&mut self, span: Span, stored: Stored, sources: &Sources<'_>) -> Result<(), FoldError> {
        if let Some(movement) = MovementRow::of(&stored) {
            self.counts.add(&movement);
            self.movements.push(movement);
        }
        self.stream_events.extend(StreamEventRow::of(&stored));
        (self.seq, self.hash) = (stored.seq, stored.hash);
        match stored.event.stream() {
            Stream::Partner(_)
            | Stream::Shop(_)
            | Stream::Template(_)
            | Stream::Key(_)
            | Stream::CheckpointKey(_)
            | Stream::Webhook(_)
            | Stream::Seal(_) => {
                self.directory.evolve(&stored.event, stored.partner, stored.seq, stored.at);
            }
            Stream::Customer(customer) => self.customer(customer, &stored, sources)?,
            Stream::Card(card) => self.card(card, stored, span, sources)?,
        }
        Ok(())
    }

    fn customer(&mut self, id: CustomerId, stored: &Stored, sources: &Sources<'_>) -> Result<(), FoldError> {
        let record = stored.event.sealed().map(|sealed| sealed.record);
        let contact = match record {
            Some(record) => Contact::of(stored.partner, vault::body(sources.ledger, record)?.as_deref()),
            None => Contact::default(),
        };
        if let Event::CustomerRegistered(event) = &stored.event {
            let customer = Customer::registered(event, stored.partner, stored.seq, stored.at);
            self.customers.insert(id, (customer, Some(contact)));
        } else {
            let (customer, known) = self.known_customer(id, stored.seq, sources)?;
            if let Event::CustomerUpdated(event) = &stored.event {
                customer.updated(event, stored.seq, stored.at);
            } else if let Event::CustomerErased(event) = &stored.event {
                customer.erased(event, stored.seq, stored.at);
            }
            // What was forgotten of them is not who they are.
            if let Event::RecordsErased(_) = &stored.event {
                customer.records_erased(stored.seq);
            } else {
                *known = Some(contact);
            }
        }
        self.records.extend(record.map(|record| (id, record, stored.seq)));
        Ok(())
    }

    fn known_customer(
        &mut self,
        id: CustomerId,
        seq: Seq,
        sources: &Sources<'_>,
    ) -> Result<&mut (Customer, Option<Contact>), FoldError> {
        match self.customers.entry(id) {
            btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            btree_map::Entry::Vacant(place) => {
                let found = sources.views.map(|views| load_customer(views, id)).transpose()?.flatten();
                let found = found.ok_or(FoldError::Orphan { seq, stream: Stream::Customer(id) })?;
                Ok(place.insert((found, None)))
            }
        }
    }

    fn card(&mut self, id: CardId, stored: Stored, span: Span, sources: &Sources<'_>) -> Result<(), FoldError> {
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
                    book(
                        &mut self.books,
                        &folded.1,
                        Movement::of(&stored.event).map(|movement| (span, movement)).iter(),
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

    /// Whether what the look-up columns hold of a person changes.
    pub(super) fn changes_contacts(&self) -> bool {
        self.customers.values().any(|(customer, contact)| customer.version > 1 && contact.is_some())
    }

    /// Whether look-up columns are written at all: a page that has to be split for new ones leaves copies of others behind.
    pub(super) fn writes_contacts(&self) -> bool {
        !self.customers.is_empty()
    }

    /// How many rows of history wait to be written.
    pub(super) fn movements_waiting(&self) -> usize {
        self.movements.len()
    }

    /// The rows of history so far. They are only ever added: a rebuild writes them beside the fold, and bounds its memory.
    pub(super) fn take_movements(&mut self) -> Vec<MovementRow> {
        std::mem::take(&mut self.movements)
    }

    /// Writes everything, with the watermark. The caller owns the transaction; after it fails, this fold must be dropped.
    pub(super) fn write(&mut self, views: &Connection, recent: &Recent) -> Result<(), FoldError> {
        movements::insert(views, &self.take_movements())?;
        self.counts.write(views)?;
        self.write_cards(views, recent)?;
        self.write_refunds(views)?;
        books::write(views, &mut self.books)?;
        let touched = std::mem::take(&mut self.customers);
        for (customer, contact) in touched.values() {
            // One may have taken the email that another gave up: it has to be free before anybody's row has it.
            if contact.is_some() && customer.version > 1 {
                customers::release(views, customer.id)?;
            }
        }
        for (customer, contact) in touched.into_values() {
            customers::save(views, &customer, contact)?;
        }
        self.records.sort_unstable();
        self.records.drain(..).try_for_each(|record| customers::add_record(views, record))?;
        self.keys.sort_unstable_by_key(|(hash, seq)| idempotency::place(*hash, *seq));
        idempotency::insert(views, self.keys.drain(..))?;
        self.stream_events.sort_unstable();
        self.stream_events.drain(..).try_for_each(|row| row.insert(views))?;
        self.growth.write(views)?;
        self.checkpoints.drain(..).try_for_each(|checkpoint| checkpoint.insert(views))?;
        self.seals.drain(..).try_for_each(|seal| seal.insert(views))?;
        programme::save(views, &self.directory, self.directory_saved)?;
        self.directory_saved = self.seq;
        layout::set_watermark(views, self.seq, &self.hash)?;
        Ok(())
    }

    fn write_refunds(&mut self, views: &Connection) -> Result<(), FoldError> {
        self.refunds.sort_unstable();
        let mut last = None;
        for Refunding { order, seq, span, partner } in self.refunds.drain(..) {
            if last != Some(order) && !refunds::is_refunded(views, order)? {
                self.books.first_refund(span, partner);
            }
            last = Some(order);
            refunds::insert(views, order, seq)?;
        }
        Ok(())
    }

    fn write_cards(&mut self, views: &Connection, recent: &Recent) -> Result<(), FoldError> {
        let mut touched: Vec<_> = self.cards.drain().collect();
        touched.sort_unstable_by_key(|(id, _)| *id);
        let mut counts: BTreeMap<CountKey, i64> = BTreeMap::new();
        for (id, touched) in touched {
            let folded = match touched {
                Touched::Folded(folded) => folded,
                Touched::Waiting(events) => {
                    if let Some((card, movements)) = moved_only(&events, recent(id)) {
                        let spans = events.iter().map(|event| event.span);
                        let booked: Vec<_> = spans.zip(movements.iter().map(|(_, movement)| *movement)).collect();
                        book(&mut self.books, &card, booked.iter());
                        cards::save_moved(views, &card, movements.into_iter())?;
                        continue;
                    }
                    self.fold_waiting(id, &events, views)?
                }
            };
            let (before, card) = *folded;
            cards::save(views, before.as_ref(), &card)?;
            count_change(&mut counts, before.as_ref(), &card);
        }
        for (key, change) in counts.into_iter().filter(|(_, change)| *change != 0) {
            cards::add_count(views, &key, change)?;
        }
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
        book(&mut self.books, &card, booked.iter());
        Ok(Box::new((Some(before), card)))
    }
}

/// The card after these events with its movements, if it is in memory as of the last of them and they did no more than move points.
fn moved_only(events: &[Waiting], recent: Option<Card>) -> Option<(Card, Vec<(Seq, Movement<'_>)>)> {
    let last = events.last()?;
    let card = recent.filter(|card| card.as_of == last.seq)?;
    let movements: Option<_> = events.iter().map(|event| Some((event.seq, Movement::of(&event.event)?))).collect();
    Some((card, movements?))
}

fn waiting(stored: Stored, span: Span) -> Waiting {
    Waiting { seq: stored.seq, at: stored.at, span, event: stored.event }
}

/// Sums up the movements of a card, given in their order, which is as it is after them.
fn book<'e>(
    books: &mut Changes,
    card: &Card,
    movements: impl DoubleEndedIterator<Item = &'e (Span, Movement<'e>)> + Clone,
) {
    for (span, movement) in movements.clone() {
        books.moved(*span, card.partner, card.template, *movement);
    }
    let is_open = |lot| card.lots.iter().any(|open| open.id == lot);
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
