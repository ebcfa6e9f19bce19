//! Founding a partner, changing its settings, and its credentials.

use super::shop::unchanged_since;
use super::{
    Directory, KeyCreated, KeyForm, KeyRevoked, NameRecord, PartnerCreated, PartnerSettingsChanged, Scope, Settings,
    SettingsRecord,
};
use crate::domain::{Draft, KeyId, PartnerId, Rejection, Secret, ShopId, Stream, Timestamp};

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

/// Changes a partner's settings. Both parts are stated as a whole: the caller fills in what stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSettings {
    /// The version of the partner's stream from which the caller filled in what stays; none overwrites whatever is there.
    pub based_on: Option<i64>,
    pub settings: Settings,
    /// What the tiers are called and offer.
    pub record: SettingsRecord,
}

impl ChangeSettings {
    /// The change, or nothing where everything is so already. `known` is what the vault holds of the settings.
    ///
    /// # Errors
    /// [`Rejection::PartnerNotFound`], [`Rejection::ChangedMeanwhile`], [`Rejection::RuleOutOfBounds`]
    pub fn decide(
        &self,
        directory: &Directory,
        partner: PartnerId,
        known: Option<&SettingsRecord>,
    ) -> Result<Vec<Draft>, Rejection> {
        let state = directory.partners.get(&partner).ok_or(Rejection::PartnerNotFound { partner })?;
        unchanged_since(self.based_on, state.version)?;
        self.settings.check()?;
        let nothing = SettingsRecord::default();
        if state.settings == self.settings && *known.unwrap_or(&nothing) == self.record {
            return Ok(Vec::new());
        }
        let event = PartnerSettingsChanged { partner, settings: self.settings.clone(), sealed: None };
        Ok(vec![Draft::sealing(event, Secret::new(Stream::Partner(partner), &self.record))])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Seq;
    use crate::domain::cards::Tier;
    use crate::domain::programme::{PointSharing, TierRecord};
    use crate::domain::samples::NOW;

    const PARTNER: PartnerId = PartnerId::new(1);

    fn shared() -> ChangeSettings {
        let settings =
            Settings { multi_store_points: true, point_sharing: PointSharing::EarningOnly, ..Settings::default() };
        let friend = TierRecord { name: "Draugas".to_owned(), benefits: Vec::new() };
        ChangeSettings { based_on: None, settings, record: SettingsRecord { tiers: [(Tier::Silver, friend)].into() } }
    }

    #[test]
    fn settings_are_stated_as_a_whole_and_their_words_are_sealed() {
        let mut directory = Directory::default();
        let founded = CreatePartner { name: "Bakery".to_owned(), currency: "EUR".to_owned() }.decide(PARTNER);
        directory.evolve(&founded[0].event, PARTNER, Seq::new(1), NOW);
        let drafts = shared().decide(&directory, PARTNER, None).unwrap();
        let payload = drafts[0].event.payload();
        assert!(
            payload.starts_with(
                r#"{"partner":1,"settings":{"multi_store_points":true,"point_sharing":"earning_only","unified_tiers":false,"refund_shortfall":"negative","tiers":{"basis":"lifetime","levels":[{"tier":"bronze","threshold":0,"multiplier":"1"},"#
            ),
            "{payload}"
        );
        assert_eq!(drafts[0].secret.as_ref().unwrap().body, r#"{"tiers":{"silver":{"name":"Draugas"}}}"#);
        directory.evolve(&drafts[0].event, PARTNER, Seq::new(2), NOW);
        assert_eq!(directory.partners[&PARTNER].settings, shared().settings);
        assert_eq!(shared().decide(&directory, PARTNER, Some(&shared().record)), Ok(vec![]));
        assert_eq!(directory.partners[&PARTNER].currency, "EUR", "the currency stays as it was founded");
    }
}
