//! The writer's working memory: what this batch has made true so far, over what is committed, over what views.db says.
//!
//! A batch that fails to commit is forgotten by dropping its layer: memory is never ahead of the disk.

use super::filter::KeyFilter;
use super::pending::{Index, Pending};
use crate::domain::cards::{Card, CardNumber};
use crate::domain::customers::{Customer, PersonRecord};
use crate::domain::points::Points;
use crate::domain::programme::{Directory, Partner};
use crate::domain::{
    CardId, CustomerId, Event, KeyId, PartnerId, RecordId, Seq, ShopId, Stream, TemplateId, Timestamp, WebhookId,
};
use crate::event_log::{LogError, events_after};
use crate::live::Live;
use crate::{projections, vault};
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The next free identifiers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    pub(super) partner: PartnerId,
    pub(super) shop: ShopId,
    /// Shared by templates and cards.
    pub(super) card: CardId,
    pub(super) customer: CustomerId,
    pub(super) key: KeyId,
    pub(super) webhook: WebhookId,
    pub(super) record: RecordId,
}

impl Ids {
    /// After everything that views.db and the vault hold.
    pub(super) fn load(views: &Connection, ledger: &Connection) -> rusqlite::Result<Self> {
        let after = |sql: &str| views.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|last| last + 1);
        Ok(Self {
            partner: PartnerId::new(after("SELECT coalesce(max(partner), 0) FROM partners")?),
            shop: ShopId::new(after("SELECT coalesce(max(shop), 0) FROM shops")?),
            card: CardId::new(after(
                "SELECT max(coalesce((SELECT max(card) FROM cards), 0), coalesce((SELECT max(template) FROM templates), 0))",
            )?),
            customer: CustomerId::new(after("SELECT coalesce(max(customer), 0) FROM customers")?),
            key: KeyId::new(after("SELECT coalesce(max(key), 0) FROM keys")?),
            webhook: WebhookId::new(after("SELECT coalesce(max(webhook), 0) FROM webhooks")?),
            record: vault::last_record(ledger)?.next(),
        })
    }

    /// The next template's identifier: one sequence with the cards.
    pub(super) fn template(&self) -> TemplateId {
        TemplateId::new(self.card.get())
    }

    fn used(&mut self, event: &Event) {
        match event {
            Event::PartnerCreated(event) => self.partner = event.partner.next(),
            Event::ShopOpened(event) => self.shop = event.shop.next(),
            Event::TemplateCreated(event) => self.card = CardId::new(event.template.get()).next(),
            Event::KeyCreated(event) => self.key = event.key.next(),
            Event::WebhookCreated(event) => self.webhook = event.webhook.next(),
            Event::CustomerRegistered(event) => self.customer = event.customer.next(),
            Event::CardIssued(event) => self.card = event.card.next(),
            Event::PartnerSettingsChanged(_)
            | Event::ShopUpdated(_)
            | Event::ShopRetired(_)
            | Event::TemplateUpdated(_)
            | Event::TemplateRetired(_)
            | Event::KeyRevoked(_)
            | Event::CheckpointKeyCreated(_)
            | Event::CheckpointKeyRetired(_)
            | Event::CheckpointMade(_)
            | Event::CheckpointCosigned(_)
            | Event::WebhookUpdated(_)
            | Event::WebhookRotated(_)
            | Event::WebhookDisabled(_)
            | Event::WebhookSkipped(_)
            | Event::WebhookRemoved(_)
            | Event::BalancesSealed(_)
            | Event::CustomerUpdated(_)
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
            | Event::PointsReturned(_) => {}
        }
    }
}

/// What the batch in hand has made true, not yet committed.
#[derive(Debug)]
struct Layer {
    /// Every card that the batch has looked at, changed or not.
    cards: FxHashMap<CardId, Card>,
    directory: Option<Directory>,
    index: Index,
    ids: Ids,
    /// Partners whose tracking began in the batch: see [`Memory::track_standing`].
    tracked: BTreeSet<PartnerId>,
}

impl Layer {
    fn over(ids: Ids) -> Self {
        Self { cards: FxHashMap::default(), directory: None, index: Index::default(), ids, tracked: BTreeSet::new() }
    }
}

/// The three layers as one.
pub(super) struct Memory {
    live: Arc<Live>,
    views: Connection,
    filter: KeyFilter,
    pending: Pending,
    ids: Ids,
    /// Partners whose earned points are noted until views.db has them: those whose tiers count more than one card's lifetime.
    tracked: BTreeSet<PartnerId>,
    layer: Layer,
}

impl Memory {
    pub(super) fn new(live: Arc<Live>, views: Connection, filter: KeyFilter, ids: Ids) -> Self {
        let counts_more = |partner: &&Partner| partner.settings.counts_more_than_the_card();
        let tracked = live.directory().partners.values().filter(counts_more).map(|partner| partner.id).collect();
        Self { live, views, filter, pending: Pending::default(), ids, tracked, layer: Layer::over(ids) }
    }

    /// The next free identifiers.
    pub(super) fn ids(&self) -> Ids {
        self.layer.ids
    }

    /// Takes the next record number of the vault.
    pub(super) fn take_record(&mut self) -> RecordId {
        let record = self.layer.ids.record;
        self.layer.ids.record = record.next();
        record
    }

    /// views.db, for look-ups.
    pub(super) fn views(&self) -> &Connection {
        &self.views
    }

    /// Brings a card into the batch, if it exists: from what is committed and in memory, else from views.db.
    pub(super) fn bring(&mut self, id: CardId) -> rusqlite::Result<()> {
        if let Entry::Vacant(place) = self.layer.cards.entry(id) {
            let known = match self.live.card(id) {
                Some(card) => Some(card),
                None => projections::load_card(&self.views, id)?,
            };
            if let Some(card) = known {
                place.insert(card);
            }
        }
        Ok(())
    }

    /// A card as of now, of those that were brought into the batch or issued by it.
    pub(super) fn card(&self, id: CardId) -> Option<&Card> {
        self.layer.cards.get(&id)
    }

    /// The programme as of now.
    pub(super) fn directory(&self) -> Arc<Directory> {
        match &self.layer.directory {
            Some(directory) => Arc::new(directory.clone()),
            None => self.live.directory(),
        }
    }

    /// A partner's currency.
    pub(super) fn currency(&self, partner: PartnerId) -> Option<String> {
        let of = |directory: &Directory| directory.partners.get(&partner).map(|partner| partner.currency.clone());
        match &self.layer.directory {
            Some(directory) => of(directory),
            None => of(&self.live.directory()),
        }
    }

    /// A customer as of now.
    pub(super) fn customer(&self, id: CustomerId) -> rusqlite::Result<Option<Customer>> {
        match self.layers().find_map(|index| index.customers.get(&id)) {
            Some(customer) => Ok(Some(customer.clone())),
            None => projections::load_customer(&self.views, id),
        }
    }

    /// The customer who took that email last and has not been erased. They may have changed it since.
    pub(super) fn customer_by_email(&self, partner: PartnerId, email: &str) -> rusqlite::Result<Option<Customer>> {
        let hash = vault::lookup_hash(partner, "email", &PersonRecord::email_key(email));
        let id = match self.layers().find_map(|index| index.emails.get(&(partner, hash))) {
            Some((id, _)) => Some(*id),
            None => projections::customer_by_email(&self.views, partner, &hash)?,
        };
        let customer = id.map(|id| self.customer(id)).transpose()?.flatten();
        Ok(customer.filter(|customer| customer.erased_at.is_none()))
    }

    /// A customer's oldest card.
    pub(super) fn card_of(&self, customer: CustomerId) -> rusqlite::Result<Option<CardId>> {
        match self.layers().find_map(|index| index.cards.get(&customer)) {
            Some(card) => Ok(Some(*card)),
            None => projections::card_of_customer(&self.views, customer),
        }
    }

    /// All cards of a customer.
    pub(super) fn cards_of(&self, customer: CustomerId) -> rusqlite::Result<BTreeSet<CardId>> {
        let mut cards: BTreeSet<CardId> = projections::cards_of_customer(&self.views, customer)?.into_iter().collect();
        // Until views.db has it: nobody gets a second card while the first is that new, or at all.
        cards.extend(self.card_of(customer)?);
        Ok(cards)
    }

    /// The events that refunded the order whose first event this is.
    pub(super) fn refunds_of(&self, order: Seq) -> rusqlite::Result<BTreeSet<Seq>> {
        let mut refunds: BTreeSet<Seq> = projections::refunds_of(&self.views, order)?.into_iter().collect();
        refunds.extend(self.layers().flat_map(|index| index.refunds.get(&order)).flatten());
        Ok(refunds)
    }

    /// What a card has earned since a moment, less what refunds took back. Its partner must be tracked.
    pub(super) fn earned_since(&self, card: CardId, since: Timestamp) -> rusqlite::Result<Points> {
        let (watermark, projected) = projections::earned_since(&self.views, card, since)?;
        let noted = self.layers().filter_map(|index| index.earned.get(&card)).flatten();
        let missing = noted.filter(|earned| earned.seq > watermark && earned.at >= since);
        Ok(projected.plus(missing.map(|earned| earned.points).sum()))
    }

    /// Notes from now on what the partner's cards earn, where its settings count that: views.db may be behind.
    /// What was recorded before `seq` and views.db does not know yet is read from the log, once.
    pub(super) fn track_standing(&mut self, ledger: &Connection, partner: PartnerId, seq: Seq) -> Result<(), LogError> {
        let directory = self.directory();
        let counts_more = |partner: &Partner| partner.settings.counts_more_than_the_card();
        if self.tracks(partner) || !directory.partners.get(&partner).is_some_and(counts_more) {
            return Ok(());
        }
        self.layer.tracked.insert(partner);
        let after = projections::watermark(&self.views)?;
        events_after(ledger, after, seq, |stored| {
            if stored.partner == partner {
                self.layer.index.add_earned(&stored.event, stored.seq, stored.at);
            }
            Ok(())
        })
    }

    /// Whether it is noted what the partner's cards earn. Stays so when the settings that asked for it change.
    pub(super) fn tracks(&self, partner: PartnerId) -> bool {
        self.tracked.contains(&partner) || self.layer.tracked.contains(&partner)
    }

    /// Whether a card has that number.
    pub(super) fn number_taken(&self, partner: PartnerId, number: &CardNumber) -> rusqlite::Result<bool> {
        let known = (partner, *number);
        Ok(self.layers().any(|index| index.numbers.contains_key(&known))
            || projections::card_by_number(&self.views, partner, number)?.is_some())
    }

    /// The events that may have claimed a key: this is its hash, and theirs.
    pub(super) fn events_with_key(&self, hash: i64) -> rusqlite::Result<Vec<Seq>> {
        let mut events: Vec<Seq> = self.layers().flat_map(|index| index.events_with_key(hash)).collect();
        if self.filter.may_contain(hash) {
            events.extend(projections::events_with_key_hash(&self.views, hash)?);
        }
        Ok(events)
    }

    /// The version that an event brings its stream to.
    pub(super) fn next_version(&self, event: &Event) -> rusqlite::Result<i64> {
        let version = match event.stream() {
            Stream::Card(id) => self.card(id).map(|card| card.version),
            Stream::Customer(id) => self.customer(id)?.map(|customer| customer.version),
            Stream::Partner(id) => self.directory().partners.get(&id).map(|partner| partner.version),
            Stream::Shop(id) => self.directory().shops.get(&id).map(|shop| shop.version),
            Stream::Template(id) => self.directory().templates.get(&id).map(|template| template.version),
            Stream::Key(id) => self.directory().keys.get(&id).map(|key| key.version),
            Stream::CheckpointKey(id) => self.directory().checkpoints.keys.get(&id).map(|key| key.version),
            Stream::Webhook(id) => self.directory().webhooks.get(&id).map(|webhook| webhook.version),
            // A seal is one event and has no more.
            Stream::Seal(_) => None,
        };
        Ok(version.unwrap_or(0) + 1)
    }

    /// Applies an event that has been inserted. `body` is what it sealed.
    pub(super) fn evolve(
        &mut self,
        event: &Event,
        partner: PartnerId,
        seq: Seq,
        at: Timestamp,
        body: Option<&str>,
    ) -> rusqlite::Result<()> {
        self.layer.ids.used(event);
        match event.stream() {
            Stream::Partner(_)
            | Stream::Shop(_)
            | Stream::Template(_)
            | Stream::Key(_)
            | Stream::CheckpointKey(_)
            | Stream::Webhook(_)
            | Stream::Seal(_) => {
                let live = &self.live;
                let directory = self.layer.directory.get_or_insert_with(|| (*live.directory()).clone());
                directory.evolve(event, partner, seq, at);
            }
            Stream::Customer(id) => self.evolve_customer(id, event, partner, seq, at, body)?,
            Stream::Card(id) => self.evolve_card(id, event, partner, seq, at)?,
        }
        Ok(())
    }

    fn evolve_customer(
        &mut self,
        id: CustomerId,
        event: &Event,
        partner: PartnerId,
        seq: Seq,
        at: Timestamp,
        body: Option<&str>,
    ) -> rusqlite::Result<()> {
        // Only who is registered or updated seals a person.
        if let Some(person) = body.and_then(|body| serde_json::from_str::<PersonRecord>(body).ok()) {
            let hash = vault::lookup_hash(partner, "email", &PersonRecord::email_key(&person.email));
            self.layer.index.emails.insert((partner, hash), (id, seq));
        }
        if let Event::CustomerRegistered(event) = event {
            self.layer.index.customers.insert(id, Customer::registered(event, partner, seq, at));
            return Ok(());
        }
        let mut customer = self.customer(id)?.expect("an event was decided on a customer who exists");
        if let Event::CustomerUpdated(event) = event {
            customer.updated(event, seq, at);
        } else if let Event::CustomerErased(event) = event {
            customer.erased(event, seq, at);
        } else if let Event::RecordsErased(_) = event {
            customer.records_erased(seq);
        }
        self.layer.index.customers.insert(id, customer);
        Ok(())
    }

    fn evolve_card(
        &mut self,
        id: CardId,
        event: &Event,
        partner: PartnerId,
        seq: Seq,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        if let Event::CardIssued(event) = event {
            self.layer.index.numbers.insert((partner, event.number), id);
            // A customer's first card stays the one that `card_of` answers.
            if self.card_of(event.customer)?.is_none() {
                self.layer.index.cards.insert(event.customer, id);
            }
            self.layer.cards.insert(id, Card::issued(event, partner, seq, at));
            return Ok(());
        }
        let card = self.layer.cards.get_mut(&id).expect("an event was decided on a card of the batch");
        card.evolve(event, seq, at);
        if let Event::PointsRefunded(refund) = event {
            self.layer.index.refunds.entry(refund.of).or_default().push(seq);
        }
        if self.tracks(partner) {
            self.layer.index.add_earned(event, seq, at);
        }
        Ok(())
    }

    /// Notes that an event claimed a key.
    pub(super) fn claimed(&mut self, hash: i64, seq: Seq) {
        self.layer.index.add_key(hash, seq);
    }

    /// The batch is committed: everybody may see it.
    pub(super) fn commit(&mut self, head: Seq, at: Timestamp) {
        let layer = &mut self.layer;
        self.ids = layer.ids;
        self.tracked.append(&mut layer.tracked);
        for hash in layer.index.key_hashes() {
            self.filter.insert(hash);
        }
        self.pending.absorb(&mut layer.index, head);
        // Cards that were only looked at are as they were.
        let before = self.live.progress().head();
        let changed = layer.cards.values().filter(|card| card.as_of > before);
        self.live.publish(changed, layer.directory.take(), head, at);
        layer.cards.clear();
        self.pending.forget(self.live.progress().watermark());
    }

    /// The batch is not committed: it never was.
    pub(super) fn discard(&mut self) {
        self.layer = Layer::over(self.ids);
    }

    fn layers(&self) -> impl Iterator<Item = &Index> {
        [&self.layer.index, &self.pending.index].into_iter()
    }
}
