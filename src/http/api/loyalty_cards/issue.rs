//! Issuing a card.

use super::State;
use super::holder::{Holder, host, qr_url};
use crate::domain::cards::{CardRecord, Issue};
use crate::domain::customers::PersonRecord;
use crate::domain::programme::Scope;
use crate::domain::{Event, Metadata};
use crate::http::api::submitting::{IdempotencyKey, request, submit};
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, NOT_NEGATIVE};
use crate::http::locales::Message;
use crate::http::openapi::words;
use crate::http::{HttpState, ids, limits};
use crate::writer::{Command, Recorded};
use actix_web::HttpRequest;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// A card as its issue answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedCard)]
pub(crate) struct Issued {
    id: String,
    card_number: String,
    #[serde(flatten)]
    holder: Holder,
    points_balance: i64,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
    card_design: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_activity: String,
    qr_code_url: String,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

pub(crate) async fn create(
    state: State,
    caller: Caller,
    key: IdempotencyKey,
    body: Body,
    request_head: HttpRequest,
) -> Result<Answer<Issued>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let command = Command::Issue(issue(body.fields()?, &caller)?);
    let host = host(&state, &request_head);
    let recorded =
        |events: &[Recorded]| Issued::of(&state, events, None, &host).map_or(json!({}), |issued| json!(issued));
    let outcome = submit(&state, request(&caller, key.0, command), recorded).await?;
    let issued = Issued::of(&state, &outcome.events, outcome.person.as_deref(), &host).ok_or(ApiError::Internal)?;
    Ok(Answer::created(Message::CardCreated, issued).replayed(outcome.replayed))
}

fn issue(mut fields: Fields, caller: &Caller) -> Result<Issue, ApiError> {
    let email = fields.email("customer_email");
    let name = fields.required_text("customer_name", limits::NAME_CHARS);
    let phone = fields.phone("customer_phone");
    let initial_points = fields.points("initial_points", NOT_NEGATIVE);
    let design = fields.design("card_design").unwrap_or_else(|| "default".to_owned());
    let activate = fields.boolean("auto_activate").unwrap_or(true);
    let metadata = fields.metadata("metadata").unwrap_or_default();
    let issue = email.map(|email| Issue {
        person: PersonRecord { email, name, phone, ..PersonRecord::default() },
        initial_points,
        design,
        activate,
        metadata,
        shop: caller.shop,
        happened_at: None,
    });
    fields.finish().or(issue).map_err(ApiError::Invalid)
}

impl Issued {
    /// From the events of the issue; who the customer is stands in them too, unless it was known before.
    fn of(state: &HttpState, events: &[Recorded], known: Option<&PersonRecord>, host: &str) -> Option<Self> {
        let (mut person, mut balance, mut issued) = (None, 0, None);
        for recorded in events {
            if let Event::CustomerRegistered(_) | Event::CustomerUpdated(_) = &recorded.event {
                person = recorded.body.as_deref().and_then(|body| serde_json::from_str::<PersonRecord>(body).ok());
            } else if let Event::PointsAwarded(event) = &recorded.event {
                balance = event.balance.get();
            } else if let Event::CardIssued(event) = &recorded.event {
                issued = Some((recorded, event));
            }
        }
        let (recorded, card) = issued?;
        let body = recorded.body.as_deref().and_then(|body| serde_json::from_str::<CardRecord>(body).ok());
        let person = person.or_else(|| known.cloned()).or_else(|| state.queries.person(card.customer).ok().flatten());
        let at = recorded.at.to_seconds_text();
        Some(Self {
            id: ids::card(card.card),
            card_number: card.number.to_string(),
            holder: Holder::of(person.as_ref()),
            points_balance: balance,
            status: card.status.name(),
            card_design: card.design.clone(),
            created_at: at.clone(),
            last_activity: at,
            qr_code_url: qr_url(host, card.card),
            metadata: body.unwrap_or_default().metadata,
        })
    }
}
