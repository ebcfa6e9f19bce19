//! The layouts of `partner.*`, `shop.*`, `template.*`, `key.*` and `customer.*`. Fields that no check needs are read to prove that they are well formed.

use super::{Sealed, present};
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopOpened {
    pub shop: ShopId,
    pub is_virtual: bool,
    pub sealed: Sealed,
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

/// `customer.registered` and `customer.updated`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerSealed {
    pub customer: CustomerId,
    pub sealed: Sealed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerErased {
    pub customer: CustomerId,
    pub records: u64,
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

/// Money or a rate: a decimal number as text, so that no reader rounds it.
#[derive(Debug)]
pub struct Amount(pub String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) {
            return Err(de::Error::custom(format!("{text:?} is not a decimal number")));
        }
        Ok(Self(text))
    }
}

/// The rules of a template. Events state outcomes, so no check applies them again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub auto_assign: bool,
    pub activation: Activation,
    pub points_enabled: bool,
    pub initial_bonus_points: Points,
    #[serde(deserialize_with = "Option::deserialize")]
    pub points_expiration_days: Option<u32>,
    pub points_per_currency: Amount,
    pub currency_amount: Amount,
    pub round_points_up: bool,
    pub min_points_per_purchase: Points,
    #[serde(deserialize_with = "Option::deserialize")]
    pub max_points_per_purchase: Option<Points>,
    pub points_per_visit: Points,
    pub points_redemption_enabled: bool,
    pub points_per_currency_redemption: Amount,
    pub currency_amount_redemption: Amount,
    pub min_points_for_redemption: Points,
    #[serde(deserialize_with = "Option::deserialize")]
    pub max_points_per_redemption: Option<Points>,
}
