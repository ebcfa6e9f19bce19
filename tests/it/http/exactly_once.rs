//! One order, one award: at the same instant, again and again, with other content, after a restart.

use crate::support::{NewKey, Shop};
use counterfoil::domain::programme::TemplateRules;
use counterfoil::http::HttpConfig;
use serde_json::{Value, json};

fn award(card: &str, points: i64, order: &str) -> Value {
    json!({"card_id": card, "points": points, "reason": "Purchase", "order_id": order})
}

#[test]
fn an_order_sent_a_hundred_times_at_once_is_awarded_once_and_all_get_the_same_answer() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let body = award(&id, 155, "1001");
    let replies: Vec<(bool, Value)> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    let reply = shop.client.clone().post("/api/points/award", &body);
                    (reply.replayed(), reply.data(201))
                })
            })
            .collect();
        sending.into_iter().map(|sent| sent.join().expect("a reply")).collect()
    });
    assert_eq!(replies.iter().filter(|(replayed, _)| !replayed).count(), 1);
    assert!(replies.iter().all(|(_, data)| *data == replies[0].1));
    assert_eq!(shop.balance(&id), 155);
    let history = shop.get(&format!("/api/points/history/{id}")).data(200);
    assert_eq!(history["summary"]["total_transactions"], json!(1));
}

#[test]
fn other_content_under_the_same_order_is_refused_with_what_was_recorded() {
    let shop = Shop::open();
    let (ann, bob) = (shop.card("ann@example.com"), shop.card("bob@example.com"));
    let first = shop.post("/api/points/award", &award(&ann, 10, "1001")).data(201);
    for other in [award(&ann, 11, "1001"), award(&bob, 10, "1001")] {
        let reply = shop.post("/api/points/award", &other);
        reply.error(409, "RESOURCE_ALREADY_EXISTS");
        assert_eq!(reply.json()["data"], first);
        assert!(!reply.replayed());
    }
    assert_eq!((shop.balance(&ann), shop.balance(&bob)), (10, 0));
}

#[test]
fn words_about_a_movement_do_not_make_it_another() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let first = shop.post("/api/points/award", &award(&id, 10, "1001")).data(201);
    let mut other = award(&id, 10, "1001");
    other["reason"] = json!("Another reason");
    other["metadata"] = json!({"till": 4});
    let again = shop.post("/api/points/award", &other);
    assert!(again.replayed());
    assert_eq!(again.data(201), first, "the first answer again, its reason too");
}

#[test]
fn a_reference_counts_once_for_each_card_and_operation() {
    let shop = Shop::open();
    let (ann, bob) = (shop.card("ann@example.com"), shop.card("bob@example.com"));
    let body = |card: &str, points: i64| json!({"card_id": card, "points": points, "reason": "Birthday", "reference": "birthday-2026"});
    for card in [&ann, &bob] {
        assert!(!shop.post("/api/points/award", &body(card, 50)).replayed());
        assert!(shop.post("/api/points/award", &body(card, 50)).replayed());
    }
    assert_eq!((shop.balance(&ann), shop.balance(&bob)), (50, 50));
    shop.post("/api/points/award", &body(&ann, 51)).error(409, "RESOURCE_ALREADY_EXISTS");
    assert!(!shop.post("/api/points/redeem", &body(&ann, 5)).replayed());
    assert!(!shop.post("/api/points/adjust", &body(&ann, 5)).replayed());
    assert!(shop.post("/api/points/adjust", &body(&ann, 5)).replayed());
    let expire = json!({"card_id": ann, "points": 1, "reference": "birthday-2026"});
    let first = shop.post("/api/points/expire", &expire).data(200);
    let again = shop.post("/api/points/expire", &expire);
    assert!(again.replayed());
    assert_eq!(again.data(200), first);
}

#[test]
fn an_order_earns_once_and_spends_once() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    shop.post("/api/points/award", &award(&id, 100, "1001")).data(201);
    let redeemed = shop.post("/api/points/redeem", &award(&id, 30, "1001")).data(201);
    let again = shop.post("/api/points/redeem", &award(&id, 30, "1001"));
    assert!(again.replayed());
    assert_eq!(again.data(201), redeemed);
    assert_eq!(shop.balance(&id), 70);
}

#[test]
fn two_shops_may_have_an_order_of_the_same_number() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let second = shop.server.open_shop(shop.partner);
    let at = |named: &str| shop.client.with("Shop-ID", named);
    for named in [shop.shop.to_string(), second.to_string()] {
        assert!(!at(&named).post("/api/points/award", &award(&id, 10, "1001")).replayed());
        assert!(at(&named).post("/api/points/award", &award(&id, 10, "1001")).replayed());
    }
    let bound = shop.keyed(NewKey { shop: Some(second), ..NewKey::default() });
    assert!(bound.post("/api/points/award", &award(&id, 10, "1001")).replayed(), "the credential names the shop too");
    let mut body = award(&id, 10, "1001");
    body["shop_id"] = json!(second.get());
    assert!(shop.post("/api/points/award", &body).replayed(), "and so may the body");
    assert_eq!(shop.balance(&id), 20);
}

#[test]
fn an_order_number_is_the_same_as_text_and_as_a_number() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    shop.post("/api/points/award", &award(&id, 10, "1001")).data(201);
    let mut body = award(&id, 10, "");
    body["order_id"] = json!(1001);
    assert!(shop.post("/api/points/award", &body).replayed());
}

#[test]
fn a_refused_request_claims_no_key() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let body = award(&id, 30, "1001");
    shop.post("/api/points/redeem", &body).error(422, "INSUFFICIENT_POINTS");
    shop.award(&id, 30);
    assert!(!shop.post("/api/points/redeem", &body).replayed());
    assert_eq!(shop.balance(&id), 0);
}

#[test]
fn an_idempotency_key_makes_a_creation_happen_once() {
    let shop = Shop::open();
    let once = shop.client.with("Idempotency-Key", "till-4-0001");
    let body = json!({"customer_email": "ann@example.com", "customer_name": "Ann", "initial_points": 20, "metadata": {"a": 1}});
    let first = once.post("/api/loyalty-cards", &body).data(201);
    shop.server.advance_days(1);
    let again = once.post("/api/loyalty-cards", &body);
    assert!(again.replayed());
    assert_eq!(again.data(201), first);
    let mut other = body.clone();
    other["initial_points"] = json!(21);
    let refused = once.post("/api/loyalty-cards", &other);
    refused.error(409, "RESOURCE_ALREADY_EXISTS");
    assert_eq!(refused.json()["data"], first);

    let body = json!({"email": "bob@example.com", "name": "Bob"});
    let first = once.post("/api/customers", &body).data(201);
    let again = once.post("/api/customers", &body);
    assert!(again.replayed());
    assert_eq!(again.data(201), first);

    let id = shop.card("eve@example.com");
    let body = json!({"card_id": id, "points": 5, "reason": "x"});
    assert!(!once.post("/api/points/award", &body).replayed());
    assert!(once.post("/api/points/award", &body).replayed());
    assert_eq!(shop.balance(&id), 5);
}

#[test]
fn an_idempotency_key_for_another_person_is_another_request() {
    let shop = Shop::open();
    let once = shop.client.with("Idempotency-Key", "same-key");
    once.post("/api/loyalty-cards", &json!({"customer_email": "ann@example.com", "customer_name": "Ann"})).data(201);
    let other = json!({"customer_email": "bob@example.com", "customer_name": "Bob"});
    once.post("/api/loyalty-cards", &other).error(409, "RESOURCE_ALREADY_EXISTS");
}

#[test]
fn an_idempotency_key_that_is_no_key_is_refused() {
    let shop = Shop::open();
    for key in [&"k".repeat(256), "two words", "kéy"] {
        let refused =
            shop.client.with("Idempotency-Key", key).post("/api/customers", &json!({"email": "ann@example.com"}));
        refused.error(400, "VALIDATION_ERROR");
        refused.about("Idempotency-Key");
    }
    shop.client
        .with("Idempotency-Key", &"k".repeat(255))
        .post("/api/customers", &json!({"email": "ann@example.com"}))
        .data(201);
}

#[test]
fn exactly_once_outlives_a_restart() {
    let config = HttpConfig { rate_limits: None, ..HttpConfig::default() };
    let mut shop = Shop::with(TemplateRules::default(), config.clone());
    let id = shop.card("ann@example.com");
    let first = shop.post("/api/points/award", &award(&id, 155, "1001")).data(201);
    shop = shop.restarted(&config);
    let again = shop.post("/api/points/award", &award(&id, 155, "1001"));
    assert!(again.replayed());
    assert_eq!(again.data(201), first);
    assert_eq!(shop.balance(&id), 155);
}
