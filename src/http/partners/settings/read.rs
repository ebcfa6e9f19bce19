//! Reading changes of the settings from a request.

use super::{capitalised, crosses_shops};
use crate::domain::cards::Tier;
use crate::domain::points::Points;
use crate::domain::programme::{
    Partner, PointSharing, RETENTION_DAYS_MAX, RETENTION_MONTHS_MAX, Retention, Settings, SettingsRecord, Shortfall,
    TierBasis, TierLevel, TierPlan, TierRecord,
};
use crate::http::errors::ApiError;
use crate::http::fields::{Fields, Problem};
use crate::http::limits;
use crate::http::locales::Message;
use crate::http::partners::changing::set;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Settings that other services of this kind have: nothing in the ledger would go by them.
const WITHOUT_RULE: [&str; 4] =
    ["default_point_value", "default_expiration_months", "notification_preferences", "store_earning_rates"];
const READ_ONLY: [&str; 2] = ["version", "updated_at"];

/// The settings of `partner`, which are called as `record` says, with the changes of a request.
pub(super) fn changed(
    mut fields: Fields,
    partner: &Partner,
    mut record: SettingsRecord,
) -> Result<(Settings, SettingsRecord), ApiError> {
    let mut settings = partner.settings.clone();
    sharing(&mut fields, &mut settings);
    set(&mut settings.unified_tiers, fields.boolean("unified_tiers"));
    fields.within("refunds", |inner| refunds(inner, &mut settings));
    fields.within("retention", |inner| retention(inner, &mut settings.retention));
    let basis = |word: &str| match word {
        "lifetime" => Some(TierBasis::Lifetime),
        "rolling_12_months" => Some(TierBasis::Rolling),
        _ => None,
    };
    set(&mut settings.tiers.basis, fields.word("tier_basis", basis, "lifetime, rolling_12_months"));
    if let Some((levels, words)) = tiers(&mut fields) {
        settings.tiers = TierPlan { levels, ..settings.tiers };
        record.tiers = words;
    }
    // Every order in the log is in it: a refund could not say any more what it gives back.
    if fields.string("currency").is_some_and(|currency| currency != partner.currency) {
        fields.problem(Problem::value("currency", Message::CannotBeChanged));
    }
    finished(fields, settings, record)
}

/// The same for the few settings that hold for all shops together.
pub(super) fn changed_globally(
    mut fields: Fields,
    partner: &Partner,
    record: SettingsRecord,
) -> Result<(Settings, SettingsRecord), ApiError> {
    let mut settings = partner.settings.clone();
    crossing(&mut fields, &mut settings);
    finished(fields, settings, record)
}

fn finished(
    mut fields: Fields,
    settings: Settings,
    record: SettingsRecord,
) -> Result<(Settings, SettingsRecord), ApiError> {
    for name in ["unified_customer_profiles", "auto_tier_progression"] {
        if fields.boolean(name) == Some(false) {
            fields.problem(Problem::value(name, Message::AlwaysSo { value: "true" }));
        }
    }
    fields.without_rule(&WITHOUT_RULE);
    fields.read_only(&READ_ONLY);
    fields.finish().none_or((settings, record)).map_err(ApiError::Invalid)
}

fn sharing(fields: &mut Fields, settings: &mut Settings) {
    let beside = ["multi_store_points", "point_sharing"].into_iter().find(|name| fields.has(name));
    let kind = |word: &str| match word {
        "full" => Some(PointSharing::Full),
        "earning_only" => Some(PointSharing::EarningOnly),
        "redemption_only" => Some(PointSharing::RedemptionOnly),
        "none" => Some(PointSharing::None),
        _ => None,
    };
    set(&mut settings.multi_store_points, fields.boolean("multi_store_points"));
    set(&mut settings.point_sharing, fields.word("point_sharing", kind, "full, earning_only, redemption_only, none"));
    let mut crossed = settings.clone();
    crossing(fields, &mut crossed);
    match beside {
        // What follows from the two may be sent beside them, where it does follow.
        Some(field) if crossed != *settings => {
            fields.problem(Problem::value("cross_shop_redemption", Message::NotBeside { field }));
        }
        Some(_) | None => *settings = crossed,
    }
}

/// One switch over the two settings: whether points that one shop gave may be spent in another.
fn crossing(fields: &mut Fields, settings: &mut Settings) {
    match fields.boolean("cross_shop_redemption") {
        Some(true) if !crosses_shops(settings) => {
            settings.multi_store_points = true;
            if !matches!(settings.point_sharing, PointSharing::Full | PointSharing::RedemptionOnly) {
                settings.point_sharing = PointSharing::Full;
            }
        }
        Some(false) if crosses_shops(settings) => settings.point_sharing = PointSharing::EarningOnly,
        Some(_) | None => {}
    }
}

fn refunds(inner: &mut Fields, settings: &mut Settings) {
    let shortfall = |word: &str| match word {
        "block" => Some(Shortfall::Block),
        "partial" => Some(Shortfall::Partial),
        "negative" => Some(Shortfall::Negative),
        _ => None,
    };
    set(&mut settings.refund_shortfall, inner.word("insufficient", shortfall, "partial, negative, block"));
    if inner.string("mode").is_some_and(|mode| mode != "automatic") {
        inner.problem(Problem::value("mode", Message::AlwaysSo { value: "automatic" }));
    }
    if inner.take("max_days").is_some() {
        inner.problem(Problem::value("max_days", Message::AlwaysSo { value: "null" }));
    }
}

/// How long the vault keeps what; an explicit null keeps it for ever.
fn retention(inner: &mut Fields, retention: &mut Retention) {
    let days = inner.whole("superseded_records_after_days", 0..=i64::from(RETENTION_DAYS_MAX));
    set(&mut retention.superseded_records_after_days, days.and_then(|days| u32::try_from(days).ok()));
    for (name, place) in [
        ("movement_texts_after_months", &mut retention.movement_texts_after_months),
        ("block_reasons_after_months", &mut retention.block_reasons_after_months),
        ("inactive_customers_after_months", &mut retention.inactive_customers_after_months),
    ] {
        let months = |fields: &mut Fields, name: &str| {
            let months = fields.whole(name, 1..=i64::from(RETENTION_MONTHS_MAX))?;
            u32::try_from(months).ok()
        };
        inner.change(name, months).apply(place);
    }
    set(&mut retention.inactive_customers_with_points, inner.boolean("inactive_customers_with_points"));
}

/// The tiers from the lowest, as a whole: each takes the next of the four ranks, unless it names its own.
fn tiers(fields: &mut Fields) -> Option<(Vec<TierLevel>, BTreeMap<Tier, TierRecord>)> {
    let read = fields.each("tiers", Tier::ALL.len(), |place, inner| tier(Tier::ALL[place], inner))?;
    if read.is_empty() {
        fields.problem(Problem::value("tiers", Message::MustNotBeEmpty));
    }
    let words = read.iter().map(|(level, words)| (level.tier, words.clone())).collect();
    Some((read.into_iter().map(|(level, _)| level).collect(), words))
}

fn tier(rank: Tier, inner: &mut Fields) -> (TierLevel, TierRecord) {
    let tier = inner.word("tier", Tier::from_name, "bronze, silver, gold, platinum").unwrap_or(rank);
    let threshold = inner.whole("threshold", 0..=Points::MAX_BALANCE.get());
    let threshold = Points::new(inner.required("threshold", threshold).unwrap_or_default());
    let multiplier = inner.decimal("multiplier", TierLevel::is_multiplier, Message::OutOfBounds);
    let name = inner.text("name", limits::TIER_NAME_CHARS).unwrap_or_else(|| capitalised(tier));
    let benefit = |fields: &mut Fields, name: &str| fields.text(name, limits::BENEFIT_CHARS);
    let benefits = inner.each_value("benefits", limits::BENEFITS_OF_TIER, benefit).unwrap_or_default();
    let multiplier = multiplier.map_or(Decimal::ONE, |multiplier| multiplier.normalize());
    (TierLevel { tier, threshold, multiplier }, TierRecord { name, benefits })
}
