//! Whose points are earned and spent where. The lot's shop and the card's home shop decide; who names no shop is everywhere.

use super::{Lot, Points};
use crate::domain::cards::Card;
use crate::domain::programme::{PointSharing, Setting, Terms};
use crate::domain::{Rejection, ShopId, Timestamp};

/// Refuses to earn in a shop where the card does not.
pub(in crate::domain) fn may_earn(card: &Card, shop: Option<ShopId>, terms: &Terms<'_>) -> Result<(), Rejection> {
    applies(shop, terms)?;
    match terms.settings().sharing() {
        PointSharing::RedemptionOnly => at_home(card, shop, terms),
        PointSharing::Full | PointSharing::EarningOnly | PointSharing::None => Ok(()),
    }
}

/// Refuses to spend in a shop where the card does not, or not these points.
pub(in crate::domain) fn may_spend(
    card: &Card,
    shop: Option<ShopId>,
    points: Points,
    terms: &Terms<'_>,
    now: Timestamp,
) -> Result<(), Rejection> {
    applies(shop, terms)?;
    match terms.settings().sharing() {
        PointSharing::EarningOnly => at_home(card, shop, terms),
        PointSharing::Full | PointSharing::RedemptionOnly => Ok(()),
        PointSharing::None => {
            let here = card.lots.iter().filter(|lot| spendable(lot, shop, terms, now)).map(|lot| lot.remaining).sum();
            // Too little altogether is another rule's matter.
            if points > here && points <= card.available(now) {
                denied(shop, terms.settings().deciding())
            } else {
                Ok(())
            }
        }
    }
}

/// Whether a lot may be spent in a shop at this moment.
pub(in crate::domain) fn spendable(lot: &Lot, shop: Option<ShopId>, terms: &Terms<'_>, now: Timestamp) -> bool {
    let live = lot.expires_at.is_none_or(|time| time > now);
    let here = match (terms.settings().sharing(), shop, lot.shop) {
        (PointSharing::None, Some(shop), Some(earned_at)) => shop == earned_at,
        (PointSharing::None, None, _) | (PointSharing::None, _, None) => true,
        (PointSharing::Full | PointSharing::EarningOnly | PointSharing::RedemptionOnly, _, _) => true,
    };
    live && here
}

/// Refuses a shop that the template's cards are not for.
pub(in crate::domain) fn applies(shop: Option<ShopId>, terms: &Terms<'_>) -> Result<(), Rejection> {
    if terms.rules().applies_at(shop) { Ok(()) } else { denied(shop, Setting::ShopsOfTemplate) }
}

// A card that was issued nowhere in particular is at home everywhere.
fn at_home(card: &Card, shop: Option<ShopId>, terms: &Terms<'_>) -> Result<(), Rejection> {
    match (card.shop, shop) {
        (Some(home), Some(shop)) if home != shop => denied(Some(shop), terms.settings().deciding()),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

fn denied(shop: Option<ShopId>, setting: Setting) -> Result<(), Rejection> {
    shop.map_or(Ok(()), |shop| Err(Rejection::StoreAccessDenied { shop, setting }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::points::{Award, Particulars, Redeem};
    use crate::domain::programme::{Settings, TemplateRules};
    use crate::domain::samples::{CARD, NOW, card, lot, named, programme, taken};
    use crate::domain::{Draft, Event};

    const HOME: ShopId = ShopId::new(1);
    const AWAY: ShopId = ShopId::new(2);

    /// 100 points earned at home, 100 in the other shop, 100 in none.
    fn holder() -> Card {
        let lots = [
            Lot { shop: Some(HOME), ..lot(2, 100, None) },
            Lot { shop: Some(AWAY), ..lot(3, 100, None) },
            lot(4, 100, None),
        ];
        Card { shop: Some(HOME), ..card(&lots) }
    }

    fn at(shop: Option<ShopId>) -> Particulars {
        Particulars { shop, ..named(None) }
    }

    fn sharing(point_sharing: PointSharing) -> Settings {
        Settings { multi_store_points: true, point_sharing, ..Settings::default() }
    }

    fn redeem(points: i64, shop: Option<ShopId>, settings: Settings) -> Result<Vec<(i64, i64)>, Rejection> {
        let redeem = Redeem { card: CARD, points: Points::new(points), particulars: at(shop) };
        let programme = programme(TemplateRules::default()).with_settings(settings);
        let drafts = redeem.decide(&holder(), &programme.terms(), NOW)?;
        let Some(Draft { event: Event::PointsRedeemed(redeemed), .. }) = drafts.last() else { panic!("{drafts:?}") };
        Ok(taken(&redeemed.taken))
    }

    fn award(shop: Option<ShopId>, settings: Settings) -> Result<(), Rejection> {
        let award = Award { card: CARD, points: Points::new(10), expires_at: None, particulars: at(shop) };
        let programme = programme(TemplateRules::default()).with_settings(settings);
        award.decide(&holder(), &programme.terms(), NOW).map(drop)
    }

    fn denied_by(setting: Setting) -> Rejection {
        Rejection::StoreAccessDenied { shop: AWAY, setting }
    }

    #[test]
    fn full_sharing_earns_and_spends_anywhere() {
        let settings = || sharing(PointSharing::Full);
        assert_eq!(redeem(300, Some(AWAY), settings()), Ok(vec![(2, 100), (3, 100), (4, 100)]));
        assert_eq!(award(Some(AWAY), settings()), Ok(()));
    }

    #[test]
    fn earning_only_earns_anywhere_and_spends_at_home() {
        let settings = || sharing(PointSharing::EarningOnly);
        assert_eq!(award(Some(AWAY), settings()), Ok(()));
        assert_eq!(redeem(300, Some(HOME), settings()), Ok(vec![(2, 100), (3, 100), (4, 100)]));
        assert_eq!(redeem(1, Some(AWAY), settings()), Err(denied_by(Setting::PointSharing)));
        assert!(redeem(1, None, settings()).is_ok(), "who names no shop is everywhere");
    }

    #[test]
    fn redemption_only_earns_at_home_and_spends_anywhere() {
        let settings = || sharing(PointSharing::RedemptionOnly);
        assert_eq!(award(Some(HOME), settings()), Ok(()));
        assert_eq!(award(None, settings()), Ok(()));
        assert_eq!(award(Some(AWAY), settings()), Err(denied_by(Setting::PointSharing)));
        assert_eq!(redeem(300, Some(AWAY), settings()), Ok(vec![(2, 100), (3, 100), (4, 100)]));
    }

    #[test]
    fn without_sharing_points_are_spent_where_they_were_earned() {
        for (settings, setting) in
            [(sharing(PointSharing::None), Setting::PointSharing), (Settings::default(), Setting::MultiStorePoints)]
        {
            assert_eq!(award(Some(AWAY), settings.clone()), Ok(()));
            assert_eq!(redeem(200, Some(AWAY), settings.clone()), Ok(vec![(3, 100), (4, 100)]));
            assert_eq!(redeem(201, Some(AWAY), settings.clone()), Err(denied_by(setting)));
            assert_eq!(redeem(300, None, settings.clone()), Ok(vec![(2, 100), (3, 100), (4, 100)]));
            let (needed, available) = (Points::new(301), Points::new(300));
            assert_eq!(redeem(301, Some(AWAY), settings), Err(Rejection::InsufficientPoints { needed, available }));
        }
    }

    #[test]
    fn a_template_for_certain_shops_neither_earns_nor_spends_elsewhere() {
        let rules = TemplateRules { shop_ids: vec![HOME], ..TemplateRules::default() };
        let programme = programme(rules).with_settings(sharing(PointSharing::Full));
        let (points, refused) = (Points::new(1), Err(denied_by(Setting::ShopsOfTemplate)));
        let award = |shop| Award { card: CARD, points, expires_at: None, particulars: at(shop) };
        let redeem = |shop| Redeem { card: CARD, points, particulars: at(shop) };
        assert_eq!(award(Some(AWAY)).decide(&holder(), &programme.terms(), NOW), refused);
        assert_eq!(redeem(Some(AWAY)).decide(&holder(), &programme.terms(), NOW), refused);
        assert!(award(Some(HOME)).decide(&holder(), &programme.terms(), NOW).is_ok());
        assert!(redeem(None).decide(&holder(), &programme.terms(), NOW).is_ok());
    }
}
