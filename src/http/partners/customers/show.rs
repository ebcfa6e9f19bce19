//! A customer as the partner sees them.

use crate::domain::cards::Tier;
use crate::domain::customers::PersonRecord;
use crate::domain::programme::{Settings, SettingsRecord};
use crate::domain::{CustomerId, Metadata, Timestamp};
use crate::http::api::ERASED;
use crate::http::auth::Caller;
use crate::http::errors::ApiError;
use crate::http::numbers::Number;
use crate::http::openapi::words;
use crate::http::partners::State;
use crate::http::partners::settings::called;
use crate::http::partners::transactions::PartnerTransaction;
use crate::queries::{CustomerFigures, CustomerSheet};
use serde::Serialize;
use utoipa::ToSchema;

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerCustomer {
    id: i64,
    name: String,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    #[schema(format = Date)]
    member_since: String,
    total_purchases: i64,
    total_points: i64,
    loyalty_level: String,
    #[schema(value_type = words::Tier)]
    tier: &'static str,
    shops_visited: Vec<i64>,
    #[schema(value_type = Object)]
    metadata: Metadata,
}

/// A customer with their cards and the newest of their transactions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerCustomerDetail)]
pub(crate) struct WithHistory {
    #[serde(flatten)]
    customer: PartnerCustomer,
    cards: Vec<OnCard>,
    transaction_history: Vec<PartnerTransaction>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerCustomerCard)]
struct OnCard {
    id: i64,
    card_number: String,
    partner_card_id: Option<i64>,
    points_balance: i64,
    #[schema(value_type = words::Tier)]
    tier: &'static str,
    is_active: bool,
}

/// What a partner calls its tiers.
#[derive(Debug)]
pub(super) struct Tiers(SettingsRecord);

impl Tiers {
    pub(super) fn of(state: &State, caller: &Caller) -> Result<Self, ApiError> {
        let directory = state.queries.live().directory();
        let partner = directory.partners.get(&caller.partner).ok_or(ApiError::Internal)?;
        Ok(Self(state.queries.settings_record(partner)?))
    }
}

impl PartnerCustomer {
    pub(super) fn of(sheet: CustomerSheet, Tiers(words): &Tiers) -> Self {
        let (points, tier) = (sheet.view.points(), sheet.view.tier());
        let person = sheet.view.person;
        Self {
            id: sheet.view.customer.id.get(),
            name: person.as_ref().map_or(ERASED.to_owned(), PersonRecord::display_name),
            first_name: person.as_ref().and_then(|person| person.first_name.clone()),
            last_name: person.as_ref().and_then(|person| person.last_name.clone()),
            email: person.as_ref().map(|person| person.email.clone()),
            phone: person.as_ref().and_then(|person| person.phone.clone()),
            member_since: date(sheet.view.customer.registered_at),
            total_purchases: sheet.purchases,
            total_points: points.get(),
            loyalty_level: called(tier, words),
            tier: tier.name(),
            shops_visited: sheet.shops.iter().map(|shop| shop.get()).collect(),
            metadata: person.map(|person| person.metadata).unwrap_or_default(),
        }
    }
}

impl WithHistory {
    pub(super) fn of(
        sheet: CustomerSheet,
        state: &State,
        tiers: &Tiers,
        transaction_history: Vec<PartnerTransaction>,
    ) -> Result<Self, ApiError> {
        let partner = sheet.view.customer.partner;
        let mut cards = Vec::with_capacity(sheet.view.cards.len());
        for card in &sheet.view.cards {
            let whole = state.queries.card(partner, card.card)?;
            cards.push(OnCard {
                id: card.card.get(),
                card_number: card.number.clone(),
                partner_card_id: whole.map(|card| card.template.get()),
                points_balance: card.balance.get(),
                tier: card.tier.name(),
                is_active: card.status == crate::domain::cards::Status::Active,
            });
        }
        Ok(Self { customer: PartnerCustomer::of(sheet, tiers), cards, transaction_history })
    }
}

/// A customer in figures. This service keeps no coupons and no games: it says so by zeros.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerCustomerStatistics)]
pub(crate) struct Statistics {
    customer_id: i64,
    points_balance: i64,
    lifetime_points: i64,
    points_redeemed: i64,
    points_expired: i64,
    #[schema(value_type = words::Tier)]
    tier: &'static str,
    #[schema(value_type = Option<words::Tier>)]
    next_tier: Option<&'static str>,
    points_to_next_tier: Option<i64>,
    cards: usize,
    coupons_active: i64,
    coupons_redeemed: i64,
    games_completed: i64,
    total_spent: Number,
    #[schema(format = DateTime)]
    last_activity: Option<String>,
}

impl Statistics {
    pub(super) fn of(customer: CustomerId, figures: &CustomerFigures, settings: &Settings, now: Timestamp) -> Self {
        let card = figures.card.as_ref();
        let tier = card.map_or(Tier::Bronze, |card| card.tier);
        let next = settings.tiers.to_next(tier, figures.counted);
        Self {
            customer_id: customer.get(),
            points_balance: card.map_or(0, |card| card.available(now).get()),
            lifetime_points: card.map_or(0, |card| card.lifetime.get()),
            points_redeemed: card.map_or(0, |card| card.redeemed.get()),
            points_expired: card.map_or(0, |card| card.expired.get()),
            tier: tier.name(),
            next_tier: next.map(|(tier, _)| tier.name()),
            points_to_next_tier: next.map(|(_, away)| away.get()),
            cards: usize::from(card.is_some()),
            coupons_active: 0,
            coupons_redeemed: 0,
            games_completed: 0,
            total_spent: Number(figures.spent),
            last_activity: card.and_then(|card| card.last).map(|last| last.at.to_millis_text()),
        }
    }
}

/// The day, as `2026-01-31`.
fn date(time: Timestamp) -> String {
    time.to_millis_text().split('T').next().unwrap_or_default().to_owned()
}
