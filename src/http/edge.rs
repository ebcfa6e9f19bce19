//! What surrounds every request: its id, the form of its failure, its rate-limit headers, and one line in the log.
//!
//! The log line holds the matched route, not the path, and never a body, a name, an address or a secret.

use super::HttpState;
use super::connections::{Answering, Held};
use super::envelope::failure;
use super::errors::{ApiError, Form};
use super::ids;
use super::locales::Locale;
use super::operations::WorkerFigures;
use super::rate_limits::Standing;
use super::trace::Trace;
use crate::domain::{KeyId, Seq, Timestamp};
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, HeaderMap, HeaderName, HeaderValue, VARY};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, web};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

const CORS: &str = "access-control-";
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static AS_OF_SEQ: HeaderName = HeaderName::from_static("x-as-of-seq");
static AS_OF: HeaderName = HeaderName::from_static("x-as-of");

/// What is known of a request from its first moment on, and what is learnt on the way.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext(Rc<Known>);

#[derive(Debug)]
struct Known {
    id: String,
    trace: Trace,
    key: Cell<Option<KeyId>>,
    /// None until somebody was counted; who is without bound stands nowhere.
    standing: Cell<Option<Option<Standing>>>,
    /// Which event and time the answer shows, where it is the past.
    shows: Cell<Option<(Seq, Timestamp)>>,
}

impl RequestContext {
    fn new(headers: &HeaderMap) -> Self {
        // The generator is cryptographic and seeded by the system, without a system call for each request.
        let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
        let trace = Trace::of(headers, rand::random(), rand::random());
        Self(Rc::new(Known { id, trace, key: Cell::new(None), standing: Cell::new(None), shows: Cell::new(None) }))
    }

    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// The request's id.
    pub(crate) fn id_of(request: &HttpRequest) -> String {
        Self::of(request).map(|context| context.0.id.clone()).unwrap_or_default()
    }

    pub(crate) fn authenticated(&self, key: KeyId) {
        self.0.key.set(Some(key));
    }

    /// Notes of which event and time the answer tells.
    pub(crate) fn shows(&self, seq: Seq, at: Timestamp) {
        self.0.shows.set(Some((seq, at)));
    }

    pub(crate) fn stands(&self, standing: Option<Standing>) {
        self.0.standing.set(Some(standing));
    }
}

/// Middleware: everything that every answer has in common.
pub(crate) async fn edge<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Held<EitherBody<B, BoxBody>>>, Error> {
    let started = Instant::now();
    let answering = Answering::begin(&request);
    let context = RequestContext::new(request.headers());
    request.extensions_mut().insert(context.clone());
    let state = request.app_data::<web::Data<HttpState>>().cloned();
    // Every service within answers its failures itself; an error here would be the framework's own.
    let answered = next.call(request).await?.map_into_left_body();
    let cut = answered.status() == StatusCode::REQUEST_TIMEOUT;
    let mut response = in_error_form(answered, &context, state.as_ref().map(|state| state.get_ref()));
    if cut {
        // What else comes on this connection belongs to the body that was cut.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Some(state) = &state {
        let standing = context.0.standing.get().unwrap_or_else(|| state.standing_of(response.request()));
        add_headers(response.headers_mut(), &context, standing);
    }
    if state.is_some_and(|state| state.figures.is_some())
        && let Some(figures) = response.request().app_data::<WorkerFigures>()
    {
        figures.answered(response.request(), response.status().as_u16(), started.elapsed());
    }
    log(&response, &context, started);
    Ok(response.map_body(|_, body| Held::new(body, answering)))
}

fn in_error_form<B: MessageBody>(
    response: ServiceResponse<EitherBody<B, BoxBody>>,
    context: &RequestContext,
    state: Option<&HttpState>,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let known = response.response().error().and_then(|error| error.as_error::<ApiError>()).map(ApiError::form);
    let mut form = known.unwrap_or_else(|| {
        let allowed = response.headers().get(ALLOW).and_then(|allowed| allowed.to_str().ok());
        Form::of_status(status, allowed.map(str::to_owned))
    });
    if let Some(figures) = state.and_then(|state| state.figures.as_ref()) {
        figures.failed(form.code);
    }
    if ids::are_numbers(response.request().path()) {
        ids::in_numbers(&mut form.details);
    }
    let now = state.map(|state| state.clock.now().to_seconds_text()).unwrap_or_default();
    let mut rendered = failure(&form, Locale::of(response.request()), &context.0.id, &now);
    // What a browser needs in order to show the page why.
    let for_browsers = response.headers().iter().filter(|(name, _)| **name == VARY || name.as_str().starts_with(CORS));
    for (name, value) in for_browsers {
        rendered.headers_mut().append(name.clone(), value.clone());
    }
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, rendered).map_into_right_body()
}

fn add_headers(headers: &mut HeaderMap, context: &RequestContext, standing: Option<Standing>) {
    if let Ok(id) = HeaderValue::from_str(&context.0.id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    if let Some((seq, at)) = context.0.shows.get() {
        headers.insert(AS_OF_SEQ.clone(), seq.get().into());
        if let Ok(at) = HeaderValue::from_str(&at.to_micros_text()) {
            headers.insert(AS_OF.clone(), at);
        }
    }
    context.0.trace.tell(headers);
    if let Some(standing) = standing {
        standing.tell(headers);
    }
}

fn log<B>(response: &ServiceResponse<B>, context: &RequestContext, started: Instant) {
    // The route's pattern is looked up by walking the routes: not for a line that nobody keeps.
    if tracing::enabled!(tracing::Level::INFO) {
        tracing::info!(
            method = %response.request().method(),
            route = response.request().match_pattern().as_deref().unwrap_or("unknown"),
            status = response.status().as_u16(),
            micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id = %context.0.id,
            trace_id = %context.0.trace.id(),
            span_id = %context.0.trace.span(),
            key = context.0.key.get().map(KeyId::get),
            "answered"
        );
    }
}
