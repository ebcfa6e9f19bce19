//! `/{locale}/shop/loyalty-cards`: templates, and the cards that customers have of them.

use super::State;
use super::listing::{Listing, Rows};
use super::naming::{named, names, told};
use super::shops::partner_name;
use super::templates::{Issuer, Rules, Template, design};
use crate::domain::cards::Status;
use crate::domain::customers::PersonRecord;
use crate::domain::points::Points;
use crate::domain::programme::{Scope, TemplateRules};
use crate::domain::{CustomerId, Metadata, ShopId, TemplateId, Timestamp};
use crate::http::HttpState;
use crate::http::api::loyalty_cards::{host, qr_url};
use crate::http::api::submitting::PathId;
use crate::http::as_of::AsOf;
use crate::http::auth::Caller;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::ids;
use crate::http::limits;
use crate::http::locales::{Locale, Message};
use crate::http::numbers::Number;
use crate::http::openapi::words;
use crate::http::params::Params;
use crate::queries::{CardNames, CardSheet, ExpiringLot, TemplateFilter};
use actix_web::HttpRequest;
use serde::Serialize;
use serde_json::Map;
use utoipa::ToSchema;

/// A card, under every name that a client has for a part of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShopCard)]
pub(crate) struct Card {
    id: i64,
    object: &'static str,
    loyalty_card_id: i64,
    user_id: i64,
    card_number: String,
    card_name: Option<String>,
    brand_name: String,
    brand_logo: Option<String>,
    logo_url: Option<String>,
    card_type: &'static str,
    barcode_type: &'static str,
    qr_code: Option<String>,
    barcode: Option<String>,
    qr_code_url: String,
    #[schema(value_type = words::CardStatus)]
    status: &'static str,
    is_active: bool,
    is_third_party: bool,
    #[schema(value_type = Object)]
    third_party_data: Metadata,
    #[schema(value_type = Object)]
    custom_fields: Metadata,
    background_color: Option<String>,
    text_color: Option<String>,
    design_template: String,
    points: i64,
    points_balance: i64,
    #[schema(value_type = words::Tier)]
    tier: &'static str,
    transactions_count: i64,
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    redemption: Option<Redemption>,
    points_rules: Option<Rules>,
    user: User,
    partner: Issuer,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RedemptionRules)]
struct Redemption {
    enabled: bool,
    points_per_currency: Number,
    currency_amount: Number,
    min_points: i64,
    max_points: Option<i64>,
}

/// Who holds a card; nothing but the id once erased.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardUser)]
pub(crate) struct User {
    id: i64,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

impl User {
    pub(crate) fn of(customer: CustomerId, person: Option<PersonRecord>) -> Self {
        Self {
            id: customer.get(),
            name: person.as_ref().map(PersonRecord::display_name),
            email: person.as_ref().map(|person| person.email.clone()),
            phone: person.and_then(|person| person.phone),
        }
    }
}

impl Redemption {
    fn of(rules: &TemplateRules) -> Self {
        Self {
            enabled: rules.points_redemption_enabled,
            points_per_currency: Number(rules.points_per_currency_redemption),
            currency_amount: Number(rules.currency_amount_redemption),
            min_points: rules.min_points_for_redemption.get(),
            max_points: rules.redemption_maximum().map(Points::get),
        }
    }
}

impl Card {
    fn of(sheet: CardSheet, brand: &str, locale: Locale, host: &str, now: Timestamp) -> Self {
        let CardSheet { card, person, metadata, template } = sheet;
        let rules = template.as_ref().map(|view| &view.template.rules);
        let third_party = rules.is_some_and(|rules| rules.third_party);
        let words = template.as_ref().map(|view| &view.record);
        let looks = |names: &[&str]| words.and_then(|words| design(&words.card_design, names));
        let (balance, logo) = (card.available(now).get(), looks(&["logo_url", "logo"]));
        Self {
            id: card.id.get(),
            object: "loyalty_card",
            loyalty_card_id: card.id.get(),
            user_id: card.customer.get(),
            card_number: card.number.to_string(),
            card_name: words.and_then(|words| locale.of_texts(&words.title)),
            brand_name: brand.to_owned(),
            brand_logo: logo.clone(),
            logo_url: logo.clone(),
            card_type: if third_party { "third_party" } else { "partner_specific" },
            barcode_type: "QR",
            qr_code: None,
            barcode: None,
            qr_code_url: qr_url(host, card.id),
            status: card.status.name(),
            is_active: card.status == Status::Active,
            is_third_party: third_party,
            third_party_data: Map::new(),
            custom_fields: metadata,
            background_color: looks(&["background_color"]),
            text_color: looks(&["text_color"]),
            design_template: card.design.to_string(),
            points: balance,
            points_balance: balance,
            tier: card.tier.name(),
            transactions_count: card.movements,
            last_used_at: card.last.map(|_| card.last_activity.to_millis_text()),
            expires_at: None,
            redemption: rules.map(Redemption::of),
            points_rules: rules.map(Rules::of),
            user: User::of(card.customer, person),
            partner: Issuer { id: card.partner.get(), name: brand.to_owned(), logo: logo.clone(), logo_url: logo },
            created_at: card.issued_at.to_millis_text(),
            updated_at: card.updated_at.to_millis_text(),
        }
    }
}

/// Templates or cards: an id names one thing, and so does a filter.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TemplateOrCard)]
pub(crate) enum Shown {
    Template(Box<Template>),
    Card(Box<Card>),
}

pub(crate) async fn list(
    state: State,
    caller: Caller,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Rows<Shown>>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let mut params = Params::of(&request);
    if ["card_number", "user_id", "user_email"].iter().any(|name| params.value(name).is_some()) {
        return list_cards(state, &caller, params, &request, as_of).await;
    }
    let state = as_of.list(state, &caller, None, "card_number, user_id").await?;
    let (filter, down) = template_filter(&mut params);
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let (filter, down, listing) = params.finish((filter, down, listing))?;
    own_shop(&state, &caller, filter.shop)?;
    let page = state.queries.templates(caller.partner, filter, down, listing.paging.window()).await?;
    let partner = partner_name(&state, &caller)?;
    let rows = page.rows.into_iter().map(|view| Shown::Template(Box::new(Template::of(view, &partner))));
    Ok(listing.answer(Message::CardTemplates, rows.collect(), page.total))
}

pub(crate) async fn get(
    state: State,
    caller: Caller,
    id: PathId,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Shown>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let number = ids::parse_card(&id.0).ok_or_else(|| ApiError::CardNotFound { card: id.0.clone() })?;
    let state = as_of.card(state, &caller, &id.0).await?;
    if let Some(view) = state.queries.template(caller.partner, TemplateId::new(number.get()))? {
        let template = Template::of(view, &partner_name(&state, &caller)?);
        return Ok(Answer::ok(Message::CardTemplate, Shown::Template(Box::new(template))));
    }
    let names = CardNames { card: Some(number), ..CardNames::default() };
    let sheet = state.queries.card_sheet(caller.partner, &names).await?;
    let sheet = sheet.ok_or(ApiError::CardNotFound { card: id.0 })?;
    Ok(Answer::ok(Message::Card, Shown::Card(Box::new(card(&state, &caller, sheet, &request)?))))
}

pub(crate) async fn info(
    state: State,
    caller: Caller,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Card>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let (state, sheet) = named(state, &caller, &request, as_of).await?;
    Ok(Answer::ok(Message::Card, card(&state, &caller, sheet, &request)?))
}

/// What a card has, under every name that clients have for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShopCardBalance)]
pub(crate) struct Balance {
    card_id: i64,
    card_number: String,
    points: i64,
    current_points: i64,
    points_balance: i64,
    available_points: i64,
    total_points: i64,
    total_earned: i64,
    total_spent: i64,
    expiring_soon: i64,
    expired_points: i64,
    transactions_count: i64,
}

pub(crate) async fn balance(
    state: State,
    caller: Caller,
    request: HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Balance>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let (state, CardSheet { card, .. }) = named(state, &caller, &request, as_of).await?;
    let now = state.now();
    let soon = ExpiringLot::of_card(&card, now, now.plus_days(limits::EXPIRING_DAYS));
    let points = card.available(now).get();
    let balance = Balance {
        card_id: card.id.get(),
        card_number: card.number.to_string(),
        points,
        current_points: points,
        points_balance: points,
        available_points: points,
        total_points: points,
        total_earned: card.lifetime.get(),
        total_spent: card.redeemed.get(),
        expiring_soon: soon.iter().map(|lot| lot.points).sum::<Points>().get(),
        expired_points: card.expired.get(),
        transactions_count: card.movements,
    };
    Ok(Answer::ok(Message::Balance, balance))
}

async fn list_cards(
    state: State,
    caller: &Caller,
    mut params: Params,
    request: &HttpRequest,
    as_of: AsOf,
) -> Result<Answer<Rows<Shown>>, ApiError> {
    let names = names(&mut params);
    let is_active = params.boolean("is_active");
    let third_party = third_party(&mut params);
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let (names, listing) = params.finish((names, listing))?;
    let state = told(as_of, state, caller, names.as_ref()).await?;
    let found = match names {
        Some(names) => state.queries.card_sheet(caller.partner, &names).await?,
        None => None,
    };
    let found = found.map(|sheet| card(&state, caller, sheet, request)).transpose()?.filter(|card| {
        is_active.is_none_or(|wanted| wanted == card.is_active)
            && third_party.is_none_or(|wanted| wanted == card.is_third_party)
    });
    let total = i64::from(found.is_some());
    let rows = found.filter(|_| listing.paging.page == 1).map(|card| Shown::Card(Box::new(card)));
    Ok(listing.answer(Message::Cards, rows.into_iter().collect(), total))
}

fn card(state: &HttpState, caller: &Caller, sheet: CardSheet, request: &HttpRequest) -> Result<Card, ApiError> {
    let brand = partner_name(state, caller)?;
    Ok(Card::of(sheet, &brand, Locale::of(request), &host(state, request), state.now()))
}

fn template_filter(params: &mut Params) -> (TemplateFilter, bool) {
    let filter = TemplateFilter {
        search: params.search(),
        is_active: Some(params.boolean("is_active").unwrap_or(true)),
        third_party: third_party(params),
        shop: params.id(&["shop_id"], ids::parse_shop),
        is_retired: None,
    };
    let sort = params.sort(|field| matches!(field, "id" | "created_at").then_some(()), "id, created_at");
    (filter, sort.is_some_and(|((), down)| down))
}

fn third_party(params: &mut Params) -> Option<bool> {
    let by_type = |word: &str| match word {
        "third_party" => Some(true),
        "loyalty" | "partner_specific" | "personal" | "universal" => Some(false),
        _ => None,
    };
    let by_type = params.word("card_type", by_type, "third_party, loyalty, universal, partner_specific");
    by_type.or(params.boolean("is_third_party"))
}

/// Refuses a filter by a shop that is not the caller's.
pub(crate) fn own_shop(state: &HttpState, caller: &Caller, shop: Option<ShopId>) -> Result<(), ApiError> {
    match shop {
        Some(shop) if state.queries.live().directory().shop_of(caller.partner, shop).is_none() => {
            Err(ApiError::ShopNotFound { shop: shop.to_string() })
        }
        Some(_) | None => Ok(()),
    }
}
