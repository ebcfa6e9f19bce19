//! `/partners/cards`: the card templates.

mod design;
mod read;
mod show;

use super::State;
use super::access::Access;
use super::changing::change;
use crate::domain::programme::{CreateTemplate, RetireTemplate, Scope, UpdateTemplate};
use crate::domain::{PartnerId, TemplateId};
use crate::http::api::submitting::{IdempotencyKey, PathId, request, submit};
use crate::http::auth::Caller;
use crate::http::body::{Body, ProgrammeBody};
use crate::http::envelope::{Answer, Nothing};
use crate::http::errors::ApiError;
use crate::http::locales::Message;
use crate::http::params::Params;
use crate::http::shop::cards::own_shop;
use crate::http::shop::listing::{Listing, Rows};
use crate::http::shop::shops::partner_name;
use crate::http::{ids, limits};
use crate::queries::{TemplateFilter, TemplateView};
use crate::writer::{Command, Recorded};
use actix_web::HttpRequest;
use serde_json::json;
use show::PartnerCard;

pub(crate) async fn list(
    state: State,
    access: Access,
    request: HttpRequest,
) -> Result<Answer<Rows<PartnerCard>>, ApiError> {
    let caller = access.reads()?;
    let mut params = Params::of(&request);
    let card_type = |word: &str| match word {
        "loyalty" => Some(false),
        "third_party" => Some(true),
        _ => None,
    };
    let filter = TemplateFilter {
        search: params.search(),
        is_active: params.boolean("is_active"),
        third_party: params.word("card_type", card_type, "loyalty, third_party"),
        shop: params.id(&["shop_id"], ids::parse_shop),
        is_retired: Some(false),
    };
    let sort = params.sort(|field| matches!(field, "id" | "created_at").then_some(()), "id, created_at");
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let (filter, listing) = params.finish((filter, listing))?;
    own_shop(&state, &caller, filter.shop)?;
    let down = sort.is_some_and(|((), down)| down);
    let page = state.queries.templates(caller.partner, filter, down, listing.paging.window()).await?;
    let partner = partner_name(&state, &caller)?;
    let rows = page.rows.into_iter().map(|view| PartnerCard::of(view, &partner)).collect();
    let pagination = json!(listing.paging.of(page.total));
    Ok(listing.answer(Message::CardTemplates, rows, page.total).with_pagination(pagination))
}

pub(crate) async fn get(state: State, access: Access, id: PathId) -> Result<Answer<PartnerCard>, ApiError> {
    let caller = access.reads()?;
    let view = found(&state, &caller, &id.0)?;
    Ok(Answer::ok(Message::CardTemplate, PartnerCard::of(view, &partner_name(&state, &caller)?)))
}

pub(crate) async fn create(
    state: State,
    access: Access,
    key: IdempotencyKey,
    body: ProgrammeBody,
) -> Result<Answer<PartnerCard>, ApiError> {
    let caller = access.changes(Scope::ProgrammeManage)?;
    let directory = state.queries.live().directory();
    let (rules, record) = read::template(body.fields()?, None, &directory, caller.partner)?;
    let command = Command::CreateTemplate(CreateTemplate { record, rules });
    let partner = partner_name(&state, &caller)?;
    let shown = |events: &[Recorded]| PartnerCard::created(events, caller.partner, &partner);
    let recorded = |events: &[Recorded]| shown(events).map_or(json!({}), |card| json!(card));
    let outcome = submit(&state, request(&caller, key.0, command), recorded).await?;
    let card = shown(&outcome.events).ok_or(ApiError::Internal)?;
    Ok(Answer::created(Message::CardTemplateCreated, card).replayed(outcome.replayed))
}

pub(crate) async fn update(
    state: State,
    access: Access,
    id: PathId,
    body: ProgrammeBody,
) -> Result<Answer<PartnerCard>, ApiError> {
    let caller = access.changes(Scope::ProgrammeManage)?;
    change(&state, &caller, || {
        let view = found(&state, &caller, &id.0)?;
        let (template, based_on) = (view.template.id, Some(view.template.version));
        let directory = state.queries.live().directory();
        let (rules, record) = read::template(body.fields()?, Some(view), &directory, caller.partner)?;
        Ok(Command::UpdateTemplate(UpdateTemplate { template, based_on, record, rules }))
    })
    .await?;
    let view = found(&state, &caller, &id.0)?;
    Ok(Answer::ok(Message::CardTemplateUpdated, PartnerCard::of(view, &partner_name(&state, &caller)?)))
}

pub(crate) async fn delete(state: State, access: Access, id: PathId, _body: Body) -> Result<Answer<Nothing>, ApiError> {
    let caller = access.changes(Scope::ProgrammeManage)?;
    let template = found(&state, &caller, &id.0)?.template.id;
    let command = Command::RetireTemplate(RetireTemplate { template });
    submit(&state, request(&caller, None, command), |_| json!({})).await?;
    Ok(Answer::ok(Message::CardTemplateDeleted, Nothing {}))
}

/// The template that a path names. One that was deleted is there no more.
fn found(state: &State, caller: &Caller, id: &str) -> Result<TemplateView, ApiError> {
    let unknown = || ApiError::CardNotFound { card: id.to_owned() };
    let template = ids::parse_card(id).map(|card| TemplateId::new(card.get())).ok_or_else(unknown)?;
    let view = state.queries.template(caller.partner, template)?;
    view.filter(|view| view.template.retired_at.is_none()).ok_or_else(unknown)
}

/// A template as its first event states it.
fn as_created(events: &[Recorded], partner: PartnerId) -> Option<TemplateView> {
    let first = events.first()?;
    let mut directory = crate::domain::programme::Directory::default();
    directory.evolve(&first.event, partner, first.seq, first.at);
    let (_, template) = directory.templates.pop_first()?;
    Some(TemplateView { template, record: serde_json::from_str(first.body.as_deref()?).ok()? })
}
