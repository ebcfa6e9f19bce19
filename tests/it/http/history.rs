//! A card's history: filters, summary and pages, on both of its routes.

use crate::support::{Shop, is_time};
use serde_json::{Value, json};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn points(data: &Value) -> Vec<i64> {
    data["transactions"].as_array().unwrap().iter().map(|entry| entry["points"].as_i64().unwrap()).collect()
}

/// A card with one movement a day: awards, a redemption, a correction and an expiry.
fn shop_with_history() -> (Shop, String) {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let moves = [
        ("award", 50, "order_1", Some("staff_001")),
        ("award", 300, "order_2", None),
        ("redeem", 100, "discount_1", Some("staff_001")),
        ("adjust", -5, "fix_1", Some("staff_002")),
        ("expire", 45, "gone_1", None),
    ];
    for (path, points, reference, staff) in moves {
        shop.server.advance_days(1);
        let body = json!({
            "card_id": id, "points": points, "reason": format!("Reason {reference}"), "reference": reference,
            "staff_member": staff, "metadata": {"n": points}
        });
        let status = if path == "expire" { 200 } else { 201 };
        shop.post(&format!("/api/points/{path}"), &body).data(status);
    }
    (shop, id)
}

#[test]
fn the_documented_history_is_answered_field_for_field() {
    let (shop, id) = shop_with_history();
    let data = shop.get(&format!("/api/loyalty-cards/{id}/history?type=all&page=1&limit=50")).data(200);
    assert_eq!(keys(&data), ["pagination", "summary", "transactions"]);
    let entries = data["transactions"].as_array().unwrap();
    let fields = ["created_at", "id", "metadata", "points", "reason", "reference", "staff_member", "type"];
    for entry in entries {
        assert_eq!(keys(entry), fields);
        assert!(entry["id"].as_str().unwrap().starts_with("txn_") && is_time(&entry["created_at"]));
    }
    assert_eq!(points(&data), [-45, -5, -100, 300, 50], "newest first");
    let oldest = json!({
        "id": entries[4]["id"], "type": "award", "points": 50, "reason": "Reason order_1", "reference": "order_1",
        "created_at": "2026-01-02T00:00:00Z", "staff_member": "staff_001", "metadata": {"n": 50}
    });
    assert_eq!(entries[4], oldest);
    assert_eq!(entries[3]["staff_member"], Value::Null);
    let summary = json!({"total_awarded": 350, "total_redeemed": 100, "current_balance": 200, "transaction_count": 5});
    assert_eq!(data["summary"], summary);
    let pagination = json!({
        "current_page": 1, "per_page": 50, "total": 5, "total_pages": 1, "last_page": 1, "has_next": false, "has_prev": false
    });
    assert_eq!(data["pagination"], pagination);
}

#[test]
fn the_points_history_adds_balances() {
    let (shop, id) = shop_with_history();
    let data = shop.get(&format!("/api/points/history/{id}")).data(200);
    let fields = [
        "balance_after",
        "balance_before",
        "created_at",
        "expires_at",
        "id",
        "metadata",
        "points",
        "reason",
        "reference",
        "staff_member",
        "type",
    ];
    for entry in data["transactions"].as_array().unwrap() {
        assert_eq!(keys(entry), fields);
        let number = |name: &str| entry[name].as_i64().unwrap();
        assert_eq!(number("balance_before") + number("points"), number("balance_after"));
    }
    let summary = json!({
        "total_transactions": 5, "points_awarded": 350, "points_redeemed": 100, "points_expired": 45, "current_balance": 200
    });
    assert_eq!(data["summary"], summary);
    assert_eq!(data["pagination"]["per_page"], json!(20));
}

#[test]
fn every_filter_narrows_the_list_and_its_total_but_not_the_summary() {
    let (shop, id) = shop_with_history();
    let cases: [(&str, &[i64]); 18] = [
        ("", &[-45, -5, -100, 300, 50]),
        ("type=all", &[-45, -5, -100, 300, 50]),
        ("type=award", &[300, 50]),
        ("type=earned", &[300, 50]),
        ("type=redeem", &[-100]),
        ("type=expire", &[-45]),
        ("type=adjust", &[-5]),
        ("from_date=2026-01-03", &[-45, -5, -100, 300]),
        ("to_date=2026-01-03", &[300, 50]),
        ("from_date=2026-01-03&to_date=2026-01-04", &[-100, 300]),
        ("from_date=2026-01-03T00:00:01Z", &[-45, -5, -100]),
        ("to_date=2026-01-02T23:59:59%2B00:00", &[50]),
        ("from_date=2027-01-01", &[]),
        ("reference=order_2", &[300]),
        ("reference=order_", &[]),
        ("staff_member=staff_001", &[-100, 50]),
        ("staff_member=staff_001&type=award", &[50]),
        ("type=award&from_date=2026-01-03&reference=order_2", &[300]),
    ];
    for route in [format!("/api/loyalty-cards/{id}/history"), format!("/api/points/history/{id}")] {
        for (query, expected) in cases {
            let data = shop.get(&format!("{route}?{query}")).data(200);
            assert_eq!(points(&data), expected, "{query}");
            assert_eq!(data["pagination"]["total"], json!(expected.len()), "{query}");
            assert_eq!(data["summary"]["current_balance"], json!(200), "{query}");
        }
    }
}

#[test]
fn pages_tile_the_history_without_gap_or_overlap_filtered_or_not() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    for number in 1..=25 {
        shop.award(&id, number);
    }
    for query in ["", "&type=award", "&from_date=2026-01-01"] {
        for limit in [1, 7, 25, 100] {
            let mut seen = Vec::new();
            for page in 1..=(25 + limit - 1) / limit + 1 {
                let data = shop.get(&format!("/api/points/history/{id}?page={page}&limit={limit}{query}")).data(200);
                assert_eq!(data["pagination"]["current_page"], json!(page));
                seen.extend(points(&data));
            }
            assert_eq!(seen, (1..=25).rev().collect::<Vec<i64>>(), "{limit} {query}");
        }
    }
}

#[test]
fn a_filter_that_makes_no_sense_is_named() {
    let (shop, id) = shop_with_history();
    for (query, field) in [
        ("type=magic", "type"),
        ("from_date=yesterday", "from_date"),
        ("to_date=2026-13-01", "to_date"),
        ("page=0", "page"),
        ("limit=-1", "limit"),
        ("page=x", "page"),
    ] {
        for route in [format!("/api/loyalty-cards/{id}/history"), format!("/api/points/history/{id}")] {
            let refused = shop.get(&format!("{route}?{query}"));
            refused.error(400, "VALIDATION_ERROR");
            refused.about(field);
        }
    }
}

#[test]
fn what_expired_by_itself_stands_in_the_history_once_the_books_say_so() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let body = json!({"card_id": id, "points": 10, "reason": "x", "expires_at": "2026-01-05"});
    shop.post("/api/points/award", &body).data(201);
    shop.server.advance_days(10);
    shop.award(&id, 1);
    let data = shop.get(&format!("/api/points/history/{id}")).data(200);
    assert_eq!(points(&data), [1, -10, 10]);
    assert_eq!(data["transactions"][1]["reason"], "Points expired");
    assert_eq!(data["summary"]["points_expired"], json!(10));
}
