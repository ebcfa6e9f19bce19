//! The whole programme as one state: small, always in memory, the same for the writer and every reader.

use super::{
    KeyCreated, KeyForm, PartnerCreated, PartnerSettingsChanged, Scope, Settings, ShopFacts, ShopOpened, ShopUpdated,
    TemplateCreated, TemplateRules, TemplateUpdated,
};
use crate::domain::WebhookId;
use crate::domain::checkpoints::Checkpoints;
use crate::domain::seals::Seals;
use crate::domain::webhooks::{self, Webhook};
use crate::domain::{Event, KeyId, PartnerId, RecordId, Rejection, Sealed, Seq, ShopId, TemplateId, Timestamp};
use std::collections::BTreeMap;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub id: PartnerId,
    /// ISO 4217. It stays as it was founded.
    pub currency: String,
    pub record: RecordId,
    pub settings: Settings,
    /// The words of the settings; none where they were never changed.
    pub settings_record: Option<RecordId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    pub as_of: Seq,
}

impl Partner {
    /// Refuses a currency that is not the partner's. None means the partner's.
    ///
    /// # Errors
    /// The two currencies: there is no conversion.
    pub fn check_currency(&self, given: Option<&str>) -> Result<(), Rejection> {
        match given {
            Some(given) if given != self.currency => {
                Err(Rejection::CurrencyMismatch { given: given.to_owned(), expected: self.currency.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// A shop of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    pub id: ShopId,
    pub partner: PartnerId,
    pub facts: ShopFacts,
    pub record: RecordId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub retired_at: Option<Timestamp>,
    pub version: i64,
    pub as_of: Seq,
}

impl Shop {
    /// Whether it does business: active, and not retired.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.facts.is_active && self.retired_at.is_none()
    }
}

/// A card template of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub id: TemplateId,
    pub partner: PartnerId,
    pub rules: TemplateRules,
    pub record: RecordId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub retired_at: Option<Timestamp>,
    pub version: i64,
    pub as_of: Seq,
}

/// A credential of a partner, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: KeyId,
    pub partner: PartnerId,
    pub public_id: String,
    pub form: KeyForm,
    pub shop: Option<ShopId>,
    pub scopes: Vec<Scope>,
    pub allowed_ips: Vec<String>,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub version: i64,
    pub as_of: Seq,
}

/// Partners, shops, templates, keys and webhooks as of the last event, and what the deployment has stated of its log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    pub partners: BTreeMap<PartnerId, Partner>,
    pub shops: BTreeMap<ShopId, Shop>,
    pub templates: BTreeMap<TemplateId, Template>,
    pub keys: BTreeMap<KeyId, Key>,
    pub checkpoints: Checkpoints,
    pub webhooks: BTreeMap<WebhookId, Webhook>,
    pub seals: Seals,
}

impl Directory {
    /// Applies an event, where it concerns the programme.
    pub fn evolve(&mut self, event: &Event, partner: PartnerId, seq: Seq, at: Timestamp) {
        match event {
            Event::PartnerCreated(event) => self.founded(event, seq, at),
            Event::PartnerSettingsChanged(event) => self.settings_changed(event, seq, at),
            Event::ShopOpened(event) => self.opened(event, partner, seq, at),
            Event::ShopUpdated(event) => self.shop_updated(event, seq, at),
            Event::ShopRetired(event) => {
                if let Some(shop) = self.shops.get_mut(&event.shop) {
                    shop.retired_at = Some(at);
                    (shop.updated_at, shop.version, shop.as_of) = (at, shop.version + 1, seq);
                }
            }
            Event::TemplateCreated(event) => self.template_created(event, partner, seq, at),
            Event::TemplateUpdated(event) => self.template_updated(event, seq, at),
            Event::TemplateRetired(event) => {
                if let Some(template) = self.templates.get_mut(&event.template) {
                    template.retired_at = Some(at);
                    (template.updated_at, template.version, template.as_of) = (at, template.version + 1, seq);
                }
            }
            Event::KeyCreated(event) => self.key_created(event, partner, seq, at),
            Event::KeyRevoked(event) => {
                if let Some(key) = self.keys.get_mut(&event.key) {
                    key.revoked_at = Some(at);
                    (key.version, key.as_of) = (key.version + 1, seq);
                }
            }
            Event::CheckpointKeyCreated(_)
            | Event::CheckpointKeyRetired(_)
            | Event::CheckpointMade(_)
            | Event::CheckpointCosigned(_) => self.checkpoints.evolve(event, seq, at),
            Event::WebhookCreated(_)
            | Event::WebhookUpdated(_)
            | Event::WebhookRotated(_)
            | Event::WebhookDisabled(_)
            | Event::WebhookSkipped(_)
            | Event::WebhookRemoved(_) => {
                webhooks::evolve(&mut self.webhooks, event, partner, seq, at);
            }
            Event::BalancesSealed(event) => self.seals.sealed(event, partner),
            Event::CustomerRegistered(_)
            | Event::CustomerUpdated(_)
            | Event::CustomerErased(_)
            | Event::RecordsErased(_)
            | Event::CardIssued(_)
            | Event::CardUpdated(_)
            | Event::CardActivated(_)
            | Event::CardBlocked(_)
            | Event::CardUnblocked(_)
            | Event::CardTierChanged(_)
            | Event::PointsAwarded(_)
            | Event::PointsRedeemed(_)
            | Event::PointsAdjusted(_)
            | Event::PointsExpired(_)
            | Event::OrderRecorded(_)
            | Event::PointsRefunded(_)
            | Event::PointsReturned(_) => {}
        }
    }

    /// Whether the event changes the programme.
    #[must_use]
    pub const fn concerns(event: &Event) -> bool {
        matches!(
            event,
            Event::PartnerCreated(_)
                | Event::PartnerSettingsChanged(_)
                | Event::ShopOpened(_)
                | Event::ShopUpdated(_)
                | Event::ShopRetired(_)
                | Event::TemplateCreated(_)
                | Event::TemplateUpdated(_)
                | Event::TemplateRetired(_)
                | Event::KeyCreated(_)
                | Event::KeyRevoked(_)
                | Event::CheckpointKeyCreated(_)
                | Event::CheckpointKeyRetired(_)
                | Event::CheckpointMade(_)
                | Event::CheckpointCosigned(_)
                | Event::WebhookCreated(_)
                | Event::WebhookUpdated(_)
                | Event::WebhookRotated(_)
                | Event::WebhookDisabled(_)
                | Event::WebhookSkipped(_)
                | Event::WebhookRemoved(_)
                | Event::BalancesSealed(_)
        )
    }

    /// The template that a partner's new cards get in a shop: the oldest in use that is assigned automatically and applies there.
    #[must_use]
    pub fn auto_assigned(&self, partner: PartnerId, shop: Option<ShopId>) -> Option<&Template> {
        let assigned = |template: &&Template| {
            let in_use = template.rules.is_active && template.retired_at.is_none();
            template.partner == partner && template.rules.auto_assign && in_use && template.rules.applies_at(shop)
        };
        self.templates.values().find(assigned)
    }

    /// A shop, where it is the partner's.
    #[must_use]
    pub fn shop_of(&self, partner: PartnerId, shop: ShopId) -> Option<&Shop> {
        self.shops.get(&shop).filter(|shop| shop.partner == partner)
    }

    /// A template, where it is the partner's.
    #[must_use]
    pub fn template_of(&self, partner: PartnerId, template: TemplateId) -> Option<&Template> {
        self.templates.get(&template).filter(|template| template.partner == partner)
    }

    /// A webhook, where it is the partner's and was not removed.
    #[must_use]
    pub fn webhook_of(&self, partner: PartnerId, webhook: WebhookId) -> Option<&Webhook> {
        let own = |webhook: &&Webhook| webhook.partner == partner && webhook.removed_at.is_none();
        self.webhooks.get(&webhook).filter(own)
    }

    fn founded(&mut self, event: &PartnerCreated, seq: Seq, at: Timestamp) {
        let state = Partner {
            id: event.partner,
            currency: event.currency.clone(),
            record: record(event.sealed),
            settings: Settings::default(),
            settings_record: None,
            created_at: at,
            updated_at: at,
            version: 1,
            as_of: seq,
        };
        self.partners.insert(event.partner, state);
    }

    fn settings_changed(&mut self, event: &PartnerSettingsChanged, seq: Seq, at: Timestamp) {
        if let Some(partner) = self.partners.get_mut(&event.partner) {
            partner.settings.clone_from(&event.settings);
            partner.settings_record = event.sealed.map(|sealed| sealed.record);
            (partner.updated_at, partner.version, partner.as_of) = (at, partner.version + 1, seq);
        }
    }

    fn opened(&mut self, event: &ShopOpened, partner: PartnerId, seq: Seq, at: Timestamp) {
        let &ShopOpened { shop, is_virtual, is_active, coordinates, sealed } = event;
        let state = Shop {
            id: shop,
            partner,
            facts: ShopFacts { is_virtual, is_active, coordinates },
            record: record(sealed),
            created_at: at,
            updated_at: at,
            retired_at: None,
            version: 1,
            as_of: seq,
        };
        self.shops.insert(shop, state);
    }

    fn shop_updated(&mut self, event: &ShopUpdated, seq: Seq, at: Timestamp) {
        let &ShopUpdated { shop, is_virtual, is_active, coordinates, sealed } = event;
        if let Some(shop) = self.shops.get_mut(&shop) {
            shop.facts = ShopFacts { is_virtual, is_active, coordinates };
            shop.record = sealed.map_or(shop.record, |sealed| sealed.record);
            shop.retired_at = None;
            (shop.updated_at, shop.version, shop.as_of) = (at, shop.version + 1, seq);
        }
    }

    fn template_created(&mut self, event: &TemplateCreated, partner: PartnerId, seq: Seq, at: Timestamp) {
        let state = Template {
            id: event.template,
            partner,
            rules: event.rules.clone(),
            record: record(event.sealed),
            created_at: at,
            updated_at: at,
            retired_at: None,
            version: 1,
            as_of: seq,
        };
        self.templates.insert(event.template, state);
    }

    fn template_updated(&mut self, event: &TemplateUpdated, seq: Seq, at: Timestamp) {
        if let Some(template) = self.templates.get_mut(&event.template) {
            template.rules.clone_from(&event.rules);
            template.record = event.sealed.map_or(template.record, |sealed| sealed.record);
            template.retired_at = None;
            (template.updated_at, template.version, template.as_of) = (at, event.version, seq);
        }
    }

    fn key_created(&mut self, event: &KeyCreated, partner: PartnerId, seq: Seq, at: Timestamp) {
        let state = Key {
            id: event.key,
            partner,
            public_id: event.public_id.clone(),
            form: event.form,
            shop: event.shop,
            scopes: event.scopes.clone(),
            allowed_ips: event.allowed_ips.clone(),
            expires_at: event.expires_at,
            created_at: at,
            revoked_at: None,
            version: 1,
            as_of: seq,
        };
        self.keys.insert(event.key, state);
    }
}

fn record(sealed: Option<Sealed>) -> RecordId {
    sealed.map_or(RecordId::new(0), |sealed| sealed.record)
}
