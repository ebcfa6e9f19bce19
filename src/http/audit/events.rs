//! Events as the log holds them: in pages, and as a stream from any position.

use super::feed::{Form, Place};
use super::{State, sight};
use crate::domain::Seq;
use crate::domain::programme::Scope;
use crate::http::auth::{Caller, header};
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::params::Params;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

pub(crate) async fn page(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let mut params = Params::of(&request);
    let after = params.number(&["after"], 0..=i64::MAX).unwrap_or(0);
    let limit = params.number(&["limit"], 1..=limits::LOG_ROWS_MAX).unwrap_or(limits::LOG_ROWS);
    let (after, limit) = params.finish((after, limit))?;
    // Read first: a page that ends before it is not the last.
    let head = state.queries.live().progress().head();
    let rows = state.queries.log_rows(Seq::new(after), limit, sight(&caller)).await?;
    let next = rows.last().map_or(after, |row| row.seq().get());
    Ok(HttpResponse::Ok().json(json!({ "events": rows, "next_after": next, "head": head.get().max(next) })))
}

pub(crate) async fn stream(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let mut params = Params::of(&request);
    let after = params.number(&["after"], 0..=i64::MAX).unwrap_or(0);
    let after = params.finish(after)?;
    let form = match header(&request, "accept") {
        Some(accepted) if accepted.contains("text/event-stream") => Form::ServerSentEvents,
        Some(_) | None => Form::JsonLines,
    };
    let after = last_seen(&request)?.unwrap_or(after);
    let place = Place { after: Seq::new(after), sight: sight(&caller), form };
    let feed = state.feeds.begin(state.clone(), caller.key, place)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(form.content_type())));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    // A proxy that collects answers would keep what happens now until later.
    response.insert_header(("x-accel-buffering", "no"));
    Ok(response.body(feed))
}

/// Where a browser that lost its connection says that it was.
pub(in crate::http) fn last_seen(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
    let Some(last) = header(request, "last-event-id") else { return Ok(None) };
    let known = last.parse::<i64>().ok().filter(|last| *last >= 0);
    known.map(Some).ok_or_else(|| {
        let bounds = Message::NumberBetween { least: 0, most: i64::MAX };
        ApiError::invalid(Problem::range("Last-Event-ID", bounds))
    })
}
