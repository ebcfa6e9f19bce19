//! The programme: partners, shops, card templates and credentials.

mod commands;
mod directory;
mod events;
mod key;
mod rules;

pub use commands::{CreateKey, CreatePartner, CreateTemplate, OpenShop, RevokeKey};
pub use directory::{Directory, Key, Partner, Shop, Template};
pub use events::{KeyCreated, KeyRevoked, PartnerCreated, ShopOpened, TemplateCreated};
pub use key::{KeyForm, Scope};
pub use rules::{Activation, TemplateRules};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the vault keeps of a partner, a shop or a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameRecord {
    pub name: String,
}

/// What the vault keeps of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TitleRecord {
    /// By locale.
    pub title: BTreeMap<String, String>,
}
