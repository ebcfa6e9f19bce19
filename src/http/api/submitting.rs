//! From a request to the writer and back: naming the card, adding the caller, and turning a refusal into an error.

use crate::domain::{CardId, CustomerId, Rejection};
use crate::http::HttpState;
use crate::http::auth::{Caller, header};
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::ids::{self, CardRef};
use crate::http::limits;
use crate::http::locales::Message;
use crate::queries::Lookups;
use crate::writer::{Command, Outcome, Recorded, Refusal, Request};
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;
use std::future::{Ready, ready};

use super::ERASED;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The `{id}` of a path, as it was written.
#[derive(Debug)]
pub(crate) struct PathId(pub(crate) String);

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut actix_web::dev::Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().get("id").unwrap_or_default().to_owned())))
    }
}

/// The `Idempotency-Key` of a request.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut actix_web::dev::Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl IdempotencyKey {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        if !request.headers().contains_key(&IDEMPOTENCY_KEY) {
            return Ok(Self(None));
        }
        let key = header(request, &IDEMPOTENCY_KEY).unwrap_or_default();
        let valid =
            (1..=limits::IDEMPOTENCY_KEY_BYTES).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        if valid {
            return Ok(Self(Some(key.to_owned())));
        }
        let message = Message::VisibleAscii { most: limits::IDEMPOTENCY_KEY_BYTES };
        Err(ApiError::invalid(Problem::format("Idempotency-Key", message)))
    }
}

/// How a body names the card that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Card(String),
    Customer(String),
}

/// Finds the cards that one request names. Only a number or a customer has to be looked up, and for the first of them the
/// views are waited for: whose card an id is, the rules check.
#[derive(Debug)]
pub(crate) struct Finder<'a> {
    state: &'a HttpState,
    lookups: Option<Lookups<'a>>,
}

impl<'a> Finder<'a> {
    pub(crate) const fn new(state: &'a HttpState) -> Self {
        Self { state, lookups: None }
    }

    /// The card that a text names.
    pub(crate) async fn card(&mut self, caller: &Caller, text: &str) -> Result<CardId, ApiError> {
        let unknown = || ApiError::CardNotFound { card: text.to_owned() };
        match CardRef::parse(text).ok_or_else(unknown)? {
            CardRef::Id(id) => Ok(id),
            CardRef::Number(number) => {
                self.lookups().await?.card_by_number(caller.partner, &number)?.ok_or_else(unknown)
            }
        }
    }

    /// The card that a body names, itself or by its holder.
    pub(crate) async fn target(&mut self, caller: &Caller, target: &Target) -> Result<CardId, ApiError> {
        match target {
            Target::Card(text) => self.card(caller, text).await,
            Target::Customer(text) => {
                let unknown = || ApiError::CustomerNotFound { customer: text.clone(), shop: caller.shop };
                let customer = find_customer(caller, text)?;
                let card = self.lookups().await?.card_of_customer(caller.partner, customer)?.ok_or_else(unknown)?;
                card.ok_or_else(|| ApiError::CardNotFound { card: text.clone() })
            }
        }
    }

    async fn lookups(&mut self) -> Result<&Lookups<'a>, ApiError> {
        let lookups = match self.lookups.take() {
            Some(lookups) => lookups,
            None => self.state.queries.lookups().await?,
        };
        Ok(self.lookups.insert(lookups))
    }
}

/// The card that a request names.
pub(crate) async fn find_card(state: &HttpState, caller: &Caller, text: &str) -> Result<CardId, ApiError> {
    Finder::new(state).card(caller, text).await
}

/// The customer that a request names.
pub(crate) fn find_customer(caller: &Caller, text: &str) -> Result<CustomerId, ApiError> {
    let unknown = || ApiError::CustomerNotFound { customer: text.to_owned(), shop: caller.shop };
    ids::parse_customer(text.trim()).ok_or_else(unknown)
}

/// A command on its way, with who asks.
pub(crate) fn request(caller: &Caller, idempotency_key: Option<String>, command: Command) -> Request {
    Request { partner: caller.partner, actor: caller.actor(), idempotency_key, command }
}

/// Submits a command; `recorded` renders what another request left under the same key.
pub(crate) async fn submit(
    state: &HttpState,
    request: Request,
    recorded: impl FnOnce(&[Recorded]) -> Value,
) -> Result<Outcome, ApiError> {
    let partner = request.partner;
    match state.writer.submit(request).await {
        Ok(outcome) => Ok(outcome),
        Err(refusal) => Err(explained(state, partner, refusal, recorded)),
    }
}

/// The error that a refusal becomes; a blocked card says why it is.
pub(crate) fn explained(
    state: &HttpState,
    partner: crate::domain::PartnerId,
    refusal: Refusal,
    recorded: impl FnOnce(&[Recorded]) -> Value,
) -> ApiError {
    if let Refusal::Rejected(Rejection::CardBlocked { card }) = refusal {
        return match state.queries.blocked(partner, card) {
            Ok(blocked) => {
                let reason = blocked.map(|blocked| blocked.note.map_or(ERASED.to_owned(), |note| note.reason));
                ApiError::CardBlocked { card: ids::card(card), reason }
            }
            Err(error) => error.into(),
        };
    }
    ApiError::refused(refusal, recorded)
}
