//! The layouts of `partner.*`, `shop.*`, `template.*`, `key.*` and `customer.*`. Fields that no check needs are read to prove that they are well formed.

use super::{Retention, Sealed, Tier, present};
use crate::decimal::Decimal;
use crate::instant::Instant;
use crate::points::{CustomerId, KeyId, PartnerId, Points, ShopId, TemplateId};
use serde::{Deserialize, Deserializer, de};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerCreated {
    pub partner: PartnerId,
    pub currency: Currency,
    pub sealed: Sealed,
}

/// `partner.settings_changed`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsChanged {
    pub partner: PartnerId,
    pub settings: Settings,
    pub sealed: Sealed,
}

/// `shop.opened` and `shop.updated`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopFacts {
    pub shop: ShopId,
    pub is_virtual: bool,
    #[serde(default, deserialize_with = "present")]
    pub is_active: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub coordinates: Option<Coordinates>,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopRetired {
    pub shop: ShopId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateCreated {
    pub template: TemplateId,
    pub rules: Rules,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateUpdated {
    pub template: TemplateId,
    pub version: i64,
    pub rules: Rules,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateRetired {
    pub template: TemplateId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCreated {
    pub key: KeyId,
    pub public_id: String,
    pub form: KeyForm,
    #[serde(default, deserialize_with = "present")]
    pub shop: Option<ShopId>,
    pub scopes: Vec<String>,
    pub allowed_ips: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    pub expires_at: Option<Instant>,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    pub key: KeyId,
}

/// `customer.registered`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerRegistered {
    pub customer: CustomerId,
    #[serde(default, deserialize_with = "present")]
    pub happened_at: Option<Instant>,
    pub sealed: Sealed,
}

/// `customer.updated`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerSealed {
    pub customer: CustomerId,
    /// Empty only where an earlier version recorded the event.
    #[serde(default, deserialize_with = "present")]
    pub changed: Option<Vec<PersonField>>,
    pub sealed: Sealed,
}

/// A part of what is known of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonField {
    Email,
    Name,
    Phone,
    Metadata,
}

/// How a credential is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyForm {
    Pair,
    Bearer,
}

/// What makes an inactive card active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    FirstUse,
    Manual,
}

/// Three capital letters.
#[derive(Debug)]
pub struct Currency(pub String);

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(de::Error::custom(format!("{text:?} is not a currency code")));
        }
        Ok(Self(text))
    }
}

/// Where a shop is, in degrees.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    pub latitude: Degrees,
    pub longitude: Degrees,
}

/// A decimal number as text, which may be below nothing.
#[derive(Debug)]
pub struct Degrees(pub String);

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if Decimal::parse(text.strip_prefix('-').unwrap_or(&text)).is_none() {
            return Err(de::Error::custom(format!("{text:?} is not a decimal number")));
        }
        Ok(Self(text))
    }
}

/// The settings of a partner.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub multi_store_points: bool,
    pub point_sharing: Sharing,
    pub unified_tiers: bool,
    pub refund_shortfall: Shortfall,
    pub tiers: TierPlan,
    #[serde(default)]
    pub retention: Retention,
}

/// Where points are earned and spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    Full,
    EarningOnly,
    RedemptionOnly,
    None,
}

/// What a refund does when the card holds too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortfall {
    Block,
    Partial,
    Negative,
}

/// A partner's tiers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierPlan {
    pub basis: Basis,
    pub levels: Vec<Level>,
}

/// Which points count towards a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Basis {
    #[serde(rename = "lifetime")]
    Lifetime,
    #[serde(rename = "rolling_12_months")]
    Rolling,
}

/// One tier of a plan.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub tier: Tier,
    pub threshold: Points,
    pub multiplier: Decimal,
}

/// The rules of a template.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub auto_assign: bool,
    pub activation: Activation,
    pub points_enabled: bool,
    pub initial_bonus_points: Points,
    #[serde(deserialize_with = "Option::deserialize")]
    pub points_expiration_days: Option<u32>,
    pub points_per_currency: Decimal,
    pub currency_amount: Decimal,
    pub round_points_up: bool,
    pub min_points_per_purchase: Points,
    #[serde(deserialize_with = "Option::deserialize")]
    pub max_points_per_purchase: Option<Points>,
    pub points_per_visit: Points,
    pub points_redemption_enabled: bool,
    pub points_per_currency_redemption: Decimal,
    pub currency_amount_redemption: Decimal,
    pub min_points_for_redemption: Points,
    #[serde(deserialize_with = "Option::deserialize")]
    pub max_points_per_redemption: Option<Points>,
    #[serde(default, deserialize_with = "present")]
    pub is_active: Option<bool>,
    #[serde(default)]
    pub shop_ids: Vec<ShopId>,
    #[serde(default, deserialize_with = "present")]
    pub third_party: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    pub default_coupon_validity_days: Option<u32>,
}
