//! Receipts: an event with everything that proves it stands in the log, to be verified without the service; as JSON, and as a QR
//! code that says the same JSON.

use super::{State, proofs, sight};
use crate::domain::programme::Scope;
use crate::http::api::submitting::PathId;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::params::Params;
use crate::http::{ids, limits, picture};
use crate::queries::WhichCheckpoint;
use actix_web::{HttpRequest, HttpResponse};
use qrcode::EcLevel;
use serde_json::{Value, json};

pub(crate) async fn receipt(state: State, caller: Caller, id: PathId) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(proved(&state, &caller, &id).await?))
}

/// For paper: whoever scans it has the file that the auditor's tool takes.
pub(crate) async fn qr(
    state: State,
    caller: Caller,
    id: PathId,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let mut params = Params::of(&request);
    let size = picture::size(&mut params, limits::QR_PIXELS_MAX);
    let size = params.finish(size)?;
    let said = proved(&state, &caller, &id).await?.to_string();
    if said.len() > limits::QR_RECEIPT_BYTES {
        return Err(ApiError::ReceiptTooLong { bytes: said.len() });
    }
    // With the least redundancy: a receipt needs the room.
    let png = picture::png(&said, EcLevel::L, size)?;
    Ok(HttpResponse::Ok().content_type("image/png").body(png))
}

async fn proved(state: &State, caller: &Caller, id: &PathId) -> Result<Value, ApiError> {
    caller.needs(Scope::Audit)?;
    let unknown = || ApiError::TransactionNotFound { transaction: id.0.clone() };
    let seq = ids::parse_transaction(&id.0).ok_or_else(unknown)?;
    let (event, previous_hash) = state.queries.log_row(seq, sight(caller)).await?.ok_or_else(unknown)?;
    // The smallest one that covers the event, so that the receipt of an event is always the same but for its cosignatures.
    let checkpoint = state.queries.checkpoint(WhichCheckpoint::Covering(seq)).await?;
    let checkpoint = checkpoint.ok_or(ApiError::CheckpointNotFound)?;
    let proof = state.queries.inclusion(seq, checkpoint.size).await?;
    Ok(json!({
        "format": "counterfoil receipt v1",
        "event": event,
        "previous_hash": previous_hash,
        "proof": { "leaf_index": seq.get() - 1, "size": checkpoint.size, "hashes": proofs::digits(&proof.hashes) },
        "checkpoint": state.notary.note(&checkpoint)?,
    }))
}
