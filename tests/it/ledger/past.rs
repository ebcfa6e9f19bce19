//! Random pasts, imported row by row, against a model that knows nothing of lots of the ledger: a list of what was given and when
//! it expires.

use super::workshop::{DAY, START, Workshop, bought, issue, named, refund};
use counterfoil::domain::cards::Tier;
use counterfoil::domain::orders::Share;
use counterfoil::domain::points::{Adjust, Award, Expire, Order, Past, Points, Redeem};
use counterfoil::domain::programme::{
    ChangeSettings, RetireShop, Settings, SettingsRecord, TierBasis, TierLevel, TierPlan,
};
use counterfoil::domain::{CardId, Event, Money, Rejection, ShopId, Timestamp};
use counterfoil::writer::{BuyerId, Command, Refusal};
use proptest::prelude::*;

/// How long the past is, in days before the workshop's begin.
const DAYS: i64 = 900;

#[derive(Debug, Clone, Copy)]
enum Step {
    Award { points: i64, lasts: Option<i64> },
    Redeem { points: i64 },
    Adjust { points: i64 },
    Expire { points: i64 },
    Buy { earned: i64, redeemed: i64 },
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let points = || 1_i64..60;
    let step = prop_oneof![
        3 => (points(), proptest::option::of(5_i64..400)).prop_map(|(points, lasts)| Step::Award { points, lasts }),
        3 => points().prop_map(|points| Step::Redeem { points }),
        1 => (-40_i64..40).prop_filter("not zero", |points| *points != 0).prop_map(|points| Step::Adjust { points }),
        1 => points().prop_map(|points| Step::Expire { points }),
        2 => (0_i64..60, 0_i64..30).prop_map(|(earned, redeemed)| Step::Buy { earned, redeemed }),
    ];
    // Each some days after the one before.
    prop::collection::vec((0_i64..60, step), 1..14)
}

/// What was given and is left of it, with the day on which it expires.
#[derive(Debug, Default)]
struct Model(Vec<(i64, i64)>);

impl Model {
    fn give(&mut self, points: i64, expires: i64) {
        self.0.push((expires, points));
    }

    fn balance(&self, day: i64) -> i64 {
        self.0.iter().filter(|(expires, _)| *expires > day).map(|(_, points)| points).sum()
    }

    /// Takes what expires first; false where there is not enough.
    fn take(&mut self, day: i64, mut points: i64) -> bool {
        if self.balance(day) < points {
            return false;
        }
        self.0.sort_by_key(|(expires, _)| *expires);
        for (_, left) in self.0.iter_mut().filter(|(expires, _)| *expires > day) {
            let part = points.min(*left);
            (*left, points) = (*left - part, points - part);
        }
        true
    }
}

const NEVER: i64 = i64::MAX;

fn on(day: i64) -> Timestamp {
    Timestamp::from_micros(START - (DAYS - day) * DAY)
}

fn command(card: CardId, number: usize, day: i64, step: Step) -> Command {
    let past = Some(Past { at: on(day), endless: true });
    let mut particulars = named(Some(Order::Reference(format!("row-{number}"))));
    particulars.past = past;
    match step {
        Step::Award { points, lasts } => {
            let expires_at = lasts.map(|lasts| on(day + lasts));
            Command::Award(Award { card, points: Points::new(points), expires_at, particulars })
        }
        Step::Redeem { points } => Command::Redeem(Redeem { card, points: Points::new(points), particulars }),
        Step::Adjust { points } => Command::Adjust(Adjust { card, points: Points::new(points), particulars }),
        Step::Expire { points } => {
            Command::Expire(Expire { card, points: Some(Points::new(points)), expires_before: None, particulars })
        }
        Step::Buy { earned, redeemed } => {
            let mut purchase = bought(&format!("order-{number}"), "10", redeemed);
            (purchase.points, purchase.past) = (Some(Points::new(earned)), past);
            Command::Purchase { buyer: BuyerId::Card(card), purchase }
        }
    }
}

fn expect(model: &mut Model, day: i64, step: Step) -> bool {
    match step {
        Step::Award { points, lasts } => {
            model.give(points, lasts.map_or(NEVER, |lasts| day + lasts));
            true
        }
        Step::Adjust { points } if points > 0 => {
            model.give(points, NEVER);
            true
        }
        Step::Adjust { points } => model.take(day, -points),
        Step::Redeem { points } | Step::Expire { points } => model.take(day, points),
        Step::Buy { earned, redeemed } => {
            let taken = model.take(day, redeemed);
            if taken && earned > 0 {
                model.give(earned, NEVER);
            }
            taken
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_past_imported_row_by_row_comes_to_what_a_simple_model_says(steps in steps()) {
        let workshop = Workshop::new();
        let (card, _) = workshop.issue("ona@example.com", 0);
        let (mut model, mut day) = (Model::default(), 0);
        for (number, (later, step)) in steps.into_iter().enumerate() {
            day += later;
            let expected = expect(&mut model, day, step);
            let outcome = workshop.run(command(card, number, day, step));
            match &outcome {
                Ok(outcome) => {
                    prop_assert!(expected, "{step:?} on day {day} was taken");
                    let again = workshop.must(command(card, number, day, step));
                    prop_assert!(again.replayed && again.events.len() == outcome.events.len());
                }
                Err(Refusal::Rejected(Rejection::InsufficientPoints { .. })) => prop_assert!(!expected, "{step:?} on day {day}"),
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        }
        // What was due between the last row and now no longer counts, whether or not it is written off.
        prop_assert_eq!(workshop.available(card), model.balance(DAYS));
        workshop.must(Command::ExpireDue(card));
        prop_assert_eq!(workshop.available(card), model.balance(DAYS));
    }
}

#[test]
fn the_rules_of_today_refuse_nothing_of_the_past_but_the_future_is_refused() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(command(card, 1, 0, Step::Award { points: 50, lasts: None }));
    workshop.must(super::workshop::block(card));
    workshop.must(command(card, 2, 1, Step::Redeem { points: 20 }));
    workshop.must(command(card, 3, 2, Step::Buy { earned: 7, redeemed: 10 }));
    assert_eq!(workshop.available(card), 27, "the card is blocked today, and was not then");
    let refused = workshop.run(command(card, 4, DAYS + 10_000, Step::Award { points: 1, lasts: None }));
    assert!(matches!(refused, Err(Refusal::Rejected(Rejection::HappenedInFuture { .. }))), "{refused:?}");
}

#[test]
fn a_refund_of_today_takes_back_of_an_order_of_the_past() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(command(card, 1, 0, Step::Buy { earned: 100, redeemed: 0 }));
    let half = Money::new(5.into()).expect("an amount");
    workshop.must(refund("order-1", Some("r1"), Share::Amount(half)));
    assert_eq!(workshop.available(card), 50);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    // The auditor's tool, which counts anew from the log, looks at each of these workshops too.
    #[test]
    fn a_past_in_any_order_raises_a_card_by_the_year_before_each_row(
        rows in prop::collection::vec((0_i64..=DAYS, 1_i64..60), 1..20)
    ) {
        let workshop = Workshop::new();
        let (card, _) = workshop.issue("ona@example.com", 0);
        let level = |tier, threshold| TierLevel { tier, threshold: Points::new(threshold), multiplier: 1.into() };
        let levels = vec![level(Tier::Bronze, 0), level(Tier::Silver, 100), level(Tier::Gold, 200)];
        let settings = Settings { tiers: TierPlan { basis: TierBasis::Rolling, levels }, ..Settings::default() };
        let record = SettingsRecord::default();
        workshop.must(Command::ChangeSettings(ChangeSettings { based_on: None, settings, record }));
        let (mut known, mut tier): (Vec<(i64, i64)>, _) = (Vec::new(), Tier::Bronze);
        for (number, (day, points)) in rows.into_iter().enumerate() {
            known.push((day, points));
            let year_before = Timestamp::from_micros(on(day).micros()).twelve_months_earlier();
            let counted: i64 = known.iter().filter(|(day, _)| on(*day) >= year_before).map(|(_, points)| points).sum();
            let reached = if counted >= 200 { Tier::Gold } else if counted >= 100 { Tier::Silver } else { Tier::Bronze };
            let expected = (reached > tier).then_some((reached, counted));
            tier = tier.max(reached);
            let outcome = workshop.must(command(card, number, day, Step::Award { points, lasts: None }));
            let raised = outcome.events.iter().find_map(|recorded| match &recorded.event {
                Event::CardTierChanged(event) => Some((event.to, event.lifetime.get())),
                _ => None,
            });
            prop_assert_eq!(raised, expected, "row {}", number);
        }
    }
}

#[test]
fn a_closed_shop_still_has_its_past() {
    let workshop = Workshop::new();
    let shop = ShopId::new(1);
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(Command::RetireShop(RetireShop { shop }));
    workshop.must(command(card, 1, 0, Step::Buy { earned: 50, redeemed: 0 }));
    let holder = |happened_at| match issue("jonas@example.com", 0) {
        Command::Issue(issue) => {
            Command::Issue(counterfoil::domain::cards::Issue { shop: Some(shop), happened_at, ..issue })
        }
        other => panic!("{other:?}"),
    };
    let refused = workshop.run(holder(None));
    assert!(matches!(refused, Err(Refusal::Rejected(Rejection::ShopClosed { .. }))), "{refused:?}");
    workshop.must(holder(Some(on(0))));
}
