//! `/partners/webhooks`: who is told of what, their secrets, and what came of telling them. An address may hold a token of the
//! receiver's, so that even seeing them takes the scope and the whole partner.

pub(in crate::http) mod deliveries;
mod read;

use super::State;
use super::access::Access;
use super::changing::change;
use crate::domain::programme::{Directory, Scope};
use crate::domain::webhooks::{
    CreateWebhook, EventName, RemoveWebhook, RotateWebhook, SkipBacklog, UpdateWebhook, Webhook, WebhookCommand,
    WebhookRecord,
};
use crate::domain::{Event, PartnerId, Rejection, Timestamp, WebhookId};
use crate::http::api::submitting::{IdempotencyKey, PathId, request, submit};
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::{Answer, Nothing};
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::ids;
use crate::http::limits;
use crate::http::locales::Message;
use crate::ops::{SecretText, WebhookSecret};
use crate::webhooks::{DeliveryView, OfficeError, WebhookView};
use crate::writer::{Command, Recorded};
use actix_web::web;
use serde_json::json;

pub(super) fn routes(routes: &mut web::ServiceConfig, base: &str) {
    let at = |path: &str| web::resource(format!("{base}/webhooks{path}"));
    routes
        .service(at("").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/deliveries/{id}").route(web::get().to(deliveries::get)))
        .service(at("/deliveries/{id}/redeliver").route(web::post().to(deliveries::redeliver)))
        .service(at("/{id}").route(web::get().to(get)).route(web::put().to(update)).route(web::delete().to(delete)))
        .service(at("/{id}/rotate-secret").route(web::post().to(rotate)))
        .service(at("/{id}/skip").route(web::post().to(skip)))
        .service(at("/{id}/test").route(web::post().to(test)))
        .service(at("/{id}/deliveries").route(web::get().to(deliveries::list)))
        .service(at("/{id}/redeliver").route(web::post().to(deliveries::redeliver_range)));
}

fn manages(access: Access) -> Result<Caller, ApiError> {
    access.changes(Scope::WebhooksManage)
}

pub(crate) async fn list(state: State, access: Access) -> Result<Answer<Vec<WebhookView>>, ApiError> {
    let caller = manages(access)?;
    let directory = state.queries.live().directory();
    let own = directory.webhooks.values().filter(|webhook| webhook.partner == caller.partner);
    let own = own.filter(|webhook| webhook.removed_at.is_none());
    let shown = own.map(|webhook| shown(&state, webhook, None)).collect::<Result<_, _>>()?;
    Ok(Answer::ok(Message::Webhooks, shown))
}

pub(crate) async fn get(state: State, access: Access, id: PathId) -> Result<Answer<WebhookView>, ApiError> {
    let caller = manages(access)?;
    Ok(Answer::ok(Message::Webhook, shown(&state, &found(&state, &caller, &id.0)?, None)?))
}

pub(crate) async fn create(
    state: State,
    access: Access,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<WebhookView>, ApiError> {
    let caller = manages(access)?;
    let asked = read::new(body.fields()?, &state, &caller)?;
    let secret = new_secret(&state, asked.secret).await?;
    let command = CreateWebhook { facts: asked.facts, record: asked.record, secret_id: secret.id.clone() };
    let command = Command::Webhook(WebhookCommand::Create(command));
    let recorded = |events: &[Recorded]| {
        let created = as_created(events, caller.partner);
        created
            .and_then(|(webhook, record)| state.webhooks.shown(&webhook, Some(record), None).ok())
            .map_or(json!({}), |shown| json!(shown))
    };
    let outcome = submit(&state, request(&caller, key.0, command), recorded).await;
    if outcome.as_ref().map_or(true, |outcome| outcome.replayed) {
        // No event names it.
        state.webhooks.forget_secret(&secret.id)?;
    }
    let outcome = outcome?;
    let (webhook, record) = as_created(&outcome.events, caller.partner).ok_or(ApiError::Internal)?;
    let secret = new_of(&state, &webhook.terms.secret_id, webhook.created_at)?;
    let shown = state.webhooks.shown(&webhook, Some(record), secret.as_ref())?;
    Ok(Answer::created(Message::WebhookCreated, shown).replayed(outcome.replayed))
}

pub(crate) async fn update(
    state: State,
    access: Access,
    id: PathId,
    body: Body,
) -> Result<Answer<WebhookView>, ApiError> {
    let caller = manages(access)?;
    change(&state, &caller, || {
        let webhook = found(&state, &caller, &id.0)?;
        let known = state.queries.webhook_record(&webhook)?.unwrap_or_default();
        let asked = read::changed(body.fields()?, &state, &caller, webhook.terms.facts(), known)?;
        let (facts, record, based_on) = (asked.facts, asked.record, Some(webhook.version));
        let command = UpdateWebhook { webhook: webhook.id, based_on, facts, record };
        Ok(Command::Webhook(WebhookCommand::Update(command)))
    })
    .await?;
    Ok(Answer::ok(Message::WebhookUpdated, shown(&state, &found(&state, &caller, &id.0)?, None)?))
}

pub(crate) async fn delete(state: State, access: Access, id: PathId, _body: Body) -> Result<Answer<Nothing>, ApiError> {
    let caller = manages(access)?;
    let webhook = found(&state, &caller, &id.0)?.id;
    let command = Command::Webhook(WebhookCommand::Remove(RemoveWebhook { webhook }));
    submit(&state, request(&caller, None, command), |_| json!({})).await?;
    Ok(Answer::ok(Message::WebhookDeleted, Nothing {}))
}

pub(crate) async fn rotate(
    state: State,
    access: Access,
    id: PathId,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<WebhookView>, ApiError> {
    let caller = manages(access)?;
    let webhook = found(&state, &caller, &id.0)?;
    let (overlap_hours, chosen) = read::rotation(body.fields()?)?;
    let secret = new_secret(&state, chosen).await?;
    let command = RotateWebhook { webhook: webhook.id, secret_id: secret.id.clone(), overlap_hours };
    let command = Command::Webhook(WebhookCommand::Rotate(command));
    let as_rotated = |_: &[Recorded]| {
        let shown = found(&state, &caller, &id.0).and_then(|webhook| shown(&state, &webhook, None));
        shown.map_or(json!({}), |shown| json!(shown))
    };
    let outcome = submit(&state, request(&caller, key.0, command), as_rotated).await;
    let replayed = outcome.as_ref().map_or(true, |outcome| outcome.replayed);
    if replayed {
        // No event names it.
        state.webhooks.forget_secret(&secret.id)?;
    } else if let Some(before) = &webhook.terms.previous {
        state.webhooks.forget_secret(&before.secret_id)?;
    }
    let outcome = outcome?;
    let Some(Recorded { event: Event::WebhookRotated(rotated), at, .. }) = outcome.events.first() else {
        return Err(ApiError::Internal);
    };
    let now = found(&state, &caller, &id.0)?;
    // One that was rotated again since shows what is in force.
    let is_latest = now.terms.secret_id == rotated.secret_id;
    let secret = if is_latest { new_of(&state, &rotated.secret_id, *at)? } else { None };
    let record = state.queries.webhook_record(&now)?;
    let shown = state.webhooks.shown(&now, record, secret.as_ref())?;
    Ok(Answer::ok(Message::WebhookSecretRotated, shown).replayed(outcome.replayed))
}

pub(crate) async fn skip(
    state: State,
    access: Access,
    id: PathId,
    _body: Body,
) -> Result<Answer<WebhookView>, ApiError> {
    let caller = manages(access)?;
    let webhook = found(&state, &caller, &id.0)?.id;
    let command = Command::Webhook(WebhookCommand::Skip(SkipBacklog { webhook }));
    submit(&state, request(&caller, None, command), |_| json!({})).await?;
    Ok(Answer::ok(Message::WebhookSkipped, shown(&state, &found(&state, &caller, &id.0)?, None)?))
}

pub(crate) async fn test(
    state: State,
    access: Access,
    id: PathId,
    body: Body,
) -> Result<Answer<DeliveryView>, ApiError> {
    let caller = manages(access)?;
    let webhook = found(&state, &caller, &id.0)?;
    let name = read::sample(body.fields()?)?;
    let record = state.queries.webhook_record(&webhook)?.ok_or(ApiError::Internal)?;
    Ok(Answer::ok(Message::WebhookTested, state.webhooks.test(&webhook, &record.url, name).await?))
}

async fn new_secret(state: &State, chosen: Option<String>) -> Result<WebhookSecret, ApiError> {
    let office = state.webhooks.clone();
    Ok(web::block(move || office.new_secret(chosen)).await.map_err(|_| ApiError::Internal)??)
}

/// A secret that is in force since `at`, where that is not long ago: the answer to a repeated request shows it again, where the first
/// may have been lost, but not for ever.
fn new_of(state: &State, secret_id: &str, at: Timestamp) -> Result<Option<SecretText>, ApiError> {
    let age = state.now().micros() - at.micros();
    let is_new = age <= limits::WEBHOOK_SECRET_SHOWN_SECONDS * 1_000_000;
    Ok(if is_new { state.webhooks.secret(secret_id)? } else { None })
}

fn shown(state: &State, webhook: &Webhook, record: Option<WebhookRecord>) -> Result<WebhookView, ApiError> {
    let record = match record {
        Some(record) => Some(record),
        None => state.queries.webhook_record(webhook)?,
    };
    Ok(state.webhooks.shown(webhook, record, None)?)
}

fn found(state: &State, caller: &Caller, id: &str) -> Result<Webhook, ApiError> {
    let number = ids::parse_webhook(id).unwrap_or(WebhookId::new(0));
    let directory = state.queries.live().directory();
    let own = directory.webhook_of(caller.partner, number).cloned();
    own.ok_or(ApiError::Rejected(Rejection::WebhookNotFound { webhook: number }))
}

/// A webhook as its first event states it.
fn as_created(events: &[Recorded], partner: PartnerId) -> Option<(Webhook, WebhookRecord)> {
    let first = events.first()?;
    let mut directory = Directory::default();
    directory.evolve(&first.event, partner, first.seq, first.at);
    let (_, webhook) = directory.webhooks.pop_first()?;
    Some((webhook, serde_json::from_str(first.body.as_deref()?).ok()?))
}

impl From<OfficeError> for ApiError {
    fn from(error: OfficeError) -> Self {
        tracing::error!(%error, "a webhook could not be served");
        Self::Internal
    }
}

/// Reads the name of an event.
fn event_name(fields: &mut crate::http::fields::Fields, name: &str) -> Option<EventName> {
    let text = fields.string(name)?;
    let found = EventName::from_text(text.trim());
    if found.is_none() {
        fields.problem(Problem::value(name, Message::MustBeEventName));
    }
    found
}
