//! A webhook as of its last event.

use super::{EventName, WebhookCreated, WebhookUpdated};
use crate::domain::programme::{is_yes, yes};
use crate::domain::{Event, PartnerId, RecordId, Sealed, Seq, ShopId, Timestamp, WebhookId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is not sealed of a webhook, as people set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookFacts {
    /// At least one.
    pub events: Vec<EventName>,
    /// Empty means everything, wherever it happens.
    pub shop_ids: Vec<ShopId>,
    pub is_active: bool,
}

impl WebhookFacts {
    /// The same wishes, each stated once.
    #[must_use]
    pub(super) fn each_once(mut self) -> Self {
        let mut seen = Vec::with_capacity(self.events.len());
        self.events.retain(|name| {
            let is_first = !seen.contains(name);
            seen.push(*name);
            is_first
        });
        self.shop_ids.sort_unstable();
        self.shop_ids.dedup();
        self
    }
}

/// What the vault keeps of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookRecord {
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Why the service itself stopped sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disabled {
    /// The receiver answered 410: it is gone.
    Gone,
    /// So many events in a row were given up.
    Failing,
}

impl Disabled {
    /// The reason's name in the log and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// The secret before the one in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousSecret {
    pub secret_id: String,
    /// Until when it signs too.
    pub until: Timestamp,
}

/// What stands in the log of a webhook, as of its last event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTerms {
    pub events: Vec<EventName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shop_ids: Vec<ShopId>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub is_active: bool,
    pub secret_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// Set while it is not active because the service stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<Disabled>,
    /// Its own first event, or the last that skipped what waited: what comes after it is sent.
    pub since: Seq,
}

impl WebhookTerms {
    /// The part that people set.
    #[must_use]
    pub fn facts(&self) -> WebhookFacts {
        WebhookFacts { events: self.events.clone(), shop_ids: self.shop_ids.clone(), is_active: self.is_active }
    }
}

/// A partner's wish to be told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    pub partner: PartnerId,
    pub terms: WebhookTerms,
    pub record: RecordId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
    pub version: i64,
    pub as_of: Seq,
}

impl Webhook {
    /// Whether events are sent.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.terms.is_active && self.removed_at.is_none()
    }

    /// The ids of the secrets that sign at `now`, the one in force first.
    pub fn secret_ids(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let previous = self.terms.previous.as_ref().filter(|previous| now < previous.until);
        [self.terms.secret_id.as_str()].into_iter().chain(previous.map(|previous| previous.secret_id.as_str()))
    }
}

/// Applies an event, where it is about webhooks.
pub(in crate::domain) fn evolve(
    webhooks: &mut BTreeMap<WebhookId, Webhook>,
    event: &Event,
    partner: PartnerId,
    seq: Seq,
    at: Timestamp,
) {
    if let Event::WebhookCreated(event) = event {
        webhooks.insert(event.webhook, created(event, partner, seq, at));
    } else if let Event::WebhookUpdated(event) = event {
        touch(webhooks, event.webhook, seq, at, |webhook| updated(webhook, event));
    } else if let Event::WebhookRotated(event) = event {
        touch(webhooks, event.webhook, seq, at, |webhook| {
            let secret_id = std::mem::replace(&mut webhook.terms.secret_id, event.secret_id.clone());
            webhook.terms.previous = Some(PreviousSecret { secret_id, until: event.previous_until });
        });
    } else if let Event::WebhookDisabled(event) = event {
        touch(webhooks, event.webhook, seq, at, |webhook| {
            (webhook.terms.is_active, webhook.terms.disabled) = (false, Some(event.reason));
        });
    } else if let Event::WebhookSkipped(event) = event {
        touch(webhooks, event.webhook, seq, at, |webhook| webhook.terms.since = seq);
    } else if let Event::WebhookRemoved(event) = event {
        touch(webhooks, event.webhook, seq, at, |webhook| webhook.removed_at = Some(at));
    }
}

fn created(event: &WebhookCreated, partner: PartnerId, seq: Seq, at: Timestamp) -> Webhook {
    let terms = WebhookTerms {
        events: event.events.clone(),
        shop_ids: event.shop_ids.clone(),
        is_active: event.is_active,
        secret_id: event.secret_id.clone(),
        previous: None,
        disabled: None,
        since: seq,
    };
    let record = event.sealed.map_or(RecordId::new(0), |sealed| sealed.record);
    Webhook {
        id: event.webhook,
        partner,
        terms,
        record,
        created_at: at,
        updated_at: at,
        removed_at: None,
        version: 1,
        as_of: seq,
    }
}

fn updated(webhook: &mut Webhook, event: &WebhookUpdated) {
    let Sealed { record, .. } = match event.sealed {
        Some(sealed) => sealed,
        None => return,
    };
    webhook.record = record;
    webhook.terms.events.clone_from(&event.events);
    webhook.terms.shop_ids.clone_from(&event.shop_ids);
    webhook.terms.is_active = event.is_active;
    if event.is_active {
        webhook.terms.disabled = None;
    }
}

fn touch(
    webhooks: &mut BTreeMap<WebhookId, Webhook>,
    id: WebhookId,
    seq: Seq,
    at: Timestamp,
    change: impl FnOnce(&mut Webhook),
) {
    if let Some(webhook) = webhooks.get_mut(&id) {
        change(webhook);
        (webhook.updated_at, webhook.version, webhook.as_of) = (at, webhook.version + 1, seq);
    }
}
