//! Random lives of a card in two shops, under every way of sharing: what was never bought comes back to what it was.

use super::{Buyer, PlacedOrder, Purchase, Refund, RefundCause, Share};
use crate::domain::cards::Card;
use crate::domain::points::{Award, Lot, Note, Particulars, Points, expire_due};
use crate::domain::programme::{PointSharing, Settings, Shortfall, TemplateRules};
use crate::domain::samples::{CARD, DAY, Programme, at, card, lasting, named, programme};
use crate::domain::{Draft, Event, Money, Rejection, Seq, ShopId, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What happens at a till.
#[derive(Debug, Clone)]
enum Step {
    Buy { shop: i64, cents: i64, redeem: i64 },
    Award { shop: i64, points: i64 },
    Refund { order: usize, cents: i64 },
    Cancel { order: usize },
    Wait { days: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_i64..=2, 0_i64..20_000, prop_oneof![Just(0_i64), 0_i64..500])
            .prop_map(|(shop, cents, redeem)| Step::Buy { shop, cents, redeem }),
        1 => (0_i64..=2, 1_i64..300).prop_map(|(shop, points)| Step::Award { shop, points }),
        3 => (0_usize..8, 0_i64..15_000).prop_map(|(order, cents)| Step::Refund { order, cents }),
        1 => (0_usize..8).prop_map(|order| Step::Cancel { order }),
        1 => (1_i64..20).prop_map(|days| Step::Wait { days }),
    ];
    proptest::collection::vec(step, 1..40)
}

fn settings() -> impl Strategy<Value = Settings> {
    let sharing = prop_oneof![
        Just(PointSharing::Full),
        Just(PointSharing::EarningOnly),
        Just(PointSharing::RedemptionOnly),
        Just(PointSharing::None),
    ];
    let shortfall = prop_oneof![Just(Shortfall::Block), Just(Shortfall::Partial), Just(Shortfall::Negative)];
    (any::<bool>(), sharing, shortfall).prop_map(|(multi_store_points, point_sharing, refund_shortfall)| Settings {
        multi_store_points,
        point_sharing,
        refund_shortfall,
        ..Settings::default()
    })
}

/// A card and its orders as a log would have them, and sums of its movements that share no code with either.
struct Life {
    programme: Programme,
    card: Card,
    orders: Vec<PlacedOrder>,
    now: Timestamp,
    seq: i64,
    sum: i64,
    /// What each lot holds by the events alone.
    lots: BTreeMap<i64, i64>,
    debt: i64,
}

fn shop(number: i64) -> Option<ShopId> {
    (number > 0).then(|| ShopId::new(number))
}

impl Life {
    fn begin(settings: Settings) -> Self {
        let rules = TemplateRules { points_per_visit: Points::new(3), round_points_up: true, ..lasting(Some(30)) };
        let card = Card { shop: shop(1), ..card(&[]) };
        let programme = programme(rules).with_settings(settings);
        let (orders, lots) = (Vec::new(), BTreeMap::new());
        Self { programme, card, orders, now: at(0), seq: 100, sum: 0, lots, debt: 0 }
    }

    fn step(&mut self, step: &Step) {
        let decided = match *step {
            Step::Buy { shop, cents, redeem } => self.buy(shop, cents, redeem),
            Step::Award { shop, points } => self.award(shop, points),
            Step::Refund { order, cents } => self.refund(order, Share::Amount(money(cents))),
            Step::Cancel { order } => self.refund(order, Share::Rest),
            Step::Wait { days } => {
                self.now = Timestamp::from_micros(self.now.micros() + days * DAY);
                Ok(Vec::from_iter(expire_due(&self.card, self.now)))
            }
        };
        self.record(&decided.unwrap_or_default());
    }

    fn buy(&self, at: i64, cents: i64, redeem: i64) -> Result<Vec<Draft>, Rejection> {
        let purchase = Purchase {
            shop: shop(at),
            order: format!("order {}", self.orders.len()),
            total: money(cents),
            currency: None,
            points: None,
            redeem: Points::new(redeem),
            discount: None,
            expires_at: None,
            note: Note::default(),
            past: None,
        };
        purchase.decide(&Buyer::Holder(&self.card), &self.programme.terms(), self.now)
    }

    fn award(&self, at: i64, points: i64) -> Result<Vec<Draft>, Rejection> {
        let particulars = Particulars { shop: shop(at), ..named(None) };
        let award = Award { card: CARD, points: Points::new(points), expires_at: None, particulars };
        award.decide(&self.card, &self.programme.terms(), self.now)
    }

    fn refund(&self, order: usize, share: Share) -> Result<Vec<Draft>, Rejection> {
        let Some(order) = self.orders.get(order) else { return Ok(Vec::new()) };
        let (id, cause) = (order.id.clone(), RefundCause::Refund);
        let refund = Refund { shop: shop(2), order: id, refund: None, cause, share, note: Note::default(), past: None };
        refund.decide(order, &self.card, &self.programme.partner.settings, self.now)
    }

    fn record(&mut self, drafts: &[Draft]) {
        let first = self.seq + 1;
        for Draft { event, .. } in drafts {
            self.seq += 1;
            let seq = Seq::new(self.seq);
            self.count(event);
            self.card.evolve(event, seq, self.now);
            self.orders.iter_mut().for_each(|order| order.evolve(event, seq));
        }
        let events = (first..).map(Seq::new).zip(drafts.iter().map(|draft| &draft.event));
        let new = PlacedOrder::of(events).filter(|new| self.orders.iter().all(|order| order.id != new.id));
        self.orders.extend(new);
    }

    fn count(&mut self, event: &Event) {
        let payload: serde_json::Value = serde_json::from_str(&event.payload()).unwrap();
        if !event.kind().starts_with("points.") {
            return;
        }
        let number = |value: &serde_json::Value| value.as_i64().unwrap_or_default();
        let points = number(&payload["points"]);
        assert_eq!(number(&payload["balance_before"]) + points, number(&payload["balance"]), "{payload}");
        assert_eq!(number(&payload["balance_before"]), self.sum, "{payload}");
        self.sum += points;
        self.debt += number(&payload["debt"]) - number(&payload["debt_paid"]);
        if payload["lot"].is_object() {
            self.lots.insert(self.seq, number(&payload["lot"]["points"]));
        }
        for slice in payload["taken"].as_array().into_iter().flatten() {
            let lot = self.lots.get_mut(&number(&slice["lot"])).unwrap();
            *lot -= number(&slice["points"]);
            assert!(*lot >= 0, "{payload}");
        }
    }

    fn assert_sound(&self) {
        let Self { card, .. } = self;
        assert_eq!(card.balance().get(), self.sum);
        assert_eq!(card.debt.get(), self.debt);
        let held: Vec<_> =
            self.lots.iter().filter(|(_, points)| **points > 0).map(|(id, points)| (*id, *points)).collect();
        let mut lots: Vec<_> = card.lots.iter().map(|lot: Lot| (lot.id.get(), lot.remaining.get())).collect();
        lots.sort_unstable();
        assert_eq!(lots, held);
        let flows = card.lifetime.plus(card.adjusted).minus(card.redeemed).minus(card.expired);
        assert_eq!(flows, card.balance());
        assert!(card.debt.is_zero() || card.lots.is_empty(), "nobody owes while holding points: {card:?}");
        for order in &self.orders {
            assert!(order.refunded.taken <= order.earned && order.refunded.given <= order.spent(), "{order:?}");
            assert!(order.total.is_none_or(|total| order.refunded.amount <= total), "{order:?}");
        }
    }
}

fn money(cents: i64) -> Money {
    Money::new(Decimal::new(cents, 2)).unwrap()
}

proptest! {
    #[test]
    fn whatever_is_bought_and_refunded_in_whichever_shop_every_movement_adds_up(settings in settings(), steps in steps()) {
        let mut life = Life::begin(settings);
        for step in &steps {
            life.step(step);
            life.assert_sound();
        }
    }

    #[test]
    fn where_every_order_is_cancelled_nothing_of_them_is_left(steps in steps(), points in 500_i64..2_000) {
        let shared = Settings { multi_store_points: true, ..Settings::default() };
        let mut life = Life::begin(shared);
        life.programme.template.rules.points_expiration_days = None;
        life.step(&Step::Award { shop: 1, points });
        let mut given = points;
        for step in &steps {
            if let Step::Award { points, .. } = step {
                given += points;
            }
            life.step(step);
        }
        for order in 0..life.orders.len() {
            life.step(&Step::Cancel { order });
        }
        life.assert_sound();
        prop_assert!(life.orders.iter().all(|order| order.refunded.complete));
        prop_assert_eq!((life.card.balance().get(), life.card.redeemed), (given, Points::ZERO));
    }
}
