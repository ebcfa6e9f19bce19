//! Orders through the writer: purchases that redeem and earn, and their refunds, each exactly once.

use super::workshop::{
    DAY, START, Workshop, all, award, bought, buy, buy_as, cancel, money, order, redeem, refund, stated_balance,
    together,
};
use counterfoil::domain::customers::{PersonRecord, Register};
use counterfoil::domain::orders::{Purchase, Share};
use counterfoil::domain::points::{Points, Redeem};
use counterfoil::domain::programme::{OpenShop, RetireTemplate, TemplateRecord, TemplateRules, UpdateTemplate};
use counterfoil::domain::{CustomerId, Event, Rejection, Seq, ShopId, TemplateId};
use counterfoil::projections;
use counterfoil::storage::{open_ledger, open_reader};
use counterfoil::writer::{BuyerId, Command, Outcome, Refusal};

fn kinds(outcome: &Outcome) -> Vec<&'static str> {
    outcome.events.iter().map(|recorded| recorded.event.kind()).collect()
}

/// What an outcome answers from its events.
fn told(outcome: &Outcome) -> Vec<(Seq, Event, Option<String>)> {
    outcome.events.iter().map(|recorded| (recorded.seq, recorded.event.clone(), recorded.body.clone())).collect()
}

fn register(workshop: &Workshop, email: &str) -> CustomerId {
    let person = PersonRecord { email: email.into(), ..PersonRecord::default() };
    let outcome = workshop.must(Command::Register(Register { person }));
    let Event::CustomerRegistered(event) = &outcome.events[0].event else { panic!("{outcome:?}") };
    event.customer
}

fn part(amount: &str) -> Share {
    Share::Amount(money(amount))
}

#[track_caller]
fn assert_rejected(answer: Result<Outcome, Refusal>, expected: &Rejection) {
    match answer {
        Err(Refusal::Rejected(rejection)) => assert_eq!(rejection, *expected),
        other => panic!("{other:?}"),
    }
}

/// The same file whether followed or rebuilt.
fn assert_rebuilds(workshop: &mut Workshop) {
    workshop.stop();
    let dir = workshop.dir();
    let (ledger, views) = (open_ledger(&dir).unwrap(), open_reader(&dir).unwrap());
    let rebuilt = dir.path().join("rebuilt.db");
    projections::rebuild(&ledger, &rebuilt, None).unwrap();
    assert_eq!(projections::compare(&views, &rebuilt).unwrap(), []);
}

#[test]
fn a_purchase_redeems_and_earns_in_one_command_and_a_retry_answers_the_same() {
    let mut workshop = Workshop::new();
    let (card, customer) = workshop.issue("ona@example.com", 400);
    let first = workshop.must(buy(card, "1001", "15.50", 100));
    assert_eq!(kinds(&first), ["points.redeemed", "points.awarded", "card.tier_changed"]);
    assert_eq!((stated_balance(&first), workshop.available(card)), (Some(455), 455));
    workshop.must(award(card, 1, None, None));
    for retry in [buy(card, "1001", "15.5", 100), buy_as(customer, "1001", "15.50", 100)] {
        let again = workshop.must(retry.clone());
        assert!(again.replayed);
        assert_eq!((told(&again), again.at), (told(&first), first.at));
        workshop.restart();
        assert_eq!(told(&workshop.must(retry)), told(&first));
    }
    for other in [buy(card, "1001", "15.51", 100), buy(card, "1001", "15.50", 99)] {
        let refused = workshop.run(other);
        assert!(matches!(refused, Err(Refusal::Conflict { events }) if events[0].seq == first.events[0].seq));
    }
    assert_eq!(workshop.available(card), 456);
    assert_rebuilds(&mut workshop);
}

#[test]
fn an_order_that_was_awarded_is_not_bought_again_nor_the_other_way_round() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    let awarded = |id: &str| {
        let Command::Award(mut command) = award(card, 10, None, order(id)) else { unreachable!("an award is one") };
        command.particulars.shop = Some(ShopId::new(1));
        Command::Award(command)
    };
    workshop.must(awarded("1001"));
    assert!(matches!(workshop.run(buy(card, "1001", "1", 0)), Err(Refusal::Conflict { .. })));
    workshop.must(buy(card, "1002", "1", 0));
    assert!(matches!(workshop.run(awarded("1002")), Err(Refusal::Conflict { .. })));
    let answers = all(&workshop, [buy(card, "1003", "1", 0), awarded("1003")]);
    assert!(matches!(answers[1], Err(Refusal::Conflict { .. })), "within one batch too");
    assert_eq!(workshop.available(card), 30);
}

#[test]
fn the_points_of_an_order_are_redeemed_once_by_themselves_or_by_the_purchase() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 500);
    let alone = |id: &str| {
        let Command::Redeem(command) = redeem(card, 50, order(id)) else { unreachable!("a redemption is one") };
        let particulars =
            counterfoil::domain::points::Particulars { shop: Some(ShopId::new(1)), ..command.particulars };
        Command::Redeem(Redeem { particulars, ..command })
    };
    let redeemed = workshop.must(alone("1001"));
    let refused = workshop.run(buy(card, "1001", "1", 50));
    assert!(matches!(refused, Err(Refusal::Conflict { events }) if events[0].seq == redeemed.events[0].seq));
    workshop.must(buy(card, "1001", "1", 0));
    assert!(workshop.must(alone("1001")).replayed, "its purchase redeemed nothing");

    workshop.must(buy(card, "1002", "1", 50));
    assert!(matches!(workshop.run(alone("1002")), Err(Refusal::Conflict { .. })));
    let answers = all(&workshop, [alone("1003"), buy(card, "1003", "1", 50), alone("1004"), alone("1004")]);
    assert!(answers[0].is_ok() && matches!(answers[1], Err(Refusal::Conflict { .. })));
    assert!(answers[2].is_ok() && answers[3].as_ref().is_ok_and(|outcome| outcome.replayed));
    assert_eq!(workshop.available(card), 500 - 4 * 50 + 2 * 10);

    // The order that was redeemed and bought apart is refunded as one.
    let refunded = workshop.must(cancel("1001"));
    assert_eq!(kinds(&refunded), ["points.refunded", "points.returned"]);
    assert_eq!(workshop.available(card), 500 - 3 * 50 + 10);
}

#[test]
fn an_order_belongs_to_one_card_and_ends_with_its_refund() {
    let workshop = Workshop::new();
    let (ona, _) = workshop.issue("ona@example.com", 500);
    let (jonas, _) = workshop.issue("jonas@example.com", 500);
    let alone = |card, id: &str| {
        let Command::Redeem(command) = redeem(card, 50, order(id)) else { unreachable!("a redemption is one") };
        let particulars =
            counterfoil::domain::points::Particulars { shop: Some(ShopId::new(1)), ..command.particulars };
        Command::Redeem(Redeem { particulars, ..command })
    };
    let closed = |refused: Result<Outcome, Refusal>, id: &str| {
        let rejection = Rejection::OrderClosed { order: id.to_owned() };
        assert!(matches!(refused, Err(Refusal::Rejected(found)) if found == rejection));
    };
    workshop.must(alone(ona, "1001"));
    closed(workshop.run(buy(jonas, "1001", "1", 0)), "1001");
    workshop.must(buy(ona, "1002", "1", 0));
    closed(workshop.run(alone(jonas, "1002")), "1002");
    workshop.must(cancel("1001"));
    closed(workshop.run(buy(ona, "1001", "1", 0)), "1001");
    workshop.must(cancel("1002"));
    closed(workshop.run(alone(ona, "1002")), "1002");
    assert_eq!((workshop.available(ona), workshop.available(jonas)), (500, 500));
}

#[test]
fn two_shops_may_both_sell_an_order_1001_and_each_is_refunded_for_itself() {
    let workshop = Workshop::new();
    workshop.must(Command::OpenShop(OpenShop::named("Station")));
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(buy(card, "1001", "10", 0));
    let station = Some(ShopId::new(2));
    let purchase = Purchase { shop: station, ..bought("1001", "20", 0) };
    assert!(!workshop.must(Command::Purchase { buyer: BuyerId::Card(card), purchase }).replayed);
    assert_eq!(workshop.available(card), 300);
    // Given back in the first shop, bought in the second.
    let Command::Refund { refund: at_old_town, .. } = refund("1001", Some("r1"), Share::Rest) else {
        unreachable!("a refund is one");
    };
    let outcome = workshop.must(Command::Refund { order_shop: station, refund: at_old_town });
    let Event::PointsRefunded(event) = &outcome.events[0].event else { panic!("{outcome:?}") };
    assert_eq!((event.points.get(), event.shop), (-200, Some(ShopId::new(1))));
    assert!(!workshop.must(refund("1001", Some("r1"), Share::Rest)).replayed, "the other shop's order 1001");
    assert_eq!(workshop.available(card), 0);
    let Command::Refund { refund: nowhere, .. } = cancel("1001") else { unreachable!("a cancellation is one") };
    let refused = workshop.run(Command::Refund { order_shop: None, refund: nowhere });
    assert_rejected(refused, &Rejection::OrderNotFound { order: "1001".into() });
}

#[test]
fn partial_refunds_take_back_exactly_what_the_order_earned_and_no_more() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 500);
    workshop.must(buy(card, "1001", "9.99", 70));
    assert_eq!(workshop.available(card), 500 - 70 + 99);
    for (id, taken, given) in [("r1", 32, 23), ("r2", 32, 23)] {
        let outcome = workshop.must(refund("1001", Some(id), part("3.30")));
        let Event::PointsRefunded(event) = &outcome.events[0].event else { panic!("{outcome:?}") };
        let Event::PointsReturned(returned) = &outcome.events[1].event else { panic!("{outcome:?}") };
        assert_eq!((event.points.get(), returned.points.get(), event.completes), (-taken, given, false));
        assert_eq!(stated_balance(&outcome), Some(workshop.available(card)));
    }
    let left = money("3.39");
    let refused = workshop.run(refund("1001", Some("r3"), part("3.40")));
    assert_rejected(refused, &Rejection::RefundTooLarge { amount: money("3.40"), left });
    workshop.restart();
    let refused = workshop.run(refund("1001", Some("r3"), part("3.40")));
    assert_rejected(refused, &Rejection::RefundTooLarge { amount: money("3.40"), left });
    assert!(!workshop.must(refund("1001", Some("r3"), part("3.39"))).replayed, "mended under the same id");
    assert_eq!(workshop.available(card), 500, "as if nothing had been bought");
    assert!(matches!(
        workshop.run(refund("1001", Some("r4"), part("0.01"))),
        Err(Refusal::Rejected(Rejection::OrderRefunded { .. }))
    ));
    assert!(matches!(workshop.run(cancel("1001")), Err(Refusal::Rejected(Rejection::OrderRefunded { .. }))));
    assert_rebuilds(&mut workshop);
}

#[test]
fn a_refund_that_first_writes_off_what_is_due_is_remembered_like_any_other() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(buy(card, "1001", "10.00", 0));
    workshop.must(award(card, 7, Some(START + DAY), order("gift")));
    workshop.set_time(START + 2 * DAY);
    let outcome = workshop.must(refund("1001", Some("r1"), part("6.00")));
    assert_eq!(kinds(&outcome), ["points.expired", "points.refunded"]);
    let refused = Rejection::RefundTooLarge { amount: money("6.00"), left: money("4.00") };
    assert_rejected(workshop.run(refund("1001", Some("r2"), part("6.00"))), &refused);
    workshop.restart();
    assert_rejected(workshop.run(refund("1001", Some("r2"), part("6.00"))), &refused);
    workshop.must(refund("1001", Some("r2"), part("4.00")));
    assert_eq!(workshop.available(card), 0);
}

#[test]
fn a_refund_happens_once_also_after_a_restart_and_after_views_db_is_deleted() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(buy(card, "1001", "10", 0));
    let first = workshop.must(refund("1001", Some("r1"), part("4")));
    let cancelled = workshop.must(buy(card, "1002", "10", 0));
    assert_eq!(stated_balance(&cancelled), Some(160));
    let cancelled = workshop.must(cancel("1002"));
    for pause in 0..3 {
        let again = workshop.must(refund("1001", Some("r1"), part("4.00")));
        assert!(again.replayed);
        assert_eq!(told(&again), told(&first), "{pause}");
        assert_eq!(told(&workshop.must(cancel("1002"))), told(&cancelled), "{pause}");
        let other = workshop.run(refund("1001", Some("r1"), part("5")));
        assert!(matches!(other, Err(Refusal::Conflict { .. })), "{pause}");
        let refused = workshop.run(refund("1001", Some("r2"), part("6.01")));
        assert_rejected(refused, &Rejection::RefundTooLarge { amount: money("6.01"), left: money("6") });
        if pause == 1 {
            workshop.stop();
            std::fs::remove_file(workshop.dir().views()).unwrap();
        }
        workshop.restart();
    }
    assert_eq!(workshop.available(card), 60);
}

#[test]
fn in_one_batch_a_purchase_and_its_refunds_happen_once_each() {
    let mut workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    let answers = all(
        &workshop,
        [
            buy(card, "1001", "10", 0),
            buy(card, "1001", "10", 0),
            refund("1001", Some("r1"), part("4")),
            refund("1001", Some("r1"), part("4")),
            refund("1001", Some("r2"), part("7")),
            refund("1001", Some("r3"), part("6")),
            refund("1001", Some("r4"), part("0")),
        ],
    );
    let replayed: Vec<Option<bool>> = answers.iter().map(|answer| answer.as_ref().ok().map(|o| o.replayed)).collect();
    assert_eq!(replayed, [Some(false), Some(true), Some(false), Some(true), None, Some(false), None]);
    assert_eq!(workshop.available(card), 0);
    assert_rebuilds(&mut workshop);
}

#[test]
fn the_same_refund_sent_a_hundred_times_at_once_happens_once() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(buy(card, "1001", "10", 0));
    let outcomes = together(&workshop, 100, &refund("1001", Some("r1"), part("4")));
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.replayed).count(), 1);
    assert!(outcomes.iter().all(|outcome| told(outcome) == told(&outcomes[0])));
    assert_eq!(workshop.available(card), 60);
}

#[test]
fn what_the_rules_say_by_then_changes_nothing_about_a_refund() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 200);
    let first = workshop.must(buy(card, "1001", "10", 100));
    let rules = TemplateRules {
        points_per_currency: 1.into(),
        points_enabled: false,
        points_redemption_enabled: false,
        ..TemplateRules::default()
    };
    let template = TemplateId::new(1);
    let update =
        || UpdateTemplate { template, based_on: None, record: TemplateRecord::default(), rules: rules.clone() };
    assert_eq!(kinds(&workshop.must(Command::UpdateTemplate(update()))), ["template.updated"]);
    assert!(workshop.must(Command::UpdateTemplate(update())).events.is_empty(), "it is so already");
    workshop.must(Command::RetireTemplate(RetireTemplate { template }));
    assert_eq!(kinds(&workshop.must(buy(card, "1002", "10", 0))), ["order.recorded"]);
    assert_eq!(told(&workshop.must(buy(card, "1001", "10", 100))), told(&first));
    let half = workshop.must(refund("1001", Some("r1"), part("5")));
    assert_eq!((stated_balance(&half), workshop.available(card)), (Some(200), 200));
    workshop.must(cancel("1001"));
    assert_eq!(workshop.available(card), 200);
}

#[test]
fn a_known_customer_without_a_card_gets_one_with_its_bonus_by_the_purchase() {
    let rules = TemplateRules { initial_bonus_points: Points::new(50), ..TemplateRules::default() };
    let mut workshop = Workshop::with_rules(rules);
    let customer = register(&workshop, "ona@example.com");
    let stranger = customer.next();
    assert_rejected(
        workshop.run(buy_as(stranger, "1001", "10", 0)),
        &Rejection::CustomerNotFound { customer: stranger },
    );
    let refused = workshop.run(buy_as(customer, "1001", "10", 20));
    let (needed, available) = (Points::new(20), Points::ZERO);
    assert_rejected(refused, &Rejection::InsufficientPoints { needed, available });
    let answers = all(
        &workshop,
        [buy_as(customer, "1001", "10", 0), buy_as(customer, "1001", "10", 0), buy_as(customer, "1002", "1", 20)],
    );
    let [first, again, next] = answers.map(Result::unwrap);
    assert_eq!(kinds(&first), ["card.issued", "points.awarded", "points.awarded"]);
    let Event::CardIssued(issued) = &first.events[0].event else { panic!("{first:?}") };
    assert_eq!((issued.customer, stated_balance(&first)), (customer, Some(150)));
    assert!(again.replayed);
    assert_eq!(told(&again), told(&first));
    assert_eq!(kinds(&next), ["points.redeemed", "points.awarded"]);
    workshop.restart();
    assert_eq!(told(&workshop.must(buy(issued.card, "1001", "10", 0))), told(&first), "by the card as by the customer");
    workshop.must(cancel("1001"));
    workshop.must(cancel("1002"));
    assert_eq!(workshop.available(issued.card), 50, "the bonus stays");
    assert_rebuilds(&mut workshop);
}

#[test]
fn a_new_card_is_of_the_template_asked_for_where_that_is_given_out() {
    let workshop = Workshop::new();
    let create = |auto_assign| {
        let rules = TemplateRules { auto_assign, ..TemplateRules::default() };
        counterfoil::domain::programme::CreateTemplate::titled([("en".to_owned(), "Gold".to_owned())].into(), rules)
    };
    workshop.must(Command::CreateTemplate(create(false)));
    workshop.must(Command::CreateTemplate(create(false)));
    let (gold, retired) = (TemplateId::new(2), TemplateId::new(3));
    workshop.must(Command::RetireTemplate(RetireTemplate { template: retired }));
    let customer = register(&workshop, "ona@example.com");
    let of = |template| Command::Purchase {
        buyer: BuyerId::Customer { customer, template: Some(template) },
        purchase: bought("1001", "10", 0),
    };
    assert_rejected(workshop.run(of(retired)), &Rejection::TemplateNotFound { template: retired });
    let bought = workshop.must(of(gold));
    assert!(matches!(&bought.events[0].event, Event::CardIssued(issued) if issued.template == gold), "{bought:?}");
}

#[test]
fn points_that_a_refund_takes_are_spent_already_and_become_a_debt() {
    let workshop = Workshop::new();
    let (card, _) = workshop.issue("ona@example.com", 0);
    workshop.must(buy(card, "1001", "10", 0));
    workshop.must(redeem(card, 80, None));
    let outcome = workshop.must(cancel("1001"));
    let Event::PointsRefunded(event) = &outcome.events[0].event else { panic!("{outcome:?}") };
    assert_eq!((event.debt.map(Points::get), event.balance.get()), (Some(80), -80));
    assert_eq!((workshop.available(card), workshop.card(card).debt.get()), (-80, 80));
}
