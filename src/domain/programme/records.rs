//! What the vault keeps of the programme: everything that people typed about a partner, a shop, a template or a key.

use crate::domain::Metadata;
use crate::domain::cards::Tier;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text by locale.
pub type Localised = BTreeMap<String, String>;

/// What a partner, a shop or a key is called, whatever else its record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRecord {
    pub name: String,
}

/// A shop, as far as people describe it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopRecord {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By day of the week: `monday` to `08:00-20:00`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub working_hours: BTreeMap<String, String>,
    /// Where they can be fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
}

impl ShopRecord {
    /// A shop of which only the name is known.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// The words and looks of a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateRecord {
    pub title: Localised,
    #[serde(default, skip_serializing_if = "Localised::is_empty")]
    pub description: Localised,
    #[serde(default, skip_serializing_if = "Localised::is_empty")]
    pub terms_conditions: Localised,
    /// Colours and pictures, opaque to the ledger.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub card_design: Metadata,
}

impl TemplateRecord {
    /// A template of which only the title is known.
    #[must_use]
    pub fn titled(title: Localised) -> Self {
        Self { title, ..Self::default() }
    }
}

/// The words of a partner's settings: what its tiers are called and offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsRecord {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<Tier, TierRecord>,
}

/// The words of one tier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierRecord {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub benefits: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_the_first_version_is_read_as_it_was_meant() {
        let shop: ShopRecord = serde_json::from_str(r#"{"name":"Old Town"}"#).unwrap();
        assert_eq!(shop, ShopRecord::named("Old Town"));
        let template: TemplateRecord = serde_json::from_str(r#"{"title":{"en":"Card"}}"#).unwrap();
        assert_eq!(template, TemplateRecord::titled([("en".to_owned(), "Card".to_owned())].into()));
    }

    #[test]
    fn a_shop_has_a_name_whatever_else_its_record_says() {
        let shop = ShopRecord { address: Some("Pilies 1".to_owned()), ..ShopRecord::named("Old Town") };
        let text = serde_json::to_string(&shop).unwrap();
        assert_eq!(text, r#"{"name":"Old Town","address":"Pilies 1"}"#);
        assert_eq!(serde_json::from_str::<NameRecord>(&text).unwrap().name, "Old Town");
    }
}
