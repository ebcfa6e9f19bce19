//! The order of events, and that nobody waits for somebody else's trouble.

use super::{HOOKS, Told, quick};
use crate::support::{Reaction, Received, Receiver, wait_for, wait_until};
use counterfoil::webhooks::Policy;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The points of each card's messages, as they came.
fn by_card(received: &[Received]) -> BTreeMap<String, Vec<i64>> {
    let mut cards: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for message in received {
        let data = &message.body()["data"];
        cards.entry(data["card_id"].to_string()).or_default().push(data["points"].as_i64().expect("points"));
    }
    cards
}

#[test]
fn the_events_of_a_card_come_in_order_however_slowly_they_are_taken() {
    let told = Told::open();
    let receiver =
        Receiver::start(|message| Reaction::AfterWhile(Duration::from_millis(message.sequence().unsigned_abs() % 7)));
    told.hook(&receiver, &["points.awarded"]);
    let cards: Vec<String> = (0..5).map(|card| told.card(&format!("c{card}@example.com"))).collect();
    for points in 1..=30 {
        cards.iter().for_each(|card| drop(told.award(card, points)));
    }
    let cards = by_card(&receiver.expect(150));
    assert_eq!(cards.len(), 5);
    assert!(cards.values().all(|points| *points == (1..=30).collect::<Vec<i64>>()), "{cards:?}");
}

#[test]
fn the_trouble_of_one_card_holds_back_its_own_events_only() {
    let told = Told::with(Policy { retries: vec![Duration::from_millis(100); 10_000], ..quick() });
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let receiver = Receiver::start(move |message| {
        let troubled = message.body()["data"]["points"] == 700 && !is_mended.load(Ordering::SeqCst);
        Reaction::Answer(if troubled { 500 } else { 200 })
    });
    told.hook(&receiver, &["points.awarded"]);
    let (ann, ben) = (told.card("ann@example.com"), told.card("ben@example.com"));
    told.award(&ann, 700);
    receiver.expect(1);
    told.award(&ann, 800);
    for points in 1..=20 {
        told.award(&ben, points);
    }
    let points = || {
        let all = receiver.all();
        all.iter().map(|message| message.body()["data"]["points"].as_i64().expect("points")).collect::<Vec<_>>()
    };
    let of_ben = |points: Vec<i64>| points.into_iter().filter(|points| *points <= 20).collect::<Vec<_>>();
    wait_until("everything of the other card", || of_ben(points()) == (1..=20).collect::<Vec<_>>());
    assert!(!points().contains(&800), "it waits behind the one before");
    mended.store(true, Ordering::SeqCst);
    wait_until("the rest", || points().contains(&800));
}

#[test]
fn a_receiver_that_hangs_delays_no_other() {
    let told = Told::with(Policy { retries: Vec::new(), ..quick() });
    let (dead, well, other) = (Receiver::start(|_| Reaction::Hang), Receiver::obliging(), Receiver::obliging());
    let cards: Vec<String> = (0..40).map(|card| told.card(&format!("c{card}@example.com"))).collect();
    for receiver in [&dead, &well, &other] {
        told.hook(receiver, &["points.awarded"]);
    }
    for points in 1..=5 {
        cards.iter().for_each(|card| drop(told.award(card, points)));
    }
    for receiver in [&well, &other] {
        let cards = by_card(&receiver.expect(200));
        assert!(cards.values().all(|points| *points == [1, 2, 3, 4, 5]), "{cards:?}");
    }
    assert_eq!(dead.expect(16).len(), 16, "no more at once than that");
}

#[test]
fn however_many_receivers_hang_one_that_does_not_is_told_at_once() {
    const HUNG: usize = 6;
    let told = Told::with(Policy { timeout: Duration::from_secs(3_600), retries: Vec::new(), ..quick() });
    let cards: Vec<String> = (0..20).map(|card| told.card(&format!("c{card}@example.com"))).collect();
    let (begun, mended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let hang = || {
        let (begins, is_mended) = (Arc::clone(&begun), Arc::clone(&mended));
        Receiver::start(move |_| {
            begins.fetch_add(1, Ordering::SeqCst);
            wait_for("end of it", Duration::from_secs(3_600), || is_mended.load(Ordering::SeqCst));
            Reaction::Answer(200)
        })
    };
    let hung: Vec<Receiver> = (0..HUNG).map(|_| hang()).collect();
    hung.iter().for_each(|receiver| drop(told.hook(receiver, &["points.awarded"])));
    cards.iter().for_each(|card| drop(told.award(card, 1)));
    // One of each, and 64 more of the partner: nothing else of theirs is begun until one of them ends.
    let most = HUNG + 64;
    wait_until("attempts that hang", || begun.load(Ordering::SeqCst) == most);
    let well = Receiver::obliging();
    told.hook(&well, &["points.awarded"]);
    for points in 2..=5 {
        cards.iter().for_each(|card| drop(told.award(card, points)));
    }
    let by_card = by_card(&well.expect(4 * cards.len()));
    assert!(by_card.values().all(|points| *points == [2, 3, 4, 5]), "{by_card:?}");
    assert_eq!(begun.load(Ordering::SeqCst), most, "they hang all the while");
    mended.store(true, Ordering::SeqCst);
    for receiver in &hung {
        receiver.expect(5 * cards.len());
    }
}

#[test]
fn a_webhook_that_is_paused_keeps_its_place() {
    let told = Told::open();
    let receiver = Receiver::obliging();
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    receiver.expect(1);
    let path = format!("{HOOKS}/{}", hook["id"]);
    let paused = told.put(&path, &json!({"is_active": false})).data(200);
    assert_eq!(paused["status"], "paused");
    told.award(&card, 2);
    told.award(&card, 3);
    told.put(&path, &json!({"is_active": true})).data(200);
    let points: Vec<Value> =
        receiver.expect(3).iter().map(|message| message.body()["data"]["points"].clone()).collect();
    assert_eq!(points, [json!(1), json!(2), json!(3)]);
}

#[test]
fn a_dead_receiver_is_tried_with_so_many_cards_and_no_more() {
    let told = Told::with(Policy { retries: vec![Duration::from_secs(3_600)], ..quick() });
    let receiver = Receiver::start(|_| Reaction::Answer(500));
    let hook = told.hook(&receiver, &["card.created"]);
    for card in 0..130 {
        told.card(&format!("c{card}@example.com"));
    }
    wait_until("held cards", || told.seen(&hook["id"])["pending_count"].as_i64() >= Some(100));
    // As many as were on their way when the hundredth failed may have been tried besides.
    let pending = told.seen(&hook["id"])["pending_count"].as_i64().expect("a number");
    assert!((100..=115).contains(&pending), "{pending}");
}
