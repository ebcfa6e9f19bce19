//! `as_of` and `as_of_seq`: the moment of the past that a read about one card or customer tells of.
//!
//! A handler that takes [`AsOf`] names its subject and goes on with the state that it is given; all that it renders is then of that
//! moment. Whoever asks is judged by the present. Where nobody takes it, [`check`] refuses the parameters: to ignore them would be to
//! answer something else than was asked.

use super::HttpState;
use super::auth::Caller;
use super::edge::RequestContext;
use super::errors::ApiError;
use super::fields::Problem;
use super::ids::{self, CardRef};
use super::locales::{Locale, Message};
use super::params::Params;
use crate::domain::{Seq, Timestamp};
use crate::queries::{Moment, QueryError, Subject};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest, web};
use std::collections::HashSet;
use std::future::{Ready, ready};
use std::sync::LazyLock;

const TIME: &str = "as_of";
const SEQ: &str = "as_of_seq";

/// The reads that can tell of the past: those about one card or customer.
const OF_API: [&str; 7] = [
    "/loyalty-cards/{id}",
    "/loyalty-cards/{id}/history",
    "/points/balance/{id}",
    "/points/history/{id}",
    "/points/expiring",
    "/customers/{id}",
    "/customers/{id}/balance",
];
const OF_SHOP: [&str; 10] = [
    "/transactions",
    "/transactions/{id}",
    "/points",
    "/points/{id}",
    "/points/balance/{id}",
    "/points/card/{id}/balance",
    "/loyalty-cards",
    "/loyalty-cards/{id}",
    "/loyalty-cards/info",
    "/loyalty-cards/balance",
];
const OF_PARTNERS: [&str; 5] = [
    "/customers/{id}",
    "/customers/{id}/loyalty-stats",
    "/customers/{id}/transactions",
    "/transactions",
    "/transactions/{id}",
];

const OF_AUDIT: [&str; 1] = ["/books"];

static PATTERNS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let locale = Locale::segment();
    let bases: [(String, &[&str]); 6] = [
        ("/audit".to_owned(), &OF_AUDIT),
        ("/api".to_owned(), &OF_API),
        (format!("/{locale}/shop"), &OF_SHOP),
        (format!("/{locale}/shop/shop"), &OF_SHOP),
        (format!("/{locale}/partners"), &OF_PARTNERS),
        ("/api/partners".to_owned(), &OF_PARTNERS),
    ];
    bases.into_iter().flat_map(|(base, paths)| paths.iter().map(move |path| format!("{base}{path}"))).collect()
});

/// Refuses the parameters on every route that cannot tell of the past.
pub(crate) fn check(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(asked) = Asked::of(request) else { return Ok(()) };
    let known = request.match_pattern().is_some_and(|pattern| PATTERNS.contains(&pattern));
    if known && request.method() == Method::GET { Ok(()) } else { Err(asked.refused(Message::NoPastOfIt)) }
}

/// What a request says of the moment.
#[derive(Debug)]
struct Asked {
    time: Option<String>,
    seq: Option<String>,
}

impl Asked {
    fn of(request: &HttpRequest) -> Option<Self> {
        // Most requests have no query at all.
        if request.query_string().is_empty() {
            return None;
        }
        let params = Params::of(request);
        let asked = Self { time: params.value(TIME), seq: params.value(SEQ) };
        (asked.time.is_some() || asked.seq.is_some()).then_some(asked)
    }

    const fn field(&self) -> &'static str {
        if self.time.is_some() { TIME } else { SEQ }
    }

    fn refused(&self, why: Message) -> ApiError {
        ApiError::invalid(Problem::value(self.field(), why))
    }

    fn moment(&self, state: &HttpState) -> Result<Moment, ApiError> {
        match (&self.time, &self.seq) {
            (Some(_), Some(_)) => Err(ApiError::invalid(Problem::value(SEQ, Message::NotBeside { field: TIME }))),
            (_, Some(text)) => seq(text, state).map(Moment::After),
            (time, None) => instant(time.as_deref().unwrap_or_default(), state).map(Moment::At),
        }
    }
}

fn seq(text: &str, state: &HttpState) -> Result<Seq, ApiError> {
    let most = state.queries.live().progress().head().get();
    let seq = text.parse::<i64>().ok().filter(|seq| (1..=most).contains(seq));
    seq.map(Seq::new).ok_or_else(|| ApiError::invalid(Problem::range(SEQ, Message::NumberBetween { least: 1, most })))
}

fn instant(text: &str, state: &HttpState) -> Result<Timestamp, ApiError> {
    // In a query, a plus sign that was not escaped arrives as a blank.
    let time = Timestamp::parse_moment(&text.replace(' ', "+"));
    let time = time.ok_or_else(|| ApiError::invalid(Problem::format(TIME, Message::MustBeInstant)))?;
    let now = state.now();
    if time > now {
        let head = state.queries.live().progress().head().get();
        let why = Message::NotYetPast { head, now: now.to_micros_text() };
        return Err(ApiError::invalid(Problem::range(TIME, why)));
    }
    Ok(time)
}

/// The moment that a request asks for, where it asks for one.
#[derive(Debug)]
pub(crate) struct AsOf {
    asked: Option<Asked>,
    context: Option<RequestContext>,
}

impl FromRequest for AsOf {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { asked: Asked::of(request), context: RequestContext::of(request) }))
    }
}

type State = web::Data<HttpState>;

impl AsOf {
    /// The state that tells of the moment, of the card that a text names.
    pub(crate) async fn card(self, state: State, caller: &Caller, text: &str) -> Result<State, ApiError> {
        let subject = CardRef::parse(text).map(|card| match card {
            CardRef::Id(card) => Subject::Card(card),
            CardRef::Number(number) => Subject::Number(number),
        });
        self.of(state, caller, subject).await
    }

    /// The same, of a customer.
    pub(crate) async fn customer(self, state: State, caller: &Caller, text: &str) -> Result<State, ApiError> {
        self.of(state, caller, ids::parse_customer(text.trim()).map(Subject::Customer)).await
    }

    /// The same, of the card of a transaction.
    pub(crate) async fn transaction(self, state: State, caller: &Caller, text: &str) -> Result<State, ApiError> {
        self.of(state, caller, ids::parse_transaction(text).map(Subject::Transaction)).await
    }

    /// The same for a list, which has a past only where it is of one card or customer: `fields` say how to name it.
    pub(crate) async fn list(
        self,
        state: State,
        caller: &Caller,
        subject: Option<Subject>,
        fields: &'static str,
    ) -> Result<State, ApiError> {
        match &self.asked {
            Some(asked) if subject.is_none() => Err(asked.refused(Message::NoPastWithoutOne { fields })),
            Some(_) | None => self.of(state, caller, subject).await,
        }
    }

    async fn of(self, state: State, caller: &Caller, subject: Option<Subject>) -> Result<State, ApiError> {
        let Some(asked) = self.asked else { return Ok(state) };
        let past = state.queries.past(caller.partner, subject, asked.moment(&state)?).await;
        let past = past.map_err(|error| match error {
            QueryError::TooWide { most } => {
                ApiError::invalid(Problem::range(asked.field(), Message::PastTooLong { most }))
            }
            QueryError::TooLong { .. }
            | QueryError::Beyond { .. }
            | QueryError::Behind
            | QueryError::Busy
            | QueryError::Past(_)
            | QueryError::Open(_)
            | QueryError::Read(_)
            | QueryError::Body(_)
            | QueryError::Tree(_)
            | QueryError::Lost => error.into(),
        })?;
        if let Some(context) = self.context {
            context.shows(past.seq, past.at);
        }
        Ok(web::Data::new(state.at(past)))
    }
}
