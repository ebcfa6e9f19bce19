//! Moving points, and reading what a card has.

use crate::support::{Shop, is_time};
use counterfoil::domain::Timestamp;
use counterfoil::domain::points::Points;
use counterfoil::domain::programme::TemplateRules;
use serde_json::{Value, json};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

const ENTRY: [&str; 12] = [
    "card_id",
    "created_at",
    "expires_at",
    "metadata",
    "new_balance",
    "points",
    "previous_balance",
    "reason",
    "reference",
    "staff_member",
    "transaction_id",
    "type",
];

#[test]
fn an_award_answers_the_entry_it_made() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let body = json!({
        "card_id": id, "points": 50, "reason": "Purchase reward", "reference": "order_123456",
        "expires_at": "2026-06-30T12:00:00+02:00", "staff_member": "staff_001", "metadata": {"order_total": 25.5}
    });
    let entry = shop.post("/api/points/award", &body).data(201);
    assert_eq!(keys(&entry), ENTRY);
    let transaction = entry["transaction_id"].as_str().unwrap();
    assert!(transaction.strip_prefix("txn_").is_some_and(|digits| digits.parse::<u64>().is_ok()), "{transaction}");
    let expected = json!({
        "transaction_id": transaction, "card_id": id, "type": "award", "points": 50, "reason": "Purchase reward",
        "reference": "order_123456", "previous_balance": 0, "new_balance": 50, "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-06-30T10:00:00Z", "staff_member": "staff_001", "metadata": {"order_total": 25.5}
    });
    assert_eq!(entry, expected);
}

#[test]
fn a_redemption_and_a_correction_answer_signed_points() {
    let shop = Shop::with_rules(TemplateRules { points_expiration_days: Some(10), ..TemplateRules::default() });
    let id = shop.card("ann@example.com");
    shop.award(&id, 50);
    let body = json!({"card_id": id, "points": 20, "reason": "Discount redemption", "reference": "discount_789"});
    let entry = shop.post("/api/points/redeem", &body).data(201);
    assert_eq!(keys(&entry), ENTRY);
    assert_eq!((&entry["type"], &entry["points"]), (&json!("redeem"), &json!(-20)));
    assert_eq!((&entry["previous_balance"], &entry["new_balance"]), (&json!(50), &json!(30)));
    assert_eq!((&entry["expires_at"], &entry["staff_member"]), (&Value::Null, &Value::Null));
    for (points, balance) in [(-10, 20), (7, 27)] {
        let body = json!({"card_id": id, "points": points, "reason": "Correction"});
        let entry = shop.post("/api/points/adjust", &body).data(201);
        assert_eq!(keys(&entry), ENTRY);
        assert_eq!((&entry["type"], &entry["points"]), (&json!("adjust"), &json!(points)));
        assert_eq!(entry["expires_at"], Value::Null, "an award alone says when its points expire");
        assert_eq!(entry["new_balance"], json!(balance));
    }
    assert_eq!(shop.balance(&id), 27);
}

#[test]
fn too_few_points_are_named_with_all_their_numbers() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    shop.award(&id, 30);
    let error = shop.redeem(&id, 100).error(422, "INSUFFICIENT_POINTS");
    let details = json!({
        "required_points": 100, "available_points": 30, "shortfall": 70, "requested_points": 100, "current_balance": 30
    });
    assert_eq!(error["details"], details);
    shop.post("/api/points/adjust", &json!({"card_id": id, "points": -31, "reason": "x"}))
        .error(422, "INSUFFICIENT_POINTS");
    shop.post("/api/points/expire", &json!({"card_id": id, "points": 31})).error(422, "INSUFFICIENT_POINTS");
    assert_eq!(shop.balance(&id), 30);
}

#[test]
fn points_that_are_no_positive_whole_number_are_refused_with_what_was_sent() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    for points in [json!(0), json!(-5), json!(1.5), json!("10"), json!(true), json!(1e30), json!([1])] {
        for path in ["award", "redeem"] {
            let body = json!({"card_id": id, "points": points, "reason": "x"});
            let error = shop.post(&format!("/api/points/{path}"), &body).error(400, "INVALID_POINTS");
            assert_eq!(error["provided_value"], points, "{path}");
            assert_eq!(error["field"], "points");
        }
    }
    let body = json!({"card_id": id, "points": 0, "reason": "x"});
    shop.post("/api/points/adjust", &body).error(400, "INVALID_POINTS");
    let initial = json!({"customer_email": "bob@example.com", "customer_name": "Bob", "initial_points": -1});
    shop.post("/api/loyalty-cards", &initial).error(400, "INVALID_POINTS");
}

#[test]
fn more_points_than_one_operation_may_move_are_out_of_range() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    for path in ["award", "adjust", "redeem"] {
        let body = json!({"card_id": id, "points": 1_000_000_001, "reason": "x"});
        let error = shop.post(&format!("/api/points/{path}"), &body).error(422, "POINTS_OUT_OF_RANGE");
        assert_eq!(error["maximum_points"], json!(1_000_000_000));
    }
    shop.award(&id, 1_000_000_000);
}

#[test]
fn a_templates_rules_of_redemption_are_refused_as_not_allowed() {
    let rules = TemplateRules {
        min_points_for_redemption: Points::new(10),
        max_points_per_redemption: Some(Points::new(20)),
        ..TemplateRules::default()
    };
    let shop = Shop::with_rules(rules);
    let id = shop.card("ann@example.com");
    shop.award(&id, 100);
    assert_eq!(shop.redeem(&id, 9).error(422, "OPERATION_NOT_ALLOWED")["minimum_points"], json!(10));
    assert_eq!(shop.redeem(&id, 21).error(422, "OPERATION_NOT_ALLOWED")["maximum_points"], json!(20));
    shop.redeem(&id, 10).data(201);
    let shop = Shop::with_rules(TemplateRules {
        points_redemption_enabled: false,
        points_enabled: false,
        ..TemplateRules::default()
    });
    let id = shop.card("ann@example.com");
    shop.redeem(&id, 1).error(422, "OPERATION_NOT_ALLOWED");
    let award = json!({"card_id": id, "points": 1, "reason": "x"});
    shop.post("/api/points/award", &award).error(422, "OPERATION_NOT_ALLOWED");
}

#[test]
fn a_customer_may_stand_for_their_card() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    for name in [json!(customer), json!(customer["cust_".len()..].parse::<i64>().unwrap())] {
        let body = json!({"customer_id": name, "points": 5, "reason": "Purchase"});
        assert_eq!(shop.post("/api/points/award", &body).data(201)["card_id"], card["id"]);
    }
    let body = json!({"customer_id": "cust_999", "points": 5, "reason": "Purchase"});
    let error = shop.post("/api/points/award", &body).error(404, "CUSTOMER_NOT_FOUND");
    assert_eq!(error["details"]["customer_id"], "cust_999");
    shop.post("/api/customers", &json!({"email": "bob@example.com"})).data(201);
    let bob = shop.get("/api/customers?email=bob@example.com").data(200)["customers"][0]["id"].clone();
    let body = json!({"customer_id": bob, "points": 5, "reason": "Purchase"});
    shop.post("/api/points/award", &body).error(404, "CARD_NOT_FOUND");
}

#[test]
fn a_balance_has_the_documented_fields() {
    let rules = TemplateRules { points_expiration_days: Some(40), ..TemplateRules::default() };
    let shop = Shop::with_rules(rules);
    let id = shop.card("ann@example.com");
    let path = format!("/api/points/balance/{id}");
    let fresh = json!({
        "card_id": id, "current_balance": 0, "lifetime_earned": 0, "lifetime_redeemed": 0, "points_expiring_soon": [],
        "last_activity": null,
        "tier_info": {"current_tier": "bronze", "points_to_next_tier": 500, "next_tier": "silver"}
    });
    assert_eq!(shop.get(&path).data(200), fresh);
    shop.award(&id, 6_000);
    shop.server.advance_days(15);
    let redeemed = shop.redeem(&id, 1_000).data(201);
    let expected = json!({
        "card_id": id, "current_balance": 5_000, "lifetime_earned": 6_000, "lifetime_redeemed": 1_000,
        "points_expiring_soon": [{"points": 5_000, "expires_at": "2026-02-10T00:00:00Z", "days_until_expiry": 25}],
        "last_activity": {
            "transaction_id": redeemed["transaction_id"], "type": "redeem", "points": -1_000,
            "created_at": "2026-01-16T00:00:00Z"
        },
        "tier_info": {"current_tier": "platinum", "points_to_next_tier": null, "next_tier": null}
    });
    assert_eq!(shop.get(&path).data(200), expected);
}

#[test]
fn a_lot_counts_until_the_microsecond_before_its_time_wherever_a_balance_is_shown() {
    let rules = TemplateRules { points_expiration_days: Some(10), ..TemplateRules::default() };
    let shop = Shop::with_rules(rules);
    let card = shop.issued("ann@example.com");
    let (id, number) = (card["id"].as_str().unwrap(), card["card_number"].as_str().unwrap());
    shop.award(id, 100);
    let customer = shop.customer_of(number);
    let instant = shop.server.clock.now().plus_days(10);
    for (moment, balance) in [(instant.micros() - 1, 100), (instant.micros(), 0)] {
        shop.server.clock.set(Timestamp::from_micros(moment));
        assert_eq!(shop.balance(id), balance);
        assert_eq!(shop.get(&format!("/api/loyalty-cards/{id}")).data(200)["points_balance"], json!(balance));
        assert_eq!(shop.get("/api/loyalty-cards").data(200)["cards"][0]["points_balance"], json!(balance));
        assert_eq!(shop.get(&format!("/api/customers/{customer}/balance")).data(200)["points"], json!(balance));
        let history = shop.get(&format!("/api/points/history/{id}")).data(200);
        assert_eq!(history["summary"]["current_balance"], json!(balance));
    }
    assert_eq!(shop.redeem(id, 1).error(422, "INSUFFICIENT_POINTS")["available_points"], json!(0));
}

#[test]
fn a_clock_that_was_set_back_brings_no_expired_points_back() {
    let rules = TemplateRules { points_expiration_days: Some(10), ..TemplateRules::default() };
    let shop = Shop::with_rules(rules);
    let card = shop.issued("ann@example.com");
    let (id, number) = (card["id"].as_str().unwrap(), card["card_number"].as_str().unwrap());
    shop.award(id, 100);
    let customer = shop.customer_of(number);
    shop.server.advance_days(11);
    shop.issued("bob@example.com");
    shop.server.clock.set(Timestamp::from_micros(shop.server.clock.now().micros() - 5 * 86_400_000_000));

    assert_eq!(shop.redeem(id, 1).error(422, "INSUFFICIENT_POINTS")["available_points"], json!(0));
    assert_eq!(shop.balance(id), 0);
    assert_eq!(shop.get(&format!("/api/loyalty-cards/{id}")).data(200)["points_balance"], json!(0));
    assert_eq!(shop.get(&format!("/api/customers/{customer}/balance")).data(200)["points"], json!(0));
    for card in shop.get("/api/loyalty-cards").data(200)["cards"].as_array().unwrap() {
        assert_eq!(card["points_balance"], json!(0));
    }
    for query in ["", &format!("?card_id={id}")] {
        assert_eq!(shop.get(&format!("/api/points/expiring{query}")).data(200)["total_points"], json!(0));
    }
    for path in [format!("/api/points/history/{id}"), format!("/api/loyalty-cards/{id}/history")] {
        assert_eq!(shop.get(&path).data(200)["summary"]["current_balance"], json!(0));
    }
    // What is awarded now expires ten days after the log's time.
    shop.award(id, 7);
    let soon = &shop.get(&format!("/api/points/balance/{id}")).data(200)["points_expiring_soon"];
    assert_eq!(soon[0]["days_until_expiry"], json!(10));
}

#[test]
fn points_are_expired_on_request_by_number_by_date_or_both() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    for (points, expires_at) in [(10, "2026-02-01"), (20, "2026-03-01")] {
        let body = json!({"card_id": id, "points": points, "reason": "x", "expires_at": expires_at});
        shop.post("/api/points/award", &body).data(201);
    }
    shop.award(&id, 40);
    let expired = shop.post("/api/points/expire", &json!({"card_id": id, "points": 5, "reason": "Campaign over"}));
    let expired = expired.data(200);
    let fields =
        ["card_id", "expired_at", "new_balance", "points_expired", "previous_balance", "reason", "transaction_id"];
    assert_eq!(keys(&expired), fields);
    assert_eq!(
        (&expired["points_expired"], &expired["previous_balance"], &expired["new_balance"]),
        (&json!(5), &json!(70), &json!(65))
    );
    assert_eq!(expired["reason"], "Campaign over");
    assert!(is_time(&expired["expired_at"]));
    let by_date = json!({"card_id": id, "expires_before": "2026-02-15T00:00:00Z"});
    let expired = shop.post("/api/points/expire", &by_date).data(200);
    assert_eq!((&expired["points_expired"], &expired["reason"]), (&json!(5), &Value::Null));
    let both = json!({"card_id": id, "points": 15, "expires_before": "2026-12-31"});
    assert_eq!(shop.post("/api/points/expire", &both).data(200)["points_expired"], json!(15));
    assert_eq!(shop.balance(&id), 45);
    shop.post("/api/points/expire", &by_date).error(422, "OPERATION_NOT_ALLOWED");
    let refused = shop.post("/api/points/expire", &json!({"card_id": id}));
    refused.error(400, "VALIDATION_ERROR");
    refused.about("points");
    shop.post("/api/points/expire", &json!({"card_id": id, "points": 0})).error(400, "INVALID_POINTS");
}

#[test]
fn what_expires_soon_is_listed_for_all_cards_or_one() {
    let shop = Shop::open();
    let (ann, bob) = (shop.card("ann@example.com"), shop.card("bob@example.com"));
    for (card, points, expires_at) in [(&ann, 10, "2026-01-20"), (&bob, 20, "2026-01-10"), (&bob, 40, "2026-03-01")] {
        let body = json!({"card_id": card, "points": points, "reason": "x", "expires_at": expires_at});
        shop.post("/api/points/award", &body).data(201);
    }
    let data = shop.get("/api/points/expiring").data(200);
    assert_eq!((&data["days"], &data["total_points"]), (&json!(30), &json!(30)));
    let expected = json!([
        {"card_id": bob, "points": 20, "expires_at": "2026-01-10T00:00:00Z", "days_until_expiry": 9},
        {"card_id": ann, "points": 10, "expires_at": "2026-01-20T00:00:00Z", "days_until_expiry": 19},
    ]);
    assert_eq!(data["expiring"], expected);
    assert_eq!(shop.get("/api/points/expiring?days=90").data(200)["total_points"], json!(70));
    let one = shop.get(&format!("/api/points/expiring?days=90&card_id={bob}")).data(200);
    assert_eq!((&one["total_points"], one["expiring"].as_array().unwrap().len()), (&json!(60), 2));
    shop.get("/api/points/expiring?card_id=card_999").error(404, "CARD_NOT_FOUND");
    shop.get("/api/points/expiring?days=0").error(400, "VALIDATION_ERROR");
    assert_eq!(shop.other_partner().get("/api/points/expiring?days=90").data(200)["expiring"], json!([]));
}

/// More lots than one question may find, on one card, one a second from 2026-01-05 on.
fn give_too_many_lots(shop: &Shop, card: &str) {
    let card: i64 = card["card_".len()..].parse().unwrap();
    let views = rusqlite::Connection::open(shop.server.files.path().join("views.db")).unwrap();
    views.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let sql = "INSERT INTO lots (era, card, lot, points, remaining, expires_at) \
         WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2) \
         SELECT 0, ?1, 1000 + n, 1, 1, ?3 + n * 1000000 FROM number";
    let from = shop.server.clock.now().plus_days(4).micros();
    views.execute(sql, (card, counterfoil::queries::EXPIRING_WALK_MAX + 1, from)).unwrap();
}

#[test]
fn what_one_partner_has_expiring_does_not_keep_another_from_its_answer() {
    let shop = Shop::open();
    let (ann, bob) = (shop.card("ann@example.com"), shop.card("bob@example.com"));
    for (card, points, expires_at) in [(&bob, 10, "2026-01-20"), (&ann, 20, "2026-01-10"), (&ann, 40, "2026-01-20")] {
        let body = json!({"card_id": card, "points": points, "reason": "x", "expires_at": expires_at});
        shop.post("/api/points/award", &body).data(201);
    }
    let alone = shop.get("/api/points/expiring").data(200);
    let other = shop.other_partner();
    let body = json!({"customer_email": "eve@example.com", "customer_name": "Eve"});
    let eve = other.post("/api/loyalty-cards", &body).data(201)["id"].as_str().unwrap().to_owned();
    // The views have to know the card before the lots: this question waits for them.
    assert_eq!(other.get("/api/points/expiring").data(200)["total_points"], json!(0));
    give_too_many_lots(&shop, &eve);

    let refused = other.get("/api/points/expiring");
    refused.error(400, "VALIDATION_ERROR");
    refused.about("days");
    assert_eq!(other.get("/api/points/expiring?days=3").data(200)["total_points"], json!(0), "narrowed as it says");

    assert_eq!(shop.get("/api/points/expiring").data(200), alone);
    let second = shop.get("/api/points/expiring?limit=1&page=2").data(200);
    assert_eq!((&second["expiring"][0], &second["pagination"]["total"]), (&alone["expiring"][1], &json!(3)));
    assert_eq!(second["total_points"], json!(70));
}

#[test]
fn an_expiry_that_is_not_in_the_future_is_refused() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    for expires_at in ["2026-01-01T00:00:00Z", "2020-01-01", "tomorrow"] {
        let body = json!({"card_id": id, "points": 1, "reason": "x", "expires_at": expires_at});
        let refused = shop.post("/api/points/award", &body);
        refused.error(400, "VALIDATION_ERROR");
        refused.about("expires_at");
    }
}
