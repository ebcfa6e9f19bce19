//! `/partners/settings`: whose points may be spent where, what a refund does when a card holds too little, and the tiers.

mod read;

use super::State;
use super::access::Access;
use super::changing::change;
use crate::domain::cards::Tier;
use crate::domain::programme::{
    ChangeSettings, Partner, PointSharing, Retention, Scope, Settings, SettingsRecord, Shortfall, TierBasis, TierLevel,
};
use crate::http::auth::Caller;
use crate::http::body::Body;
use crate::http::envelope::Answer;
use crate::http::errors::ApiError;
use crate::http::fields::Fields;
use crate::http::locales::Message;
use crate::http::numbers::Number;
use crate::http::openapi::words;
use crate::writer::Command;
use serde::Serialize;
use utoipa::ToSchema;

/// The settings, with what follows from them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(crate) struct Shown {
    currency: String,
    multi_store_points: bool,
    #[schema(value_type = words::PointSharing)]
    point_sharing: PointSharing,
    unified_tiers: bool,
    cross_shop_redemption: bool,
    /// One person is one customer of the partner, in every shop.
    unified_customer_profiles: bool,
    /// Tiers rise by themselves.
    auto_tier_progression: bool,
    #[schema(value_type = words::TierBasis)]
    tier_basis: TierBasis,
    tiers: Vec<ShownTier>,
    refunds: Refunds,
    retention: ShownRetention,
    version: i64,
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingsTier)]
struct ShownTier {
    #[schema(value_type = words::Tier)]
    tier: Tier,
    name: String,
    threshold: i64,
    multiplier: Number,
    benefits: Vec<String>,
}

/// A refund is booked when it is asked for, however old the order is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingsRefunds)]
struct Refunds {
    mode: &'static str,
    max_days: Option<u32>,
    #[schema(value_type = words::Shortfall)]
    insufficient: Shortfall,
}

/// How long the vault keeps what; null keeps it for ever.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingsRetention)]
struct ShownRetention {
    superseded_records_after_days: u32,
    movement_texts_after_months: Option<u32>,
    block_reasons_after_months: Option<u32>,
    inactive_customers_after_months: Option<u32>,
    inactive_customers_with_points: bool,
}

impl From<Retention> for ShownRetention {
    fn from(rules: Retention) -> Self {
        Self {
            superseded_records_after_days: rules.superseded_records_after_days,
            movement_texts_after_months: rules.movement_texts_after_months,
            block_reasons_after_months: rules.block_reasons_after_months,
            inactive_customers_after_months: rules.inactive_customers_after_months,
            inactive_customers_with_points: rules.inactive_customers_with_points,
        }
    }
}

impl ShownTier {
    fn of(level: TierLevel, record: &SettingsRecord) -> Self {
        let benefits = record.tiers.get(&level.tier).map(|words| words.benefits.clone()).unwrap_or_default();
        let TierLevel { tier, threshold, multiplier } = level;
        Self { tier, name: called(tier, record), threshold: threshold.get(), multiplier: Number(multiplier), benefits }
    }
}

/// What a partner calls a tier.
pub(super) fn called(tier: Tier, record: &SettingsRecord) -> String {
    let name = record.tiers.get(&tier).map(|words| words.name.clone()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| capitalised(tier))
}

/// What a tier is called where the partner has no name for it.
fn capitalised(tier: Tier) -> String {
    let name = tier.name();
    name[..1].to_uppercase() + &name[1..]
}

/// Whether points that one shop gave may be spent in another.
const fn crosses_shops(settings: &Settings) -> bool {
    matches!(settings.sharing(), PointSharing::Full | PointSharing::RedemptionOnly)
}

fn shown(state: &State, caller: &Caller) -> Result<Shown, ApiError> {
    let directory = state.queries.live().directory();
    let partner = directory.partners.get(&caller.partner).ok_or(ApiError::Internal)?;
    let record = state.queries.settings_record(partner)?;
    let settings = &partner.settings;
    Ok(Shown {
        currency: partner.currency.clone(),
        multi_store_points: settings.multi_store_points,
        point_sharing: settings.point_sharing,
        unified_tiers: settings.unified_tiers,
        cross_shop_redemption: crosses_shops(settings),
        unified_customer_profiles: true,
        auto_tier_progression: true,
        tier_basis: settings.tiers.basis,
        tiers: settings.tiers.levels.iter().map(|level| ShownTier::of(*level, &record)).collect(),
        refunds: Refunds { mode: "automatic", max_days: None, insufficient: settings.refund_shortfall },
        retention: settings.retention.into(),
        version: partner.version,
        updated_at: partner.updated_at.to_millis_text(),
    })
}

pub(crate) async fn get(state: State, access: Access) -> Result<Answer<Shown>, ApiError> {
    let caller = access.reads()?;
    Ok(Answer::ok(Message::Settings, shown(&state, &caller)?))
}

pub(crate) async fn update(state: State, access: Access, body: Body) -> Result<Answer<Shown>, ApiError> {
    write(&state, access.changes(Scope::ProgrammeManage)?, &body, read::changed).await
}

/// `PUT /partners/settings/global`: the settings that hold for all shops together.
pub(crate) async fn update_globally(state: State, access: Access, body: Body) -> Result<Answer<Shown>, ApiError> {
    write(&state, access.changes(Scope::ProgrammeManage)?, &body, read::changed_globally).await
}

type Read = fn(Fields, &Partner, SettingsRecord) -> Result<(Settings, SettingsRecord), ApiError>;

async fn write(state: &State, caller: Caller, body: &Body, read: Read) -> Result<Answer<Shown>, ApiError> {
    change(state, &caller, || {
        let directory = state.queries.live().directory();
        let partner = directory.partners.get(&caller.partner).ok_or(ApiError::Internal)?;
        let record = state.queries.settings_record(partner)?;
        let (settings, record) = read(body.fields()?, partner, record)?;
        Ok(Command::ChangeSettings(ChangeSettings { based_on: Some(partner.version), settings, record }))
    })
    .await?;
    Ok(Answer::ok(Message::SettingsUpdated, shown(state, &caller)?))
}
