//! `/partners/exports`, and the exports that need no job: whole data sets as files, read while they are sent.
//!
//! A job is a saved request that stands at a position of the log. Nothing runs for it, so it is complete at once; its rows are
//! read, up to that position, when it is downloaded.

mod downloads;
mod filters;
mod job;
mod request;

pub(crate) use downloads::Downloads;

use super::State;
use super::access::Access;
use crate::domain::programme::Scope;
use crate::domain::{PartnerId, Timestamp};
use crate::exports::Encoder;
use crate::http::api::submitting::PathId;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::ops::{ExportJob, Kept};
use crate::queries::{DataSet, ExportPosition, ExportQuestion};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use job::{Job, Jobs};
use request::{Asked, Request};

pub(super) fn routes(routes: &mut web::ServiceConfig, base: &str) {
    let at = |path: &str| web::resource(format!("{base}{path}"));
    routes
        .service(at("/exports").route(web::get().to(list)).route(web::post().to(create)))
        .service(at("/exports/{id}").route(web::get().to(get)))
        .service(at("/exports/{id}/download").route(web::get().to(download)))
        .service(at("/customers/export").route(web::get().to(customers)))
        .service(at("/cards/export").route(web::get().to(cards)))
        .service(
            at("/transactions/export").route(web::get().to(transactions)).route(web::post().to(create_of_transactions)),
        );
}

/// `POST /exports`
pub(crate) async fn create(
    state: State,
    access: Access,
    request: HttpRequest,
    body: Body,
) -> Result<Answer<Job>, ApiError> {
    let caller = whole_partner(access)?;
    let asked = Request::of_body(body.fields()?)?.resolved(&state, &caller).await?;
    keep(&state, &caller, &request, asked).await
}

/// `POST /transactions/export`: the same for one data set, asked for in the query.
pub(crate) async fn create_of_transactions(
    state: State,
    access: Access,
    request: HttpRequest,
    _signed: Body,
) -> Result<Answer<Job>, ApiError> {
    let caller = whole_partner(access)?;
    let asked = Request::of_query(&request, DataSet::Transactions)?.resolved(&state, &caller).await?;
    keep(&state, &caller, &request, asked).await
}

/// `GET /exports`
pub(crate) async fn list(state: State, access: Access, request: HttpRequest) -> Result<Answer<Jobs>, ApiError> {
    let caller = whole_partner(access)?;
    let mut params = Params::of(&request);
    let paging = params.paging_up_to(limits::SHOP_ROWS, limits::SHOP_ROWS_MAX);
    let paging = params.finish(paging)?;
    let (jobs, total) = state.exports.list(caller.partner, paging.window().offset, paging.window().limit)?;
    let shown = jobs.iter().map(|job| Job::of(job, &state, &request)).collect::<Result<_, _>>()?;
    Ok(Answer::ok(Message::Exports, Jobs(shown)).with_meta(serde_json::to_value(paging.meta(total)).ok()))
}

/// `GET /exports/{id}`
pub(crate) async fn get(
    state: State,
    access: Access,
    request: HttpRequest,
    id: PathId,
) -> Result<Answer<Job>, ApiError> {
    let caller = whole_partner(access)?;
    let job = own_job(&state, &caller, &id.0)?;
    Ok(Answer::ok(Message::Export, Job::of(&job, &state, &request)?))
}

/// `GET /exports/{id}/download`, with credentials or with the token of the link.
pub(crate) async fn download(state: State, request: HttpRequest, id: PathId) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let job = match Params::of(&request).value("token") {
        Some(token) => linked_job(&state, &request, &id.0, &token)?,
        None => own_job(&state, &whole_partner(Access::of(&request)?)?, &id.0)?,
    };
    if job.is_expired(now) {
        return Err(ApiError::Expired);
    }
    let asked = Asked::of_job(&job)?;
    let position = ExportPosition { as_of: job.as_of, last: job.last };
    send(&state, asked, job.partner, position)
}

/// `GET /customers/export`
pub(crate) async fn customers(state: State, access: Access, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    at_once(state, access, request, DataSet::Customers).await
}

/// `GET /cards/export`
pub(crate) async fn cards(state: State, access: Access, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    at_once(state, access, request, DataSet::Cards).await
}

/// `GET /transactions/export`
pub(crate) async fn transactions(state: State, access: Access, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    at_once(state, access, request, DataSet::Transactions).await
}

async fn at_once(state: State, access: Access, request: HttpRequest, set: DataSet) -> Result<HttpResponse, ApiError> {
    let caller = whole_partner(access)?;
    let asked = Request::of_query(&request, set)?.resolved(&state, &caller).await?;
    let position = state.queries.export_position(caller.partner, set).await?;
    send(&state, asked, caller.partner, position)
}

/// An export holds everybody's personal data: a credential of one shop does not get it.
fn whole_partner(access: Access) -> Result<Caller, ApiError> {
    access.changes(Scope::LoyaltyRead)
}

async fn keep(state: &State, caller: &Caller, request: &HttpRequest, asked: Asked) -> Result<Answer<Job>, ApiError> {
    let position = state.queries.export_position(caller.partner, asked.set).await?;
    let now = state.clock.now();
    let (exports, new) = (state.exports.clone(), asked.job(caller, position));
    // A write to ops.db may wait for the disk, and nobody else's request for it.
    let kept = web::block(move || exports.add(new, now)).await.map_err(|_| ApiError::Internal)??;
    match kept {
        Kept::Job(job) => Ok(Answer::created(Message::ExportCreated, Job::of(&job, state, request)?)),
        Kept::Full { until } => Err(ApiError::TooManyExports { retry_after: seconds_until(until, now) }),
    }
}

fn seconds_until(end: Timestamp, now: Timestamp) -> i64 {
    (end.micros() - now.micros()).div_euclid(1_000_000) + 1
}

fn own_job(state: &State, caller: &Caller, id: &str) -> Result<ExportJob, ApiError> {
    let found = state.exports.get(id)?.filter(|job| job.partner == caller.partner);
    found.ok_or_else(|| ApiError::ExportNotFound { export: id.to_owned() })
}

// A link works like the key that asked for it: as long as that one does. Whoever guesses is counted by address.
fn linked_job(state: &State, request: &HttpRequest, id: &str, token: &str) -> Result<ExportJob, ApiError> {
    let now = state.clock.now();
    let found = state.exports.get(id)?.filter(|job| state.exports.verify(job, token));
    let Some(job) = found else {
        return state
            .rate_limits
            .count_failure(state.proxies.counted(request), now)
            .outcome
            .and(Err(ApiError::NotGenuine));
    };
    let directory = state.queries.live().directory();
    let key = directory.keys.get(&job.key).filter(|key| key.revoked_at.is_none());
    match key {
        Some(key) if key.expires_at.is_none_or(|end| now < end) => Ok(job),
        Some(_) | None => Err(ApiError::CredentialsExpired),
    }
}

fn send(state: &State, asked: Asked, partner: PartnerId, position: ExportPosition) -> Result<HttpResponse, ApiError> {
    let Asked { set, format, selection, filter, .. } = asked;
    let place = state.downloads.begin(partner, state.clock.clone())?;
    let question = ExportQuestion { partner, set, filter, wanted: selection.wanted(), position };
    let rows = downloads::stream(state.queries.clone(), question, Encoder::new(format, selection), place);
    let name = format!("attachment; filename=\"{}-{}.{}\"", set.name(), position.as_of, format.name());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.content_type()))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-export-as-of", position.as_of.get()))
        .streaming(rows))
}
