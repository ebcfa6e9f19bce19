//! A card template as `/{locale}/shop` shows it, under both sets of names that clients know.

use crate::domain::Metadata;
use crate::domain::points::Points;
use crate::domain::programme::{Localised, TemplateRules};
use crate::http::numbers::Number;
use crate::queries::TemplateView;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

/// How many decimal places of a quotient are shown.
const PLACES: u32 = 8;

/// The rules of earning and redeeming, under a template's names for them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PointsRules)]
pub(crate) struct Rules {
    points_enabled: bool,
    points_per_currency: Number,
    currency_amount: Number,
    round_points_up: bool,
    min_points_per_purchase: i64,
    max_points_per_purchase: Option<i64>,
    points_per_visit: i64,
    points_redemption_enabled: bool,
    points_per_currency_redemption: Number,
    currency_amount_redemption: Number,
    min_points_for_redemption: i64,
    max_points_per_redemption: Option<i64>,
}

impl Rules {
    pub(crate) fn of(rules: &TemplateRules) -> Self {
        Self {
            points_enabled: rules.points_enabled,
            points_per_currency: Number(rules.points_per_currency),
            currency_amount: Number(rules.currency_amount),
            round_points_up: rules.round_points_up,
            min_points_per_purchase: rules.min_points_per_purchase.get(),
            max_points_per_purchase: rules.purchase_maximum().map(Points::get),
            points_per_visit: rules.points_per_visit.get(),
            points_redemption_enabled: rules.points_redemption_enabled,
            points_per_currency_redemption: Number(rules.points_per_currency_redemption),
            currency_amount_redemption: Number(rules.currency_amount_redemption),
            min_points_for_redemption: rules.min_points_for_redemption.get(),
            max_points_per_redemption: rules.redemption_maximum().map(Points::get),
        }
    }
}

/// A template.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardTemplate)]
pub(crate) struct Template {
    id: i64,
    object: &'static str,
    partner_id: i64,
    #[schema(value_type = HashMap<String, String>)]
    title: Localised,
    #[schema(value_type = HashMap<String, String>)]
    name: Localised,
    #[schema(value_type = Option<HashMap<String, String>>)]
    description: Option<Localised>,
    #[schema(value_type = Object)]
    card_design: Metadata,
    is_active: bool,
    is_third_party: bool,
    shop_ids: Vec<i64>,
    applicable_shops: Option<Vec<i64>>,
    auto_assign: bool,
    initial_bonus_points: i64,
    welcome_bonus: i64,
    points_expiration_days: u32,
    points_per_euro: Number,
    default_coupon_validity_days: Option<u32>,
    #[schema(value_type = Option<HashMap<String, String>>)]
    terms_conditions: Option<Localised>,
    qr_code: String,
    #[serde(flatten)]
    rules: Rules,
    partner: Issuer,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// The partner behind a template or a card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Issuer {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) logo: Option<String>,
    pub(crate) logo_url: Option<String>,
}

impl Template {
    pub(crate) fn of(view: TemplateView, partner_name: &str) -> Self {
        let is_active = view.is_active();
        let TemplateView { template, record } = view;
        let shop_ids: Vec<i64> = template.rules.shop_ids.iter().map(|shop| shop.get()).collect();
        let bonus = template.rules.initial_bonus_points.get();
        let logo = design(&record.card_design, &["logo_url", "logo"]);
        Self {
            id: template.id.get(),
            object: "card_template",
            partner_id: template.partner.get(),
            name: record.title.clone(),
            title: record.title,
            description: said(record.description),
            card_design: record.card_design,
            is_active,
            is_third_party: template.rules.third_party,
            applicable_shops: (!shop_ids.is_empty()).then(|| shop_ids.clone()),
            shop_ids,
            auto_assign: template.rules.auto_assign,
            initial_bonus_points: bonus,
            welcome_bonus: bonus,
            points_expiration_days: template.rules.points_expiration_days.unwrap_or(0),
            points_per_euro: Number(per_unit(&template.rules)),
            default_coupon_validity_days: template.rules.default_coupon_validity_days,
            terms_conditions: said(record.terms_conditions),
            qr_code: format!("TPL-{}", template.id),
            rules: Rules::of(&template.rules),
            partner: Issuer {
                id: template.partner.get(),
                name: partner_name.to_owned(),
                logo: logo.clone(),
                logo_url: logo,
            },
            created_at: template.created_at.to_millis_text(),
            updated_at: template.updated_at.to_millis_text(),
        }
    }
}

/// The first text that a design has under one of the names.
pub(crate) fn design(design: &Metadata, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| design.get(*name)?.as_str()).map(str::to_owned)
}

pub(crate) fn per_unit(rules: &TemplateRules) -> Decimal {
    let quotient = rules.points_per_currency.checked_div(rules.currency_amount);
    quotient.unwrap_or_default().round_dp(PLACES)
}

fn said(texts: Localised) -> Option<Localised> {
    (!texts.is_empty()).then_some(texts)
}
