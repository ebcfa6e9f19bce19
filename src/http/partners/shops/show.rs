//! A shop as its partner sees it.

use crate::http::numbers::Number;
use crate::queries::ShopView;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A shop, under every name that a client has for a part of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerShop {
    id: i64,
    name: String,
    address: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
    latitude: Option<Number>,
    longitude: Option<Number>,
    coordinates: Option<Place>,
    contact_email: Option<String>,
    email: Option<String>,
    contact_phone: Option<String>,
    phone: Option<String>,
    website: Option<String>,
    description: Option<String>,
    opening_hours: Option<BTreeMap<String, String>>,
    working_hours: Option<BTreeMap<String, String>>,
    images: Vec<String>,
    is_active: bool,
    is_virtual: bool,
    status: &'static str,
    partner: PartnerOfShop,
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerShopPlace)]
struct Place {
    latitude: Number,
    longitude: Number,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerShopPartner)]
struct PartnerOfShop {
    id: i64,
    name: String,
}

/// A shop with what went on in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerShopDetail)]
pub(crate) struct WithStatistics {
    #[serde(flatten)]
    pub(super) shop: PartnerShop,
    pub(super) statistics: Statistics,
}

/// What went on in a shop.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerShopStatistics)]
pub(crate) struct Statistics {
    pub(super) transactions_30d: i64,
    pub(super) points_issued: i64,
    pub(super) points_redeemed: i64,
}

impl PartnerShop {
    pub(super) fn of(view: ShopView, partner_name: &str) -> Self {
        let is_active = view.is_active();
        let ShopView { shop, record, .. } = view;
        let place = shop.facts.coordinates;
        let hours = (!record.working_hours.is_empty()).then_some(record.working_hours);
        Self {
            id: shop.id.get(),
            name: record.name,
            address: record.address,
            postal_code: record.postal_code,
            city: record.city,
            country: record.country,
            latitude: place.map(|place| Number(place.latitude)),
            longitude: place.map(|place| Number(place.longitude)),
            coordinates: place
                .map(|place| Place { latitude: Number(place.latitude), longitude: Number(place.longitude) }),
            contact_email: record.email.clone(),
            email: record.email,
            contact_phone: record.phone.clone(),
            phone: record.phone,
            website: record.website,
            description: record.description,
            opening_hours: hours.clone(),
            working_hours: hours,
            images: record.images,
            is_active,
            is_virtual: shop.facts.is_virtual,
            status: if is_active { "active" } else { "inactive" },
            partner: PartnerOfShop { id: shop.partner.get(), name: partner_name.to_owned() },
            version: shop.version,
            created_at: shop.created_at.to_millis_text(),
            updated_at: shop.updated_at.to_millis_text(),
        }
    }
}
