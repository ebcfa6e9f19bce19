//! `/api/points`: moving points, and what a card has.

use super::entries::{BalancedEntry, Entry, Expired, Moved, recorded};
use super::submitting::{Finder, IdempotencyKey, PathId, Target, find_card, request, submit};
use crate::domain::cards::{Card, Tier};
use crate::domain::points::{Adjust, Award, Expire, Note, Order, Particulars, Points, Redeem};
use crate::domain::programme::Scope;
use crate::domain::{CardId, Timestamp};
use crate::http::HttpState;
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, NOT_ZERO, POSITIVE, PointsRule, Problem};
use crate::http::locales::Message;
use crate::http::openapi::words;
use crate::http::paging::{Pagination, Paging};
use crate::http::params::Params;
use crate::http::{ids, limits};
use crate::queries::{ExpiringLot, HistoryFilter, Window};
use crate::writer::Command;
use actix_web::{HttpRequest, web};
use serde::Serialize;
use utoipa::ToSchema;

/// A request to move points, whichever way.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) target: Target,
    pub(crate) shop: Option<String>,
    pub(super) points: Option<Points>,
    /// When the points of an award expire, or before when those to expire would have.
    pub(super) time: Option<Timestamp>,
    pub(super) name: Option<Order>,
    pub(super) note: Note,
}

/// Which movement of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Award,
    Redeem,
    Adjust,
    Expire,
}

impl Kind {
    const fn points_rule(self) -> PointsRule {
        match self {
            Self::Award | Self::Redeem | Self::Expire => POSITIVE,
            Self::Adjust => NOT_ZERO,
        }
    }
}

impl Movement {
    pub(crate) fn read(fields: Fields, kind: Kind) -> Result<Self, ApiError> {
        let (movement, fields) = Self::take(fields, kind);
        fields.finish().or(movement).map_err(ApiError::Invalid)
    }

    /// Takes the fields of a movement, and leaves the others to the caller.
    pub(super) fn take(mut fields: Fields, kind: Kind) -> (Option<Self>, Fields) {
        let target = target(&mut fields);
        let points = fields.points("points", kind.points_rule());
        let points_required = kind != Kind::Expire;
        if points_required {
            fields.required("points", points);
        }
        let time = match kind {
            Kind::Award => fields.time("expires_at"),
            Kind::Expire => fields.time("expires_before"),
            Kind::Redeem | Kind::Adjust => None,
        };
        if kind == Kind::Expire && points.is_none() && time.is_none() {
            fields.required::<()>("points", None);
        }
        let reason = fields.text("reason", limits::REASON_CHARS);
        if kind != Kind::Expire {
            fields.required("reason", reason.as_ref());
        }
        let name = name(&mut fields);
        let note = Note {
            reason,
            staff_member: fields.text("staff_member", limits::STAFF_CHARS),
            metadata: fields.metadata("metadata").unwrap_or_default(),
        };
        let shop = fields.id("shop_id");
        let movement = target.map(|target| Self { target, shop, points, time, name, note });
        (movement, fields)
    }

    /// The command, once the card is known.
    pub(crate) fn command(self, kind: Kind, card: CardId, caller: &Caller) -> Command {
        let particulars = Particulars { shop: caller.shop, name: self.name, note: self.note, past: None };
        // Where points are required, they have been found.
        let points = self.points.unwrap_or_default();
        match kind {
            Kind::Award => Command::Award(Award { card, points, expires_at: self.time, particulars }),
            Kind::Redeem => Command::Redeem(Redeem { card, points, particulars }),
            Kind::Adjust => Command::Adjust(Adjust { card, points, particulars }),
            Kind::Expire => {
                Command::Expire(Expire { card, points: self.points, expires_before: self.time, particulars })
            }
        }
    }
}

fn target(fields: &mut Fields) -> Option<Target> {
    let card = fields.id("card_id").map(Target::Card);
    let customer = fields.id("customer_id").map(Target::Customer);
    if card.is_some() && customer.is_some() {
        fields.problem(Problem::value("customer_id", Message::NotBeside { field: "card_id" }));
    }
    let target = card.or(customer);
    fields.required("card_id", target)
}

fn name(fields: &mut Fields) -> Option<Order> {
    match (fields.reference("order_id"), fields.reference("reference")) {
        (Some(id), Some(reference)) => Some(Order::Both { id, reference }),
        (Some(id), None) => Some(Order::Id(id)),
        (None, Some(reference)) => Some(Order::Reference(reference)),
        (None, None) => None,
    }
}

type State = web::Data<HttpState>;

pub(crate) async fn award(
    state: State,
    caller: Caller,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Entry>, ApiError> {
    let (moved, replayed) = moved(&state, caller, key, &body, Kind::Award).await?;
    Ok(Answer::created(Message::PointsAwarded, Entry::from(moved)).replayed(replayed))
}

pub(crate) async fn redeem(
    state: State,
    caller: Caller,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Entry>, ApiError> {
    let (moved, replayed) = moved(&state, caller, key, &body, Kind::Redeem).await?;
    Ok(Answer::created(Message::PointsRedeemed, Entry::from(moved)).replayed(replayed))
}

pub(crate) async fn adjust(
    state: State,
    caller: Caller,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Entry>, ApiError> {
    let (moved, replayed) = moved(&state, caller, key, &body, Kind::Adjust).await?;
    Ok(Answer::created(Message::PointsAdjusted, Entry::from(moved)).replayed(replayed))
}

pub(crate) async fn expire(
    state: State,
    caller: Caller,
    key: IdempotencyKey,
    body: Body,
) -> Result<Answer<Expired>, ApiError> {
    let (moved, replayed) = moved(&state, caller, key, &body, Kind::Expire).await?;
    Ok(Answer::ok(Message::PointsExpired, Expired::from(moved)).replayed(replayed))
}

async fn moved(
    state: &HttpState,
    caller: Caller,
    key: IdempotencyKey,
    body: &Body,
    kind: Kind,
) -> Result<(Moved, bool), ApiError> {
    caller.needs(Scope::PointsManage)?;
    let movement = Movement::read(body.fields()?, kind)?;
    let caller = caller.at_shop(movement.shop.as_deref())?;
    let card = Finder::new(state).target(&caller, &movement.target).await?;
    let command = movement.command(kind, card, &caller);
    let outcome = submit(state, request(&caller, key.0, command), recorded).await?;
    let moved = Moved::of(&outcome.events).ok_or(ApiError::Internal)?;
    Ok((moved, outcome.replayed))
}

/// What a card has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardBalance)]
pub(crate) struct Balance {
    card_id: String,
    current_balance: i64,
    lifetime_earned: i64,
    lifetime_redeemed: i64,
    points_expiring_soon: Vec<ExpiringSoon>,
    last_activity: Option<LastActivity>,
    tier_info: TierInfo,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpiringPoints)]
struct ExpiringSoon {
    points: i64,
    #[schema(format = DateTime)]
    expires_at: String,
    days_until_expiry: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct LastActivity {
    transaction_id: String,
    r#type: &'static str,
    points: i64,
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct TierInfo {
    #[schema(value_type = words::Tier)]
    current_tier: &'static str,
    points_to_next_tier: Option<i64>,
    #[schema(value_type = Option<words::Tier>)]
    next_tier: Option<&'static str>,
}

impl Balance {
    fn of(card: &Card, next: Option<(Tier, Points)>, now: Timestamp) -> Self {
        let soon = ExpiringLot::of_card(card, now, now.plus_days(limits::EXPIRING_DAYS));
        Self {
            card_id: ids::card(card.id),
            current_balance: card.available(now).get(),
            lifetime_earned: card.lifetime.get(),
            lifetime_redeemed: card.redeemed.get(),
            points_expiring_soon: soon.iter().map(|lot| ExpiringSoon::of(lot, now)).collect(),
            last_activity: card.last.map(|last| LastActivity {
                transaction_id: ids::transaction(last.seq),
                r#type: last.movement.name(),
                points: last.points.get(),
                created_at: last.at.to_seconds_text(),
            }),
            tier_info: TierInfo {
                current_tier: card.tier.name(),
                points_to_next_tier: next.map(|(_, away)| away.get()),
                next_tier: next.map(|(tier, _)| tier.name()),
            },
        }
    }
}

impl ExpiringSoon {
    fn of(lot: &ExpiringLot, now: Timestamp) -> Self {
        Self {
            points: lot.points.get(),
            expires_at: lot.expires_at.to_seconds_text(),
            days_until_expiry: lot.expires_at.days_after_rounded_up(now),
        }
    }
}

pub(crate) async fn balance(
    state: State,
    caller: Caller,
    id: PathId,
    as_of: AsOf,
) -> Result<Answer<Balance>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let state = as_of.card(state, &caller, &id.0).await?;
    let card = find_card(&state, &caller, &id.0).await?;
    let card = state.queries.card(caller.partner, card)?.ok_or(ApiError::CardNotFound { card: id.0 })?;
    let (now, directory) = (state.now(), state.queries.live().directory());
    let settings = &directory.partners.get(&caller.partner).ok_or(ApiError::Internal)?.settings;
    let counted = state.queries.counted(&card, settings, now).await?;
    Ok(Answer::ok(Message::Balance, Balance::of(&card, settings.tiers.to_next(card.tier, counted), now)))
}

/// A page of a card's history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsHistory)]
pub(crate) struct History {
    transactions: Vec<BalancedEntry>,
    summary: Summary,
    pagination: Pagination,
}

/// About the whole card, whatever the filters.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsHistorySummary)]
struct Summary {
    total_transactions: i64,
    points_awarded: i64,
    points_redeemed: i64,
    points_expired: i64,
    current_balance: i64,
}

/// The filters of a card's history, as both of its routes take them.
pub(super) fn history_query(request: &HttpRequest, rows: i64) -> Result<(HistoryFilter, Paging), ApiError> {
    let mut params = Params::of(request);
    let filter = HistoryFilter {
        movement: params.movement("type"),
        from: params.since(&["from_date", "date_from", "start_date"]),
        until: params.until(&["to_date", "date_to", "end_date"]),
        reference: params.value("reference"),
        staff_member: params.value("staff_member"),
    };
    let paging = params.paging(rows);
    params.finish((filter, paging))
}

pub(crate) async fn history(
    state: State,
    caller: Caller,
    id: PathId,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<History>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let (filter, paging) = history_query(&request, limits::PAGE_ROWS)?;
    let state = as_of.card(state, &caller, &id.0).await?;
    let card = find_card(&state, &caller, &id.0).await?;
    let found = state.queries.history(caller.partner, card, filter, paging.window()).await?;
    let found = found.ok_or(ApiError::CardNotFound { card: id.0 })?;
    let history = History {
        summary: Summary {
            total_transactions: found.card.movements,
            points_awarded: found.card.lifetime.get(),
            points_redeemed: found.card.redeemed.get(),
            points_expired: found.card.expired.get(),
            current_balance: found.card.available(state.now()).get(),
        },
        pagination: paging.of(found.page.total),
        transactions: found.page.rows.into_iter().map(BalancedEntry::from).collect(),
    };
    Ok(Answer::ok(Message::History, history))
}

/// What expires soon.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExpiringList)]
pub(crate) struct Expiring {
    days: i64,
    total_points: i64,
    expiring: Vec<ExpiringOnCard>,
    pagination: Pagination,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExpiringOnCard {
    card_id: String,
    #[serde(flatten)]
    soon: ExpiringSoon,
}

pub(crate) async fn expiring(
    state: State,
    caller: Caller,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Expiring>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let mut params = Params::of(&request);
    let days = params.number(&["days"], 1..=i64::from(limits::EXPIRING_DAYS_MAX));
    let card = params.value("card_id");
    let paging = params.paging(limits::PAGE_ROWS_MAX);
    let days = params.finish(days)?.unwrap_or(i64::from(limits::EXPIRING_DAYS));
    let state = match &card {
        Some(card) => as_of.card(state, &caller, card).await?,
        None => as_of.list(state, &caller, None, "card_id").await?,
    };
    let now = state.now();
    let until = now.plus_days(u32::try_from(days).unwrap_or(limits::EXPIRING_DAYS));
    let (lots, total_lots, total_points) = match card {
        Some(card) => on_card(&state, &caller, &card, (now, until), paging.window()).await?,
        None => {
            let page = state.queries.expiring(caller.partner, now, until, paging.window()).await;
            let page = page.map_err(|error| ApiError::of_query(error, "days"))?;
            (page.lots, page.total_lots, page.total_points)
        }
    };
    let expiring =
        lots.iter().map(|lot| ExpiringOnCard { card_id: ids::card(lot.card), soon: ExpiringSoon::of(lot, now) });
    let expiring = Expiring {
        days,
        total_points: total_points.get(),
        expiring: expiring.collect(),
        pagination: paging.of(total_lots),
    };
    Ok(Answer::ok(Message::PointsThatExpireSoon, expiring))
}

async fn on_card(
    state: &HttpState,
    caller: &Caller,
    text: &str,
    (now, until): (Timestamp, Timestamp),
    window: Window,
) -> Result<(Vec<ExpiringLot>, i64, Points), ApiError> {
    let card = find_card(state, caller, text).await?;
    let card = state.queries.card(caller.partner, card)?.ok_or(ApiError::CardNotFound { card: text.to_owned() })?;
    let lots = ExpiringLot::of_card(&card, now, until);
    let (total, points) = (lots.len(), lots.iter().map(|lot| lot.points).sum());
    let skip = usize::try_from(window.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(window.limit).unwrap_or_default();
    let page = lots.into_iter().skip(skip).take(limit).collect();
    Ok((page, i64::try_from(total).unwrap_or(i64::MAX), points))
}

/// What the benchmark compares with: the same reading of the same body, and an answer of the same size, from nothing.
pub(crate) async fn echo(state: State, body: Body) -> Result<Answer<Entry>, ApiError> {
    let movement = Movement::read(body.fields()?, Kind::Award)?;
    let moved = Moved::echoed(movement.points.unwrap_or_default(), movement.note, movement.name, state.now());
    Ok(Answer::created(Message::PointsAwarded, Entry::from(moved)))
}
