//! How events change the projections. Folds in memory what a batch of events does, then writes it sorted, so that neighbours share pages.

mod cards;

use super::checkpoints::CheckpointRow;
use super::customers::Contact;
use super::movements::MovementRow;
use super::seals::SealRow;
use super::stream_events::StreamEventRow;
use super::tiles::Growth;
use super::transaction_counts::TransactionCounts;
use super::{books, customers, eras, idempotency, layout, load_customer, movements, programme, refunds};
use crate::books::{Changes, Span};
use crate::domain::customers::Customer;
use crate::domain::programme::Directory;
use crate::domain::{CardId, CustomerId, Event, PartnerId, RecordId, Seq, Stream, Timestamp};
use crate::event_log::{Hash, LogError, Stored, ZERO_HASH, key_hash};
use crate::vault;
use cards::Touched;
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, btree_map};

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
    /// Up to which event the eras are noted.
    noted: Seq,
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
            noted: seq,
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
    pub(super) fn write(&mut self, views: &Connection) -> Result<(), FoldError> {
        movements::insert(views, &self.take_movements())?;
        self.counts.write(views)?;
        self.write_cards(views)?;
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
        eras::note(views, self.noted, self.seq)?;
        self.noted = self.seq;
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
}
