//! What came of telling receivers, and telling them again.

use super::{State, found, manages};
use crate::domain::webhooks::Webhook;
use crate::domain::{Rejection, Seq, WebhookId};
use crate::http::api::submitting::PathId;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::ids;
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::http::partners::access::Access;
use crate::ops::{Delivery, DeliveryStatus, TRACKS_MAX};
use crate::webhooks::DeliveryView;
use actix_web::{HttpRequest, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A delivery with what was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryDetail)]
pub(crate) struct Whole {
    #[serde(flatten)]
    delivery: DeliveryView,
    webhook_id: i64,
    /// SHA-256 of the body that was sent, in hex digits; null once something of the customer is erased.
    request_sha256: Option<String>,
    /// The body as it would be sent now: what was erased since is absent. Null for a test.
    request: Option<Value>,
    /// Whether that is what was sent. Null where there is nothing to compare.
    request_unchanged: Option<bool>,
}

/// A part of the log that is about to be sent again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookRedelivery)]
pub(crate) struct Queued {
    webhook_id: i64,
    redelivery_id: i64,
    from_sequence: i64,
    to_sequence: i64,
    status: &'static str,
}

enum Which {
    Made(Option<DeliveryStatus>),
    Pending,
}

pub(crate) async fn list(
    state: State,
    access: Access,
    id: PathId,
    request: HttpRequest,
) -> Result<Answer<Vec<DeliveryView>>, ApiError> {
    let caller = manages(access)?;
    let Webhook { id: webhook, terms, .. } = found(&state, &caller, &id.0)?;
    let mut params = Params::of(&request);
    let which = |word: &str| match word {
        "pending" => Some(Which::Pending),
        word => DeliveryStatus::from_name(word).map(|status| Which::Made(Some(status))),
    };
    let which = params.word("status", which, "pending, delivered, failed, abandoned").unwrap_or(Which::Made(None));
    let paging = params.paging_up_to(limits::SHOP_ROWS, limits::SHOP_ROWS_MAX);
    let (which, paging) = params.finish((which, paging))?;
    let (office, window) = (state.webhooks.clone(), paging.window());
    let read = move || match which {
        Which::Made(status) => {
            let (rows, total) = office.deliveries().list(webhook, status, window.offset, window.limit)?;
            Ok::<_, ApiError>((rows.iter().map(DeliveryView::made).collect::<Vec<_>>(), total))
        }
        Which::Pending => {
            let (rows, total) = office.deliveries().waiting(webhook, terms.since, window.offset, window.limit)?;
            Ok((rows.iter().map(DeliveryView::pending).collect(), total))
        }
    };
    let (rows, total) = web::block(read).await.map_err(|_| ApiError::Internal)??;
    Ok(Answer::ok(Message::WebhookDeliveries, rows).with_meta(serde_json::to_value(paging.meta(total)).ok()))
}

pub(crate) async fn get(state: State, access: Access, id: PathId) -> Result<Answer<Whole>, ApiError> {
    let caller = manages(access)?;
    let delivery = kept(&state, &caller, &id.0)?;
    let office = state.webhooks.clone();
    let read = move || office.message_of(&delivery).map(|again| (delivery, again));
    let (delivery, again) = web::block(read).await.map_err(|_| ApiError::Internal)??;
    let (request, unchanged) = again.map(|again| (again.body, again.unchanged)).unzip();
    let whole = Whole {
        delivery: DeliveryView::made(&delivery),
        webhook_id: delivery.webhook.get(),
        request_sha256: delivery.body_hash.map(hex::encode),
        request,
        request_unchanged: unchanged.flatten(),
    };
    Ok(Answer::ok(Message::WebhookDelivery, whole))
}

pub(crate) async fn redeliver(
    state: State,
    access: Access,
    id: PathId,
    _body: Body,
) -> Result<Answer<Queued>, ApiError> {
    let caller = manages(access)?;
    let delivery = kept(&state, &caller, &id.0)?;
    if delivery.seq == Seq::ZERO {
        return Err(ApiError::invalid(Problem::value("delivery_id", Message::CannotBeSentAgain)));
    }
    queue(&state, delivery.webhook, delivery.seq, delivery.seq).await
}

pub(crate) async fn redeliver_range(
    state: State,
    access: Access,
    id: PathId,
    body: Body,
) -> Result<Answer<Queued>, ApiError> {
    let caller = manages(access)?;
    let webhook = found(&state, &caller, &id.0)?.id;
    let head = state.queries.live().progress().head();
    let mut fields = body.fields()?;
    let from = fields.whole("from_sequence", 1..=head.get());
    let from = fields.required("from_sequence", from);
    let until = fields.whole("to_sequence", from.unwrap_or(1)..=head.get());
    let from = fields.finish().or(from).map_err(ApiError::Invalid)?;
    queue(&state, webhook, Seq::new(from), until.map_or(head, Seq::new)).await
}

async fn queue(state: &State, webhook: WebhookId, from: Seq, until: Seq) -> Result<Answer<Queued>, ApiError> {
    let office = state.webhooks.clone();
    let again = move || office.deliveries().again(webhook, Seq::new(from.get() - 1), until);
    let track = web::block(again).await.map_err(|_| ApiError::Internal)??;
    let most = usize::try_from(TRACKS_MAX).unwrap_or_default();
    let track = track.ok_or(ApiError::Rejected(Rejection::TooManyRedeliveries { most }))?;
    let (webhook_id, from_sequence, to_sequence) = (webhook.get(), from.get(), until.get());
    let queued = Queued { webhook_id, redelivery_id: track, from_sequence, to_sequence, status: "pending" };
    Ok(Answer::ok(Message::WebhookRedelivery, queued))
}

fn kept(state: &State, caller: &Caller, id: &str) -> Result<Delivery, ApiError> {
    let number = ids::parse_delivery(id);
    let found = number.map(|number| state.webhooks.deliveries().get(number)).transpose()?.flatten();
    let directory = state.queries.live().directory();
    let own = |delivery: &Delivery| {
        delivery.partner == caller.partner && directory.webhook_of(caller.partner, delivery.webhook).is_some()
    };
    found.filter(own).ok_or_else(|| ApiError::DeliveryNotFound { delivery: id.to_owned() })
}
