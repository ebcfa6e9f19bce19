//! What happens to partners, shops, templates and credentials.

use super::{KeyForm, Scope, TemplateRules};
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

/// `shop.opened`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopOpened {
    pub shop: ShopId,
    pub is_virtual: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
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
