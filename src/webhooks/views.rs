//! Webhooks and deliveries as people see them, over the API and on the command line.

use super::message::id_of;
use crate::domain::webhooks::{Webhook, WebhookRecord};
use crate::domain::{Seq, ShopId, Timestamp};
use crate::ops::{Delivery, DeliveryStatus, SecretText, Standing, Waiting};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much of a secret is shown once it is not new any more.
const SHOWN_CHARS: usize = 4;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    pub id: i64,
    pub url: String,
    pub events: Vec<String>,
    /// Empty means every shop.
    pub shop_ids: Vec<i64>,
    /// Whole where it is new, else its last characters.
    pub secret: String,
    /// Until when the secret before signs too.
    #[schema(format = DateTime)]
    pub previous_secret_valid_until: Option<String>,
    pub is_active: bool,
    /// `active`, `paused` by whoever manages it, or `disabled` by the service.
    pub status: String,
    /// `gone` or `failing`, where the service disabled it.
    pub disabled_reason: Option<String>,
    /// Why nothing is sent though it is active: `secret_lost`, until it is rotated, or `address_lost`.
    #[serde(default)]
    pub problem: Option<String>,
    pub description: Option<String>,
    #[schema(format = DateTime)]
    pub last_delivery_at: Option<String>,
    /// Failed attempts since the last that succeeded.
    pub failure_count: i64,
    /// Events given up since the last that was delivered.
    pub abandoned_count: i64,
    /// It is told of what comes after this place in the log: where it was made, or where somebody skipped what waited.
    pub begins_after: i64,
    /// Everything up to this place in the log is settled or among those pending.
    pub delivered_up_to: i64,
    /// Events that wait for another attempt, or behind one.
    pub pending_count: i64,
    pub version: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What a webhook lacks to send anything, because ops.db or the vault does not hold it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    SecretLost,
    AddressLost,
}

impl Problem {
    const fn name(self) -> &'static str {
        match self {
            Self::SecretLost => "secret_lost",
            Self::AddressLost => "address_lost",
        }
    }
}

impl WebhookView {
    /// A webhook; `place` is how far it has come and what is pending.
    #[must_use]
    pub fn of(
        webhook: &Webhook,
        record: Option<WebhookRecord>,
        (secret, problem): (String, Option<Problem>),
        standing: Option<Standing>,
        place: Option<(Seq, i64)>,
    ) -> Self {
        let standing = standing.unwrap_or_default();
        let (cursor, pending) = place.unwrap_or((webhook.terms.since, 0));
        let status = match (webhook.terms.is_active, webhook.terms.disabled) {
            (true, _) => "active",
            (false, None) => "paused",
            (false, Some(_)) => "disabled",
        };
        let record = record.unwrap_or_default();
        Self {
            id: webhook.id.get(),
            url: record.url,
            events: webhook.terms.events.iter().map(|name| name.as_str().to_owned()).collect(),
            shop_ids: webhook.terms.shop_ids.iter().copied().map(ShopId::get).collect(),
            secret,
            previous_secret_valid_until: webhook
                .terms
                .previous
                .as_ref()
                .map(|previous| previous.until.to_millis_text()),
            is_active: webhook.terms.is_active,
            status: status.to_owned(),
            disabled_reason: webhook.terms.disabled.map(|reason| reason.name().to_owned()),
            problem: problem.map(|problem| problem.name().to_owned()),
            description: record.description,
            last_delivery_at: standing.last_delivery_at.map(Timestamp::to_millis_text),
            failure_count: standing.failures,
            abandoned_count: standing.abandoned,
            begins_after: webhook.terms.since.get(),
            delivered_up_to: cursor.get(),
            pending_count: pending,
            version: webhook.version,
            created_at: webhook.created_at.to_millis_text(),
            updated_at: webhook.updated_at.to_millis_text(),
        }
    }
}

/// A secret of which only the end can be read.
#[must_use]
pub(super) fn masked(secret: Option<&SecretText>) -> String {
    let Some(secret) = secret else { return String::new() };
    let chars: Vec<char> = secret.reveal().chars().collect();
    let end: String = chars[chars.len().saturating_sub(SHOWN_CHARS)..].iter().collect();
    let kind = if secret.reveal().starts_with("whsec_") { "whsec_" } else { "" };
    format!("{kind}…{end}")
}

/// An attempt, or what waits for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryView {
    /// None while it waits for its attempt.
    pub id: Option<String>,
    pub event: Option<String>,
    /// The message's id, the same for every attempt.
    pub event_id: String,
    /// The event's place in the log; 0 for a test.
    pub sequence: i64,
    pub attempt: u32,
    /// `delivered`, `failed`, `abandoned` or `pending`.
    pub status: String,
    pub success: bool,
    pub status_code: Option<u16>,
    pub error: Option<String>,
    pub response_excerpt: Option<String>,
    pub duration_ms: Option<i64>,
    #[schema(format = DateTime)]
    pub next_attempt_at: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    #[schema(format = DateTime)]
    pub delivered_at: Option<String>,
}

impl DeliveryView {
    /// An attempt that was made.
    #[must_use]
    pub fn made(delivery: &Delivery) -> Self {
        let success = delivery.status == DeliveryStatus::Delivered;
        let sent_at = delivery.sent_at.to_millis_text();
        let is_test = delivery.seq == Seq::ZERO;
        Self {
            id: Some(format!("dlv_{}", delivery.id)),
            event: Some(delivery.event.clone()),
            event_id: if is_test { "evt_test".to_owned() } else { id_of(delivery.seq, &delivery.event_hash) },
            sequence: delivery.seq.get(),
            attempt: delivery.attempt,
            status: delivery.status.name().to_owned(),
            success,
            status_code: delivery.status_code,
            error: delivery.error.clone(),
            response_excerpt: delivery.answer.clone(),
            duration_ms: Some(delivery.duration_ms),
            next_attempt_at: delivery.next_at.map(Timestamp::to_millis_text),
            delivered_at: success.then(|| sent_at.clone()),
            created_at: Some(sent_at),
        }
    }

    /// One that is to be made.
    #[must_use]
    pub fn pending(waiting: &Waiting) -> Self {
        // What waits behind another attempt has no time of its own.
        let due = (waiting.due_at.micros() > 0).then(|| waiting.due_at.to_millis_text());
        Self {
            id: None,
            event: None,
            event_id: id_of(waiting.seq, &waiting.event_hash),
            sequence: waiting.seq.get(),
            attempt: waiting.attempts,
            status: "pending".to_owned(),
            success: false,
            status_code: None,
            error: None,
            response_excerpt: None,
            duration_ms: None,
            next_attempt_at: due,
            created_at: None,
            delivered_at: None,
        }
    }
}
