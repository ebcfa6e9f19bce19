//! Handing each command to the rule that decides it, with the state it needs.

use super::grounds::Grounds;
use super::memory::Memory;
use super::{BuyerId, Command, Request};
use crate::domain::cards::{Block, Card, CardNumber, CardRecord, Fresh, Holder, Issue, Unblock, UpdateCard};
use crate::domain::customers::{
    Customer, Erase, FORGOTTEN_MAX, Forget, Keeping, PersonRecord, Register, UpdateCustomer, superseded,
};
use crate::domain::orders::{Buyer, Purchase, Refund};
use crate::domain::points::{Adjust, Award, Expire, Redeem, expire_due};
use crate::domain::programme::{
    ChangeSettings, Directory, Retention, RetentionRule, Template, Terms, UpdateShop, UpdateTemplate,
};
use crate::domain::seals::{LastOfPeriod, RecordSeal};
use crate::domain::webhooks::WebhookCommand;
use crate::domain::{
    CardId, CustomerId, Draft, Event, Metadata, PartnerId, RecordId, Rejection, Seq, ShopId, TemplateId, Timestamp,
};
use crate::{event_log, projections, vault};
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
    /// Records of the vault that go with these events, in the same transaction.
    pub(super) erased: Vec<RecordId>,
}

/// Decides commands on memory and vault.
pub(super) struct Decider<'a> {
    pub(super) memory: &'a Memory,
    pub(super) ledger: &'a Connection,
    pub(super) grounds: &'a Grounds,
    /// The last event so far.
    pub(super) head: Seq,
    pub(super) now: Timestamp,
}

impl Decider<'_> {
    /// The events of a request, and what of the vault goes with them: asked for, or superseded by them.
    pub(super) fn decide(&self, request: &Request) -> Result<Decision, Trouble> {
        let mut decision = self.decided(request)?;
        self.drop_superseded(&mut decision)?;
        Ok(decision)
    }

    fn decided(&self, request: &Request) -> Result<Decision, Trouble> {
        let partner = request.partner;
        self.check_shop(request)?;
        self.check_order()?;
        let drafts = match &request.command {
            Command::CreatePartner(command) => {
                let fresh = self.memory.ids().partner;
                return Ok(Decision { partner: fresh, drafts: command.decide(fresh), erased: Vec::new() });
            }
            Command::ExpireDue(card) => return self.expire_due(*card),
            Command::ChangeCheckpointKey(command) => command.decide(&self.memory.directory().checkpoints),
            Command::RecordCheckpoint(command) => command.decide(&self.memory.directory().checkpoints, self.head)?,
            Command::RecordCosignature(command) => command.decide(&self.memory.directory().checkpoints)?,
            Command::RecordSeal(command) => self.record_seal(partner, command)?,
            Command::ChangeSettings(command) => self.change_settings(partner, command)?,
            Command::OpenShop(command) => command.decide(self.memory.ids().shop),
            Command::UpdateShop(command) => self.update_shop(partner, command)?,
            Command::RetireShop(command) => command.decide(&self.memory.directory(), partner)?,
            Command::UpdateTemplate(command) => self.update_template(partner, command)?,
            Command::RetireTemplate(command) => command.decide(&self.memory.directory(), partner)?,
            Command::CreateTemplate(command) => {
                command.decide(&self.memory.directory(), partner, self.memory.ids().template())?
            }
            Command::CreateKey(command) => command.decide(&self.memory.directory(), partner, self.memory.ids().key)?,
            Command::Webhook(command) => self.webhook(partner, command)?,
            Command::RevokeKey(command) => command.decide(&self.memory.directory(), partner)?,
            Command::Register(command) => self.register(partner, command)?,
            Command::UpdateCustomer(command) => self.update_customer(partner, command)?,
            Command::Erase(command) => return self.erase(partner, command),
            Command::Forget(command) => return self.forget(partner, command),
            Command::Issue(command) => self.issue(partner, command)?,
            Command::UpdateCard(command) => self.update(partner, command)?,
            Command::Block(command) => self.block(partner, command)?,
            Command::Unblock(command) => self.unblock(partner, command)?,
            Command::Award(command) => self.award(partner, command)?,
            Command::Redeem(command) => self.redeem(partner, command)?,
            Command::Adjust(command) => self.adjust(partner, command)?,
            Command::Expire(command) => self.expire(partner, command)?,
            Command::Purchase { buyer, purchase } => self.purchase(partner, *buyer, purchase)?,
            Command::Refund { refund, .. } => self.refund(partner, refund)?,
        };
        Ok(Decision { partner, drafts, erased: Vec::new() })
    }

    fn check_shop(&self, request: &Request) -> Result<(), Rejection> {
        let Some(shop) = request.command.shop() else { return Ok(()) };
        match self.memory.directory().shop_of(request.partner, shop) {
            None => Err(Rejection::ShopNotFound { shop }),
            // What happened in it while it was open, happened.
            Some(_) if request.command.past().is_some() => Ok(()),
            Some(found) if request.command.is_new_business() && !found.is_open() => Err(Rejection::ShopClosed { shop }),
            Some(_) => Ok(()),
        }
    }

    // An order is one card's, and refunded by its id: what another card booked under it, or what was booked after its
    // refund, no refund would find.
    fn check_order(&self) -> Result<(), Rejection> {
        match self.grounds.begun() {
            Some(order) if order.refunded.complete || self.grounds.card() != Some(order.card) => {
                Err(Rejection::OrderClosed { order: order.id.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn award(&self, partner: PartnerId, command: &Award) -> Result<Vec<Draft>, Trouble> {
        self.on_card(partner, command.card, |card, terms| command.decide(card, terms, self.now))
    }

    fn purchase(&self, partner: PartnerId, buyer: BuyerId, command: &Purchase) -> Result<Vec<Draft>, Trouble> {
        let card = match buyer {
            BuyerId::Card(card) => card,
            BuyerId::Customer { customer, template } => {
                let customer = self.customer(partner, customer)?;
                match self.grounds.card() {
                    Some(card) => card,
                    None => return self.first_purchase(&customer, template, command),
                }
            }
        };
        self.on_card(partner, card, |card, terms| command.decide(&Buyer::Holder(card), terms, self.now))
    }

    /// A purchase that gives the customer a card.
    fn first_purchase(
        &self,
        customer: &Customer,
        template: Option<TemplateId>,
        command: &Purchase,
    ) -> Result<Vec<Draft>, Trouble> {
        let (partner, directory) = (customer.partner, self.memory.directory());
        let terms = directory.terms(partner, given_out(&directory, partner, template, command.shop)?.id)?;
        let fresh = self.fresh(partner)?;
        Ok(command.decide(&Buyer::Cardless { customer, fresh }, &terms, self.now)?)
    }

    fn refund(&self, partner: PartnerId, command: &Refund) -> Result<Vec<Draft>, Trouble> {
        let order = self.grounds.order().ok_or_else(|| Rejection::OrderNotFound { order: command.order.clone() })?;
        let card = self.own_card(partner, order.card)?;
        let directory = self.memory.directory();
        let found = directory.partners.get(&partner).ok_or(Rejection::PartnerNotFound { partner })?;
        Ok(command.decide(order, card, &found.settings, self.now)?)
    }

    fn change_settings(&self, partner: PartnerId, command: &ChangeSettings) -> Result<Vec<Draft>, Trouble> {
        let directory = self.memory.directory();
        let known = directory.partners.get(&partner).and_then(|partner| partner.settings_record);
        Ok(command.decide(&directory, partner, self.sealed(known)?.as_ref())?)
    }

    fn update_shop(&self, partner: PartnerId, command: &UpdateShop) -> Result<Vec<Draft>, Trouble> {
        let directory = self.memory.directory();
        let known = directory.shop_of(partner, command.shop).map(|shop| shop.record);
        Ok(command.decide(&directory, partner, self.sealed(known)?.as_ref())?)
    }

    fn update_template(&self, partner: PartnerId, command: &UpdateTemplate) -> Result<Vec<Draft>, Trouble> {
        let directory = self.memory.directory();
        let known = directory.template_of(partner, command.template).map(|template| template.record);
        Ok(command.decide(&directory, partner, self.sealed(known)?.as_ref())?)
    }

    fn webhook(&self, partner: PartnerId, command: &WebhookCommand) -> Result<Vec<Draft>, Trouble> {
        let directory = self.memory.directory();
        let named = command.webhook().and_then(|webhook| directory.webhook_of(partner, webhook));
        let known = self.sealed(named.map(|webhook| webhook.record))?;
        Ok(command.decide(&directory, partner, self.memory.ids().webhook, known.as_ref(), self.now)?)
    }

    fn record_seal(&self, partner: PartnerId, command: &RecordSeal) -> Result<Vec<Draft>, Trouble> {
        let directory = self.memory.directory();
        let found = directory.partners.get(&partner).ok_or(Rejection::PartnerNotFound { partner })?;
        let at = |seq| event_log::recorded_at(self.ledger, seq);
        let last = LastOfPeriod { at: at(command.as_of)?, after: at(command.as_of.next())? };
        Ok(command.decide(found, &directory.seals, last, self.now)?)
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
        let drafts = Vec::from_iter(expire_due(card, self.now));
        Ok(Decision { partner: card.partner, drafts, erased: Vec::new() })
    }

    fn register(&self, partner: PartnerId, command: &Register) -> Result<Vec<Draft>, Trouble> {
        let existing = self.customer_by_email(partner, &command.person.email)?;
        Ok(command.decide(existing.map(|customer| customer.id), self.memory.ids().customer)?)
    }

    fn update_customer(&self, partner: PartnerId, command: &UpdateCustomer) -> Result<Vec<Draft>, Trouble> {
        let customer = self.customer(partner, command.customer)?;
        let owner = match &command.email {
            Some(email) => self.customer_by_email(partner, email)?,
            None => None,
        };
        let person = match customer.erased_at {
            Some(_) => None,
            None => self.sealed::<PersonRecord>(Some(customer.record))?,
        };
        Ok(command.decide(&customer, person.as_ref(), owner.map(|owner| owner.id))?)
    }

    /// The customer who has that email now: what memory and views.db remember of an email that was changed since is not true.
    fn customer_by_email(&self, partner: PartnerId, email: &str) -> Result<Option<Customer>, Trouble> {
        let Some(customer) = self.memory.customer_by_email(partner, email)? else { return Ok(None) };
        let person = self.sealed::<PersonRecord>(Some(customer.record))?;
        Ok(person.is_some_and(|person| person.has_email(email)).then_some(customer))
    }

    fn erase(&self, partner: PartnerId, command: &Erase) -> Result<Decision, Trouble> {
        let customer = self.customer(partner, command.customer)?;
        let erased = self.records_there(command.customer)?;
        let records = i64::try_from(erased.len()).unwrap_or(i64::MAX);
        Ok(Decision { partner, drafts: command.decide(&customer, records), erased })
    }

    fn forget(&self, partner: PartnerId, command: &Forget) -> Result<Decision, Trouble> {
        let customer = self.customer(partner, command.customer)?;
        let keeping = self.keeping(&customer, command)?;
        let (drafts, erased) = command.decide(&customer, keeping, &self.retention(partner), self.now);
        Ok(Decision { partner, drafts, erased })
    }

    // The writer sees to it that views.db is level with the log. What this batch has erased already, its own connection knows.
    fn keeping(&self, customer: &Customer, command: &Forget) -> Result<Keeping, Trouble> {
        let (views, rules) = (self.memory.views(), self.retention(customer.partner));
        let mut keeping = Keeping::default();
        if command.rule == RetentionRule::InactiveCustomers {
            let cards = projections::cards_held(views, customer.id)?;
            keeping.last_activity = Some(projections::last_activity(customer, &cards));
            keeping.available = projections::available(&cards, self.now);
            if keeping.is_inactive(&rules, self.now) {
                keeping.records = self.records_there(customer.id)?;
            }
        } else if let Some(until) = rules.due_until(command.rule, self.now) {
            let due = projections::due_of(views, customer.id, (command.rule, until), command.within, FORGOTTEN_MAX)?;
            for erased in due {
                if vault::is_there(self.ledger, erased.record)? {
                    keeping.due.push(erased);
                }
            }
        }
        Ok(keeping)
    }

    fn records_there(&self, customer: CustomerId) -> Result<Vec<RecordId>, Trouble> {
        let mut there = Vec::new();
        for record in projections::customer_records(self.memory.views(), customer)? {
            if vault::is_there(self.ledger, record)? {
                there.push(record);
            }
        }
        Ok(there)
    }

    fn retention(&self, partner: PartnerId) -> Retention {
        let directory = self.memory.directory();
        directory.partners.get(&partner).map(|partner| partner.settings.retention).unwrap_or_default()
    }

    /// Adds the erasure of what the decided events replace: nobody keeps a value that was corrected, unless the partner does.
    fn drop_superseded(&self, decision: &mut Decision) -> Result<(), Trouble> {
        let (mut customer, mut records) = (None, Vec::new());
        for draft in decision.drafts.iter().filter(|draft| draft.secret.is_some()) {
            if let Event::CustomerUpdated(event) = &draft.event {
                customer = Some(event.customer);
                records.extend(self.memory.customer(event.customer)?.map(|known| known.record));
            } else if let Event::CardUpdated(event) = &draft.event
                && let Some(card) = self.memory.card(event.card)
            {
                customer = Some(card.customer);
                records.extend(card.metadata_record);
            }
        }
        if let Some(customer) = customer
            && let Some(draft) = superseded(customer, &records, &self.retention(decision.partner))
        {
            decision.drafts.push(draft);
            decision.erased.append(&mut records);
        }
        Ok(())
    }

    fn issue(&self, partner: PartnerId, command: &Issue) -> Result<Vec<Draft>, Trouble> {
        let directory = self.memory.directory();
        let terms = directory.terms(partner, given_out(&directory, partner, None, command.shop)?.id)?;
        let holder = self.holder(partner, &command.person.email)?;
        let fresh = self.fresh(partner)?;
        Ok(command.decide(&holder, &terms, &fresh, self.now)?)
    }

    fn holder(&self, partner: PartnerId, email: &str) -> Result<Holder, Trouble> {
        let Some(customer) = self.customer_by_email(partner, email)? else { return Ok(Holder::New) };
        if let Some(card) = self.memory.card_of(customer.id)? {
            return Ok(Holder::HasCard { customer: customer.id, card });
        }
        let person = self.sealed::<PersonRecord>(Some(customer.record))?.unwrap_or_default();
        Ok(Holder::Known { customer: customer.id, person })
    }

    fn fresh(&self, partner: PartnerId) -> Result<Fresh, Trouble> {
        let ids = self.memory.ids();
        Ok(Fresh { customer: ids.customer, card: ids.card, number: self.fresh_number(partner)? })
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

    fn customer(&self, partner: PartnerId, customer: CustomerId) -> Result<Customer, Trouble> {
        let found = self.memory.customer(customer)?.filter(|customer| customer.partner == partner);
        found.ok_or(Trouble::Rejected(Rejection::CustomerNotFound { customer }))
    }

    fn sealed<T: DeserializeOwned>(&self, record: Option<RecordId>) -> Result<Option<T>, Trouble> {
        Ok(sealed(self.ledger, record)?)
    }

    fn on_card(
        &self,
        partner: PartnerId,
        card: CardId,
        decide: impl FnOnce(&Card, &Terms<'_>) -> Result<Vec<Draft>, Rejection>,
    ) -> Result<Vec<Draft>, Trouble> {
        let found = self.own_card(partner, card)?;
        let directory = self.memory.directory();
        let terms = directory.terms(partner, found.template)?.with(self.grounds.standing());
        Ok(decide(found, &terms)?)
    }

    // Another partner's card is refused in the same words as one that does not exist.
    fn own_card(&self, partner: PartnerId, card: CardId) -> Result<&Card, Rejection> {
        let found = self.memory.card(card).filter(|found| found.partner == partner);
        found.ok_or(Rejection::CardNotFound { card })
    }
}

/// The customer's person, none once erased.
pub(super) fn person(
    memory: &Memory,
    ledger: &Connection,
    customer: CustomerId,
) -> rusqlite::Result<Option<PersonRecord>> {
    let customer = memory.customer(customer)?.filter(|customer| customer.erased_at.is_none());
    sealed(ledger, customer.map(|customer| customer.record))
}

fn sealed<T: DeserializeOwned>(ledger: &Connection, record: Option<RecordId>) -> rusqlite::Result<Option<T>> {
    let Some(record) = record else { return Ok(None) };
    let body = vault::body(ledger, record)?;
    Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
}

/// The template of a new card: the one asked for, where it is given out at all, else the one that is assigned automatically.
fn given_out(
    directory: &Directory,
    partner: PartnerId,
    asked: Option<TemplateId>,
    shop: Option<ShopId>,
) -> Result<&Template, Rejection> {
    let Some(template) = asked else {
        return directory.auto_assigned(partner, shop).ok_or(Rejection::NoTemplateToAssign);
    };
    let found = directory.template_of(partner, template);
    let in_use = found.filter(|template| template.rules.is_active && template.retired_at.is_none());
    in_use.ok_or(Rejection::TemplateNotFound { template })
}
