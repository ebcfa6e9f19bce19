//! Correcting a balance by hand.

use super::award::Deposit;
use super::moving::{balance_after, draft, ready, something, within_one_operation};
use super::past::When;
use super::{Particulars, Points, PointsAdjusted};
use crate::domain::cards::Card;
use crate::domain::programme::TemplateRules;
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Adds points to a card or takes some from it. Not an earning: lifetime points and tier stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjust {
    pub card: CardId,
    /// Not zero.
    pub points: Points,
    pub particulars: Particulars,
}

impl Adjust {
    /// The events of the correction, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, rules: &TemplateRules, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        let when = When::of(self.particulars.past, now)?;
        something(self.points.abs())?;
        let mut ready = ready(card, rules, when)?;
        within_one_operation(self.points)?;
        let balance = balance_after(ready.balance, self.points)?;
        let mut adjusted = PointsAdjusted {
            card: card.id,
            points: self.points,
            shop: self.particulars.shop,
            reference: self.particulars.reference().or_else(|| self.particulars.order()),
            debt_paid: None,
            lot: None,
            taken: Vec::new(),
            balance_before: ready.balance,
            balance,
            happened_at: when.happened_at(),
            sealed: None,
        };
        if self.points.is_positive() {
            let expires_at = when.lot_expiry(rules);
            let deposit = Deposit::new(card.debt, self.points, expires_at);
            (adjusted.debt_paid, adjusted.lot) = (deposit.debt_paid, deposit.lot);
        } else {
            let needed = self.points.abs();
            if needed > ready.balance {
                return Err(Rejection::InsufficientPoints { needed, available: ready.balance });
            }
            adjusted.taken = card.slices(needed, when.at());
        }
        ready.drafts.push(draft(adjusted, self.particulars.note.secret(card)));
        Ok(ready.drafts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;
    use crate::domain::cards::Tier;
    use crate::domain::points::Order;
    use crate::domain::samples::{CARD, DAY, NOW, after, at, card, kinds, lasting, lot, named, owing, taken};

    fn adjust(points: i64) -> Adjust {
        Adjust { card: CARD, points: Points::new(points), particulars: named(None) }
    }

    #[track_caller]
    fn adjusted(drafts: &[Draft]) -> &PointsAdjusted {
        let Some(Draft { event: Event::PointsAdjusted(adjusted), .. }) = drafts.last() else { panic!("{drafts:?}") };
        adjusted
    }

    #[test]
    fn a_correction_upwards_opens_a_lot_that_lasts_as_long_as_the_template_says() {
        for (days, expires_at) in [(None, None), (Some(30), Some(at(30 * DAY)))] {
            let before = card(&[lot(2, 5, None)]);
            let drafts = adjust(10).decide(&before, &lasting(days), NOW).unwrap();
            let event = adjusted(&drafts);
            let lot = event.lot.unwrap();
            assert_eq!((lot.points.get(), lot.expires_at, &event.taken[..]), (10, expires_at, &[][..]));
            assert_eq!((event.balance_before.get(), event.balance.get()), (5, 15));
            assert_eq!(after(&before, &drafts).balance(), event.balance);
        }
    }

    #[test]
    fn a_correction_downwards_takes_in_the_order_of_spending() {
        let before = card(&[lot(2, 10, None), lot(3, 10, Some(DAY))]);
        let drafts = adjust(-14).decide(&before, &lasting(Some(30)), NOW).unwrap();
        let event = adjusted(&drafts);
        assert_eq!((event.lot, taken(&event.taken)), (None, vec![(3, 10), (2, 4)]));
        assert_eq!((event.balance_before.get(), event.balance.get()), (20, 6));
        let card = after(&before, &drafts);
        assert_eq!((card.balance().get(), card.adjusted.get(), card.redeemed.get()), (6, -14, 0));
    }

    #[test]
    fn a_correction_is_no_earning() {
        let before = card(&[]);
        let drafts = adjust(1_000_000).decide(&before, &lasting(None), NOW).unwrap();
        assert_eq!(kinds(&drafts), ["points.adjusted"]);
        let card = after(&before, &drafts);
        assert_eq!((card.lifetime, card.tier), (Points::ZERO, Tier::Bronze));
    }

    #[test]
    fn a_template_that_neither_earns_nor_spends_can_still_be_corrected() {
        let rules = TemplateRules { points_enabled: false, points_redemption_enabled: false, ..lasting(None) };
        for points in [10, -10] {
            assert!(adjust(points).decide(&card(&[lot(2, 10, None)]), &rules, NOW).is_ok(), "{points}");
        }
    }

    #[test]
    fn no_correction_takes_more_than_is_available() {
        let before = card(&[lot(2, 10, None), lot(3, 10, Some(0))]);
        let (needed, available) = (Points::new(11), Points::new(10));
        let refused = adjust(-11).decide(&before, &lasting(None), NOW);
        assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
        let drafts = adjust(-10).decide(&before, &lasting(None), NOW).unwrap();
        assert_eq!(kinds(&drafts), ["points.expired", "points.adjusted"]);
        assert_eq!(after(&before, &drafts).balance(), Points::ZERO);
    }

    #[test]
    fn one_correction_moves_a_billion_points_either_way_and_not_one_more() {
        let before = card(&[lot(2, 2_000_000_000, None)]);
        for sign in [1, -1] {
            assert!(adjust(sign * 1_000_000_000).decide(&before, &lasting(None), NOW).is_ok());
            let points = Points::new(sign * 1_000_000_001);
            assert_eq!(
                adjust(points.get()).decide(&before, &lasting(None), NOW),
                Err(Rejection::TooManyPoints { points })
            );
        }
    }

    #[test]
    fn a_balance_stays_within_its_bounds_on_both_sides() {
        let most = 9_000_000_000_000_000;
        for (before, points) in [(card(&[lot(2, most, None)]), 1), (owing(most), -1)] {
            let (balance, points) = (before.balance(), Points::new(points));
            let refused = adjust(points.get()).decide(&before, &lasting(None), NOW);
            assert_eq!(refused, Err(Rejection::BalanceOutOfRange { balance, points }));
        }
    }

    #[test]
    fn a_correction_upwards_pays_debt_first() {
        for (points, debt_paid, in_lot) in [(10, 10, None), (30, 30, None), (45, 30, Some(15))] {
            let owing = owing(30);
            let drafts = adjust(points).decide(&owing, &lasting(None), NOW).unwrap();
            let event = adjusted(&drafts);
            assert_eq!(event.debt_paid, Some(Points::new(debt_paid)), "{points}");
            assert_eq!(event.lot.map(|lot| lot.points), in_lot.map(Points::new), "{points}");
            assert_eq!(after(&owing, &drafts).balance(), event.balance, "{points}");
        }
    }

    #[test]
    fn a_correction_has_no_order_so_an_order_id_is_its_reference() {
        for (name, reference) in [
            (Order::Id("1001".to_owned()), "1001"),
            (Order::Reference("spring".to_owned()), "spring"),
            (Order::Both { id: "1001".to_owned(), reference: "spring".to_owned() }, "spring"),
        ] {
            let command = Adjust { particulars: named(Some(name)), ..adjust(1) };
            let drafts = command.decide(&card(&[]), &lasting(None), NOW).unwrap();
            assert_eq!(adjusted(&drafts).reference.as_deref(), Some(reference));
        }
    }
}
