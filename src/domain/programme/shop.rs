//! Opening a shop, changing what is known of it, and retiring it.

use super::{Directory, ShopOpened, ShopRecord, ShopRetired, ShopUpdated};
use crate::domain::{Draft, PartnerId, Rejection, Secret, ShopId, Stream};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Where a shop stands, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    pub latitude: Decimal,
    pub longitude: Decimal,
}

/// What is not sealed of a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopFacts {
    pub is_virtual: bool,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub is_active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
}

/// Opens a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenShop {
    pub record: ShopRecord,
    pub facts: ShopFacts,
}

impl OpenShop {
    /// A shop with premises, of which only the name is known.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        let facts = ShopFacts { is_virtual: false, is_active: true, coordinates: None };
        Self { record: ShopRecord::named(name), facts }
    }

    /// The opening event.
    #[must_use]
    pub fn decide(&self, fresh: ShopId) -> Vec<Draft> {
        let ShopFacts { is_virtual, is_active, coordinates } = self.facts;
        let event = ShopOpened { shop: fresh, is_virtual, is_active, coordinates, sealed: None };
        vec![Draft::sealing(event, Secret::new(Stream::Shop(fresh), &self.record))]
    }
}

/// Changes a shop. Both parts are stated as a whole: the caller fills in what stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateShop {
    pub shop: ShopId,
    /// The version of the shop's stream from which the caller filled in what stays; none overwrites whatever is there.
    pub based_on: Option<i64>,
    pub record: ShopRecord,
    pub facts: ShopFacts,
}

impl UpdateShop {
    /// The change, or nothing where everything is so already. `known` is what the vault holds of the shop.
    ///
    /// # Errors
    /// [`Rejection::ShopNotFound`], [`Rejection::ChangedMeanwhile`]
    pub fn decide(
        &self,
        directory: &Directory,
        partner: PartnerId,
        known: Option<&ShopRecord>,
    ) -> Result<Vec<Draft>, Rejection> {
        let shop = directory.shop_of(partner, self.shop).ok_or(Rejection::ShopNotFound { shop: self.shop })?;
        unchanged_since(self.based_on, shop.version)?;
        if shop.facts == self.facts && known == Some(&self.record) && shop.retired_at.is_none() {
            return Ok(Vec::new());
        }
        let ShopFacts { is_virtual, is_active, coordinates } = self.facts;
        let event = ShopUpdated { shop: self.shop, is_virtual, is_active, coordinates, sealed: None };
        Ok(vec![Draft::sealing(event, Secret::new(Stream::Shop(self.shop), &self.record))])
    }
}

/// Takes a shop out of the programme. Its lots, orders and history stay; an update opens it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetireShop {
    pub shop: ShopId,
}

impl RetireShop {
    /// The end, or nothing where it has happened already.
    ///
    /// # Errors
    /// [`Rejection::ShopNotFound`]
    pub fn decide(&self, directory: &Directory, partner: PartnerId) -> Result<Vec<Draft>, Rejection> {
        let shop = directory.shop_of(partner, self.shop).ok_or(Rejection::ShopNotFound { shop: self.shop })?;
        let retired = || vec![Draft::open(ShopRetired { shop: self.shop })];
        Ok(if shop.retired_at.is_some() { Vec::new() } else { retired() })
    }
}

/// Refuses a change whose caller filled in what stays from another version than the one that it would replace.
pub(super) fn unchanged_since(based_on: Option<i64>, version: i64) -> Result<(), Rejection> {
    if based_on.is_none_or(|known| known == version) { Ok(()) } else { Err(Rejection::ChangedMeanwhile { version }) }
}

pub(in crate::domain) const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(in crate::domain) const fn is_yes(value: &bool) -> bool {
    *value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{NOW, kinds};
    use crate::domain::{Event, Seq};

    const PARTNER: PartnerId = PartnerId::new(1);
    const SHOP: ShopId = ShopId::new(4);

    fn directory(drafts: &[Draft]) -> Directory {
        let mut directory = Directory::default();
        for draft in drafts {
            directory.evolve(&draft.event, PARTNER, Seq::new(1), NOW);
        }
        directory
    }

    fn moved() -> UpdateShop {
        let coordinates = Coordinates { latitude: "54.6872".parse().unwrap(), longitude: "25.2797".parse().unwrap() };
        let facts = ShopFacts { is_virtual: false, is_active: true, coordinates: Some(coordinates) };
        let record = ShopRecord { address: Some("Pilies 1".to_owned()), ..ShopRecord::named("Old Town") };
        UpdateShop { shop: SHOP, based_on: None, record, facts }
    }

    #[test]
    fn a_shop_of_which_nothing_else_is_known_is_opened_as_ever() {
        let drafts = OpenShop::named("Old Town").decide(SHOP);
        assert_eq!(drafts[0].event.payload(), r#"{"shop":4,"is_virtual":false}"#);
        assert_eq!(drafts[0].secret.as_ref().unwrap().body, r#"{"name":"Old Town"}"#);
    }

    #[test]
    fn what_people_typed_is_sealed_and_where_a_shop_stands_is_not() {
        let directory = directory(&OpenShop::named("Old Town").decide(SHOP));
        let drafts = moved().decide(&directory, PARTNER, Some(&ShopRecord::named("Old Town"))).unwrap();
        assert_eq!(
            drafts[0].event.payload(),
            r#"{"shop":4,"is_virtual":false,"coordinates":{"latitude":"54.6872","longitude":"25.2797"}}"#
        );
        assert!(drafts[0].secret.as_ref().unwrap().body.contains("Pilies 1"));
    }

    #[test]
    fn what_is_so_already_is_not_recorded_again() {
        let mut all = OpenShop::named("Old Town").decide(SHOP);
        all.extend(moved().decide(&directory(&all), PARTNER, None).unwrap());
        assert_eq!(moved().decide(&directory(&all), PARTNER, Some(&moved().record)), Ok(vec![]));
    }

    #[test]
    fn a_shop_is_retired_once_and_an_update_opens_it_again() {
        let retire = RetireShop { shop: SHOP };
        let mut all = OpenShop::named("Old Town").decide(SHOP);
        all.extend(retire.decide(&directory(&all), PARTNER).unwrap());
        assert_eq!(kinds(&all), ["shop.opened", "shop.retired"]);
        assert_eq!(directory(&all).shops[&SHOP].retired_at, Some(NOW));
        assert_eq!(retire.decide(&directory(&all), PARTNER), Ok(vec![]));
        all.extend(moved().decide(&directory(&all), PARTNER, Some(&moved().record)).unwrap());
        assert_eq!(directory(&all).shops[&SHOP].retired_at, None);
    }

    #[test]
    fn a_change_that_was_made_from_an_older_version_is_refused() {
        let mut all = OpenShop::named("Old Town").decide(SHOP);
        let from = |version| UpdateShop { based_on: Some(version), ..moved() };
        assert!(from(1).decide(&directory(&all), PARTNER, None).is_ok());
        all.extend(moved().decide(&directory(&all), PARTNER, None).unwrap());
        let refused = Err(Rejection::ChangedMeanwhile { version: 2 });
        assert_eq!(from(1).decide(&directory(&all), PARTNER, None), refused);
    }

    #[test]
    fn a_shop_is_open_while_it_is_active_and_not_retired() {
        let opened = OpenShop::named("Old Town").decide(SHOP);
        let retired = RetireShop { shop: SHOP }.decide(&directory(&opened), PARTNER).unwrap();
        let idle = UpdateShop { facts: ShopFacts { is_active: false, ..moved().facts }, ..moved() };
        let idle = idle.decide(&directory(&opened), PARTNER, None).unwrap();
        let open = |more: &[Draft]| directory(&[opened.clone(), more.to_vec()].concat()).shops[&SHOP].is_open();
        assert_eq!((open(&[]), open(&retired), open(&idle)), (true, false, false));
    }

    #[test]
    fn another_partners_shop_is_as_good_as_none() {
        let directory = directory(&OpenShop::named("Old Town").decide(SHOP));
        let refused = Err(Rejection::ShopNotFound { shop: SHOP });
        assert_eq!(moved().decide(&directory, PartnerId::new(2), None), refused);
        assert_eq!(RetireShop { shop: SHOP }.decide(&directory, PartnerId::new(2)), refused);
        assert!(matches!(OpenShop::named("x").decide(SHOP)[0].event, Event::ShopOpened(_)));
    }
}
