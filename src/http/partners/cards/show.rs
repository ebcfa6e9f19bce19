//! A template as its partner sees it.

use super::as_created;
use super::design::with_defaults;
use crate::domain::programme::{Activation, Localised};
use crate::domain::{Metadata, PartnerId};
use crate::http::numbers::Number;
use crate::http::openapi::words;
use crate::http::shop::templates::{Issuer, Rules, design, per_unit};
use crate::queries::TemplateView;
use crate::writer::Recorded;
use serde::Serialize;
use utoipa::ToSchema;

/// A template, under its own names and those of an older form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerCard {
    id: i64,
    partner_id: i64,
    #[schema(value_type = HashMap<String, String>)]
    title: Localised,
    #[schema(value_type = HashMap<String, String>)]
    name: Localised,
    #[schema(value_type = HashMap<String, String>)]
    description: Localised,
    #[schema(value_type = HashMap<String, String>)]
    terms_conditions: Localised,
    #[schema(value_type = Object)]
    card_design: Metadata,
    is_active: bool,
    shop_ids: Vec<i64>,
    applicable_shops: Option<Vec<i64>>,
    auto_assign: bool,
    card_type: &'static str,
    #[schema(value_type = words::Activation)]
    activation: Activation,
    initial_bonus_points: i64,
    welcome_bonus: i64,
    points_expiration_days: Option<u32>,
    #[serde(flatten)]
    rules: Rules,
    points_per_euro: Number,
    default_coupon_validity_days: Option<u32>,
    qr_code: String,
    partner: Issuer,
    /// The version of the rules: every purchase names the one that it was computed with.
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    deleted_at: Option<String>,
}

impl PartnerCard {
    pub(super) fn of(view: TemplateView, partner_name: &str) -> Self {
        let TemplateView { template, record } = view;
        let (rules, partner) = (&template.rules, template.partner.get());
        let shop_ids: Vec<i64> = rules.shop_ids.iter().map(|shop| shop.get()).collect();
        let bonus = rules.initial_bonus_points.get();
        let logo = design(&record.card_design, &["logo"]);
        Self {
            id: template.id.get(),
            partner_id: partner,
            name: record.title.clone(),
            title: record.title,
            description: record.description,
            terms_conditions: record.terms_conditions,
            card_design: with_defaults(record.card_design),
            is_active: rules.is_active && template.retired_at.is_none(),
            applicable_shops: (!shop_ids.is_empty()).then(|| shop_ids.clone()),
            shop_ids,
            auto_assign: rules.auto_assign,
            card_type: if rules.third_party { "third_party" } else { "loyalty" },
            activation: rules.activation,
            initial_bonus_points: bonus,
            welcome_bonus: bonus,
            points_expiration_days: rules.points_expiration_days.filter(|days| *days > 0),
            points_per_euro: Number(per_unit(rules)),
            default_coupon_validity_days: rules.default_coupon_validity_days,
            rules: Rules::of(rules),
            qr_code: format!("TPL-{}", template.id),
            partner: Issuer { id: partner, name: partner_name.to_owned(), logo: logo.clone(), logo_url: logo },
            version: template.version,
            created_at: template.created_at.to_millis_text(),
            updated_at: template.updated_at.to_millis_text(),
            deleted_at: template.retired_at.map(|time| time.to_millis_text()),
        }
    }

    /// As it was created, whatever became of it since.
    pub(super) fn created(events: &[Recorded], partner: PartnerId, partner_name: &str) -> Option<Self> {
        Some(Self::of(as_created(events, partner)?, partner_name))
    }
}
