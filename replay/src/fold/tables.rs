//! The tables of the projections that are not about cards: the programme, customers, checkpoints, and what is counted and looked up of movements.

use super::books::Books;
use super::checkpoints::CheckpointRows;
use super::rows::MovementRow;
use super::seals::SealRows;
use super::webhooks;
use crate::ledger::Event;
use crate::payload::{About, Payload};
use crate::points::CustomerId;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many seqs one row of `transaction_counts` spans.
const TRANSACTION_BLOCK: i64 = 8192;

/// Everything but cards, lots and movements, as of the last event applied.
#[derive(Debug, Default)]
pub struct Tables {
    pub partners: BTreeMap<i64, PartnerRow>,
    pub shops: BTreeMap<i64, ThingRow>,
    pub templates: BTreeMap<i64, ThingRow>,
    pub keys: BTreeMap<i64, KeyRow>,
    pub webhooks: BTreeMap<i64, ThingRow>,
    pub customers: FxHashMap<i64, CustomerRow>,
    /// Customer, record and event: what was sealed about a customer other than with a movement.
    pub customer_records: Vec<[i64; 3]>,
    /// What happened otherwise than as a movement: kind of thing, its number, and the event.
    pub stream_events: Vec<(&'static str, i64, i64)>,
    /// The order's first event, and the refund.
    pub refunds: Vec<(i64, i64)>,
    /// By partner, block, kind and shop.
    pub transactions: FxHashMap<[i64; 4], Sums>,
    pub checkpoints: CheckpointRows,
    pub seals: SealRows,
    pub books: Books,
}

/// When something came to be and changed last.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    pub created_at: i64,
    pub updated_at: i64,
    /// Retired, revoked or erased.
    pub ended_at: Option<i64>,
    pub version: i64,
    pub as_of: i64,
}

impl Course {
    pub(super) const fn begun(event: &Event<'_>) -> Self {
        let at = event.recorded_at;
        Self { created_at: at, updated_at: at, ended_at: None, version: event.version, as_of: event.seq }
    }

    pub(super) const fn go_on(&mut self, event: &Event<'_>, ended_at: Option<i64>) {
        (self.updated_at, self.version, self.as_of) = (event.recorded_at, event.version, event.seq);
        self.ended_at = ended_at;
    }
}

#[derive(Debug)]
pub struct PartnerRow {
    pub currency: String,
    pub record: i64,
    pub settings: Value,
    pub settings_record: Option<i64>,
    pub course: Course,
}

/// A shop, a template or a webhook.
#[derive(Debug)]
pub struct ThingRow {
    pub partner: i64,
    /// The shop's facts, the template's rules or the webhook's terms.
    pub says: Value,
    pub record: i64,
    pub course: Course,
}

#[derive(Debug)]
pub struct KeyRow {
    pub partner: i64,
    pub public_id: String,
    /// The payload.
    pub says: Value,
    pub shop: Option<i64>,
    pub expires_at: Option<i64>,
    pub course: Course,
}

#[derive(Debug, Clone, Copy)]
pub struct CustomerRow {
    pub partner: i64,
    pub record: i64,
    pub course: Course,
}

/// How many transactions, and what they add and take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub transactions: i64,
    pub gained: i64,
    pub lost: i64,
}

impl Tables {
    /// Applies an event. `customer` is the holder of the card that the event is about, `movement` the row that it adds to `movements`.
    pub fn apply(
        &mut self,
        event: &Event<'_>,
        payload: &Payload<'_>,
        customer: Option<CustomerId>,
        movement: Option<&MovementRow<'_>>,
    ) {
        if let Some(row) = movement {
            self.count(row);
            if let Payload::Moved(moving) = payload
                && let About::Refund(refund) = moving.about
            {
                self.refunds.push((refund.of, event.seq));
            }
            return;
        }
        self.list(event, payload);
        let record = payload.sealed().map(|sealed| sealed.record.get());
        if let (Some(customer), Some(record)) = (customer, record) {
            self.customer_records.push([customer.get(), record, event.seq]);
            return;
        }
        self.register(event, payload, record.unwrap_or(0));
    }

    /// Takes over what another fold counted of other streams.
    pub fn absorb(&mut self, other: Self) {
        self.partners.extend(other.partners);
        self.shops.extend(other.shops);
        self.templates.extend(other.templates);
        self.keys.extend(other.keys);
        self.webhooks.extend(other.webhooks);
        self.customers.extend(other.customers);
        self.customer_records.extend(other.customer_records);
        self.stream_events.extend(other.stream_events);
        self.refunds.extend(other.refunds);
        self.checkpoints.absorb(other.checkpoints);
        self.seals.absorb(other.seals);
        self.books.absorb(other.books);
        for (key, more) in other.transactions {
            let sums = self.transactions.entry(key).or_default();
            sums.transactions += more.transactions;
            sums.gained += more.gained;
            sums.lost += more.lost;
        }
    }

    fn list(&mut self, event: &Event<'_>, payload: &Payload<'_>) {
        let (kind, number) = payload.stream();
        if matches!(kind, "card" | "customer" | "partner" | "shop" | "template" | "key") {
            self.stream_events.push((kind, number, event.seq));
        }
    }

    fn count(&mut self, row: &MovementRow<'_>) {
        let block = row.seq.div_euclid(TRANSACTION_BLOCK);
        let sums = self.transactions.entry([row.partner, block, row.transaction, row.shop.unwrap_or(0)]).or_default();
        sums.transactions += 1;
        sums.gained += row.points.max(0);
        sums.lost -= row.points.min(0);
    }

    fn register(&mut self, event: &Event<'_>, payload: &Payload<'_>, record: i64) {
        let (partner, ended) = (event.partner_id, Some(event.recorded_at));
        match payload {
            Payload::CustomerRegistered(it) => {
                let id = it.customer.get();
                let mut course = Course::begun(event);
                // Since when they are a customer, where an import says so.
                course.created_at = it.happened_at.map_or(course.created_at, crate::instant::Instant::micros);
                self.customers.insert(id, CustomerRow { partner, record, course });
                self.customer_records.push([id, record, event.seq]);
            }
            Payload::CustomerUpdated(it) => {
                if let Some(row) = self.customers.get_mut(&it.customer.get()) {
                    row.record = record;
                    row.course.go_on(event, row.course.ended_at);
                }
                self.customer_records.push([it.customer.get(), record, event.seq]);
            }
            Payload::CustomerErased(it) => {
                if let Some(row) = self.customers.get_mut(&it.customer.get()) {
                    row.course.go_on(event, ended);
                }
            }
            Payload::RecordsErased(it) => {
                if let Some(row) = self.customers.get_mut(&it.customer.get()) {
                    // What was forgotten of them does not change them.
                    (row.course.version, row.course.as_of) = (event.version, event.seq);
                }
            }
            Payload::PartnerCreated(it) => {
                let (currency, settings) = (it.currency.0.clone(), unchanged());
                let course = Course::begun(event);
                let row = PartnerRow { currency, record, settings, settings_record: None, course };
                self.partners.insert(it.partner.get(), row);
            }
            Payload::SettingsChanged(it) => {
                if let Some(row) = self.partners.get_mut(&it.partner.get()) {
                    (row.settings, row.settings_record) = (said(event, "settings"), Some(record));
                    row.course.go_on(event, None);
                }
            }
            Payload::ShopOpened(it) => {
                let row = ThingRow { partner, says: facts(event), record, course: Course::begun(event) };
                self.shops.insert(it.shop.get(), row);
            }
            Payload::ShopUpdated(it) => renew(&mut self.shops, it.shop.get(), facts(event), record, event),
            Payload::ShopRetired(it) => retire(&mut self.shops, it.shop.get(), event),
            Payload::TemplateCreated(it) => {
                let row = ThingRow { partner, says: said(event, "rules"), record, course: Course::begun(event) };
                self.templates.insert(it.template.get(), row);
            }
            Payload::TemplateUpdated(it) => {
                renew(&mut self.templates, it.template.get(), said(event, "rules"), record, event);
            }
            Payload::TemplateRetired(it) => retire(&mut self.templates, it.template.get(), event),
            Payload::KeyCreated(it) => {
                let row = KeyRow {
                    partner,
                    public_id: it.public_id.clone(),
                    says: parsed(event),
                    shop: it.shop.map(crate::points::ShopId::get),
                    expires_at: it.expires_at.map(crate::instant::Instant::micros),
                    course: Course::begun(event),
                };
                self.keys.insert(it.key.get(), row);
            }
            Payload::KeyRevoked(it) => {
                if let Some(row) = self.keys.get_mut(&it.key.get()) {
                    row.course.go_on(event, ended);
                }
            }
            Payload::WebhookCreated(_)
            | Payload::WebhookUpdated(_)
            | Payload::WebhookRotated(_)
            | Payload::WebhookDisabled(_)
            | Payload::WebhookSkipped(_)
            | Payload::WebhookRemoved(_) => webhooks::apply(&mut self.webhooks, event, payload, record),
            Payload::CheckpointKeyCreated(_)
            | Payload::CheckpointKeyRetired(_)
            | Payload::CheckpointMade(_)
            | Payload::CheckpointCosigned(_) => self.checkpoints.apply(event, payload),
            Payload::BalancesSealed(it) => self.seals.add(event, it),
            Payload::Issued(_)
            | Payload::Updated(_)
            | Payload::Activated(_)
            | Payload::Blocked(_)
            | Payload::Unblocked(_)
            | Payload::TierChanged(_)
            | Payload::Moved(_) => {}
        }
    }
}

fn renew(rows: &mut BTreeMap<i64, ThingRow>, id: i64, says: Value, record: i64, event: &Event<'_>) {
    if let Some(row) = rows.get_mut(&id) {
        (row.says, row.record) = (says, record);
        row.course.go_on(event, None);
    }
}

pub(super) fn retire(rows: &mut BTreeMap<i64, ThingRow>, id: i64, event: &Event<'_>) {
    if let Some(row) = rows.get_mut(&id) {
        row.course.go_on(event, Some(event.recorded_at));
    }
}

/// The payload once more, as it stands: it was read by its layout before.
pub(super) fn parsed(event: &Event<'_>) -> Value {
    serde_json::from_str(event.payload).unwrap_or_default()
}

fn said(event: &Event<'_>, field: &str) -> Value {
    parsed(event).get_mut(field).map(Value::take).unwrap_or_default()
}

/// What is not sealed of a shop.
fn facts(event: &Event<'_>) -> Value {
    let mut facts = parsed(event);
    if let Some(fields) = facts.as_object_mut() {
        fields.remove("shop");
        fields.remove("sealed");
    }
    facts
}

/// The settings of a partner that never changed any.
fn unchanged() -> Value {
    let level = |(tier, threshold)| json!({"tier": tier, "threshold": threshold, "multiplier": "1"});
    let levels = [("bronze", 0), ("silver", 500), ("gold", 800), ("platinum", 6000)].map(level);
    json!({
        "multi_store_points": false, "point_sharing": "full", "unified_tiers": false, "refund_shortfall": "negative",
        "tiers": {"basis": "lifetime", "levels": levels},
    })
}
