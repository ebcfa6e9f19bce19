//! Refunds: what they take, give and refuse, and that many small ones come to one.

use super::*;
use crate::domain::cards::Status;
use crate::domain::orders::{Buyer, Purchase};
use crate::domain::points::{Adjust, Award, Lot, Particulars, Redeem};
use crate::domain::samples::{
    CARD, DAY, NOW, Programme, after, at, card, kinds, lasting, lot, named, owing, programme, taken,
};
use crate::domain::{Event, Seq};

mod properties;

fn money(text: &str) -> Money {
    Money::new(text.parse().unwrap()).unwrap()
}

fn purchase(total: &str, redeem: i64) -> Purchase {
    Purchase {
        shop: None,
        order: "1001".to_owned(),
        total: money(total),
        currency: None,
        points: None,
        redeem: Points::new(redeem),
        discount: None,
        expires_at: None,
        note: Note::default(),
        past: None,
    }
}

fn refund(share: Share) -> Refund {
    Refund {
        shop: None,
        order: "1001".to_owned(),
        refund: Some("r1".to_owned()),
        cause: RefundCause::Refund,
        share,
        note: Note::default(),
        past: None,
    }
}

fn policy(refund_shortfall: Shortfall) -> Settings {
    Settings { refund_shortfall, ..Settings::default() }
}

/// A card and its one order, as a log would have them.
#[derive(Debug, Clone)]
struct Till {
    card: Card,
    order: Option<PlacedOrder>,
    next: i64,
}

impl Till {
    fn new(card: Card) -> Self {
        Self { card, order: None, next: 101 }
    }

    /// After a purchase of the order.
    fn sold(card: Card, purchase: &Purchase, programme: &Programme) -> Self {
        let mut till = Self::new(card);
        let drafts = purchase.decide(&Buyer::Holder(&till.card), &programme.terms(), NOW).unwrap();
        till.record(&drafts, NOW);
        till
    }

    fn record(&mut self, drafts: &[Draft], now: Timestamp) {
        for Draft { event, .. } in drafts {
            let seq = Seq::new(self.next);
            self.next += 1;
            self.card.evolve(event, seq, now);
            match &mut self.order {
                Some(order) => order.evolve(event, seq),
                None => self.order = PlacedOrder::of([(seq, event)]),
            }
        }
    }

    fn decide(&self, refund: &Refund, shortfall: Shortfall, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        refund.decide(self.order.as_ref().unwrap(), &self.card, &policy(shortfall), now)
    }

    #[track_caller]
    fn refund(&mut self, share: Share, shortfall: Shortfall) -> Vec<Draft> {
        let drafts = self.decide(&refund(share), shortfall, NOW).unwrap();
        self.record(&drafts, NOW);
        drafts
    }
}

#[track_caller]
fn refunded(drafts: &[Draft]) -> &PointsRefunded {
    let found = drafts
        .iter()
        .find_map(|draft| if let Event::PointsRefunded(event) = &draft.event { Some(event) } else { None });
    found.unwrap_or_else(|| panic!("{drafts:?}"))
}

fn returned(drafts: &[Draft]) -> Vec<(i64, Option<Timestamp>, Option<i64>)> {
    let of = |draft: &Draft| {
        let Event::PointsReturned(event) = &draft.event else { return None };
        let expires_at = event.lot.and_then(|lot| lot.expires_at);
        Some((event.points.get(), expires_at, event.shop.map(ShopId::get)))
    };
    drafts.iter().filter_map(of).collect()
}

#[test]
fn a_refund_takes_its_share_and_the_one_that_completes_the_order_takes_the_rest() {
    // The seed's figures: 150 points for 150.00, of which 50.00 is refunded; and thirds, which do not come out even.
    for (total, points, refunds) in [
        ("150.00", 150, vec![("50.00", 50), ("100.00", 100)]),
        ("30", 100, vec![("10", 33), ("10", 33), ("10", 34)]),
        ("100", 7, vec![("50", 3), ("49.99", 3), ("0.01", 1)]),
        ("0.03", 2, vec![("0.01", 0), ("0.01", 0), ("0.01", 2)]),
    ] {
        let stated = Purchase { points: Some(Points::new(points)), ..purchase(total, 0) };
        let mut till = Till::sold(card(&[]), &stated, &programme(lasting(None)));
        let last = refunds.len() - 1;
        for (place, (amount, expected)) in refunds.into_iter().enumerate() {
            let drafts = till.refund(Share::Amount(money(amount)), Shortfall::Negative);
            let event = refunded(&drafts);
            assert_eq!((event.points.get(), event.completes), (-expected, place == last), "{amount} of {total}");
            assert_eq!((event.order.as_str(), event.of.get(), event.amount), ("1001", 101, Some(money(amount))));
        }
        assert_eq!((till.card.balance(), till.card.lifetime), (Points::ZERO, Points::ZERO));
    }
}

#[test]
fn no_refund_exceeds_what_is_left_of_the_order() {
    let mut till = Till::sold(card(&[]), &purchase("10", 0), &programme(lasting(None)));
    let refused = |till: &Till, share| till.decide(&refund(share), Shortfall::Negative, NOW).unwrap_err();
    let too_large = |amount, left| Rejection::RefundTooLarge { amount: money(amount), left: money(left) };
    assert_eq!(refused(&till, Share::Amount(money("10.01"))), too_large("10.01", "10"));
    till.refund(Share::Amount(money("4")), Shortfall::Negative);
    assert_eq!(refused(&till, Share::Amount(money("6.01"))), too_large("6.01", "6"));
    let (points, left) = (Points::new(61), Points::new(60));
    assert_eq!(refused(&till, Share::Points(points)), Rejection::RefundOfTooManyPoints { points, left });
    till.refund(Share::Amount(money("6.00")), Shortfall::Negative);
    for share in [Share::Amount(money("1")), Share::Points(Points::new(1)), Share::Rest] {
        assert_eq!(refused(&till, share), Rejection::OrderRefunded { of: Seq::new(101) });
    }
}

#[test]
fn a_refund_of_nothing_is_none_unless_nothing_is_the_orders_total() {
    // Paid with points alone: the order earned nothing, and its total is nothing.
    let paid = Till::sold(card(&[lot(2, 100, None)]), &purchase("0", 100), &programme(lasting(None)));
    let sold = Till::sold(card(&[]), &purchase("10", 0), &programme(lasting(None)));
    for (till, share) in [
        (&sold, Share::Amount(money("0"))),
        (&sold, Share::Points(Points::ZERO)),
        (&paid, Share::Points(Points::ZERO)),
        (&paid, Share::Points(Points::new(-1))),
    ] {
        let refused = till.decide(&refund(share), Shortfall::Negative, NOW);
        assert_eq!(refused.unwrap_err(), Rejection::NothingMoved, "{share:?}");
    }
    for share in [Share::Amount(money("0")), Share::Rest] {
        let drafts = paid.decide(&refund(share), Shortfall::Negative, NOW).unwrap();
        assert_eq!(returned(&drafts), [(100, None, None)], "{share:?}");
    }
}

#[test]
fn an_order_has_a_bounded_number_of_refunds() {
    let mut till = Till::sold(card(&[]), &purchase("1000", 0), &programme(lasting(None)));
    for _ in 0..REFUNDS_MAX {
        till.refund(Share::Amount(money("0.01")), Shortfall::Negative);
    }
    let refused = till.decide(&refund(Share::Amount(money("0.01"))), Shortfall::Negative, NOW);
    assert_eq!(refused.unwrap_err(), Rejection::TooManyRefunds { most: REFUNDS_MAX });
    till.refund(Share::Rest, Shortfall::Negative);
    let refused = till.decide(&refund(Share::Rest), Shortfall::Negative, NOW);
    assert!(matches!(refused.unwrap_err(), Rejection::OrderRefunded { .. }), "the order is complete");
}

#[test]
fn a_cancellation_refunds_whatever_is_left_under_its_own_name() {
    let mut till = Till::sold(card(&[]), &purchase("10", 0), &programme(lasting(None)));
    till.refund(Share::Amount(money("4")), Shortfall::Negative);
    let cancellation = Refund { cause: RefundCause::Cancellation, refund: None, ..refund(Share::Rest) };
    let drafts = till.decide(&cancellation, Shortfall::Negative, NOW).unwrap();
    let event = refunded(&drafts);
    assert_eq!((event.points.get(), event.cause, event.completes), (-60, RefundCause::Cancellation, true));
    assert_eq!((event.amount, event.refund.as_deref()), (Some(money("6")), None));
}

#[test]
fn a_refund_may_state_its_points() {
    let before = card(&[lot(2, 50, None)]);
    let mut till = Till::sold(before, &purchase("10", 50), &programme(lasting(None)));
    let drafts = till.refund(Share::Points(Points::new(33)), Shortfall::Negative);
    assert_eq!((refunded(&drafts).points.get(), returned(&drafts)), (-33, vec![(16, None, None)]));
    let drafts = till.refund(Share::Points(Points::new(67)), Shortfall::Negative);
    assert_eq!((refunded(&drafts).completes, returned(&drafts)), (true, vec![(34, None, None)]));
    assert_eq!(till.card.balance().get(), 50);
}

#[test]
fn points_for_an_order_of_unknown_amount_are_refunded_by_points_or_as_a_whole() {
    let mut till = Till::new(card(&[]));
    let name = Some(crate::domain::points::Order::Id("1001".to_owned()));
    let award = Award { card: CARD, points: Points::new(90), expires_at: None, particulars: named(name) };
    let drafts = award.decide(&till.card, &programme(lasting(None)).terms(), NOW).unwrap();
    till.record(&drafts, NOW);
    let refused = till.decide(&refund(Share::Amount(money("1"))), Shortfall::Negative, NOW);
    assert_eq!(refused, Err(Rejection::OrderTotalUnknown { of: Seq::new(101) }));
    till.refund(Share::Points(Points::new(30)), Shortfall::Negative);
    till.refund(Share::Rest, Shortfall::Negative);
    assert_eq!(till.card.balance(), Points::ZERO);
}

#[test]
fn it_takes_from_the_orders_own_lot_first_then_in_the_order_of_spending() {
    let lots = [lot(2, 50, None), lot(3, 50, Some(5 * DAY)), lot(4, 50, Some(DAY))];
    let mut till = Till::sold(card(&lots), &purchase("10", 0), &programme(lasting(Some(365))));
    let spend = Redeem { card: CARD, points: Points::new(190), particulars: named(None) };
    // The two that expire soonest and 90 of the order's own 100 are gone.
    let drafts = spend.decide(&till.card, &programme(lasting(None)).terms(), NOW).unwrap();
    till.record(&drafts, NOW);
    let award = Award { card: CARD, points: Points::new(50), expires_at: Some(at(DAY)), particulars: named(None) };
    let drafts = award.decide(&till.card, &programme(lasting(None)).terms(), NOW).unwrap();
    till.record(&drafts, NOW);
    let drafts = till.refund(Share::Rest, Shortfall::Negative);
    assert_eq!(taken(&refunded(&drafts).taken), [(101, 10), (103, 50), (2, 40)]);
    assert_eq!(till.card.balance().get(), 10);
    assert!(till.card.lots.iter().all(|lot| lot.remaining.is_positive()));
}

#[test]
fn what_the_card_does_not_hold_is_refused_let_go_or_owed_as_the_partner_says() {
    let mut till = Till::sold(card(&[]), &purchase("10", 0), &programme(lasting(None)));
    let spend = Adjust { card: CARD, points: Points::new(-70), particulars: named(None) };
    let drafts = spend.decide(&till.card, &lasting(None), NOW).unwrap();
    till.record(&drafts, NOW);

    let (needed, available) = (Points::new(100), Points::new(30));
    let refused = till.decide(&refund(Share::Rest), Shortfall::Block, NOW);
    assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
    assert!(till.decide(&refund(Share::Amount(money("3"))), Shortfall::Block, NOW).is_ok());

    for (shortfall, points, debt, let_go, balance) in
        [(Shortfall::Partial, -30, None, Some(70), 0), (Shortfall::Negative, -100, Some(70), None, -70)]
    {
        let mut till = till.clone();
        let drafts = till.refund(Share::Rest, shortfall);
        let event = refunded(&drafts);
        assert_eq!((event.points.get(), event.balance.get()), (points, balance));
        assert_eq!((event.debt, event.let_go), (debt.map(Points::new), let_go.map(Points::new)));
        assert_eq!((till.card.balance().get(), till.card.lots.len()), (balance, 0));
        assert!(till.order.unwrap().refunded.complete, "what was let go is not asked for again");
    }
}

#[test]
fn a_debt_is_paid_by_the_next_points() {
    let mut till = Till::sold(card(&[]), &purchase("10", 0), &programme(lasting(None)));
    let spend = Redeem { card: CARD, points: Points::new(100), particulars: named(None) };
    let drafts = spend.decide(&till.card, &programme(lasting(None)).terms(), NOW).unwrap();
    till.record(&drafts, NOW);
    till.refund(Share::Rest, Shortfall::Negative);
    assert_eq!((till.card.debt.get(), till.card.available(NOW).get()), (100, -100));
    let award = Award { card: CARD, points: Points::new(130), expires_at: None, particulars: named(None) };
    let drafts = award.decide(&till.card, &programme(lasting(None)).terms(), NOW).unwrap();
    assert_eq!(after(&till.card, &drafts).balance().get(), 30);
}

#[test]
fn spent_points_come_back_with_their_own_expiry_and_at_least_thirty_days_where_that_has_passed() {
    let lots = [lot(2, 50, None), lot(3, 50, Some(90 * DAY)), lot(4, 50, Some(DAY)), lot(5, 50, Some(2 * DAY))];
    let till = Till::sold(card(&lots), &purchase("0", 170), &programme(lasting(None)));
    for (now, expected) in [
        (NOW, vec![(20, None), (50, Some(90 * DAY)), (50, Some(2 * DAY)), (50, Some(DAY))]),
        // The last microsecond, and the moment itself.
        (at(DAY - 1), vec![(20, None), (50, Some(90 * DAY)), (50, Some(2 * DAY)), (50, Some(DAY))]),
        (at(DAY), vec![(20, None), (50, Some(90 * DAY)), (50, Some(2 * DAY)), (50, Some(31 * DAY))]),
        (at(3 * DAY), vec![(20, None), (50, Some(90 * DAY)), (100, Some(33 * DAY))]),
    ] {
        let mut till = till.clone();
        let drafts = till.decide(&refund(Share::Rest), Shortfall::Negative, now).unwrap();
        till.record(&drafts, now);
        let expected: Vec<_> = expected.into_iter().map(|(points, time)| (points, time.map(at), None)).collect();
        assert_eq!((refunded(&drafts).points, returned(&drafts)), (Points::ZERO, expected), "{now}");
        assert_eq!((till.card.available(now).get(), till.card.redeemed), (200, Points::ZERO));
    }
}

#[test]
fn partial_refunds_give_back_what_was_spent_last_first_and_nothing_twice() {
    let lots = [lot(2, 60, Some(DAY)), lot(3, 40, Some(5 * DAY))];
    let mut till = Till::sold(card(&lots), &purchase("10", 100), &programme(lasting(None)));
    let mut give = |amount| {
        let drafts = till.refund(Share::Amount(money(amount)), Shortfall::Negative);
        returned(&drafts).into_iter().map(|(points, time, _)| (points, time)).collect::<Vec<_>>()
    };
    assert_eq!(give("3"), [(30, Some(at(5 * DAY)))]);
    assert_eq!(give("3"), [(10, Some(at(5 * DAY))), (20, Some(at(DAY)))]);
    assert_eq!(give("4"), [(40, Some(at(DAY)))]);
}

#[test]
fn of_several_returned_lots_the_first_pays_the_debt_and_the_others_are_whole() {
    let lots = [lot(2, 50, Some(DAY)), lot(3, 50, Some(5 * DAY))];
    let mut till = Till::sold(card(&lots), &purchase("10", 100), &programme(lasting(None)));
    let spend = Adjust { card: CARD, points: Points::new(-30), particulars: named(None) };
    let drafts = spend.decide(&till.card, &lasting(None), NOW).unwrap();
    till.record(&drafts, NOW);
    let drafts = till.refund(Share::Rest, Shortfall::Negative);
    assert_eq!(refunded(&drafts).debt, Some(Points::new(30)));
    assert_eq!(till.card.lots.iter().map(|lot| lot.remaining.get()).collect::<Vec<_>>(), [50, 20]);
    assert_eq!((till.card.debt, till.card.balance().get()), (Points::ZERO, 70));
}

#[test]
fn points_come_back_to_the_shops_where_they_were_earned() {
    let shops = [Some(ShopId::new(4)), None, Some(ShopId::new(5))];
    let lots: Vec<Lot> = [2, 3, 4].into_iter().zip(shops).map(|(id, shop)| Lot { shop, ..lot(id, 50, None) }).collect();
    let shared = Settings { multi_store_points: true, ..Settings::default() };
    let mut till = Till::sold(card(&lots), &purchase("0", 150), &programme(lasting(None)).with_settings(shared));
    let drafts = till.refund(Share::Rest, Shortfall::Negative);
    assert_eq!(returned(&drafts), [(50, None, Some(5)), (50, None, None), (50, None, Some(4))]);

    // A redemption that is no purchase says only where it took place.
    let mut till = Till::new(card(&[lot(2, 50, None)]));
    let name = Some(crate::domain::points::Order::Id("1001".to_owned()));
    let particulars = Particulars { shop: Some(ShopId::new(7)), ..named(name) };
    let redeem = Redeem { card: CARD, points: Points::new(50), particulars };
    let drafts = redeem.decide(&till.card, &programme(lasting(None)).terms(), NOW).unwrap();
    till.record(&drafts, NOW);
    assert_eq!(returned(&till.refund(Share::Rest, Shortfall::Negative)), [(50, None, Some(7))]);
}

#[test]
fn what_comes_back_counts_as_there_when_the_refund_takes() {
    // 100 spent, 100 earned and gone again: the refund is even, whatever the policy.
    for shortfall in [Shortfall::Block, Shortfall::Partial, Shortfall::Negative] {
        let mut till = Till::sold(card(&[lot(2, 100, None)]), &purchase("10", 100), &programme(lasting(None)));
        let spend = Adjust { card: CARD, points: Points::new(-100), particulars: named(None) };
        let drafts = spend.decide(&till.card, &lasting(None), NOW).unwrap();
        till.record(&drafts, NOW);
        let drafts = till.refund(Share::Rest, shortfall);
        assert_eq!((refunded(&drafts).debt, refunded(&drafts).let_go), (Some(Points::new(100)), None));
        assert_eq!((till.card.balance(), till.card.debt), (Points::ZERO, Points::ZERO), "{shortfall:?}");
    }
}

#[test]
fn a_blocked_card_is_refunded_and_stays_blocked() {
    let mut till = Till::sold(card(&[lot(2, 50, None)]), &purchase("10", 50), &programme(lasting(None)));
    till.card.status = Status::Blocked;
    let drafts = till.refund(Share::Rest, Shortfall::Negative);
    assert_eq!(kinds(&drafts), ["points.refunded", "points.returned"]);
    assert_eq!((till.card.status, till.card.balance().get()), (Status::Blocked, 50));
}

#[test]
fn what_is_past_its_time_is_written_off_before_a_refund() {
    let mut till = Till::sold(card(&[lot(2, 50, Some(DAY))]), &purchase("10", 0), &programme(lasting(None)));
    let drafts = till.decide(&refund(Share::Rest), Shortfall::Negative, at(DAY)).unwrap();
    assert_eq!(kinds(&drafts), ["points.expired", "points.refunded"]);
    till.record(&drafts, at(DAY));
    assert_eq!(till.card.balance(), Points::ZERO);
}

#[test]
fn an_order_is_made_of_its_own_events_and_of_nothing_else() {
    let before = card(&[lot(2, 50, None)]);
    let (mine, other) = (purchase("10", 50), Purchase { order: "1002".to_owned(), ..purchase("9", 0) });
    let programme = programme(lasting(None));
    let mut events = Vec::new();
    let mut card = before;
    for sale in [&other, &mine] {
        let drafts = sale.decide(&Buyer::Holder(&card), &programme.terms(), NOW).unwrap();
        for Draft { event, .. } in drafts {
            let seq = Seq::new(101 + i64::try_from(events.len()).unwrap());
            card.evolve(&event, seq, NOW);
            events.push((seq, event));
        }
    }
    let first = PlacedOrder::of(events.iter().map(|(seq, event)| (*seq, event))).unwrap();
    assert_eq!(
        (first.id.as_str(), first.earned.get(), first.lot, first.spent()),
        ("1002", 90, Some(Seq::new(101)), Points::ZERO)
    );
    let second = PlacedOrder::of(events[1..].iter().map(|(seq, event)| (*seq, event))).unwrap();
    assert_eq!((second.of, second.total, second.earned.get()), (Seq::new(102), Some(money("10")), 100));
    assert_eq!((second.lot, second.spent().get()), (Some(Seq::new(103)), 50));
    assert_eq!(PlacedOrder::of([]), None);
}

#[test]
fn a_refund_touches_nothing_of_another_order_while_its_own_points_are_there() {
    let programme = programme(lasting(Some(365)));
    let mut till = Till::sold(card(&[]), &purchase("10", 0), &programme);
    // Another order's points, which would be spent before.
    let other = Purchase { order: "1002".to_owned(), expires_at: Some(at(DAY)), ..purchase("20", 0) };
    let drafts = other.decide(&Buyer::Holder(&till.card), &programme.terms(), NOW).unwrap();
    till.record(&drafts, NOW);
    for amount in ["3", "3", "4"] {
        let drafts = till.refund(Share::Amount(money(amount)), Shortfall::Negative);
        assert!(refunded(&drafts).taken.iter().all(|slice| slice.lot == Seq::new(101)), "{drafts:?}");
    }
    assert_eq!(till.card.lots.iter().map(|lot| (lot.id.get(), lot.remaining.get())).collect::<Vec<_>>(), [(102, 200)]);
}

#[test]
fn a_refund_is_named_by_its_order_and_itself_without_mistaking_one_for_the_other() {
    let key = |order: &str, refund: &str| {
        let (order, id) = (order.to_owned(), Some(refund.to_owned()));
        Refund { order, refund: id, ..self::refund(Share::Rest) }.key()
    };
    assert_eq!(key("1001", "r1").as_deref(), Some("refund/order/4:1001/r1"));
    assert_ne!(key("a/b", "c"), key("a", "b/c"));
    let unnamed = Refund { refund: None, ..refund(Share::Rest) };
    assert_eq!(unnamed.key(), None);
    let cancelled = Refund { cause: RefundCause::Cancellation, ..unnamed };
    assert_eq!(cancelled.key().as_deref(), Some("cancel/order/1001"));
}

#[test]
fn a_tier_that_refunded_points_reached_is_kept_but_they_count_no_more() {
    let mut till = Till::sold(card(&[]), &purchase("60", 0), &programme(lasting(None)));
    let silver = till.card.tier;
    till.refund(Share::Rest, Shortfall::Negative);
    assert_eq!((till.card.tier, till.card.lifetime), (silver, Points::ZERO));
    assert!(owing(1).balance() < Points::ZERO);
}
