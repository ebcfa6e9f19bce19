//! The programme: partners and their settings, shops, card templates and credentials.

mod commands;
mod directory;
mod events;
mod key;
mod records;
mod retention;
mod rules;
mod settings;
mod shop;
mod template;
mod terms;

pub use commands::{ChangeSettings, CreateKey, CreatePartner, RevokeKey};
pub use directory::{Directory, Key, Partner, Shop, Template};
pub use events::{
    KeyCreated, KeyRevoked, PartnerCreated, PartnerSettingsChanged, ShopOpened, ShopRetired, ShopUpdated,
    TemplateCreated, TemplateRetired, TemplateUpdated,
};
pub use key::{KeyForm, Scope};
pub use records::{Localised, NameRecord, SettingsRecord, ShopRecord, TemplateRecord, TierRecord};
pub use retention::{RETENTION_DAYS_MAX, RETENTION_MONTHS_MAX, Retention, RetentionRule};
pub use rules::{Activation, TemplateRules};
pub use settings::{PointSharing, Setting, Settings, Shortfall, TierBasis, TierLevel, TierPlan};
pub use shop::{Coordinates, OpenShop, RetireShop, ShopFacts, UpdateShop};
pub(in crate::domain) use shop::{is_yes, yes};
pub use template::{CreateTemplate, RetireTemplate, UpdateTemplate};
pub use terms::{Standing, Terms};
