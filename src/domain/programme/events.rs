//! What happens to partners, shops, templates and credentials.

use super::shop::{is_yes, yes};
use super::{Coordinates, KeyForm, Scope, Settings, TemplateRules};
use crate::domain::{KeyId, PartnerId, Sealed, ShopId, TemplateId, Timestamp};
use serde::{Deserialize, Serialize};

/// `partner.created`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerCreated {
    pub partner: PartnerId,
    /// ISO 4217.
    pub currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `partner.settings_changed`: the whole settings anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSettingsChanged {
    pub partner: PartnerId,
    pub settings: Settings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `shop.opened`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopOpened {
    pub shop: ShopId,
    pub is_virtual: bool,
    /// Absent means yes.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub is_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `shop.updated`: the whole shop anew. A retired shop is open again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopUpdated {
    pub shop: ShopId,
    pub is_virtual: bool,
    /// Absent means yes.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub is_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `shop.retired`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopRetired {
    pub shop: ShopId,
}

/// `template.created`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateCreated {
    pub template: TemplateId,
    pub rules: TemplateRules,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `template.updated`: the whole template anew. A retired template is given out again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateUpdated {
    pub template: TemplateId,
    /// The version of the template's stream from which these rules apply: this event's.
    pub version: i64,
    pub rules: TemplateRules,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `template.retired`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateRetired {
    pub template: TemplateId,
}

/// `key.created`: the credential without its secret, whose hash is kept in ops.db.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCreated {
    pub key: KeyId,
    pub public_id: String,
    pub form: KeyForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<ShopId>,
    pub scopes: Vec<Scope>,
    /// Addresses or CIDR blocks that may use the key; empty means any.
    pub allowed_ips: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// `key.revoked`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    pub key: KeyId,
}
