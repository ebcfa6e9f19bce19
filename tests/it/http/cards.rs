//! Issuing, showing, changing and blocking cards.

use crate::support::{Shop, is_time};
use counterfoil::domain::points::Points;
use counterfoil::domain::programme::{Activation, TemplateRules};
use serde_json::{Value, json};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn seeds_card() -> Value {
    json!({
        "customer_email": "customer@example.com",
        "customer_name": "John Doe",
        "customer_phone": "+1234567890",
        "initial_points": 100,
        "card_design": "default",
        "auto_activate": true
    })
}

#[test]
fn the_documented_example_creates_a_card_field_for_field() {
    let shop = Shop::open();
    let card = shop.post("/api/loyalty-cards", &seeds_card()).data(201);
    let fields = [
        "card_design",
        "card_number",
        "created_at",
        "customer_email",
        "customer_name",
        "customer_phone",
        "id",
        "last_activity",
        "metadata",
        "points_balance",
        "qr_code_url",
        "status",
    ];
    assert_eq!(keys(&card), fields);
    let id = card["id"].as_str().unwrap();
    assert!(id.strip_prefix("card_").is_some_and(|digits| digits.parse::<u64>().is_ok()), "{id}");
    let number = card["card_number"].as_str().unwrap();
    assert!(
        number.len() == 14 && number.starts_with("LC") && number[2..].bytes().all(|b| b.is_ascii_digit()),
        "{number}"
    );
    assert_eq!(card["customer_email"], "customer@example.com");
    assert_eq!(card["customer_name"], "John Doe");
    assert_eq!(card["customer_phone"], "+1234567890");
    assert_eq!(card["points_balance"], json!(100));
    assert_eq!(card["status"], "active");
    assert_eq!(card["card_design"], "default");
    assert_eq!(card["created_at"], "2026-01-01T00:00:00Z");
    assert_eq!(card["last_activity"], "2026-01-01T00:00:00Z");
    assert_eq!(card["qr_code_url"], json!(format!("{}/qr/{id}", shop.server.base)));
    assert_eq!(card["metadata"], json!({}));
}

#[test]
fn a_card_is_shown_with_its_totals_tier_and_newest_transactions() {
    let shop = Shop::open();
    let mut body = seeds_card();
    body["metadata"] = json!({"signup_source": "website", "referral_code": "REF123"});
    let id = shop.post("/api/loyalty-cards", &body).data(201)["id"].as_str().unwrap().to_owned();
    shop.server.advance_seconds(60);
    shop.award(&id, 250);
    shop.redeem(&id, 100).data(201);
    let card = shop.get(&format!("/api/loyalty-cards/{id}")).data(200);
    let fields = [
        "card_design",
        "card_number",
        "created_at",
        "customer_email",
        "customer_name",
        "customer_phone",
        "id",
        "last_activity",
        "lifetime_points",
        "metadata",
        "points_balance",
        "points_redeemed",
        "qr_code_url",
        "recent_transactions",
        "status",
        "tier",
    ];
    assert_eq!(keys(&card), fields);
    assert_eq!(card["points_balance"], json!(250));
    assert_eq!(card["lifetime_points"], json!(350));
    assert_eq!(card["points_redeemed"], json!(100));
    assert_eq!(card["tier"], "bronze");
    assert_eq!(card["last_activity"], "2026-01-01T00:01:00Z");
    assert_eq!(card["metadata"], body["metadata"]);
    let recent = card["recent_transactions"].as_array().unwrap();
    assert_eq!(keys(&recent[0]), ["created_at", "id", "points", "reason", "type"]);
    let seen: Vec<_> =
        recent.iter().map(|entry| (entry["type"].as_str().unwrap(), entry["points"].as_i64().unwrap())).collect();
    assert_eq!(seen, [("redeem", -100), ("award", 250), ("award", 100)]);
    assert_eq!(recent[1]["reason"], "Purchase");
    assert!(is_time(&recent[0]["created_at"]));
}

#[test]
fn only_the_newest_five_awards_and_redemptions_are_shown_with_a_card() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    for points in 1..=7 {
        shop.award(&id, points);
    }
    shop.post("/api/points/adjust", &json!({"card_id": id, "points": 9, "reason": "Correction"})).data(201);
    let card = shop.get(&format!("/api/loyalty-cards/{id}")).data(200);
    let points: Vec<_> =
        card["recent_transactions"].as_array().unwrap().iter().map(|entry| entry["points"].clone()).collect();
    assert_eq!(points, [7, 6, 5, 4, 3]);
}

#[test]
fn a_card_is_found_by_id_plain_number_and_card_number_in_any_spelling() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let (id, number) = (card["id"].as_str().unwrap(), card["card_number"].as_str().unwrap());
    let digits = &number[2..];
    let dashed = format!("lc-{}-{}", &digits[..6], &digits[6..]);
    for name in [id, &id["card_".len()..], number, digits, &dashed, &format!("loyalty:card:{number}")] {
        assert_eq!(shop.get(&format!("/api/loyalty-cards/{name}")).data(200)["id"], json!(id), "{name}");
        assert_eq!(shop.get(&format!("/api/points/balance/{name}")).data(200)["card_id"], json!(id), "{name}");
    }
}

#[test]
fn an_unknown_card_is_not_found_however_it_is_named() {
    let shop = Shop::open();
    for name in ["card_999", "999", "LC000000000000", "nonsense", "card_x"] {
        let error = shop.get(&format!("/api/loyalty-cards/{name}")).error(404, "CARD_NOT_FOUND");
        assert_eq!(error["card_id"], json!(name));
    }
    assert_eq!(shop.get("/api/loyalty-cards/card_999").json()["error_number"], json!(1200));
    shop.put("/api/loyalty-cards/card_999", &json!({})).error(404, "CARD_NOT_FOUND");
    shop.post("/api/loyalty-cards/card_999/block", &json!({"reason": "x"})).error(404, "CARD_NOT_FOUND");
    shop.post("/api/loyalty-cards/card_999/unblock", &json!({"reason": "x"})).error(404, "CARD_NOT_FOUND");
    shop.get("/api/loyalty-cards/card_999/history").error(404, "CARD_NOT_FOUND");
    shop.get("/api/points/balance/card_999").error(404, "CARD_NOT_FOUND");
    shop.get("/api/points/history/card_999").error(404, "CARD_NOT_FOUND");
    for path in ["award", "redeem", "adjust", "expire"] {
        let body = json!({"card_id": "card_999", "points": 1, "reason": "x"});
        let error = shop.post(&format!("/api/points/{path}"), &body).error(404, "CARD_NOT_FOUND");
        assert_eq!(error["card_id"], "card_999");
    }
}

#[test]
fn a_second_card_for_an_email_is_refused_with_the_first_ones_id() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let body = json!({"customer_email": "ANN@Example.com", "customer_name": "Ann"});
    let error = shop.post("/api/loyalty-cards", &body).error(409, "DUPLICATE_CUSTOMER");
    assert_eq!(error["existing_card_id"], json!(id));
    assert_eq!(error["details"]["existing_card_id"], json!(id));
}

#[test]
fn a_registered_customer_gets_a_card_and_keeps_what_was_known() {
    let shop = Shop::open();
    shop.post("/api/customers", &json!({"email": "ann@example.com", "name": "Ann", "phone": "+37060012345"})).data(201);
    let card = shop.post("/api/loyalty-cards", &json!({"customer_email": "ann@example.com", "customer_name": "Ann"}));
    let card = card.data(201);
    assert_eq!(card["customer_phone"], "+37060012345");
    assert_eq!(card["customer_email"], "ann@example.com");
    assert_eq!(shop.get("/api/customers").data(200)["pagination"]["total"], json!(1));
}

#[test]
fn a_template_gives_its_bonus_unless_the_request_says_otherwise() {
    let rules = TemplateRules { initial_bonus_points: Points::new(25), ..TemplateRules::default() };
    let shop = Shop::with_rules(rules);
    assert_eq!(shop.issued("ann@example.com")["points_balance"], json!(25));
    let body = json!({"customer_email": "bob@example.com", "customer_name": "Bob", "initial_points": 0});
    assert_eq!(shop.post("/api/loyalty-cards", &body).data(201)["points_balance"], json!(0));
}

#[test]
fn changing_a_card_answers_the_documented_fields() {
    let shop = Shop::open();
    let id = shop.post("/api/loyalty-cards", &seeds_card()).data(201)["id"].as_str().unwrap().to_owned();
    shop.server.advance_seconds(3_600);
    let body = json!({
        "customer_name": "John Smith", "customer_phone": "+1234567891", "card_design": "premium",
        "metadata": {"preferred_contact": "email", "birthday": "1990-01-15"}
    });
    let card = shop.put(&format!("/api/loyalty-cards/{id}"), &body).data(200);
    let fields = [
        "card_design",
        "card_number",
        "customer_email",
        "customer_name",
        "customer_phone",
        "id",
        "metadata",
        "points_balance",
        "status",
        "updated_at",
    ];
    assert_eq!(keys(&card), fields);
    assert_eq!(card["customer_name"], "John Smith");
    assert_eq!(card["customer_phone"], "+1234567891");
    assert_eq!(card["card_design"], "premium");
    assert_eq!(card["points_balance"], json!(100));
    assert_eq!(card["metadata"], body["metadata"]);
    assert_eq!(card["updated_at"], "2026-01-01T01:00:00Z");
    let shown = shop.get(&format!("/api/loyalty-cards/{id}")).data(200);
    assert_eq!(shown["customer_name"], "John Smith");
    assert_eq!(shown["metadata"], body["metadata"]);
}

#[test]
fn metadata_is_replaced_as_a_whole_and_what_is_not_named_stays() {
    let shop = Shop::open();
    let mut body = seeds_card();
    body["metadata"] = json!({"a": 1});
    let id = shop.post("/api/loyalty-cards", &body).data(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/loyalty-cards/{id}");
    let card = shop.put(&path, &json!({"metadata": {"b": 2}})).data(200);
    assert_eq!(card["metadata"], json!({"b": 2}));
    assert_eq!(card["customer_name"], "John Doe");
    assert_eq!(shop.put(&path, &json!({})).data(200)["metadata"], json!({"b": 2}));
    assert_eq!(shop.put(&path, &json!({"metadata": {}})).data(200)["metadata"], json!({}));
}

#[test]
fn an_email_stays_and_a_status_is_not_set_by_hand() {
    let shop = Shop::open();
    let path = format!("/api/loyalty-cards/{}", shop.card("ann@example.com"));
    shop.put(&path, &json!({"customer_email": "Ann@example.com", "customer_name": "Ann B"})).data(200);
    let refused = shop.put(&path, &json!({"customer_email": "other@example.com"}));
    refused.error(400, "VALIDATION_ERROR");
    assert!(refused.about("customer_email").contains("cannot be changed"));
    let refused = shop.put(&path, &json!({"status": "blocked"}));
    refused.error(400, "VALIDATION_ERROR");
    assert!(refused.about("status").contains("blocking"));
}

#[test]
fn a_blocked_card_neither_earns_nor_spends_and_says_why() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    shop.award(&id, 50);
    shop.server.advance_seconds(900);
    let body = json!({"reason": "Suspicious activity detected", "internal_note": "Customer reported unauthorized transactions"});
    let blocked = shop.post(&format!("/api/loyalty-cards/{id}/block"), &body).data(200);
    let expected = json!({
        "id": id, "status": "blocked", "reason": "Suspicious activity detected", "blocked_at": "2026-01-01T00:15:00Z",
        "can_earn_points": false, "can_redeem_points": false
    });
    assert_eq!(blocked, expected);
    for path in ["award", "redeem", "adjust"] {
        let request = json!({"card_id": id, "points": 1, "reason": "x"});
        let refused = shop.post(&format!("/api/points/{path}"), &request);
        let error = refused.error(403, "CARD_BLOCKED");
        assert_eq!(error["card_id"], json!(id));
        assert_eq!(error["blocked_reason"], "Suspicious activity detected");
        assert!(!String::from_utf8_lossy(&refused.raw).contains("unauthorized"), "the note is for the staff");
    }
    let shown = shop.get(&format!("/api/loyalty-cards/{id}"));
    assert_eq!(shown.data(200)["status"], "blocked");
    assert!(!String::from_utf8_lossy(&shown.raw).contains("unauthorized"));
    assert_eq!(shop.balance(&id), 50);
}

#[test]
fn blocking_twice_answers_the_first_block_and_unblocking_restores_the_card() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let block = format!("/api/loyalty-cards/{id}/block");
    let first = shop.post(&block, &json!({"reason": "Lost"})).data(200);
    shop.server.advance_seconds(60);
    assert_eq!(shop.post(&block, &json!({"reason": "Stolen"})).data(200), first);
    let unblocked = shop.post(&format!("/api/loyalty-cards/{id}/unblock"), &json!({"reason": "Found"})).data(200);
    let expected = json!({
        "id": id, "status": "active", "reason": "Found", "unblocked_at": "2026-01-01T00:01:00Z", "blocked_at": null,
        "can_earn_points": true, "can_redeem_points": true
    });
    assert_eq!(unblocked, expected);
    shop.award(&id, 1);
}

#[test]
fn an_inactive_card_wakes_on_first_use_or_by_activation_alone_as_its_template_says() {
    let shop = Shop::open();
    let body = json!({"customer_email": "ann@example.com", "customer_name": "Ann", "auto_activate": false});
    let card = shop.post("/api/loyalty-cards", &body).data(201);
    assert_eq!(card["status"], "inactive");
    let id = card["id"].as_str().unwrap();
    shop.award(id, 5);
    assert_eq!(shop.get(&format!("/api/loyalty-cards/{id}")).data(200)["status"], "active");

    let shop = Shop::with_rules(TemplateRules { activation: Activation::Manual, ..TemplateRules::default() });
    let card = shop.post("/api/loyalty-cards", &body).data(201);
    let id = card["id"].as_str().unwrap();
    let award = json!({"card_id": id, "points": 5, "reason": "x"});
    let error = shop.post("/api/points/award", &award).error(403, "CARD_BLOCKED");
    assert_eq!(error["blocked_reason"], Value::Null);
    shop.post(&format!("/api/loyalty-cards/{id}/unblock"), &json!({"reason": "Welcome"})).data(200);
    shop.post("/api/points/award", &award).data(201);
}

#[test]
fn a_tier_follows_the_points_ever_awarded() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    for (points, tier) in [(499, "bronze"), (1, "silver"), (300, "gold"), (5_199, "gold"), (1, "platinum")] {
        shop.award(&id, points);
        assert_eq!(shop.get(&format!("/api/loyalty-cards/{id}")).data(200)["tier"], tier);
    }
}
