//! Showing one card, and its history.

use super::State;
use super::holder::{Holder, host, qr_url};
use crate::domain::programme::Scope;
use crate::domain::{Metadata, Timestamp};
use crate::http::api::entries::{HistoryEntry, RecentEntry};
use crate::http::api::points::history_query;
use crate::http::api::submitting::{PathId, find_card};
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::locales::Message;
use crate::http::openapi::words;
use crate::http::paging::Pagination;
use crate::http::{ids, limits};
use crate::queries::CardView;
use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

/// A card with everything about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Card)]
pub(crate) struct Shown {
    id: String,
    card_number: String,
    #[serde(flatten)]
    holder: Holder,
    points_balance: i64,
    lifetime_points: i64,
    points_redeemed: i64,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
    card_design: String,
    #[schema(value_type = words::Tier)]
    tier: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_activity: String,
    qr_code_url: String,
    recent_transactions: Vec<RecentEntry>,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

impl Shown {
    fn of(view: CardView, now: Timestamp, host: &str) -> Self {
        let card = view.card;
        Self {
            id: ids::card(card.id),
            card_number: card.number.to_string(),
            holder: Holder::of(view.person.as_ref()),
            points_balance: card.available(now).get(),
            lifetime_points: card.lifetime.get(),
            points_redeemed: card.redeemed.get(),
            status: card.status.name(),
            card_design: card.design.into_string(),
            tier: card.tier.name(),
            created_at: card.issued_at.to_seconds_text(),
            last_activity: card.last_activity.to_seconds_text(),
            qr_code_url: qr_url(host, card.id),
            recent_transactions: view.recent.into_iter().map(RecentEntry::from).collect(),
            metadata: view.metadata,
        }
    }
}

pub(crate) async fn get(
    state: State,
    caller: Caller,
    id: PathId,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Shown>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let state = as_of.card(state, &caller, &id.0).await?;
    let card = find_card(&state, &caller, &id.0).await?;
    let view = state.queries.card_view(caller.partner, card).await?;
    let view = view.ok_or(ApiError::CardNotFound { card: id.0 })?;
    Ok(Answer::ok(Message::Card, Shown::of(view, state.now(), &host(&state, &request))))
}

/// A page of a card's history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardHistory)]
pub(crate) struct History {
    transactions: Vec<HistoryEntry>,
    summary: Summary,
    pagination: Pagination,
}

/// About the whole card, whatever the filters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardHistorySummary)]
struct Summary {
    total_awarded: i64,
    total_redeemed: i64,
    current_balance: i64,
    transaction_count: i64,
}

pub(crate) async fn history(
    state: State,
    caller: Caller,
    id: PathId,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<History>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let (filter, paging) = history_query(&request, limits::HISTORY_ROWS)?;
    let state = as_of.card(state, &caller, &id.0).await?;
    let card = find_card(&state, &caller, &id.0).await?;
    let found = state.queries.history(caller.partner, card, filter, paging.window()).await?;
    let found = found.ok_or(ApiError::CardNotFound { card: id.0 })?;
    let history = History {
        summary: Summary {
            total_awarded: found.card.lifetime.get(),
            total_redeemed: found.card.redeemed.get(),
            current_balance: found.card.available(state.now()).get(),
            transaction_count: found.card.movements,
        },
        pagination: paging.of(found.page.total),
        transactions: found.page.rows.into_iter().map(HistoryEntry::from).collect(),
    };
    Ok(Answer::ok(Message::CardHistory, history))
}
