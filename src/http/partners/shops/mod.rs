//! `/partners/shops`: opening a shop, changing what is known of it, and closing it.

mod read;
mod show;

use super::State;
use super::access::Access;
use super::changing::change;
use crate::domain::PartnerId;
use crate::domain::orders::TransactionKind;
use crate::domain::programme::{Directory, OpenShop, RetireShop, Scope, UpdateShop};
use crate::http::api::submitting::{IdempotencyKey, PathId, request, submit};
use crate::http::auth::Caller;
use crate::http::body::{Body, ProgrammeBody};
use crate::http::envelope::{Answer, Nothing};
use crate::http::errors::ApiError;
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::http::shop::listing::{Listing, Rows};
use crate::http::shop::shops::{partner_name, sort_field};
use crate::http::{ids, limits};
use crate::queries::{ShopFilter, ShopSort, ShopView, TransactionFilter, TransactionPage, TransactionSort, Window};
use crate::writer::{Command, Recorded};
use actix_web::HttpRequest;
use serde_json::json;
use show::{PartnerShop, Statistics, WithStatistics};

/// How far back a shop's recent transactions are counted.
const RECENT_DAYS: u32 = 30;

pub(crate) async fn list(
    state: State,
    access: Access,
    request: HttpRequest,
) -> Result<Answer<Rows<PartnerShop>>, ApiError> {
    let caller = access.reads()?;
    let mut params = Params::of(&request);
    let filter = ShopFilter {
        search: params.search(),
        is_active: params.boolean("is_active"),
        is_virtual: params.boolean("is_virtual"),
        around: None,
    };
    let sort = params.sort(sort_field, "id, name, created_at").unwrap_or((ShopSort::Id, false));
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let (filter, listing) = params.finish((filter, listing))?;
    let page = state.queries.shops(caller.partner, filter, sort, listing.paging.window()).await?;
    let partner = partner_name(&state, &caller)?;
    let rows = page.rows.into_iter().map(|view| PartnerShop::of(view, &partner)).collect();
    Ok(listing.answer(Message::Shops, rows, page.total))
}

pub(crate) async fn get(state: State, access: Access, id: PathId) -> Result<Answer<WithStatistics>, ApiError> {
    let caller = access.reads()?;
    let view = found(&state, &caller, &id.0)?;
    let statistics = statistics(&state, &caller, &view).await?;
    let shop = PartnerShop::of(view, &partner_name(&state, &caller)?);
    Ok(Answer::ok(Message::Shop, WithStatistics { shop, statistics }))
}

pub(crate) async fn create(
    state: State,
    access: Access,
    key: IdempotencyKey,
    body: ProgrammeBody,
) -> Result<Answer<PartnerShop>, ApiError> {
    let caller = access.changes(Scope::ProgrammeManage)?;
    let (record, facts) = read::shop(body.fields()?, None)?;
    let command = Command::OpenShop(OpenShop { record, facts });
    let partner = partner_name(&state, &caller)?;
    let shown = |events: &[Recorded]| as_opened(events, caller.partner).map(|view| PartnerShop::of(view, &partner));
    let recorded = |events: &[Recorded]| shown(events).map_or(json!({}), |shop| json!(shop));
    let outcome = submit(&state, request(&caller, key.0, command), recorded).await?;
    let shop = shown(&outcome.events).ok_or(ApiError::Internal)?;
    Ok(Answer::created(Message::ShopCreated, shop).replayed(outcome.replayed))
}

pub(crate) async fn update(
    state: State,
    access: Access,
    id: PathId,
    body: ProgrammeBody,
) -> Result<Answer<PartnerShop>, ApiError> {
    let caller = access.changes(Scope::ProgrammeManage)?;
    change(&state, &caller, || {
        let view = found(&state, &caller, &id.0)?;
        let (shop, based_on) = (view.shop.id, Some(view.shop.version));
        let (record, facts) = read::shop(body.fields()?, Some(view))?;
        Ok(Command::UpdateShop(UpdateShop { shop, based_on, record, facts }))
    })
    .await?;
    let shop = PartnerShop::of(found(&state, &caller, &id.0)?, &partner_name(&state, &caller)?);
    Ok(Answer::ok(Message::ShopUpdated, shop))
}

pub(crate) async fn delete(state: State, access: Access, id: PathId, _body: Body) -> Result<Answer<Nothing>, ApiError> {
    let caller = access.changes(Scope::ProgrammeManage)?;
    let shop = found(&state, &caller, &id.0)?.shop.id;
    submit(&state, request(&caller, None, Command::RetireShop(RetireShop { shop })), |_| json!({})).await?;
    Ok(Answer::ok(Message::ShopDeleted, Nothing {}))
}

/// The shop that a path names. A closed one is still there.
fn found(state: &State, caller: &Caller, id: &str) -> Result<ShopView, ApiError> {
    let found = ids::parse_shop(id).map(|shop| state.queries.shop(caller.partner, shop)).transpose()?.flatten();
    found.ok_or_else(|| ApiError::ShopNotFound { shop: id.to_owned() })
}

/// A shop as its first event states it.
fn as_opened(events: &[Recorded], partner: PartnerId) -> Option<ShopView> {
    let first = events.first()?;
    let mut directory = Directory::default();
    directory.evolve(&first.event, partner, first.seq, first.at);
    let (_, shop) = directory.shops.pop_first()?;
    Some(ShopView { shop, record: serde_json::from_str(first.body.as_deref()?).ok()?, metres: None })
}

async fn statistics(state: &State, caller: &Caller, view: &ShopView) -> Result<Statistics, ApiError> {
    let (all, shop) = (TransactionFilter::default(), Some(view.shop.id));
    let since = state.now().minus_days(RECENT_DAYS);
    let recent = TransactionFilter { shop, from: Some(since), ..all.clone() };
    let redemptions = TransactionFilter { shop, kinds: Some(vec![TransactionKind::Redemption]), ..all.clone() };
    let issued = vec![TransactionKind::Purchase, TransactionKind::Award, TransactionKind::Welcome];
    let issued = TransactionFilter { shop, kinds: Some(issued), ..all };
    Ok(Statistics {
        transactions_30d: sums(state, caller, recent).await?.page.total,
        points_issued: sums(state, caller, issued).await?.gained.get(),
        points_redeemed: sums(state, caller, redemptions).await?.lost.get(),
    })
}

/// What a list of transactions sums up to, without any of its rows.
async fn sums(state: &State, caller: &Caller, filter: TransactionFilter) -> Result<TransactionPage, ApiError> {
    let none = Window { offset: 0, limit: 0 };
    Ok(state.queries.transactions(caller.partner, filter, (TransactionSort::Recorded, true), none).await?)
}
