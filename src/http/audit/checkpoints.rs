//! Checkpoints: the newest, one of a size, all of them, a fresh one, and the cosignatures of witnesses.

use super::{State, aside, size_of};
use crate::domain::Seq;
use crate::domain::programme::Scope;
use crate::http::HttpState;
use crate::http::api::submitting::PathId;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::errors::ApiError;
use crate::http::limits;
use crate::http::params::Params;
use crate::queries::{CheckpointView, WhichCheckpoint};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

pub(crate) async fn newest(state: State, caller: Caller) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    shown(&state, WhichCheckpoint::Newest).await
}

pub(crate) async fn of_size(state: State, caller: Caller, size: PathId) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    shown(&state, WhichCheckpoint::OfSize(size_of(&size.0)?)).await
}

pub(crate) async fn make(state: State, caller: Caller) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let (notary, actor) = (state.notary.clone(), caller.actor());
    let made = aside(move || notary.checkpoint(actor)).await?;
    Ok(note(if made.fresh { StatusCode::CREATED } else { StatusCode::OK }, made.note))
}

pub(crate) async fn cosign(state: State, caller: Caller, size: PathId, body: Body) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let size = size_of(&size.0)?;
    let mut fields = body.fields()?;
    let line = fields.required_text("signature", limits::SIGNATURE_LINE_CHARS);
    let line = fields.finish().or(line).map_err(ApiError::Invalid)?;
    let (notary, actor, witnesses) = (state.notary.clone(), caller.actor(), state.witnesses.clone());
    let made = aside(move || notary.cosign(size, &line, &witnesses, actor)).await?;
    Ok(note(if made.fresh { StatusCode::CREATED } else { StatusCode::OK }, made.note))
}

pub(crate) async fn list(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let mut params = Params::of(&request);
    let after = params.number(&["after"], 0..=i64::MAX).unwrap_or(0);
    let limit = params.number(&["limit"], 1..=limits::PAGE_ROWS_MAX).unwrap_or(limits::PAGE_ROWS);
    let (after, limit) = params.finish((after, limit))?;
    let found = state.queries.checkpoints(Seq::new(after), limit).await?;
    let full = i64::try_from(found.len()).unwrap_or(i64::MAX) == limit;
    let next = found.last().filter(|_| full).map(|last| last.size.get());
    let rows: Result<Vec<Value>, ApiError> = found.iter().map(|view| row(&state, view)).collect();
    Ok(HttpResponse::Ok().json(json!({ "checkpoints": rows?, "next_after": next })))
}

pub(crate) async fn keys(state: State, caller: Caller) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let keys = state.notary.keys()?.into_iter().map(|(key, verifier)| {
        json!({
            "key": key.id,
            "origin": key.origin,
            "public_key": key.public_key,
            "verifier_key": verifier.to_string(),
            "created_at": key.created_at,
            "retired_at": key.retired_at,
        })
    });
    Ok(HttpResponse::Ok().json(json!({ "keys": keys.collect::<Vec<_>>() })))
}

async fn shown(state: &HttpState, which: WhichCheckpoint) -> Result<HttpResponse, ApiError> {
    let view = state.queries.checkpoint(which).await?.ok_or(ApiError::CheckpointNotFound)?;
    Ok(note(StatusCode::OK, state.notary.note(&view)?))
}

fn row(state: &HttpState, view: &CheckpointView) -> Result<Value, ApiError> {
    Ok(json!({
        "size": view.size,
        "root": view.root,
        "key": view.key,
        "seq": view.seq,
        "recorded_at": view.at,
        "cosignatures": view.cosignatures.len(),
        "note": state.notary.note(view)?,
    }))
}

fn note(status: StatusCode, text: String) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    response.body(text)
}
