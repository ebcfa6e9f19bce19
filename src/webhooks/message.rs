//! What a receiver is told of an event. Personal data is read from the vault when it is told: what was erased by then is absent.

use super::sources::{Owner, Sources};
use crate::domain::customers::PersonRecord;
use crate::domain::orders::{PointsRefunded, TransactionKind};
use crate::domain::points::{Note, Points};
use crate::domain::programme::SettingsRecord;
use crate::domain::webhooks::{Topic, Webhook};
use crate::domain::{CustomerId, Event, Movement, PartnerId, Seq, ShopId, Stated, Timestamp};
use crate::event_log::{Hash, LogError, Stored};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What is sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// The same for every attempt.
    pub id: String,
    pub event: &'static str,
    pub r#type: &'static str,
    /// The event's place in the log: of two messages about a card, the larger is the later.
    pub sequence: i64,
    pub created_at: String,
    pub occurred_at: String,
    pub environment: String,
    pub partner_id: i64,
    pub shop_id: Option<i64>,
    /// Absent unless it is a test.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    pub data: Map<String, Value>,
}

/// What an event is to receivers; nothing where none is told of it.
pub(super) fn topic_of(event: &Event) -> Option<Topic> {
    if let Some(movement) = Movement::of(event) {
        return match movement.stated().kind {
            TransactionKind::Purchase if matches!(event, Event::OrderRecorded(_)) => None,
            TransactionKind::Purchase
            | TransactionKind::Award
            | TransactionKind::Welcome
            | TransactionKind::Return
            | TransactionKind::Raise => Some(Topic::PointsAwarded),
            TransactionKind::Redemption | TransactionKind::Cut => Some(Topic::PointsRedeemed),
            TransactionKind::Expiry => Some(Topic::PointsExpired),
            TransactionKind::Refund | TransactionKind::Cancellation => Some(Topic::TransactionRefunded),
        };
    }
    match event {
        Event::CustomerRegistered(_) => Some(Topic::CustomerRegistered),
        Event::CustomerUpdated(_) => Some(Topic::CustomerUpdated),
        Event::CustomerErased(_) => Some(Topic::CustomerErased),
        Event::CardIssued(_) => Some(Topic::CardCreated),
        Event::CardBlocked(_) => Some(Topic::CardBlocked),
        Event::CardUnblocked(_) => Some(Topic::CardUnblocked),
        Event::CardTierChanged(_) => Some(Topic::CustomerTierChanged),
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
        | Event::CardUpdated(_)
        | Event::CardActivated(_)
        | Event::OrderRecorded(_)
        | Event::PointsAwarded(_)
        | Event::PointsRedeemed(_)
        | Event::PointsAdjusted(_)
        | Event::PointsExpired(_)
        | Event::PointsRefunded(_)
        | Event::PointsReturned(_)
        | Event::CheckpointKeyCreated(_)
        | Event::CheckpointKeyRetired(_)
        | Event::CheckpointMade(_)
        | Event::CheckpointCosigned(_)
        | Event::BalancesSealed(_)
        | Event::RecordsErased(_)
        | Event::WebhookCreated(_)
        | Event::WebhookUpdated(_)
        | Event::WebhookRotated(_)
        | Event::WebhookDisabled(_)
        | Event::WebhookSkipped(_)
        | Event::WebhookRemoved(_) => None,
    }
}

/// Whether events of a kind may have a topic: told without reading them.
pub(super) fn may_have_topic(kind: &str) -> bool {
    ["points.", "customer.", "card."].iter().any(|area| kind.starts_with(area))
}

/// Whom an event is about, and where it happened. What happens to a customer happens nowhere.
pub(super) fn about(event: &Event, sources: &Sources) -> rusqlite::Result<Option<Owner>> {
    let customer = |customer| Ok(Some(Owner { customer, shop: None }));
    if let Event::CustomerRegistered(event) = event {
        return customer(event.customer);
    } else if let Event::CustomerUpdated(event) = event {
        return customer(event.customer);
    } else if let Event::CustomerErased(event) = event {
        return customer(event.customer);
    } else if let Event::CardIssued(event) = event {
        return Ok(Some(Owner { customer: event.customer, shop: event.shop }));
    }
    let crate::domain::Stream::Card(card) = event.stream() else { return Ok(None) };
    let owner = sources.owner(card)?;
    // A movement says where it took place; whatever else happens to a card belongs to the shop that issued it.
    let shop = Movement::of(event).map(|movement| movement.stated().shop);
    Ok(owner.map(|owner| Owner { shop: shop.unwrap_or(owner.shop), ..owner }))
}

impl Message {
    /// What is told of an event to one who calls it `name`; nothing where nobody is told of it.
    ///
    /// # Errors
    /// When log or vault cannot be read.
    pub fn of(
        stored: &Stored,
        name: &'static str,
        environment: &str,
        sources: &Sources,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(owner) = about(&stored.event, sources)? else { return Ok(None) };
        let (data, happened_at) = match Movement::of(&stored.event) {
            Some(movement) => (moved(stored, movement, owner, sources)?, movement.happened_at()),
            None => other(stored, owner, sources)?,
        };
        Ok(Some(Self {
            id: id_of(stored.seq, &stored.hash),
            event: name,
            r#type: name,
            sequence: stored.seq.get(),
            created_at: stored.at.to_seconds_text(),
            occurred_at: happened_at.unwrap_or(stored.at).to_seconds_text(),
            environment: environment.to_owned(),
            partner_id: stored.partner.get(),
            shop_id: owner.shop.map(ShopId::get),
            test: false,
            data,
        }))
    }

    /// A sample that says that it is one.
    #[must_use]
    pub fn test(partner: PartnerId, name: &'static str, environment: &str, drawn: &str, now: Timestamp) -> Self {
        Self {
            id: format!("evt_test_{drawn}"),
            event: name,
            r#type: name,
            sequence: 0,
            created_at: now.to_seconds_text(),
            occurred_at: now.to_seconds_text(),
            environment: environment.to_owned(),
            partner_id: partner.get(),
            shop_id: None,
            test: true,
            data: fields(json!({"customer_id": 0, "card_id": 0, "points": 0, "new_balance": 0})),
        }
    }

    /// The bytes that are signed and sent.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a message is plain data with text keys")
    }
}

/// How many bytes of an event's hash are part of its message's id.
const ID_BYTES: usize = 6;

/// What the message about an event is called: by its hash as well, because a log that was put back to an older copy holds another
/// event in the same place.
pub(super) fn id_of(seq: Seq, hash: &Hash) -> String {
    format!("evt_{seq}_{}", hex::encode(&hash[..ID_BYTES]))
}

/// The event of a partner about a customer that somebody made a note of, and whom it is about; nothing where the log does not hold
/// it. What stands in its place may be another's.
pub(super) fn noted(
    sources: &Sources,
    stored: Stored,
    (hash, partner, customer): (Hash, PartnerId, CustomerId),
) -> rusqlite::Result<Option<(Stored, Owner)>> {
    if stored.hash != hash || stored.partner != partner {
        return Ok(None);
    }
    let owner = about(&stored.event, sources)?.filter(|owner| owner.customer == customer);
    Ok(owner.map(|owner| (stored, owner)))
}

/// Under which name a webhook is told of an event that happened there; nothing where it does not want it.
pub(super) fn wanted(webhook: &Webhook, event: &Event, shop: Option<ShopId>) -> Option<&'static str> {
    let shops = &webhook.terms.shop_ids;
    let here = shops.is_empty() || shop.is_some_and(|shop| shops.contains(&shop));
    topic_of(event).filter(|_| here)?.wanted(&webhook.terms.events)
}

fn moved(
    stored: &Stored,
    movement: Movement<'_>,
    owner: Owner,
    sources: &Sources,
) -> rusqlite::Result<Map<String, Value>> {
    let stated = movement.stated();
    let note = match stored.event.sealed() {
        Some(sealed) => sources.sealed::<Note>(sealed.record)?.unwrap_or_default(),
        None => Note::default(),
    };
    let points = stated.points.get();
    let mut data = fields(json!({
        "customer_id": owner.customer,
        "card_id": stated.card,
        "points": points.abs(),
        "points_change": points,
        "new_balance": stated.after,
        "transaction_id": format!("txn_{}", stored.seq),
        "kind": kind_word(stated.kind),
        "order_id": stated.order,
        "reference": stated.reference,
        "reason": note.reason,
    }));
    if let Event::PointsRefunded(refunded) = &stored.event {
        refund(&mut data, &stated, refunded);
    } else if points > 0 {
        let expires_at = stated.lot.and_then(|lot| lot.expires_at).map(Timestamp::to_seconds_text);
        data.insert("expires_at".to_owned(), json!(expires_at));
    }
    Ok(data)
}

fn refund(data: &mut Map<String, Value>, stated: &Stated<'_>, refunded: &PointsRefunded) {
    data.insert("refund_id".to_owned(), json!(stated.refund));
    data.insert("points_deducted".to_owned(), json!(Points::ZERO.minus(refunded.points)));
    data.insert("original_transaction_id".to_owned(), json!(format!("txn_{}", refunded.of)));
    data.insert("completes_order".to_owned(), json!(refunded.completes));
}

const fn kind_word(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Purchase => "purchase",
        TransactionKind::Award => "award",
        TransactionKind::Welcome => "welcome",
        TransactionKind::Redemption => "redemption",
        TransactionKind::Expiry => "expiry",
        TransactionKind::Refund => "refund",
        TransactionKind::Cancellation => "cancellation",
        TransactionKind::Return => "return",
        TransactionKind::Raise | TransactionKind::Cut => "adjustment",
    }
}

type Told = (Map<String, Value>, Option<Timestamp>);

fn other(stored: &Stored, owner: Owner, sources: &Sources) -> rusqlite::Result<Told> {
    let mut happened_at = None;
    let mut data = fields(json!({"customer_id": owner.customer}));
    let mut put = |name: &str, value: Value| drop(data.insert(name.to_owned(), value));
    if let Event::CustomerRegistered(event) = &stored.event {
        happened_at = event.happened_at;
        put("registered_at", json!(event.happened_at.unwrap_or(stored.at).to_seconds_text()));
        put("shop_id", Value::Null);
        if let Some(person) = person(stored, event.customer, sources)? {
            put("name", json!(person.display_name()));
            put("email", json!(person.email));
            put("phone", json!(person.phone));
        }
    } else if let Event::CustomerUpdated(event) = &stored.event {
        put("changed", json!(event.changed));
    } else if let Event::CustomerErased(_) = &stored.event {
        put("erased_at", json!(stored.at.to_seconds_text()));
    } else if let Event::CardIssued(event) = &stored.event {
        happened_at = event.happened_at;
        put("card_id", json!(event.card));
        put("card_number", json!(event.number));
        put("partner_card_id", json!(event.template));
        put("status", json!(event.status));
    } else if let Event::CardBlocked(event) = &stored.event {
        put("card_id", json!(event.card));
        put("status", json!("blocked"));
    } else if let Event::CardUnblocked(event) = &stored.event {
        put("card_id", json!(event.card));
        put("status", json!(event.status));
    } else if let Event::CardTierChanged(event) = &stored.event {
        put("card_id", json!(event.card));
        put("previous_tier", json!(event.from));
        put("new_tier", json!(event.to));
        put("lifetime_points", json!(event.lifetime));
        put("benefits", json!(benefits(stored, sources)?));
    }
    Ok((data, happened_at))
}

/// Who somebody was then; where the record of then went with a correction, who they are now.
fn person(stored: &Stored, customer: CustomerId, sources: &Sources) -> rusqlite::Result<Option<PersonRecord>> {
    let then = stored.event.sealed().map(|sealed| sources.sealed(sealed.record)).transpose()?.flatten();
    then.map_or_else(|| sources.person_now(customer), |person| Ok(Some(person)))
}

/// Whether a message cannot be told completely before views.db is level with the log: who somebody is now stands there, and who
/// they were then is gone.
pub(super) fn waits_for_views(event: &Event, sources: &Sources) -> Result<bool, LogError> {
    let Event::CustomerRegistered(event) = event else { return Ok(false) };
    let Some(sealed) = event.sealed else { return Ok(false) };
    Ok(!sources.has(sealed.record)? && !sources.views_are_level()?)
}

/// What the tier offers, by the settings of today.
fn benefits(stored: &Stored, sources: &Sources) -> rusqlite::Result<Vec<String>> {
    let Event::CardTierChanged(event) = &stored.event else { return Ok(Vec::new()) };
    let directory = sources.directory();
    let record = directory.partners.get(&stored.partner).and_then(|partner| partner.settings_record);
    let Some(record) = record else { return Ok(Vec::new()) };
    let settings = sources.sealed::<SettingsRecord>(record)?.unwrap_or_default();
    Ok(settings.tiers.get(&event.to).map(|words| words.benefits.clone()).unwrap_or_default())
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
