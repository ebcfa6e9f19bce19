//! Receipts: an event with everything that proves it stands in the log, to be verified without the service.

use super::{State, proofs, sight};
use crate::domain::programme::Scope;
use crate::http::api::submitting::PathId;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::ids;
use crate::queries::WhichCheckpoint;
use actix_web::HttpResponse;
use serde_json::json;

pub(crate) async fn receipt(state: State, caller: Caller, id: PathId) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let unknown = || ApiError::TransactionNotFound { transaction: id.0.clone() };
    let seq = ids::parse_transaction(&id.0).ok_or_else(unknown)?;
    let (event, previous_hash) = state.queries.log_row(seq, sight(&caller)).await?.ok_or_else(unknown)?;
    // The smallest one that covers the event, so that the receipt of an event is always the same but for its cosignatures.
    let checkpoint = state.queries.checkpoint(WhichCheckpoint::Covering(seq)).await?;
    let checkpoint = checkpoint.ok_or(ApiError::CheckpointNotFound)?;
    let proof = state.queries.inclusion(seq, checkpoint.size).await?;
    Ok(HttpResponse::Ok().json(json!({
        "format": "counterfoil receipt v1",
        "event": event,
        "previous_hash": previous_hash,
        "proof": { "leaf_index": seq.get() - 1, "size": checkpoint.size, "hashes": proofs::digits(&proof.hashes) },
        "checkpoint": state.notary.note(&checkpoint)?,
    })))
}
