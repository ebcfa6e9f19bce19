//! Redeeming points.

use super::moving::{balance_after, draft, ready, something, within_one_operation};
use super::past::{When, within_bounds_of};
use super::sharing::{may_spend, spendable};
use super::{Particulars, Points, PointsRedeemed};
use crate::domain::cards::Card;
use crate::domain::programme::{TemplateRules, Terms};
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Spends points of a card: the lots that expire soonest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeem {
    pub card: CardId,
    /// More than zero.
    pub points: Points,
    pub particulars: Particulars,
}

impl Redeem {
    /// The events of the redemption, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, terms: &Terms<'_>, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        let (rules, shop) = (terms.rules(), self.particulars.shop);
        let when = When::of(self.particulars.past, now)?;
        let (at, place) = (when.at(), when.judged_at(shop));
        something(self.points)?;
        let mut ready = ready(card, rules, when)?;
        may_spend(card, place, self.points, terms, at)?;
        when.needs(rules.points_redemption_enabled, Rejection::RedemptionDisabled)?;
        within_one_operation(self.points)?;
        within_bounds_of(when, self.points, rules)?;
        if self.points > ready.balance {
            return Err(Rejection::InsufficientPoints { needed: self.points, available: ready.balance });
        }
        let moved = self.points.negated();
        let taken = card.lots.slices(self.points, |lot| spendable(lot, place, terms, at));
        let redeemed = PointsRedeemed {
            card: card.id,
            points: moved,
            shop,
            order: self.particulars.order(),
            reference: self.particulars.reference(),
            lot_shops: Vec::new(),
            discount: None,
            taken,
            balance_before: ready.balance,
            balance: balance_after(ready.balance, moved)?,
            happened_at: when.happened_at(),
            sealed: None,
        };
        ready.drafts.push(draft(redeemed, self.particulars.note.secret(card)));
        Ok(ready.drafts)
    }
}

/// Refuses fewer points than one redemption must have, or more than it may.
pub(in crate::domain) fn within_redemption_bounds(points: Points, rules: &TemplateRules) -> Result<(), Rejection> {
    if points < rules.min_points_for_redemption {
        return Err(Rejection::BelowRedemptionMinimum { points, minimum: rules.min_points_for_redemption });
    }
    match rules.redemption_maximum() {
        Some(maximum) if points > maximum => Err(Rejection::AboveRedemptionMaximum { points, maximum }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;
    use crate::domain::points::Order;
    use crate::domain::samples::{
        CARD, DAY, NOW, after, at, card, kinds, lasting, lot, named, owing, programme, taken,
    };

    fn redeem(points: i64) -> Redeem {
        Redeem { card: CARD, points: Points::new(points), particulars: named(None) }
    }

    #[track_caller]
    fn redeemed(drafts: &[Draft]) -> &PointsRedeemed {
        let Some(Draft { event: Event::PointsRedeemed(redeemed), .. }) = drafts.last() else { panic!("{drafts:?}") };
        redeemed
    }

    #[test]
    fn redeeming_takes_the_lot_that_expires_soonest_then_the_oldest_and_what_never_expires_last() {
        let before = card(&[
            lot(2, 100, None),
            lot(3, 100, Some(9 * DAY)),
            lot(4, 100, Some(5 * DAY)),
            lot(5, 100, Some(9 * DAY)),
        ]);
        for (points, expected) in [
            (1, vec![(4, 1)]),
            (100, vec![(4, 100)]),
            (101, vec![(4, 100), (3, 1)]),
            (250, vec![(4, 100), (3, 100), (5, 50)]),
            (400, vec![(4, 100), (3, 100), (5, 100), (2, 100)]),
        ] {
            let drafts = redeem(points).decide(&before, &programme(lasting(None)).terms(), NOW).unwrap();
            let event = redeemed(&drafts);
            assert_eq!(taken(&event.taken), expected);
            assert_eq!(
                (event.points.get(), event.balance_before.get(), event.balance.get()),
                (-points, 400, 400 - points)
            );
            let card = after(&before, &drafts);
            assert_eq!((card.balance(), card.redeemed.get()), (event.balance, points));
        }
    }

    #[test]
    fn a_slice_repeats_the_expiry_of_its_lot() {
        let drafts =
            redeem(10).decide(&card(&[lot(2, 100, Some(DAY))]), &programme(lasting(None)).terms(), NOW).unwrap();
        assert_eq!(redeemed(&drafts).taken[0].expires_at, Some(at(DAY)));
    }

    #[test]
    fn a_half_spent_lot_gives_what_remains_of_it() {
        let half = crate::domain::points::Lot { remaining: Points::new(40), ..lot(2, 100, Some(DAY)) };
        let drafts =
            redeem(60).decide(&card(&[half, lot(3, 100, None)]), &programme(lasting(None)).terms(), NOW).unwrap();
        assert_eq!(taken(&redeemed(&drafts).taken), [(2, 40), (3, 20)]);
    }

    #[test]
    fn more_than_is_available_is_refused_with_both_numbers() {
        let before = card(&[lot(2, 100, None)]);
        assert!(redeem(100).decide(&before, &programme(lasting(None)).terms(), NOW).is_ok());
        let (needed, available) = (Points::new(101), Points::new(100));
        let refused = redeem(101).decide(&before, &programme(lasting(None)).terms(), NOW);
        assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
    }

    #[test]
    fn a_lot_may_be_spent_until_the_microsecond_before_its_time() {
        let before = card(&[lot(2, 60, Some(DAY)), lot(3, 50, None)]);
        let drafts = redeem(110).decide(&before, &programme(lasting(None)).terms(), at(DAY - 1)).unwrap();
        assert_eq!(kinds(&drafts), ["points.redeemed"]);
        let (needed, available) = (Points::new(51), Points::new(50));
        let refused = redeem(51).decide(&before, &programme(lasting(None)).terms(), at(DAY));
        assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
        let drafts = redeem(50).decide(&before, &programme(lasting(None)).terms(), at(DAY)).unwrap();
        assert_eq!(kinds(&drafts), ["points.expired", "points.redeemed"]);
        assert_eq!(taken(&redeemed(&drafts).taken), [(3, 50)]);
    }

    #[test]
    fn a_card_in_debt_has_nothing_to_spend() {
        let (needed, available) = (Points::new(1), Points::new(-30));
        let refused = redeem(1).decide(&owing(30), &programme(lasting(None)).terms(), NOW);
        assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
    }

    #[test]
    fn one_redemption_is_held_to_the_minimum_and_maximum_of_its_template() {
        let before = card(&[lot(2, 2_000_000_000, None)]);
        let below = |points, minimum| {
            let (points, minimum) = (Points::new(points), Points::new(minimum));
            Some(Rejection::BelowRedemptionMinimum { points, minimum })
        };
        let above = |points, maximum| {
            let (points, maximum) = (Points::new(points), Points::new(maximum));
            Some(Rejection::AboveRedemptionMaximum { points, maximum })
        };
        for (minimum, maximum, points, refused) in [
            (0, None, 1, None),
            (100, None, 99, below(99, 100)),
            (100, None, 100, None),
            (100, Some(500), 500, None),
            (100, Some(500), 501, above(501, 500)),
            (0, Some(0), 501, None),
            (0, None, 1_000_000_000, None),
            (0, None, 1_000_000_001, Some(Rejection::TooManyPoints { points: Points::new(1_000_000_001) })),
        ] {
            let rules = TemplateRules {
                min_points_for_redemption: Points::new(minimum),
                max_points_per_redemption: maximum.map(Points::new),
                ..lasting(None)
            };
            assert_eq!(
                redeem(points).decide(&before, &programme(rules).terms(), NOW).err(),
                refused,
                "{minimum} {maximum:?} {points}"
            );
        }
    }

    #[test]
    fn points_of_a_template_without_redemption_cannot_be_spent() {
        let rules = TemplateRules { points_redemption_enabled: false, ..lasting(None) };
        let refused = redeem(1).decide(&card(&[lot(2, 100, None)]), &programme(rules).terms(), NOW);
        assert_eq!(refused, Err(Rejection::RedemptionDisabled));
    }

    #[test]
    fn an_order_and_a_reference_are_kept_apart() {
        let before = card(&[lot(2, 100, None)]);
        for (name, order, reference) in [
            (Order::Id("1001".to_owned()), Some("1001"), None),
            (Order::Reference("spring".to_owned()), None, Some("spring")),
        ] {
            let command = Redeem { particulars: named(Some(name)), ..redeem(1) };
            let drafts = command.decide(&before, &programme(lasting(None)).terms(), NOW).unwrap();
            let event = redeemed(&drafts);
            assert_eq!((event.order.as_deref(), event.reference.as_deref()), (order, reference));
        }
    }
}
