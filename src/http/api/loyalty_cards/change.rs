//! Changing, blocking and unblocking a card.

use super::State;
use super::holder::Holder;
use crate::domain::cards::{Block, BlockNote, Card, Unblock, UpdateCard};
use crate::domain::programme::Scope;
use crate::domain::{CardId, Metadata, Timestamp};
use crate::http::api::ERASED;
use crate::http::api::submitting::{PathId, find_card, request, submit};
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, Problem};
use crate::http::locales::Message;
use crate::http::openapi::words;
use crate::http::{ids, limits};
use crate::writer::{Command, Outcome};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A card as its change answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UpdatedCard)]
pub(crate) struct Updated {
    id: String,
    card_number: String,
    #[serde(flatten)]
    holder: Holder,
    points_balance: i64,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
    card_design: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

pub(crate) async fn update(state: State, caller: Caller, id: PathId, body: Body) -> Result<Answer<Updated>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let command = Command::UpdateCard(changes(body.fields()?, card)?);
    let outcome = submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let (card, changed_at) = changed(&outcome)?;
    let updated = Updated {
        id: ids::card(card.id),
        card_number: card.number.to_string(),
        holder: Holder::of(outcome.person.as_deref()),
        points_balance: card.available(state.now()).get(),
        status: card.status.name(),
        card_design: card.design.to_string(),
        updated_at: changed_at.unwrap_or(card.updated_at).to_seconds_text(),
        metadata: state.queries.metadata(card)?,
    };
    Ok(Answer::ok(Message::CardUpdated, updated))
}

fn changes(mut fields: Fields, card: CardId) -> Result<UpdateCard, ApiError> {
    if fields.take("status").is_some() {
        fields.problem(Problem::value("status", Message::ChangedByBlocking));
    }
    let update = UpdateCard {
        card,
        email: fields.string("customer_email"),
        name: fields.text("customer_name", limits::NAME_CHARS),
        phone: fields.phone("customer_phone"),
        design: fields.design("card_design"),
        metadata: fields.metadata("metadata"),
    };
    fields.finish().none_or(update).map_err(ApiError::Invalid)
}

// The card as a command left it, and when it changed anything.
fn changed(outcome: &Outcome) -> Result<(&Card, Option<Timestamp>), ApiError> {
    let card = outcome.card.as_deref().ok_or(ApiError::Internal)?;
    Ok((card, outcome.events.last().map(|recorded| recorded.at)))
}

/// The answer of a block.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BlockedCard)]
pub(crate) struct Blocked {
    id: String,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
    reason: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    blocked_at: String,
    can_earn_points: bool,
    can_redeem_points: bool,
}

pub(crate) async fn block(state: State, caller: Caller, id: PathId, body: Body) -> Result<Answer<Blocked>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let command = Command::Block(Block { card, note: block_note(body.fields()?)? });
    let outcome = submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let (card, _) = changed(&outcome)?;
    // Blocked twice, a card stays blocked for the first reason.
    let reason = state.queries.block_reason(card)?.unwrap_or_else(|| ERASED.to_owned());
    let blocked = Blocked {
        id: ids::card(card.id),
        status: card.status.name(),
        reason,
        blocked_at: card.blocked_at.unwrap_or(card.updated_at).to_seconds_text(),
        can_earn_points: false,
        can_redeem_points: false,
    };
    Ok(Answer::ok(Message::CardBlocked, blocked))
}

/// The answer of an unblock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnblockedCard)]
pub(crate) struct Unblocked {
    id: String,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
    reason: String,
    #[schema(format = DateTime)]
    unblocked_at: String,
    #[schema(value_type = Option<String>)]
    blocked_at: Value,
    can_earn_points: bool,
    can_redeem_points: bool,
}

pub(crate) async fn unblock(
    state: State,
    caller: Caller,
    id: PathId,
    body: Body,
) -> Result<Answer<Unblocked>, ApiError> {
    caller.needs(Scope::LoyaltyWrite)?;
    let card = find_card(&state, &caller, &id.0).await?;
    let note = block_note(body.fields()?)?;
    let reason = note.reason.clone();
    let command = Command::Unblock(Unblock { card, note });
    let outcome = submit(&state, request(&caller, None, command), |_| json!({})).await?;
    let (card, changed_at) = changed(&outcome)?;
    let directory = state.queries.live().directory();
    let rules = directory.templates.get(&card.template).map(|template| &template.rules);
    let unblocked = Unblocked {
        id: ids::card(card.id),
        status: card.status.name(),
        reason,
        unblocked_at: changed_at.unwrap_or(card.updated_at).to_seconds_text(),
        blocked_at: Value::Null,
        can_earn_points: rules.is_some_and(|rules| rules.points_enabled),
        can_redeem_points: rules.is_some_and(|rules| rules.points_redemption_enabled),
    };
    Ok(Answer::ok(Message::CardUnblocked, unblocked))
}

fn block_note(mut fields: Fields) -> Result<BlockNote, ApiError> {
    let reason = fields.required_text("reason", limits::REASON_CHARS);
    let note = fields.text("internal_note", limits::NOTE_CHARS);
    fields.finish().or(reason.map(|reason| BlockNote { reason, note })).map_err(ApiError::Invalid)
}
