//! One batch: commands decided one after the other, their events inserted in one transaction, committed once.

use super::claim::claim;
use super::decide::{Decider, Decision, Trouble, person};
use super::grounds::Grounds;
use super::handle::Answer;
use super::memory::Memory;
use super::orders::{command_with_key, redeemed_otherwise};
use super::pace::Moves;
use super::{Actor, BuyerId, Command, Outcome, Recorded, Refusal, Request};
use crate::clock::Clock;
use crate::domain::cards::Card;
use crate::domain::{CardId, CustomerId, Draft, Event, Movement, RecordId, Stream, Timestamp};
use crate::event_log::{Appender, Claim, Entry, EventInsert, LogError};
use crate::vault::{self, RecordInsert};
use rusqlite::Connection;
use std::sync::Arc;

/// The log as the writer holds it: its connection, and the end that is committed.
pub(super) struct Book {
    pub(super) ledger: Connection,
    pub(super) committed: Appender,
    pub(super) memory: Memory,
    pub(super) moves: Moves,
    pub(super) clock: Clock,
}

/// A batch in hand: the end of the log with what it has inserted.
pub(super) struct Batch<'a> {
    pub(super) ledger: &'a Connection,
    pub(super) memory: &'a mut Memory,
    moves: &'a mut Moves,
    clock: &'a Clock,
    pub(super) end: Appender,
    /// From the first event on: the transaction has begun.
    inserts: Option<Inserts<'a>>,
    /// Whether records of the vault are erased by it.
    erased: bool,
}

/// The statements that every command needs, prepared once for the batch.
struct Inserts<'a> {
    events: EventInsert<'a>,
    records: RecordInsert<'a>,
}

/// What reading a request came to.
enum Read {
    Decided(Decision, Option<Claim>),
    Answered(Answer),
}

/// The disk failed: the whole batch is off.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    #[error(transparent)]
    Storage(#[from] rusqlite::Error),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl<'a> Batch<'a> {
    pub(super) fn new(book: &'a mut Book) -> Self {
        let Book { ledger, committed, memory, moves, clock } = book;
        Self { ledger, memory, moves, clock, end: committed.clone(), inserts: None, erased: false }
    }

    /// Decides a request and inserts its events. A refusal leaves the batch as it was; an error ends it. Only what is asked
    /// `alone`, not in bulk, counts for how often points move on a card.
    pub(super) fn handle(&mut self, request: &Request, alone: bool) -> Result<Answer, BatchError> {
        let now = self.end.time(self.clock.now());
        let (decision, claim) = match self.read(request, now) {
            Ok(Read::Decided(decision, claim)) => (decision, claim),
            Ok(Read::Answered(answer)) => return Ok(answer),
            Err(source) => {
                // What cannot be read concerns this request; the others of the batch may be fine.
                tracing::error!(%source, "a request could not be decided");
                return Ok(Err(Refusal::NotWritten));
            }
        };
        if alone
            && self.moves.are_counted()
            && let Actor::Key(_) = request.actor
            && let Some(card) = moved(&decision.drafts)
            && let Err(retry_after) = self.moves.count(card, now)
        {
            return Ok(Err(Refusal::TooOften { card, retry_after }));
        }
        if !decision.drafts.is_empty() {
            self.erase_records(&decision.erased)?;
        }
        let events = self.insert(request, decision, claim.as_ref(), now)?;
        self.outcome(request, events, false, now).map(Ok)
    }

    /// Everything before the first insert: nothing has changed when it fails.
    fn read(&mut self, request: &Request, now: Timestamp) -> Result<Read, BatchError> {
        let buyer = self.buyer(request)?.zip(self.memory.currency(request.partner));
        let claim = claim(request, buyer);
        if let Some(claim) = &claim
            && let Some(original) = command_with_key(self.memory, self.ledger, &claim.key, claim.hash)?
        {
            return self.replay(request, claim, &original).map(Read::Answered);
        }
        if let Some(original) = redeemed_otherwise(self.memory, self.ledger, request)? {
            let events = self.recorded(&original)?;
            return Ok(Read::Answered(Err(Refusal::Conflict { events })));
        }
        let grounds = Grounds::gather(self.memory, self.ledger, request, now)?;
        let head = self.end.seq;
        let decider = Decider { memory: self.memory, ledger: self.ledger, grounds: &grounds, head, now };
        match decider.decide(request) {
            Ok(decision) => Ok(Read::Decided(decision, claim)),
            Err(Trouble::Rejected(rejection)) => Ok(Read::Answered(Err(Refusal::Rejected(rejection)))),
            Err(Trouble::Storage(source)) => Err(source.into()),
        }
    }

    /// Who buys, where the request is a purchase: their purchases are theirs whichever way they are named.
    fn buyer(&mut self, request: &Request) -> rusqlite::Result<Option<CustomerId>> {
        let Command::Purchase { buyer, .. } = &request.command else { return Ok(None) };
        match *buyer {
            BuyerId::Customer { customer, .. } => Ok(Some(customer)),
            BuyerId::Card(card) => {
                self.memory.bring(card)?;
                let card = self.memory.card(card).filter(|card| card.partner == request.partner);
                Ok(card.map(|card| card.customer))
            }
        }
    }

    /// Commits what was inserted. On error nothing of the batch is in the log, or all of it: the caller looks.
    pub(super) fn commit(self) -> Result<Appender, BatchError> {
        if self.inserts.is_some() {
            self.ledger.execute_batch("COMMIT")?;
        }
        Ok(self.end)
    }

    /// Whether nothing was inserted, so that there is nothing to commit.
    pub(super) fn is_empty(&self) -> bool {
        self.inserts.is_none()
    }

    /// Whether the batch erased anything, which the WAL may still hold after the commit.
    pub(super) fn has_erased(&self) -> bool {
        self.erased
    }

    /// Where the log ends if the batch is committed.
    pub(super) fn end(&self) -> &Appender {
        &self.end
    }

    fn insert(
        &mut self,
        request: &Request,
        decision: Decision,
        claim: Option<&Claim>,
        at: Timestamp,
    ) -> Result<Vec<Recorded>, BatchError> {
        let command_seq = self.end.seq.next();
        let actor = request.actor.to_string();
        let mut recorded = Vec::with_capacity(decision.drafts.len());
        for draft in decision.drafts {
            let (event, body) = self.seal(draft)?;
            let entry = Entry {
                command_seq,
                partner: decision.partner,
                version: self.memory.next_version(&event)?,
                actor: &actor,
                claim: claim.filter(|_| recorded.is_empty()),
                event: &event,
            };
            let inserts = begun(&mut self.inserts, self.ledger)?;
            let seq = self.end.append(&mut inserts.events, &entry, at)?;
            self.memory.evolve(&event, decision.partner, seq, at, body.as_deref())?;
            if let Event::PartnerSettingsChanged(_) = &event {
                self.memory.track_standing(self.ledger, decision.partner, seq)?;
            }
            recorded.push(Recorded { seq, at, event, body });
        }
        if let (Some(claim), false) = (claim, recorded.is_empty()) {
            self.memory.claimed(claim.hash, command_seq);
        }
        Ok(recorded)
    }

    fn seal(&mut self, draft: Draft) -> Result<(Event, Option<String>), BatchError> {
        let Draft { mut event, secret } = draft;
        let Some(secret) = secret else { return Ok((event, None)) };
        let record = self.memory.take_record();
        let inserts = begun(&mut self.inserts, self.ledger)?;
        event.seal(vault::seal(&mut inserts.records, record, &secret)?);
        Ok((event, Some(secret.body)))
    }

    // In the transaction of the event that says so.
    fn erase_records(&mut self, records: &[RecordId]) -> Result<(), BatchError> {
        if records.is_empty() {
            return Ok(());
        }
        begun(&mut self.inserts, self.ledger)?;
        for record in records {
            vault::erase(self.ledger, *record)?;
        }
        self.erased = true;
        Ok(())
    }

    pub(super) fn outcome(
        &mut self,
        request: &Request,
        events: Vec<Recorded>,
        replayed: bool,
        at: Timestamp,
    ) -> Result<Outcome, BatchError> {
        if request.command.past().is_some() {
            return Ok(Outcome { events, replayed, at, card: None, person: None });
        }
        let card = match subject(&request.command, &events) {
            Some(card) => {
                self.memory.bring(card)?;
                self.memory.card(card).map(|card| Arc::new(card.clone()))
            }
            None => None,
        };
        let registered = customer_of(events.iter().map(|recorded| &recorded.event));
        let customer = card.as_ref().map(|card: &Arc<Card>| card.customer).or(registered);
        let person = customer.map(|customer| person(self.memory, self.ledger, customer)).transpose()?.flatten();
        Ok(Outcome { events, replayed, at, card, person: person.map(Arc::new) })
    }
}

/// The card on which points move.
fn moved(drafts: &[Draft]) -> Option<CardId> {
    drafts.iter().find_map(|draft| Movement::of(&draft.event)).map(|movement| movement.stated().card)
}

/// Begins the transaction with the first insert.
fn begun<'i, 'a>(
    inserts: &'i mut Option<Inserts<'a>>,
    ledger: &'a Connection,
) -> rusqlite::Result<&'i mut Inserts<'a>> {
    match inserts {
        Some(inserts) => Ok(inserts),
        None => {
            ledger.execute_batch("BEGIN IMMEDIATE")?;
            let prepared = Inserts { events: EventInsert::prepare(ledger)?, records: RecordInsert::prepare(ledger)? };
            Ok(inserts.insert(prepared))
        }
    }
}

/// The card that the answer shows. What moves points answers from its events, so that the hot path copies no card.
fn subject(command: &Command, events: &[Recorded]) -> Option<CardId> {
    match command {
        Command::UpdateCard(command) => Some(command.card),
        Command::Block(command) => Some(command.card),
        Command::Unblock(command) => Some(command.card),
        Command::Issue(_) => events.iter().find_map(|recorded| match recorded.event.stream() {
            Stream::Card(card) => Some(card),
            Stream::Partner(_)
            | Stream::Shop(_)
            | Stream::Template(_)
            | Stream::Key(_)
            | Stream::Customer(_)
            | Stream::CheckpointKey(_)
            | Stream::Webhook(_)
            | Stream::Seal(_) => None,
        }),
        Command::CreatePartner(_)
        | Command::ChangeSettings(_)
        | Command::OpenShop(_)
        | Command::UpdateShop(_)
        | Command::RetireShop(_)
        | Command::CreateTemplate(_)
        | Command::UpdateTemplate(_)
        | Command::RetireTemplate(_)
        | Command::CreateKey(_)
        | Command::RevokeKey(_)
        | Command::ChangeCheckpointKey(_)
        | Command::RecordCheckpoint(_)
        | Command::RecordCosignature(_)
        | Command::Webhook(_)
        | Command::RecordSeal(_)
        | Command::Register(_)
        | Command::Purchase { .. }
        | Command::Refund { .. }
        | Command::UpdateCustomer(_)
        | Command::Erase(_)
        | Command::Forget(_)
        | Command::Award(_)
        | Command::Redeem(_)
        | Command::Adjust(_)
        | Command::Expire(_)
        | Command::ExpireDue(_) => None,
    }
}

/// The customer whom events are about, where they name one.
pub(super) fn customer_of<'e>(mut events: impl Iterator<Item = &'e Event>) -> Option<CustomerId> {
    events.find_map(|event| match event {
        Event::CustomerRegistered(event) => Some(event.customer),
        Event::CustomerUpdated(event) => Some(event.customer),
        Event::CardIssued(event) => Some(event.customer),
        Event::PartnerCreated(_)
        | Event::PartnerSettingsChanged(_)
        | Event::ShopOpened(_)
        | Event::ShopUpdated(_)
        | Event::ShopRetired(_)
        | Event::TemplateCreated(_)
        | Event::TemplateUpdated(_)
        | Event::TemplateRetired(_)
        | Event::KeyCreated(_)
        | Event::KeyRevoked(_)
        | Event::CheckpointKeyCreated(_)
        | Event::CheckpointKeyRetired(_)
        | Event::CheckpointMade(_)
        | Event::CheckpointCosigned(_)
        | Event::WebhookCreated(_)
        | Event::WebhookUpdated(_)
        | Event::WebhookRotated(_)
        | Event::WebhookDisabled(_)
        | Event::WebhookSkipped(_)
        | Event::WebhookRemoved(_)
        | Event::BalancesSealed(_)
        | Event::CustomerErased(_)
        | Event::RecordsErased(_)
        | Event::CardUpdated(_)
        | Event::CardActivated(_)
        | Event::CardBlocked(_)
        | Event::CardUnblocked(_)
        | Event::CardTierChanged(_)
        | Event::PointsAwarded(_)
        | Event::PointsRedeemed(_)
        | Event::PointsAdjusted(_)
        | Event::PointsExpired(_)
        | Event::OrderRecorded(_)
        | Event::PointsRefunded(_)
        | Event::PointsReturned(_) => None,
    })
}
