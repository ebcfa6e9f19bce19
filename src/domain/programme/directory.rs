//! The whole programme as one state: small, always in memory, the same for the writer and every reader.

use super::{KeyForm, Scope, TemplateRules};
use crate::domain::{Event, KeyId, PartnerId, RecordId, Seq, ShopId, TemplateId, Timestamp};
use std::collections::BTreeMap;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub id: PartnerId,
    pub currency: String,
    pub record: RecordId,
    pub created_at: Timestamp,
    pub version: i64,
    pub as_of: Seq,
}

/// A shop of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    pub id: ShopId,
    pub partner: PartnerId,
    pub is_virtual: bool,
    pub record: RecordId,
    pub created_at: Timestamp,
    pub version: i64,
    pub as_of: Seq,
}

/// A card template of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub id: TemplateId,
    pub partner: PartnerId,
    pub rules: TemplateRules,
    pub record: RecordId,
    pub created_at: Timestamp,
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

/// Partners, shops, templates and keys as of the last event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    pub partners: BTreeMap<PartnerId, Partner>,
    pub shops: BTreeMap<ShopId, Shop>,
    pub templates: BTreeMap<TemplateId, Template>,
    pub keys: BTreeMap<KeyId, Key>,
}

impl Directory {
    /// Applies an event, where it concerns the programme.
    pub fn evolve(&mut self, event: &Event, partner: PartnerId, seq: Seq, at: Timestamp) {
        match event {
            Event::PartnerCreated(event) => {
                let record = event.sealed.map_or(RecordId::new(0), |sealed| sealed.record);
                let state = Partner {
                    id: event.partner,
                    currency: event.currency.clone(),
                    record,
                    created_at: at,
                    version: 1,
                    as_of: seq,
                };
                self.partners.insert(event.partner, state);
            }
            Event::ShopOpened(event) => {
                let record = event.sealed.map_or(RecordId::new(0), |sealed| sealed.record);
                let is_virtual = event.is_virtual;
                let state =
                    Shop { id: event.shop, partner, is_virtual, record, created_at: at, version: 1, as_of: seq };
                self.shops.insert(event.shop, state);
            }
            Event::TemplateCreated(event) => {
                let record = event.sealed.map_or(RecordId::new(0), |sealed| sealed.record);
                let (id, rules) = (event.template, event.rules.clone());
                self.templates
                    .insert(id, Template { id, partner, rules, record, created_at: at, version: 1, as_of: seq });
            }
            Event::KeyCreated(event) => {
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
            Event::KeyRevoked(event) => {
                if let Some(key) = self.keys.get_mut(&event.key) {
                    key.revoked_at = Some(at);
                    key.version += 1;
                    key.as_of = seq;
                }
            }
            Event::CustomerRegistered(_)
            | Event::CustomerUpdated(_)
            | Event::CustomerErased(_)
            | Event::CardIssued(_)
            | Event::CardUpdated(_)
            | Event::CardActivated(_)
            | Event::CardBlocked(_)
            | Event::CardUnblocked(_)
            | Event::CardTierChanged(_)
            | Event::PointsAwarded(_)
            | Event::PointsRedeemed(_)
            | Event::PointsAdjusted(_)
            | Event::PointsExpired(_) => {}
        }
    }

    /// Whether the event changes the programme.
    #[must_use]
    pub const fn concerns(event: &Event) -> bool {
        matches!(
            event,
            Event::PartnerCreated(_)
                | Event::ShopOpened(_)
                | Event::TemplateCreated(_)
                | Event::KeyCreated(_)
                | Event::KeyRevoked(_)
        )
    }

    /// The template that a partner's new cards get: the oldest that is assigned automatically.
    #[must_use]
    pub fn auto_assigned(&self, partner: PartnerId) -> Option<&Template> {
        self.templates.values().find(|template| template.partner == partner && template.rules.auto_assign)
    }

    /// A shop, where it is the partner's.
    #[must_use]
    pub fn shop_of(&self, partner: PartnerId, shop: ShopId) -> Option<&Shop> {
        self.shops.get(&shop).filter(|shop| shop.partner == partner)
    }
}
