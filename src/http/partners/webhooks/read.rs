//! Reading a webhook from a request: all of it, or what of it changes.

use super::{State, event_name};
use crate::domain::webhooks::{EventName, WebhookFacts, WebhookRecord};
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, Problem};
use crate::http::ids;
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::partners::changing::set;
use crate::ops::may_be_chosen;

/// What is shown of a webhook and not written.
const READ_ONLY: [&str; 14] = [
    "id",
    "status",
    "disabled_reason",
    "problem",
    "previous_secret_valid_until",
    "last_delivery_at",
    "failure_count",
    "abandoned_count",
    "begins_after",
    "delivered_up_to",
    "pending_count",
    "version",
    "created_at",
    "updated_at",
];

/// What is asked for.
pub(super) struct Asked {
    pub(super) facts: WebhookFacts,
    pub(super) record: WebhookRecord,
    /// None where one is to be drawn.
    pub(super) secret: Option<String>,
}

/// A new webhook.
pub(super) fn new(mut fields: Fields, state: &State, caller: &Caller) -> Result<Asked, ApiError> {
    let secret = secret(&mut fields);
    for name in ["url", "events"] {
        if !fields.has(name) {
            fields.required::<()>(name, None);
        }
    }
    let facts = WebhookFacts { events: Vec::new(), shop_ids: Vec::new(), is_active: true };
    let asked = common(&mut fields, state, caller, facts, WebhookRecord::default());
    let (facts, record) = asked;
    finish(fields, Asked { facts, record, secret })
}

/// A webhook with the changes of a request. Its secret is changed by rotating it.
pub(super) fn changed(
    mut fields: Fields,
    state: &State,
    caller: &Caller,
    facts: WebhookFacts,
    record: WebhookRecord,
) -> Result<Asked, ApiError> {
    if fields.has("secret") {
        fields.read_only(&["secret"]);
    }
    let (facts, record) = common(&mut fields, state, caller, facts, record);
    finish(fields, Asked { facts, record, secret: None })
}

/// For how many hours the secret before signs too, and the new one where it was chosen.
pub(super) fn rotation(mut fields: Fields) -> Result<(i64, Option<String>), ApiError> {
    let hours = fields.whole("overlap_hours", 0..=limits::WEBHOOK_OVERLAP_HOURS_MAX);
    let secret = secret(&mut fields);
    let read = (hours.unwrap_or(limits::WEBHOOK_OVERLAP_HOURS), secret);
    fields.finish().none_or(read).map_err(ApiError::Invalid)
}

/// Which event a test shall look like.
pub(super) fn sample(mut fields: Fields) -> Result<Option<EventName>, ApiError> {
    let name = event_name(&mut fields, "event");
    fields.finish().none_or(name).map_err(ApiError::Invalid)
}

fn finish(mut fields: Fields, asked: Asked) -> Result<Asked, ApiError> {
    fields.read_only(&READ_ONLY);
    fields.finish().none_or(asked).map_err(ApiError::Invalid)
}

fn common(
    fields: &mut Fields,
    state: &State,
    caller: &Caller,
    mut facts: WebhookFacts,
    mut record: WebhookRecord,
) -> (WebhookFacts, WebhookRecord) {
    if let Some(url) = fields.string("url") {
        let url = url.trim().to_owned();
        if state.webhooks.check_url(&url).is_err() {
            fields.problem(Problem::value("url", Message::MustBePublicUrl));
        }
        record.url = url;
    }
    if let Some(events) = fields.each_value("events", limits::WEBHOOK_EVENTS, event_name) {
        if events.is_empty() && fields.is_sound() {
            fields.problem(Problem::value("events", Message::MustNotBeEmpty));
        }
        facts.events.clear();
        for name in events {
            if !facts.events.contains(&name) {
                facts.events.push(name);
            }
        }
    }
    let directory = state.queries.live().directory();
    let shop = |fields: &mut Fields, name: &str| {
        let found = ids::parse_shop(fields.id(name)?.trim());
        let own = found.filter(|shop| directory.shop_of(caller.partner, *shop).is_some());
        if own.is_none() {
            fields.problem(Problem::value(name, Message::NoSuchShop));
        }
        own
    };
    if let Some(mut shops) = fields.each_value("shop_ids", limits::SHOPS_OF_TEMPLATE, shop) {
        shops.sort_unstable();
        shops.dedup();
        facts.shop_ids = shops;
    }
    set(&mut facts.is_active, fields.boolean("is_active"));
    let description = |fields: &mut Fields, name: &str| fields.prose(name, limits::REASON_CHARS);
    fields.change("description", description).apply(&mut record.description);
    (facts, record)
}

/// One that the receiver chose: long enough not to be guessed.
fn secret(fields: &mut Fields) -> Option<String> {
    let text = fields.string("secret")?;
    if may_be_chosen(&text) {
        return Some(text);
    }
    let (least, most) = limits::WEBHOOK_SECRET_CHARS;
    fields.problem(Problem::range("secret", Message::MustBeSecret { least, most }));
    None
}
