//! Sealed balances: the seals, and statements that prove one card's balance at a month's end without the service; as JSON, and as a
//! QR code that says the same JSON.

use super::{State, proofs, sight};
use crate::domain::programme::Scope;
use crate::domain::seals::Period;
use crate::domain::{CardId, Seq};
use crate::http::api::submitting::PathId;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::ids::CardRef;
use crate::http::params::Params;
use crate::http::{limits, picture};
use crate::queries::{SealView, Sight, WhichCheckpoint};
use crate::sealing::{BalanceProof, prove};
use actix_web::{HttpRequest, HttpResponse, web};
use qrcode::EcLevel;
use serde_json::{Value, json};

/// A month and a card, as the path names them.
type Named = web::Path<(String, String)>;

pub(crate) async fn list(state: State, caller: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let mut params = Params::of(&request);
    let after = params.number(&["after"], 0..=i64::MAX).unwrap_or(0);
    let limit = params.number(&["limit"], 1..=limits::PAGE_ROWS_MAX).unwrap_or(limits::PAGE_ROWS);
    let (after, limit) = params.finish((after, limit))?;
    let found = state.queries.seals(sight(&caller), Seq::new(after), limit).await?;
    let full = i64::try_from(found.len()).unwrap_or(i64::MAX) == limit;
    let next = found.last().filter(|_| full).map(|last| last.seq);
    Ok(HttpResponse::Ok().json(json!({ "seals": found.iter().map(facts).collect::<Vec<_>>(), "next_after": next })))
}

pub(crate) async fn of_period(state: State, caller: Caller, id: PathId) -> Result<HttpResponse, ApiError> {
    caller.needs(Scope::Audit)?;
    let unknown = || ApiError::SealNotFound { period: id.0.clone() };
    let period = Period::parse(&id.0).ok_or_else(unknown)?;
    let found = state.queries.seals_of(sight(&caller), period).await?;
    if found.is_empty() {
        return Err(unknown());
    }
    Ok(HttpResponse::Ok().json(json!({ "period": period, "seals": found.iter().map(facts).collect::<Vec<_>>() })))
}

pub(crate) async fn statement(state: State, caller: Caller, named: Named) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(proved(&state, &caller, &named).await?))
}

/// For paper: whoever scans it has the file that the auditor's tool takes.
pub(crate) async fn qr(
    state: State,
    caller: Caller,
    named: Named,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let mut params = Params::of(&request);
    let size = picture::size(&mut params, limits::QR_PIXELS_MAX);
    let size = params.finish(size)?;
    let said = proved(&state, &caller, &named).await?.to_string();
    if said.len() > limits::QR_RECEIPT_BYTES {
        return Err(ApiError::ReceiptTooLong { bytes: said.len() });
    }
    // With the least redundancy: a statement needs the room.
    let png = picture::png(&said, EcLevel::L, size)?;
    Ok(HttpResponse::Ok().content_type("image/png").body(png))
}

async fn proved(state: &State, caller: &Caller, named: &Named) -> Result<Value, ApiError> {
    caller.needs(Scope::Audit)?;
    let sight = sight(caller);
    let unsealed = || ApiError::SealNotFound { period: named.0.clone() };
    let card = card(state, sight, &named.1).await?;
    let partner = state.queries.partner_of_card(card).await?.filter(|partner| sight.sees(*partner));
    let partner = partner.ok_or_else(|| ApiError::CardNotFound { card: named.1.clone() })?;
    let period = Period::parse(&named.0).ok_or_else(unsealed)?;
    let seal = state.queries.seal(partner, period).await?.ok_or_else(unsealed)?;
    let view = seal.clone();
    let proof = state.queries.in_turn(move |queries| prove(queries, &view, card)).await??;
    shown(state, sight, &seal, &proof.ok_or_else(unsealed)?).await
}

async fn card(state: &State, sight: Sight, text: &str) -> Result<CardId, ApiError> {
    let unknown = || ApiError::CardNotFound { card: text.to_owned() };
    match (CardRef::parse(text).ok_or_else(unknown)?, sight) {
        (CardRef::Id(id), _) => Ok(id),
        (CardRef::Number(number), Sight::Partner(partner)) => {
            let lookups = state.queries.lookups().await?;
            lookups.card_by_number(partner, &number)?.ok_or_else(unknown)
        }
        // Two partners may have given out the same number.
        (CardRef::Number(_), Sight::Everything) => Err(unknown()),
    }
}

async fn shown(state: &State, sight: Sight, seal: &SealView, proof: &BalanceProof) -> Result<Value, ApiError> {
    let (event, previous_hash) = state.queries.log_row(seal.seq, sight).await?.ok_or(ApiError::Internal)?;
    let checkpoint = state.queries.checkpoint(WhichCheckpoint::Covering(seal.seq)).await?;
    let checkpoint = checkpoint.ok_or(ApiError::CheckpointNotFound)?;
    let inclusion = state.queries.inclusion(seal.seq, checkpoint.size).await?;
    let closing = &proof.closing;
    Ok(json!({
        "format": "counterfoil balance v1",
        "period": seal.period,
        "card": closing.card,
        "number": closing.number.as_str(),
        "balance": closing.balance,
        "available": closing.available,
        "salt": hex::encode(proof.salt),
        "sealed": { "leaf_index": proof.index, "size": seal.cards, "hashes": proofs::digits(&proof.hashes) },
        "event": event,
        "previous_hash": previous_hash,
        "proof": {
            "leaf_index": seal.seq.get() - 1,
            "size": checkpoint.size,
            "hashes": proofs::digits(&inclusion.hashes),
        },
        "checkpoint": state.notary.note(&checkpoint)?,
    }))
}

fn facts(seal: &SealView) -> Value {
    json!({
        "partner_id": seal.partner,
        "period": seal.period,
        "ends_at": seal.ends_at,
        "as_of": seal.as_of,
        "cards": seal.cards,
        "points": seal.points,
        "available": seal.available,
        "root": seal.root,
        "seq": seal.seq,
        "recorded_at": seal.at,
    })
}
