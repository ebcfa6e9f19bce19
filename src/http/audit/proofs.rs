//! Proofs that an event is in a tree and that a tree begins with another, and the tiles from which a mirror makes its own.

use super::{State, required};
use crate::domain::Seq;
use crate::domain::programme::Scope;
use crate::http::HttpState;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::params::Params;
use crate::queries::WhichCheckpoint;
use crate::tree::TileId;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

pub(crate) async fn inclusion(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let head = head(&state);
    let mut params = Params::of(&request);
    let seq = required(&mut params, "seq", 1..=head);
    let least = seq.map_or(1, Seq::get);
    let size = params.number(&["size"], least..=head).map(Seq::new);
    let (seq, size) = params.finish((seq, size))?;
    let seq = seq.unwrap_or(Seq::ZERO);
    let size = match size {
        Some(size) => size,
        // The smallest checkpoint that covers the event: whoever asks again gets the same proof.
        None => covering(&state, seq).await?,
    };
    let proof = state.queries.inclusion(seq, size).await?;
    Ok(HttpResponse::Ok().json(json!({
        "seq": seq,
        "leaf_index": seq.get() - 1,
        "size": size,
        "root": hex::encode(proof.root),
        "leaf_hash": hex::encode(proof.leaf_hash),
        "hashes": digits(&proof.hashes),
    })))
}

pub(crate) async fn consistency(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let head = head(&state);
    let mut params = Params::of(&request);
    let from = required(&mut params, "from", 0..=head);
    let to = required(&mut params, "to", from.map_or(0, Seq::get)..=head);
    let (from, to) = params.finish((from, to))?;
    let (from, to) = (from.unwrap_or(Seq::ZERO), to.unwrap_or(Seq::ZERO));
    let proof = state.queries.consistency(from, to).await?;
    Ok(HttpResponse::Ok().json(json!({
        "from": from,
        "to": to,
        "from_root": hex::encode(proof.from_root),
        "to_root": hex::encode(proof.to_root),
        "hashes": digits(&proof.hashes),
    })))
}

pub(crate) async fn tile(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let path = request.match_info().get("tile").unwrap_or_default();
    let bytes = match (TileId::parse_entries(path), TileId::parse(path)) {
        (Some(id), _) => state.queries.entries(id).await?.map(|entries| bundle(&entries)),
        (None, Some(id)) => state.queries.tile(id).await?.map(|hashes| hashes.concat()),
        (None, None) => None,
    };
    let bytes = bytes.ok_or(ApiError::UnknownPath)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")));
    // The hashes of a tile never change; who may read them is asked each time, so only the reader's own cache keeps them.
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")));
    Ok(response.body(bytes))
}

/// An entry bundle of C2SP tlog-tiles: each entry after its length, 16 bits, big endian.
fn bundle(entries: &[[u8; 32]]) -> Vec<u8> {
    entries.iter().flat_map(|entry| [0, 32].into_iter().chain(*entry)).collect()
}

pub(super) async fn covering(state: &HttpState, seq: Seq) -> Result<Seq, ApiError> {
    let found = state.queries.checkpoint(WhichCheckpoint::Covering(seq)).await?;
    found.map(|checkpoint| checkpoint.size).ok_or(ApiError::CheckpointNotFound)
}

pub(super) fn digits(hashes: &[[u8; 32]]) -> Vec<Value> {
    hashes.iter().map(|hash| hex::encode(hash).into()).collect()
}

fn head(state: &HttpState) -> i64 {
    state.queries.live().progress().head().get()
}
