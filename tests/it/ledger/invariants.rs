//! The six things that must always be true, on random histories with clock jumps, restarts and retries.

use super::model::{ModelCard, ModelOrder};
use super::workshop::{
    DAY, PARTNER, START, Workshop, adjust, award, block, buy, cancel, expire, issue, order, redeem, refund,
    stated_balance, unblock,
};
use counterfoil::domain::orders::Share;
use counterfoil::domain::{CardId, Event, Money, Seq};
use counterfoil::event_log;
use counterfoil::projections;
use counterfoil::storage::{open_ledger, open_reader};
use counterfoil::writer::{Command, Outcome, Refusal};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Step {
    Award { card: usize, points: i64, expires_in: Option<i64>, order: u8 },
    Redeem { card: usize, points: i64, order: u8 },
    Buy { card: usize, cents: i64, redeem: i64, order: u8 },
    Refund { order: u8, refund: u8, cents: i64 },
    Cancel { order: u8 },
    Adjust { card: usize, points: i64 },
    Expire { card: usize, points: Option<i64>, before: Option<i64> },
    Block { card: usize },
    Unblock { card: usize },
    Jump { micros: i64 },
    Restart,
}

const CARDS: usize = 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let card = 0..CARDS;
    let step = prop_oneof![
        6 => (card.clone(), 1..60_i64, proptest::option::of(1..5 * DAY), any::<u8>())
            .prop_map(|(card, points, expires_in, order)| Step::Award { card, points, expires_in, order }),
        4 => (card.clone(), 1..80_i64, any::<u8>()).prop_map(|(card, points, order)| Step::Redeem { card, points, order }),
        4 => (card.clone(), 0..900_i64, prop_oneof![Just(0_i64), 1..60_i64], 0..12_u8)
            .prop_map(|(card, cents, redeem, order)| Step::Buy { card, cents, redeem, order }),
        4 => (0..12_u8, 0..3_u8, 0..600_i64).prop_map(|(order, refund, cents)| Step::Refund { order, refund, cents }),
        1 => (0..12_u8).prop_map(|order| Step::Cancel { order }),
        2 => (card.clone(), (-50..50_i64).prop_filter("not zero", |points| *points != 0))
            .prop_map(|(card, points)| Step::Adjust { card, points }),
        1 => (card.clone(), proptest::option::of(1..40_i64), proptest::option::of(0..5 * DAY))
            .prop_filter("one of them", |(_, points, before)| points.is_some() || before.is_some())
            .prop_map(|(card, points, before)| Step::Expire { card, points, before }),
        1 => card.clone().prop_map(|card| Step::Block { card }),
        1 => card.prop_map(|card| Step::Unblock { card }),
        3 => prop_oneof![1..DAY * 3, -DAY..0_i64, Just(1_i64)].prop_map(|micros| Step::Jump { micros }),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..60)
}

/// A history as it is lived: the machine and the model side by side.
struct History {
    workshop: Workshop,
    cards: Vec<CardId>,
    model: Vec<ModelCard>,
    /// The system's clock, which jumps both ways.
    clock: i64,
    /// The time of the last event, below which the log's time never falls.
    recorded: i64,
    /// order id → the points and card that claimed it.
    orders: BTreeMap<(bool, u8), (usize, i64, Option<i64>)>,
    /// order id → its content, and what the model knows of it.
    bought: BTreeMap<u8, ((usize, i64, i64), ModelOrder)>,
    /// order id and refund id (none for a cancellation) → how many cents.
    refunds: BTreeMap<(u8, Option<u8>), Option<i64>>,
    /// What was answered: event → (card, balance).
    answered: BTreeMap<Seq, (usize, i64)>,
}

impl History {
    fn new() -> Self {
        let workshop = Workshop::new();
        let cards = (0..CARDS).map(|card| workshop.issue(&format!("c{card}@example.com"), 0).0).collect();
        let model = vec![ModelCard::default(); CARDS];
        Self {
            workshop,
            cards,
            model,
            clock: START,
            recorded: START,
            orders: BTreeMap::new(),
            bought: BTreeMap::new(),
            refunds: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    fn live(&mut self, step: &Step) {
        match *step {
            Step::Award { card, points, expires_in, order: id } => {
                let expires_at = expires_in.map(|micros| START + micros);
                let command = award(self.cards[card], points, expires_at, order(&format!("o{id}")));
                self.ordered((true, id), card, points, expires_at, &command);
            }
            Step::Redeem { card, points, order: id } => {
                let command = redeem(self.cards[card], points, order(&format!("o{id}")));
                self.ordered((false, id), card, points, None, &command);
            }
            Step::Buy { card, cents, redeem, order } => self.buy(card, cents, redeem, order),
            Step::Refund { order, refund: id, cents } => {
                let share = Share::Amount(Money::new(Decimal::new(cents, 2)).expect("an amount"));
                let command = refund(&format!("b{order}"), Some(&format!("r{id}")), share);
                self.refund(order, Some(id), Some(cents), &command);
            }
            Step::Cancel { order } => self.refund(order, None, None, &cancel(&format!("b{order}"))),
            Step::Adjust { card, points } => {
                let time = self.time();
                let expected = self.model[card].adjust(points, time);
                self.compare(card, &adjust(self.cards[card], points, None), expected);
            }
            Step::Expire { card, points, before } => {
                let before = before.map(|micros| START + micros);
                let time = self.time();
                let expected = self.model[card].expire(points, before, time);
                self.compare(card, &expire(self.cards[card], points, before), expected);
            }
            Step::Block { card } => {
                self.model[card].blocked = true;
                self.submit(&block(self.cards[card])).expect("a block");
            }
            Step::Unblock { card } => {
                self.model[card].blocked = false;
                self.submit(&unblock(self.cards[card])).expect("an unblocking");
            }
            Step::Jump { micros } => {
                self.clock += micros;
                self.workshop.set_time(self.clock);
            }
            Step::Restart => self.workshop.restart(),
        }
    }

    /// The time at which the machine decides.
    fn time(&self) -> i64 {
        self.clock.max(self.recorded)
    }

    fn submit(&mut self, command: &Command) -> Result<Outcome, Refusal> {
        let outcome = self.workshop.run(command.clone())?;
        if !outcome.replayed && !outcome.events.is_empty() {
            self.recorded = outcome.at.micros();
        }
        Ok(outcome)
    }

    /// An award or redemption with an order id: the first decides, a repetition changes nothing, other content is refused.
    fn ordered(&mut self, key: (bool, u8), card: usize, points: i64, expires_at: Option<i64>, command: &Command) {
        let content = (card, points, expires_at);
        match self.orders.get(&key) {
            Some(first) if *first == content => {
                let outcome = self.workshop.must(command.clone());
                assert!(outcome.replayed);
                let seq = outcome.events.last().expect("a replay has events").seq;
                assert!(outcome.events.iter().any(|recorded| self.answered.contains_key(&recorded.seq)), "{seq}");
            }
            Some(_) => assert!(self.workshop.run(command.clone()).is_err(), "other content under the same key"),
            None if self.orders.get(&(!key.0, key.1)).is_some_and(|(other, ..)| *other != card) => {
                assert!(self.workshop.run(command.clone()).is_err(), "an order is one card's");
            }
            None => {
                let time = self.time();
                let model = &mut self.model[card];
                let expected = if key.0 { model.award(points, expires_at, time) } else { model.redeem(points, time) };
                self.compare(card, command, expected);
                if expected {
                    self.orders.insert(key, content);
                }
            }
        }
    }

    fn buy(&mut self, card: usize, cents: i64, redeem: i64, order: u8) {
        let total = Decimal::new(cents, 2).to_string();
        let command = buy(self.cards[card], &format!("b{order}"), &total, redeem);
        match self.bought.get(&order) {
            Some((first, _)) if *first == (card, cents, redeem) => assert!(self.workshop.must(command).replayed),
            Some(_) => assert!(matches!(self.workshop.run(command), Err(Refusal::Conflict { .. }))),
            None => {
                let time = self.time();
                let bought = self.model[card].buy(cents, redeem, time);
                self.compare(card, &command, bought.is_some());
                self.bought.extend(bought.map(|bought| (order, ((card, cents, redeem), bought))));
            }
        }
    }

    fn refund(&mut self, order: u8, id: Option<u8>, cents: Option<i64>, command: &Command) {
        match self.refunds.get(&(order, id)) {
            Some(first) if *first == cents => assert!(self.workshop.must(command.clone()).replayed),
            Some(_) => assert!(matches!(self.workshop.run(command.clone()), Err(Refusal::Conflict { .. }))),
            None => {
                let time = self.time();
                let Some(((card, ..), bought)) = self.bought.get_mut(&order) else {
                    assert!(self.workshop.run(command.clone()).is_err(), "nobody bought that");
                    return;
                };
                let (card, expected) = (*card, self.model[*card].refund(bought, cents, time));
                self.compare(card, command, expected);
                if expected {
                    self.refunds.insert((order, id), cents);
                }
            }
        }
    }

    fn compare(&mut self, card: usize, command: &Command, expected: bool) {
        let time = self.time();
        match self.submit(command) {
            Ok(outcome) => {
                assert!(expected, "the model refuses {command:?}");
                assert!(!outcome.replayed);
                let balance = stated_balance(&outcome).expect("a movement");
                assert_eq!(balance, self.model[card].balance(time), "{command:?}");
                for recorded in &outcome.events {
                    if let Some(balance) = movement_balance(&recorded.event) {
                        self.answered.insert(recorded.seq, (card, balance));
                    }
                }
            }
            Err(refusal) => assert!(!expected, "the machine refuses {command:?}: {refusal:?}"),
        }
    }

    /// Invariants 1 to 6, on the log and the projections as they stand on disk.
    fn check(mut self) {
        self.workshop.stop();
        let dir = self.workshop.dir();
        let (ledger, views) = (open_ledger(&dir).unwrap(), open_reader(&dir).unwrap());
        let mut sums: BTreeMap<CardId, i64> = BTreeMap::new();
        let (mut keys, mut total) = (BTreeSet::new(), 0);
        let head = event_log::head(&ledger).unwrap().seq;
        event_log::events_after::<event_log::LogError>(&ledger, Seq::ZERO, head, |stored| {
            if let Some((card, points, balance)) = movement(&stored.event) {
                let sum = sums.entry(card).or_default();
                *sum += points;
                total += points;
                assert_eq!(*sum, balance, "the balance stated by event {}", stored.seq);
                if let Some((_, answered)) = self.answered.get(&stored.seq) {
                    assert_eq!(balance, *answered, "the balance as of event {} is what was answered", stored.seq);
                }
            }
            if let Some(key) = stored.idempotency_key {
                assert!(keys.insert(key.clone()), "{key} was claimed twice");
            }
            Ok(())
        })
        .unwrap();
        let mut balances = 0;
        for (index, id) in self.cards.iter().enumerate() {
            let card = projections::load_card(&views, *id).unwrap().expect("a projected card");
            assert_eq!(card.partner, PARTNER);
            assert_eq!(card.balance().get(), sums.get(id).copied().unwrap_or(0));
            assert_eq!(card.lots.total().get() - card.debt.get(), card.balance().get());
            assert_eq!(
                card.available(counterfoil::domain::Timestamp::from_micros(self.time())).get(),
                self.model[index].balance(self.time())
            );
            assert_eq!(card.lifetime.get(), self.model[index].lifetime);
            assert_eq!(card.redeemed.get(), self.model[index].redeemed);
            assert!(card.lots.iter().all(|lot| lot.remaining.is_positive() && lot.remaining <= lot.points));
            balances += card.balance().get();
        }
        assert_eq!(total, balances, "points over the partner");
        let rebuilt = dir.path().join("rebuilt.db");
        projections::rebuild(&ledger, &rebuilt, None).unwrap();
        assert_eq!(projections::compare(&views, &rebuilt).unwrap(), []);
    }
}

fn movement(event: &Event) -> Option<(CardId, i64, i64)> {
    match event {
        Event::PointsAwarded(event) => Some((event.card, event.points.get(), event.balance.get())),
        Event::PointsRedeemed(event) => Some((event.card, event.points.get(), event.balance.get())),
        Event::PointsAdjusted(event) => Some((event.card, event.points.get(), event.balance.get())),
        Event::PointsExpired(event) => Some((event.card, event.points.get(), event.balance.get())),
        Event::OrderRecorded(event) => Some((event.card, 0, event.balance.get())),
        Event::PointsRefunded(event) => Some((event.card, event.points.get(), event.balance.get())),
        Event::PointsReturned(event) => Some((event.card, event.points.get(), event.balance.get())),
        _ => None,
    }
}

fn movement_balance(event: &Event) -> Option<i64> {
    movement(event).map(|(_, _, balance)| balance)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_the_invariants_and_agrees_with_the_model(steps in steps()) {
        let mut history = History::new();
        for step in &steps {
            history.live(step);
        }
        history.check();
    }
}

#[test]
fn a_balance_differs_by_the_lot_from_one_microsecond_to_the_next() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(award(card, 30, Some(START + DAY), None));
    workshop.must(award(card, 12, None, None));
    workshop.set_time(START + DAY - 1);
    assert_eq!(workshop.available(card), 42);
    workshop.set_time(START + DAY);
    assert_eq!(workshop.available(card), 12, "although no job has run");
    let refused = workshop.run(redeem(card, 13, None));
    assert!(refused.is_err(), "points past their time cannot be spent");
    assert_eq!(stated_balance(&workshop.must(redeem(card, 12, None))), Some(0));
}

#[test]
fn writing_off_what_is_due_twice_or_after_a_year_gives_the_same_totals() {
    for pause in [DAY, 365 * DAY] {
        let workshop = Workshop::new();
        let (card, _) = workshop.issue("ona@example.com", 7);
        workshop.must(award(card, 30, Some(START + DAY), None));
        workshop.set_time(START + pause);
        assert_eq!(stated_balance(&workshop.must(Command::ExpireDue(card))), Some(7));
        assert!(workshop.must(Command::ExpireDue(card)).events.is_empty(), "the second run has nothing to do");
        assert_eq!(workshop.available(card), 7);
    }
}

#[test]
fn one_email_has_one_card_however_it_is_written() {
    let workshop = Workshop::new();
    workshop.issue("ona@example.com", 0);
    assert!(workshop.run(issue("ONA@Example.com", 0)).is_err());
}
