//! Setting up a programme and its credentials.

use super::{
    Directory, KeyCreated, KeyForm, KeyRevoked, NameRecord, PartnerCreated, Scope, ShopOpened, TemplateCreated,
    TemplateRules, TitleRecord,
};
use crate::domain::{Draft, KeyId, PartnerId, Rejection, Secret, ShopId, Stream, TemplateId, Timestamp};
use std::collections::BTreeMap;

/// Founds a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePartner {
    pub name: String,
    /// ISO 4217.
    pub currency: String,
}

impl CreatePartner {
    /// The founding event.
    #[must_use]
    pub fn decide(&self, fresh: PartnerId) -> Vec<Draft> {
        let secret = Secret::new(Stream::Partner(fresh), &NameRecord { name: self.name.clone() });
        let event = PartnerCreated { partner: fresh, currency: self.currency.clone(), sealed: None };
        vec![Draft::sealing(event, secret)]
    }
}

/// Opens a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenShop {
    pub name: String,
    pub is_virtual: bool,
}

impl OpenShop {
    /// The opening event.
    #[must_use]
    pub fn decide(&self, fresh: ShopId) -> Vec<Draft> {
        let secret = Secret::new(Stream::Shop(fresh), &NameRecord { name: self.name.clone() });
        vec![Draft::sealing(ShopOpened { shop: fresh, is_virtual: self.is_virtual, sealed: None }, secret)]
    }
}

/// Creates a card template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTemplate {
    /// By locale.
    pub title: BTreeMap<String, String>,
    pub rules: TemplateRules,
}

impl CreateTemplate {
    /// The template's first event.
    #[must_use]
    pub fn decide(&self, fresh: TemplateId) -> Vec<Draft> {
        let secret = Secret::new(Stream::Template(fresh), &TitleRecord { title: self.title.clone() });
        vec![Draft::sealing(TemplateCreated { template: fresh, rules: self.rules.clone(), sealed: None }, secret)]
    }
}

/// Creates a credential whose secret's hash is in ops.db already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateKey {
    pub name: String,
    pub public_id: String,
    pub form: KeyForm,
    pub shop: Option<ShopId>,
    pub scopes: Vec<Scope>,
    pub allowed_ips: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

impl CreateKey {
    /// The credential's first event.
    ///
    /// # Errors
    /// [`Rejection::ShopNotFound`]
    pub fn decide(&self, directory: &Directory, partner: PartnerId, fresh: KeyId) -> Result<Vec<Draft>, Rejection> {
        if let Some(shop) = self.shop
            && directory.shop_of(partner, shop).is_none()
        {
            return Err(Rejection::ShopNotFound { shop });
        }
        let secret = Secret::new(Stream::Key(fresh), &NameRecord { name: self.name.clone() });
        let event = KeyCreated {
            key: fresh,
            public_id: self.public_id.clone(),
            form: self.form,
            shop: self.shop,
            scopes: self.scopes.clone(),
            allowed_ips: self.allowed_ips.clone(),
            expires_at: self.expires_at,
            sealed: None,
        };
        Ok(vec![Draft::sealing(event, secret)])
    }
}

/// Ends a credential, for good and at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeKey {
    pub key: KeyId,
}

impl RevokeKey {
    /// The end, or nothing where it has happened already.
    ///
    /// # Errors
    /// [`Rejection::KeyNotFound`]
    pub fn decide(&self, directory: &Directory, partner: PartnerId) -> Result<Vec<Draft>, Rejection> {
        let key = directory.keys.get(&self.key).filter(|key| key.partner == partner);
        match key {
            None => Err(Rejection::KeyNotFound { key: self.key }),
            Some(key) if key.revoked_at.is_some() => Ok(Vec::new()),
            Some(_) => Ok(vec![Draft::open(KeyRevoked { key: self.key })]),
        }
    }
}
