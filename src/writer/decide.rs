//! Handing each command to the rule that decides it, with the state it needs.

use super::memory::Memory;
use super::{Command, Request};
use crate::domain::cards::{Block, Card, CardNumber, CardRecord, Fresh, Holder, Issue, Unblock, UpdateCard};
use crate::domain::customers::{Customer, Erase, PersonRecord, Register};
use crate::domain::points::{Adjust, Award, Expire, Redeem, expire_due};
use crate::domain::programme::Terms;
use crate::domain::{CardId, CustomerId, Draft, Metadata, PartnerId, RecordId, Rejection, Timestamp};
use crate::vault;
use rand::Rng as _;
use rusqlite::Connection;
use serde::de::DeserializeOwned;

/// Why a command led to no events.
#[derive(Debug)]
pub(super) enum Trouble {
    Rejected(Rejection),
    /// The state it needs could not be read.
    Storage(rusqlite::Error),
}

impl From<Rejection> for Trouble {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(source: rusqlite::Error) -> Self {
        Self::Storage(source)
    }
}

/// What the rules decide, and for whom the events are recorded.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) partner: PartnerId,
    pub(super) drafts: Vec<Draft>,
}

/// Decides commands on memory and vault.
pub(super) struct Decider<'a> {
    pub(super) memory: &'a Memory,
    pub(super) ledger: &'a Connection,
    pub(super) now: Timestamp,
}

impl Decider<'_> {
    pub(super) fn decide(&self, request: &Request) -> Result<Decision, Trouble> {
        let partner = request.partner;
        self.check_shop(request)?;
        let drafts = match &request.command {
            Command::CreatePartner(command) => {
                let fresh = self.memory.ids().partner;
                return Ok(Decision { partner: fresh, drafts: command.decide(fresh) });
            }
            Command::ExpireDue(card) => return self.expire_due(*card),
            Command::OpenShop(command) => command.decide(self.memory.ids().shop),
            Command::CreateTemplate(command) => {
                command.decide(&self.memory.directory(), partner, self.memory.ids().template())?
            }
            Command::CreateKey(command) => command.decide(&self.memory.directory(), partner, self.memory.ids().key)?,
            Command::RevokeKey(command) => command.decide(&self.memory.directory(), partner)?,
            Command::Register(command) => self.register(partner, command)?,
            Command::Erase(command) => self.erase(partner, command)?,
            Command::Issue(command) => self.issue(partner, command)?,
            Command::UpdateCard(command) => self.update(partner, command)?,
            Command::Block(command) => self.block(partner, command)?,
            Command::Unblock(command) => self.unblock(partner, command)?,
            Command::Award(command) => self.award(partner, command)?,
            Command::Redeem(command) => self.redeem(partner, command)?,
            Command::Adjust(command) => self.adjust(partner, command)?,
            Command::Expire(command) => self.expire(partner, command)?,
        };
        Ok(Decision { partner, drafts })
    }

    fn check_shop(&self, request: &Request) -> Result<(), Rejection> {
        match request.command.shop() {
            Some(shop) if self.memory.directory().shop_of(request.partner, shop).is_none() => {
                Err(Rejection::ShopNotFound { shop })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn award(&self, partner: PartnerId, command: &Award) -> Result<Vec<Draft>, Trouble> {
        self.on_card(partner, command.card, |card, terms| command.decide(card, terms, self.now))
    }

    fn redeem(&self, partner: PartnerId, command: &Redeem) -> Result<Vec<Draft>, Trouble> {
        self.on_card(partner, command.card, |card, terms| command.decide(card, terms, self.now))
    }

    fn adjust(&self, partner: PartnerId, command: &Adjust) -> Result<Vec<Draft>, Trouble> {
        self.on_card(partner, command.card, |card, terms| command.decide(card, terms.rules(), self.now))
    }

    fn expire(&self, partner: PartnerId, command: &Expire) -> Result<Vec<Draft>, Trouble> {
        self.on_card(partner, command.card, |card, _| command.decide(card, self.now))
    }

    fn block(&self, partner: PartnerId, command: &Block) -> Result<Vec<Draft>, Trouble> {
        self.on_card(partner, command.card, |card, _| Ok(command.decide(card)))
    }

    fn unblock(&self, partner: PartnerId, command: &Unblock) -> Result<Vec<Draft>, Trouble> {
        self.on_card(partner, command.card, |card, _| Ok(command.decide(card)))
    }

    fn expire_due(&self, card: CardId) -> Result<Decision, Trouble> {
        let card = self.memory.card(card).ok_or(Rejection::CardNotFound { card })?;
        Ok(Decision { partner: card.partner, drafts: Vec::from_iter(expire_due(card, self.now)) })
    }

    fn register(&self, partner: PartnerId, command: &Register) -> Result<Vec<Draft>, Trouble> {
        let existing = self.memory.customer_by_email(partner, &command.person.email)?;
        Ok(command.decide(existing.map(|customer| customer.id), self.memory.ids().customer)?)
    }

    fn erase(&self, partner: PartnerId, command: &Erase) -> Result<Vec<Draft>, Trouble> {
        let customer = self.customer(partner, command.customer)?;
        let mut records = 0;
        for record in crate::projections::customer_records(self.memory.views(), command.customer)? {
            records += i64::from(vault::body(self.ledger, record)?.is_some());
        }
        Ok(command.decide(&customer, records))
    }

    fn issue(&self, partner: PartnerId, command: &Issue) -> Result<Vec<Draft>, Trouble> {
        let directory = self.memory.directory();
        let template = directory.auto_assigned(partner).ok_or(Rejection::NoTemplateToAssign)?;
        let terms = directory.terms(partner, template.id)?;
        let holder = self.holder(partner, &command.person.email)?;
        let ids = self.memory.ids();
        let fresh = Fresh { customer: ids.customer, card: ids.card, number: self.fresh_number(partner)? };
        Ok(command.decide(&holder, &terms, &fresh, self.now)?)
    }

    fn holder(&self, partner: PartnerId, email: &str) -> Result<Holder, Trouble> {
        let Some(customer) = self.memory.customer_by_email(partner, email)? else { return Ok(Holder::New) };
        if let Some(card) = self.memory.card_of(customer.id)? {
            return Ok(Holder::HasCard { customer: customer.id, card });
        }
        let person = self.sealed::<PersonRecord>(Some(customer.record))?.unwrap_or_default();
        Ok(Holder::Known { customer: customer.id, person })
    }

    // Drawn until it is free: with a million cards, one draw in a hundred thousand is repeated.
    fn fresh_number(&self, partner: PartnerId) -> Result<CardNumber, Trouble> {
        loop {
            let number = CardNumber::from_drawn(rand::rng().random_range(0..CardNumber::COUNT));
            if !self.memory.number_taken(partner, &number)? {
                return Ok(number);
            }
        }
    }

    fn update(&self, partner: PartnerId, command: &UpdateCard) -> Result<Vec<Draft>, Trouble> {
        let card = self.own_card(partner, command.card)?;
        let holder = self.customer(partner, card.customer)?;
        let person = match holder.erased_at {
            Some(_) => None,
            None => self.sealed::<PersonRecord>(Some(holder.record))?,
        };
        let metadata = self.metadata(card)?;
        Ok(command.decide(card, &holder, person.as_ref(), &metadata)?)
    }

    fn metadata(&self, card: &Card) -> Result<Metadata, Trouble> {
        Ok(self.sealed::<CardRecord>(card.metadata_record)?.unwrap_or_default().metadata)
    }

    /// The customer's person, none once erased.
    pub(super) fn person(&self, customer: CustomerId) -> Result<Option<PersonRecord>, Trouble> {
        let customer = self.memory.customer(customer)?.filter(|customer| customer.erased_at.is_none());
        self.sealed(customer.map(|customer| customer.record))
    }

    fn customer(&self, partner: PartnerId, customer: CustomerId) -> Result<Customer, Trouble> {
        let found = self.memory.customer(customer)?.filter(|customer| customer.partner == partner);
        found.ok_or(Trouble::Rejected(Rejection::CustomerNotFound { customer }))
    }

    fn sealed<T: DeserializeOwned>(&self, record: Option<RecordId>) -> Result<Option<T>, Trouble> {
        let Some(record) = record else { return Ok(None) };
        let body = vault::body(self.ledger, record)?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    fn on_card(
        &self,
        partner: PartnerId,
        card: CardId,
        decide: impl FnOnce(&Card, &Terms<'_>) -> Result<Vec<Draft>, Rejection>,
    ) -> Result<Vec<Draft>, Trouble> {
        let found = self.own_card(partner, card)?;
        let directory = self.memory.directory();
        let terms = directory.terms(partner, found.template)?;
        Ok(decide(found, &terms)?)
    }

    // Another partner's card is refused in the same words as one that does not exist.
    fn own_card(&self, partner: PartnerId, card: CardId) -> Result<&Card, Rejection> {
        let found = self.memory.card(card).filter(|found| found.partner == partner);
        found.ok_or(Rejection::CardNotFound { card })
    }
}
