//! `/{locale}/shop/shops`: where points are earned and spent.

use super::State;
use super::listing::{Listing, Rows};
use crate::domain::programme::{Coordinates, Scope, ShopRecord};
use crate::http::api::submitting::PathId;
use crate::http::auth::Caller;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::Problem;
use crate::http::locales::Message;
use crate::http::numbers::Number;
use crate::http::params::Params;
use crate::http::{HttpState, ids, limits};
use crate::queries::{Around, ShopFilter, ShopSort, ShopView, Window};
use actix_web::HttpRequest;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A shop.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shop {
    id: i64,
    name: String,
    address: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    website: Option<String>,
    description: Option<String>,
    working_hours: Option<BTreeMap<String, String>>,
    opening_hours: Option<String>,
    coordinates: Option<Place>,
    images: Vec<String>,
    is_active: bool,
    is_virtual: bool,
    partner_id: i64,
    partner: PartnerOfShop,
    distance: Option<Number>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShopPlace)]
struct Place {
    latitude: Number,
    longitude: Number,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ShopPartner)]
struct PartnerOfShop {
    id: i64,
    name: String,
}

impl Shop {
    fn of(view: ShopView, partner_name: &str) -> Self {
        let is_active = view.is_active();
        let ShopView { shop, record, metres } = view;
        let opening_hours = opening_hours(&record);
        Self {
            id: shop.id.get(),
            name: record.name,
            address: record.address,
            postal_code: record.postal_code,
            city: record.city,
            country: record.country,
            phone: record.phone,
            email: record.email,
            website: record.website,
            description: record.description,
            working_hours: (!record.working_hours.is_empty()).then_some(record.working_hours),
            opening_hours,
            coordinates: shop
                .facts
                .coordinates
                .map(|place| Place { latitude: Number(place.latitude), longitude: Number(place.longitude) }),
            images: record.images,
            is_active,
            is_virtual: shop.facts.is_virtual,
            partner_id: shop.partner.get(),
            partner: PartnerOfShop { id: shop.partner.get(), name: partner_name.to_owned() },
            distance: metres.map(|metres| Number(Decimal::new(metres, 3))),
            created_at: shop.created_at.to_millis_text(),
            updated_at: shop.updated_at.to_millis_text(),
        }
    }
}

/// The hours on one line, in the order of the week.
fn opening_hours(record: &ShopRecord) -> Option<String> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let days = DAYS.iter().filter_map(|day| Some(format!("{day} {}", record.working_hours.get(*day)?)));
    let line = days.collect::<Vec<_>>().join(", ");
    (!line.is_empty()).then_some(line)
}

pub(crate) async fn list(state: State, caller: Caller, request: HttpRequest) -> Result<Answer<Rows<Shop>>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let mut params = Params::of(&request);
    let around = around(&mut params);
    let filter = ShopFilter {
        search: params.search(),
        is_active: Some(params.boolean("is_active").unwrap_or(true)),
        is_virtual: params.boolean("is_virtual"),
        around,
    };
    let nearest = if around.is_some() { ShopSort::Distance } else { ShopSort::Id };
    let sort = params.sort(sort_field, "id, name, created_at").unwrap_or((nearest, false));
    let listing = Listing::of(&mut params, limits::SHOP_ROWS_MAX);
    let (filter, sort, listing) = params.finish((filter, sort, listing))?;
    let page = state.queries.shops(caller.partner, filter, sort, listing.paging.window()).await?;
    Ok(listing.answer(Message::Shops, shown(&state, &caller, page.rows)?, page.total))
}

pub(crate) async fn nearby(state: State, caller: Caller, request: HttpRequest) -> Result<Answer<Vec<Shop>>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let mut params = Params::of(&request);
    for name in ["latitude", "longitude"] {
        if params.value(name).is_none() {
            params.problem(Problem::required(name));
        }
    }
    let around = around(&mut params);
    let around = params.finish(around)?;
    let filter = ShopFilter { is_active: Some(true), around, ..ShopFilter::default() };
    let window = Window { offset: 0, limit: limits::SHOP_ROWS_MAX };
    let page = state.queries.shops(caller.partner, filter, (ShopSort::Distance, false), window).await?;
    Ok(Answer::ok(Message::Shops, shown(&state, &caller, page.rows)?))
}

pub(crate) async fn get(state: State, caller: Caller, id: PathId) -> Result<Answer<Shop>, ApiError> {
    caller.needs(Scope::LoyaltyRead)?;
    let found = ids::parse_shop(&id.0).map(|shop| state.queries.shop(caller.partner, shop)).transpose()?.flatten();
    let view = found.ok_or(ApiError::ShopNotFound { shop: id.0 })?;
    Ok(Answer::ok(Message::Shop, Shop::of(view, &partner_name(&state, &caller)?)))
}

/// What the caller's partner is called.
pub(crate) fn partner_name(state: &HttpState, caller: &Caller) -> Result<String, ApiError> {
    let directory = state.queries.live().directory();
    let partner = directory.partners.get(&caller.partner).ok_or(ApiError::Internal)?;
    Ok(state.queries.name(partner.record)?.unwrap_or_default())
}

fn shown(state: &HttpState, caller: &Caller, views: Vec<ShopView>) -> Result<Vec<Shop>, ApiError> {
    let partner = partner_name(state, caller)?;
    Ok(views.into_iter().map(|view| Shop::of(view, &partner)).collect())
}

fn around(params: &mut Params) -> Option<Around> {
    let degrees = |most: i64| -Decimal::from(most)..=Decimal::from(most);
    let latitude = params.decimal("latitude", degrees(90));
    let longitude = params.decimal("longitude", degrees(180));
    let least = Decimal::new(1, 3);
    let radius = params.decimal("radius", least..=Decimal::from(limits::RADIUS_MAX));
    let radius = radius.unwrap_or(Decimal::from(limits::RADIUS));
    Some(Around { centre: Coordinates { latitude: latitude?, longitude: longitude? }, radius })
}

pub(crate) fn sort_field(field: &str) -> Option<ShopSort> {
    match field {
        "id" => Some(ShopSort::Id),
        "name" => Some(ShopSort::Name),
        "created_at" => Some(ShopSort::Created),
        _ => None,
    }
}
