//! Refunds on random orders and cards: they never lose or invent a point.

use super::*;
use crate::domain::programme::TemplateRules;
use proptest::prelude::*;

/// Everything that must hold of a card, whatever happened to it.
fn assert_sound(till: &Till) {
    let card = &till.card;
    assert!(card.lots.iter().all(|lot| lot.remaining.is_positive() && lot.remaining <= lot.points), "{card:?}");
    assert!(!card.debt.negated().is_positive() && !card.lifetime.negated().is_positive(), "{card:?}");
    let flows = card.lifetime.plus(card.adjusted).minus(card.redeemed).minus(card.expired);
    let begun = Points::new(1_000);
    assert_eq!(begun.plus(flows), card.balance(), "{card:?}");
}

fn policies() -> impl Strategy<Value = Shortfall> {
    prop_oneof![Just(Shortfall::Block), Just(Shortfall::Partial), Just(Shortfall::Negative)]
}

proptest! {
    #[test]
    fn refunds_that_sum_to_the_order_leave_exactly_the_balance_of_never_having_bought(
        cents in proptest::collection::vec(0_i64..5_000, 1..12),
        redeem in 0_i64..=1_000,
        rate in 1_i64..500,
        visit in 0_i64..20,
        up in any::<bool>(),
        shortfall in policies(),
    ) {
        let rules = TemplateRules {
            points_per_currency: rust_decimal::Decimal::new(rate, 1),
            points_per_visit: Points::new(visit),
            round_points_up: up,
            ..lasting(Some(30))
        };
        let amount = |cents: i64| Money::new(rust_decimal::Decimal::new(cents, 2)).unwrap();
        let total = amount(cents.iter().sum());
        let before = card(&[lot(2, 400, Some(DAY)), lot(3, 300, Some(5 * DAY)), lot(4, 300, None)]);
        let sale = Purchase { total, ..purchase("0", redeem) };
        let mut till = Till::sold(before.clone(), &sale, &programme(rules));
        let earned = till.order.as_ref().unwrap().earned;
        let (mut took, mut gave) = (Points::ZERO, Points::ZERO);
        for cents in cents {
            if till.order.as_ref().unwrap().refunded.complete {
                break;
            }
            // A refund of nothing is refused, but of an order whose total is nothing.
            if cents == 0 && !total.is_zero() {
                continue;
            }
            let balance = till.card.balance();
            let drafts = till.refund(Share::Amount(amount(cents)), shortfall);
            took = took.minus(refunded(&drafts).points);
            gave = gave.plus(Points::new(returned(&drafts).into_iter().map(|(points, ..)| points).sum()));
            prop_assert!(took <= earned && gave <= Points::new(redeem));
            prop_assert_eq!(refunded(&drafts).balance_before, balance);
            assert_sound(&till);
        }
        prop_assert!(till.order.as_ref().unwrap().refunded.complete);
        prop_assert_eq!((took, gave), (earned, Points::new(redeem)));
        prop_assert_eq!(till.card.balance(), before.balance());
        prop_assert_eq!((till.card.lifetime, till.card.redeemed, till.card.debt), (Points::ZERO, Points::ZERO, Points::ZERO));
    }

    #[test]
    fn no_refund_invents_a_point_whatever_was_spent_since(
        steps in proptest::collection::vec((0_i64..3_000, -400_i64..400), 1..10),
        redeem in 0_i64..=1_000,
        shortfall in policies(),
    ) {
        let programme = programme(lasting(Some(30)));
        let before = card(&[lot(2, 1_000, None)]);
        let mut till = Till::sold(before, &purchase("100", redeem), &programme);
        for (cents, points) in steps {
            let adjust = Adjust { card: CARD, points: Points::new(points), particulars: named(None) };
            if points != 0 && let Ok(drafts) = adjust.decide(&till.card, &lasting(Some(30)), NOW) {
                till.record(&drafts, NOW);
            }
            let amount = Money::new(rust_decimal::Decimal::new(cents, 2)).unwrap();
            let balance = till.card.balance();
            if let Ok(drafts) = till.decide(&refund(Share::Amount(amount)), shortfall, NOW) {
                till.record(&drafts, NOW);
                let moved = refunded(&drafts).points.get() + returned(&drafts).into_iter().map(|(points, ..)| points).sum::<i64>();
                prop_assert_eq!(till.card.balance().get(), balance.get() + moved);
                prop_assert!(shortfall == Shortfall::Negative || till.card.debt.is_zero());
            }
            assert_sound(&till);
            let order = till.order.as_ref().unwrap();
            prop_assert!(order.refunded.taken <= order.earned && order.refunded.given <= order.spent());
        }
    }
}
