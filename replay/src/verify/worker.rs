//! A worker: hashes its share of every batch and folds its cards. The first one also keeps the registry of everything that is not a card.

use super::batch::Batch;
use super::fold_of;
use super::idempotency::RowSum;
use super::idle::Idle;
use super::keys::KeyHashes;
use super::names::Names;
use super::registry::Registry;
use super::seals::{Months, Noted};
use super::vault::{Fact, Facts};
use crate::findings::{Check, Findings};
use crate::fold::{Cards, MovementRow, Note, Programme, Tables, check_key, differences};
use crate::ledger::{ChainHasher, Event};
use crate::payload::{Payload, card_of_stream};
use crate::points::PartnerId;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

/// What a worker comes to.
#[derive(Debug)]
pub(super) struct WorkerResult {
    pub(super) findings: Findings,
    pub(super) cards: Cards,
    pub(super) keys: KeyHashes,
    /// As of the watermark, where there are projections.
    pub(super) tables: Tables,
    pub(super) claims: RowSum,
    /// Of the first worker, which sees all of them.
    pub(super) seals: Vec<Noted>,
}

/// A worker's state.
#[derive(Debug)]
pub(super) struct Worker {
    number: usize,
    workers: usize,
    watermark: Option<i64>,
    findings: Findings,
    chain: ChainHasher,
    cards: Cards,
    keys: KeyHashes,
    tables: Tables,
    claims: RowSum,
    names: Names,
    registry: Option<Registry>,
    months: Months,
    idle: Idle,
    spelling: String,
    /// What the batch in hand says of the vault, and of tiers.
    facts: Vec<Fact>,
    notes: Vec<Note>,
}

impl Worker {
    pub(super) fn new(number: usize, workers: usize, watermark: Option<i64>, claims: RowSum) -> Self {
        Self {
            number,
            workers,
            watermark,
            findings: Findings::default(),
            chain: ChainHasher::default(),
            cards: Cards::default(),
            keys: KeyHashes::default(),
            tables: Tables::default(),
            claims,
            names: Names::default(),
            registry: (number == 0).then(Registry::default),
            months: Months::default(),
            idle: Idle::default(),
            spelling: String::new(),
            facts: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Works until no batch is left.
    pub(super) fn run(mut self, batches: &Receiver<Arc<Batch>>, facts: &Sender<Facts>) -> WorkerResult {
        for batch in batches {
            self.hash(&batch);
            for at in 0..batch.len() {
                self.fold(&batch, at);
            }
            let (facts_found, notes) = (std::mem::take(&mut self.facts), std::mem::take(&mut self.notes));
            // Nobody listens only after an error elsewhere, which is then the one to tell.
            let _ = facts.send(Facts { worker: self.number, facts: facts_found, notes });
        }
        let Self { findings, cards, keys, tables, claims, months, .. } = self;
        WorkerResult { findings, cards, keys, tables, claims, seals: months.into_noted() }
    }

    fn hash(&mut self, batch: &Batch) {
        let share = |number| batch.len() * number / self.workers;
        for at in share(self.number)..share(self.number + 1) {
            let event = batch.event(at);
            if let Some(key) = event.idempotency_key {
                self.keys.note(key, event.seq);
                if self.is_projected(&event) {
                    self.claims.add_key(event.seq, key);
                }
            }
            if let Some(previous) = batch.previous(at)
                && self.chain.hash(previous, &event) != event.hash
            {
                self.findings.event(
                    Check::Chain,
                    event.seq,
                    "the stored hash is not the one that this row and the hash before it give",
                );
            }
        }
    }

    fn fold(&mut self, batch: &Batch, at: usize) {
        let event = batch.event(at);
        let card = card_of_stream(event.stream);
        let mine = card.map_or(0, |card| fold_of(card, self.workers)) == self.number;
        let registers = self.registry.is_some() && event.kind == "card.issued";
        if mine {
            self.names.check_actor(&event, &mut self.findings);
        }
        if card.is_none() {
            self.names.note(&event);
        }
        // Whoever folds a card has to know its terms.
        let learns = card.is_none() && Programme::concerns(event.kind);
        // The cards of whoever was erased may be anybody's.
        let erases = event.kind == "customer.erased";
        if !mine && !registers && !learns && !erases {
            return;
        }
        if self.watermark.is_some_and(|watermark| event.seq > watermark) {
            self.cards.freeze();
        }
        let payload = match Payload::read(event.kind, event.schema, event.payload) {
            Ok(payload) => payload,
            Err(_) if !mine => return,
            Err(error) => {
                self.findings.event(Check::Payloads, event.seq, error.to_string());
                if let Some(card) = card {
                    self.cards.skip(card, &event, &mut self.findings);
                }
                return;
            }
        };
        if let Some(registry) = &mut self.registry {
            registry.check(&event, &payload, batch.command_key(at), &self.cards.programme, &mut self.findings);
            self.months.follow(&event, &payload, &mut self.findings);
        }
        if let Payload::CustomerErased(erased) = &payload {
            self.idle.check(&event, erased, &self.cards, &mut self.findings);
        }
        if learns {
            self.cards.programme.learn(&event, &payload);
        }
        if mine {
            self.fold_own(batch, at, &event, &payload);
        }
    }

    fn fold_own(&mut self, batch: &Batch, at: usize, event: &Event<'_>, payload: &Payload<'_>) {
        self.names.check_shop(payload.shop(), event, &mut self.findings);
        let (kind, number) = payload.stream();
        if crate::payload::stream_parts(event.stream) != Some((kind, number)) {
            let sentence = format!("the stream is {:?}, but the payload is about {kind}:{number}", event.stream);
            self.findings.event(Check::Streams, event.seq, sentence);
        }
        // A card of another worker, named on this worker's stream: told above, and not to be folded twice.
        let mut movement = None;
        let elsewhere = payload.card().is_some_and(|card| fold_of(card, self.workers) != self.number);
        if !elsewhere && let Some(row) = self.cards.apply(event, payload, &mut self.findings) {
            self.compare(batch.projected(at), &row);
            movement = Some(row);
        }
        if let Payload::Moved(moving) = payload {
            check_key(event, batch.command_key(at), moving, &mut self.spelling, &mut self.findings);
        } else if event.idempotency_key.is_some_and(crate::fold::names_a_movement) && !moves_points(batch, at) {
            self.findings.event(
                Check::Keys,
                event.seq,
                "the key names an order or reference, but the command moves no points",
            );
        }
        if !elsewhere {
            self.idle.note(payload);
        }
        let customer = payload.card().and_then(|card| self.cards.get(card)).map(|card| card.customer);
        if self.is_projected(event) && !elsewhere {
            self.tables.apply(event, payload, customer, movement.as_ref());
            let card = payload.card().and_then(|card| self.cards.get(card));
            self.tables.books.book(event, payload, batch.time(at), card);
        }
        if self.cards.programme.counts_more(PartnerId::new(event.partner_id)) {
            self.notes.extend(Note::of(event, payload));
        }
        let retention = self.cards.programme.retention(PartnerId::new(event.partner_id));
        self.facts.extend(Fact::of(event, payload, customer, &retention));
    }

    /// Whether the projections have to reflect an event.
    fn is_projected(&self, event: &Event<'_>) -> bool {
        self.watermark.is_some_and(|watermark| event.seq <= watermark)
    }

    fn compare(&mut self, held: Option<MovementRow<'_>>, row: &MovementRow<'_>) {
        let Some(held) = held.filter(|held| held != row) else { return };
        for (column, held, wanted) in differences(&MovementRow::NAMES, held.values(), row.values()) {
            let sentence = format!("the table says {held}, the log says {wanted}");
            self.findings.row(Check::Projections, "movements", row.seq, Some(column), sentence);
        }
    }
}

/// Whether another event of the same command moves points.
fn moves_points(batch: &Batch, first: usize) -> bool {
    let command = batch.event(first).command_seq;
    (first..batch.len())
        .map(|at| batch.event(at))
        .take_while(|event| event.command_seq == command)
        .any(|event| crate::payload::moves(event.kind))
}
