//! A request that was carried out before: what it did then is the answer, if it is the same request.

use super::batch::{Batch, BatchError, customer_of};
use super::decide::person;
use super::handle::Answer;
use super::{Command, Recorded, Refusal, Request};
use crate::domain::customers::PersonRecord;
use crate::domain::webhooks::WebhookCommand;
use crate::domain::{Event, Sealed};
use crate::event_log::{Claim, Stored};
use crate::vault;
use serde::de::DeserializeOwned;

impl Batch<'_> {
    /// Whoever was corrected since, as they are known now: what was answered then is gone.
    fn person_since(&self, event: &Event) -> rusqlite::Result<Option<String>> {
        let customer = if let Event::CustomerRegistered(event) = event {
            event.customer
        } else if let Event::CustomerUpdated(event) = event {
            event.customer
        } else {
            return Ok(None);
        };
        let known = self.memory.customer(customer)?.filter(|customer| customer.erased_at.is_none());
        known.map(|customer| vault::body(self.ledger, customer.record)).transpose().map(Option::flatten)
    }

    /// A command's events as they were answered then.
    pub(super) fn recorded(&self, original: &[Stored]) -> rusqlite::Result<Vec<Recorded>> {
        let mut events = Vec::with_capacity(original.len());
        for stored in original {
            let sealed = stored.event.sealed();
            let mut body = sealed.map(|sealed| vault::body(self.ledger, sealed.record)).transpose()?.flatten();
            if body.is_none() {
                body = self.person_since(&stored.event)?;
            }
            events.push(Recorded { seq: stored.seq, at: stored.at, event: stored.event.clone(), body });
        }
        Ok(events)
    }

    pub(super) fn replay(
        &mut self,
        request: &Request,
        claim: &Claim,
        original: &[Stored],
    ) -> Result<Answer, BatchError> {
        let events = self.recorded(original)?;
        let same = original.first().and_then(|first| first.fingerprint) == Some(claim.fingerprint);
        if !same || !self.same_person(request, original)? {
            return Ok(Err(Refusal::Conflict { events }));
        }
        let at = original.first().map_or(self.end.recorded_at, |first| first.at);
        self.outcome(request, events, true, at).map(Ok)
    }

    /// A fingerprint never covers an email: where one decides, it is compared with the vault.
    fn same_person(&self, request: &Request, original: &[Stored]) -> Result<bool, BatchError> {
        let email = match &request.command {
            Command::Issue(command) => &command.person.email,
            Command::Register(command) => &command.person.email,
            Command::OpenShop(command) => return self.same_record(&command.record, original),
            Command::CreateTemplate(command) => return self.same_record(&command.record, original),
            Command::Webhook(WebhookCommand::Create(command)) => return self.same_record(&command.record, original),
            Command::CreatePartner(_)
            | Command::ChangeSettings(_)
            | Command::UpdateShop(_)
            | Command::RetireShop(_)
            | Command::UpdateTemplate(_)
            | Command::RetireTemplate(_)
            | Command::Purchase { .. }
            | Command::Refund { .. }
            | Command::CreateKey(_)
            | Command::RevokeKey(_)
            | Command::UpdateCustomer(_)
            | Command::ChangeCheckpointKey(_)
            | Command::RecordCheckpoint(_)
            | Command::RecordCosignature(_)
            | Command::Webhook(_)
            | Command::RecordSeal(_)
            | Command::Erase(_)
            | Command::Forget(_)
            | Command::UpdateCard(_)
            | Command::Block(_)
            | Command::Unblock(_)
            | Command::Award(_)
            | Command::Redeem(_)
            | Command::Adjust(_)
            | Command::Expire(_)
            | Command::ExpireDue(_) => return Ok(true),
        };
        let Some(customer) = customer_of(original.iter().map(|stored| &stored.event)) else { return Ok(false) };
        let person = match person_then(original) {
            // As the command itself sealed it: the customer may have another email by now.
            Some(sealed) => match self.body_of::<PersonRecord>(sealed)? {
                Some(person) => Some(person),
                // Corrected since, and what was wrong is gone.
                None => person(self.memory, self.ledger, customer)?,
            },
            None => person(self.memory, self.ledger, customer)?,
        };
        Ok(person.is_some_and(|person| person.has_email(email)))
    }

    /// Whether the command sealed just that.
    fn same_record<T: DeserializeOwned + PartialEq>(
        &self,
        record: &T,
        original: &[Stored],
    ) -> Result<bool, BatchError> {
        let Some(sealed) = original.first().and_then(|first| first.event.sealed()) else { return Ok(false) };
        Ok(self.body_of::<T>(sealed)?.as_ref() == Some(record))
    }

    fn body_of<T: DeserializeOwned>(&self, sealed: Sealed) -> rusqlite::Result<Option<T>> {
        let body = vault::body(self.ledger, sealed.record)?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }
}

/// The person whom a command sealed, where it sealed one.
fn person_then(original: &[Stored]) -> Option<Sealed> {
    let of_person = |stored: &Stored| matches!(stored.event, Event::CustomerRegistered(_) | Event::CustomerUpdated(_));
    original.iter().find(|stored| of_person(stored)).and_then(|stored| stored.event.sealed())
}
