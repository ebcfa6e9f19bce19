//! Thousands of rows in one request: each for itself, in order, and exactly once.

use super::{bound, refused};
use crate::support::Shop;
use serde_json::{Value, json};

const AWARD: &str = "/en/partners/points/bulk-award";
const ADJUST: &str = "/en/partners/points/bulk-adjust";
const BOOK: &str = "/en/partners/transactions/bulk-process";

fn customer(shop: &Shop, email: &str) -> (String, i64) {
    let card = shop.issued(email);
    let customer = shop.customer_of(card["card_number"].as_str().unwrap());
    (card["id"].as_str().unwrap().to_owned(), customer.trim_start_matches("cust_").parse().unwrap())
}

fn codes(result: &Value) -> Vec<&str> {
    let results = result["results"].as_array().unwrap();
    results.iter().map(|row| row["error"]["code"].as_str().unwrap_or("ok")).collect()
}

#[test]
fn rows_succeed_and_fail_by_themselves_in_the_order_that_they_were_sent() {
    let shop = Shop::open();
    let (card, ann) = customer(&shop, "ann@example.com");
    let rows = json!({"awards": [
        {"customer_id": ann, "points": 10, "reason": "Campaign", "order_id": "a"},
        {"customer_id": 999, "points": 10, "reason": "Campaign", "order_id": "b"},
        {"card_id": card, "points": 5, "reason": "Campaign", "reference": "c", "shop_id": shop.shop.get()},
        {"customer_id": ann, "points": 0, "reason": "Campaign", "order_id": "d"},
        {"customer_id": ann, "points": 1, "order_id": "e"},
        {"customer_id": ann, "points": 1, "reason": "x", "order_id": "f", "pionts": 2},
        {"customer_id": ann, "points": 1, "reason": "x", "order_id": "g", "shop_id": 999},
        {"customer_id": ann, "points": 11, "reason": "Campaign", "order_id": "a"},
    ]});
    let result = shop.post(AWARD, &rows).data(200);
    let expected = [
        "ok",
        "CUSTOMER_NOT_FOUND",
        "ok",
        "INVALID_POINTS",
        "VALIDATION_ERROR",
        "VALIDATION_ERROR",
        "SHOP_NOT_FOUND",
        "RESOURCE_ALREADY_EXISTS",
    ];
    assert_eq!(codes(&result), expected);
    assert_eq!((&result["processed"], &result["successful"], &result["failed"]), (&json!(8), &json!(2), &json!(6)));
    let rows_of = result["results"].as_array().unwrap();
    for (place, row) in rows_of.iter().enumerate() {
        assert_eq!(row["index"], json!(place));
        assert_eq!(row["status"], json!(if row.get("error").is_some() { "failed" } else { "success" }));
    }
    assert_eq!((&rows_of[0]["id"], &rows_of[0]["new_balance"]), (&json!(ann.to_string()), &json!(10)));
    assert!(rows_of[0]["transaction_id"].is_i64());
    assert_eq!((&rows_of[2]["id"], &rows_of[2]["new_balance"]), (&json!(card), &json!(15)));
    assert!(rows_of[5]["error"]["message"].as_str().unwrap().contains("pionts"));
    let lt = shop.post("/lt/partners/points/bulk-award", &rows).data(200);
    assert_eq!(lt["results"][4]["error"]["message"], json!("reason yra privalomas"));
    assert_eq!(shop.balance(&card), 15);
}

#[test]
fn a_request_that_is_sent_again_awards_nothing_twice() {
    let shop = Shop::open();
    let (card, ann) = customer(&shop, "ann@example.com");
    let named = json!([
        {"customer_id": ann, "points": 10, "reason": "x", "order_id": "a"},
        {"customer_id": ann, "points": 5, "reason": "x", "reference": "b"},
    ]);
    let first = shop.post(AWARD, &named).data(200)["results"].clone();
    let again = shop.post("/api/partners/points/bulk-award", &json!({"awards": named})).data(200)["results"].clone();
    for (first, again) in first.as_array().unwrap().iter().zip(again.as_array().unwrap()) {
        assert_eq!(first["transaction_id"], again["transaction_id"]);
        assert_eq!((first.get("replayed"), &again["replayed"]), (None, &json!(true)));
    }
    assert_eq!(shop.balance(&card), 15);

    let unnamed = json!([
        {"customer_id": ann, "points": 1, "reason": "x"},
        {"customer_id": ann, "points": 1, "reason": "x", "reference": " "},
        {"customer_id": ann, "points": 1, "reason": "x", "reference": "named"},
    ]);
    let reply = shop.post(AWARD, &unnamed);
    reply.error(400, "VALIDATION_ERROR");
    let body = reply.json();
    let named: Vec<&String> = body["errors"].as_object().unwrap().keys().collect();
    assert_eq!(named, ["awards.0.order_id", "awards.1.order_id"]);
    assert!(reply.about("awards.0.order_id").contains("Idempotency-Key"));
    assert_eq!(shop.balance(&card), 15, "nothing was written");
    let once = shop.with("Idempotency-Key", "campaign-7");
    for _ in 0..2 {
        assert_eq!(codes(&once.post(AWARD, &unnamed).data(200)), ["ok", "ok", "ok"]);
        assert_eq!(shop.balance(&card), 18);
    }
    let other = json!([{"customer_id": ann, "points": 2, "reason": "x"}]);
    assert_eq!(codes(&once.post(AWARD, &other).data(200)), ["RESOURCE_ALREADY_EXISTS"]);
}

#[test]
fn ten_thousand_rows_are_taken_once_and_one_more_is_refused() {
    let shop = Shop::open();
    let people: Vec<(String, i64)> = (0..20).map(|number| customer(&shop, &format!("p{number}@example.com"))).collect();
    let row = |number: usize| json!({"customer_id": people[number % 20].1, "points": 1, "reason": "Campaign"});
    let rows: Vec<Value> = (0..10_000).map(row).collect();
    let once = shop.with("Idempotency-Key", "campaign");
    for replayed in [false, true] {
        let result = once.post(AWARD, &json!(rows)).data(200);
        assert_eq!(result["successful"], json!(10_000));
        let last = &result["results"][9_999];
        assert_eq!((&last["index"], last["replayed"] == json!(true)), (&json!(9_999), replayed));
        assert_eq!(shop.balance(&people[19].0), 500);
    }
    let more: Vec<Value> = (0..10_001).map(row).collect();
    let error = once.post(AWARD, &json!({"awards": more})).error(422, "BULK_OPERATION_TOO_LARGE");
    assert_eq!((&error["provided_size"], &error["maximum_size"]), (&json!(10_001), &json!(10_000)));
    let large = json!([{"customer_id": 1, "points": 1, "reason": "x".repeat(4_200_000)}]);
    shop.post(AWARD, &large).error(413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn corrections_take_and_give_but_never_more_than_there_is() {
    let shop = Shop::open();
    let (card, ann) = customer(&shop, "ann@example.com");
    let rows = json!({"adjustments": [
        {"customer_id": ann, "points": 10, "reason": "x", "reference": "1"},
        {"card_id": card, "points": -4, "reason": "x", "reference": "2"},
        {"card_id": card, "points": -7, "reason": "x", "reference": "3"},
        {"card_id": card, "points": 0, "reason": "x", "reference": "4"},
    ]});
    let result = shop.post(ADJUST, &rows).data(200);
    assert_eq!(codes(&result), ["ok", "ok", "INSUFFICIENT_POINTS", "INVALID_POINTS"]);
    shop.post(ADJUST, &rows).data(200);
    assert_eq!(shop.balance(&card), 6);
    let customer = shop.get(&format!("/en/partners/customers/{ann}/loyalty-stats")).data(200);
    assert_eq!(customer["lifetime_points"], json!(0), "a correction is no earning");
}

#[test]
fn orders_are_booked_exactly_and_a_repeated_one_is_answered_again() {
    let shop = Shop::open();
    let (card, ann) = customer(&shop, "ann@example.com");
    let body = format!(
        r#"{{"transactions": [
            {{"order_id": "1", "customer_id": {ann}, "amount": 0.29, "currency": "EUR", "type": "sale"}},
            {{"order_id": "2", "card_number": "{card}", "amount": 10, "shop_id": {shop}}},
            {{"order_id": "3", "customer_id": {ann}, "amount": 1, "currency": "USD"}},
            {{"customer_id": {ann}, "amount": 1}},
            {{"customer_id": {ann}, "amount": 1, "type": "earn"}},
            {{"order_id": "2", "order_shop_id": {shop}, "type": "refund", "amount": 5, "refund_id": "r"}},
            {{"order_id": "1", "customer_id": {ann}, "amount": 0.30}}
        ]}}"#,
        shop = shop.shop
    );
    let send = || shop.send("POST", BOOK, Some(body.as_bytes())).data(200);
    let result = send();
    let expected =
        ["ok", "ok", "CURRENCY_MISMATCH", "VALIDATION_ERROR", "VALIDATION_ERROR", "ok", "RESOURCE_ALREADY_EXISTS"];
    assert_eq!(codes(&result), expected);
    let balances: Vec<_> =
        result["results"].as_array().unwrap().iter().filter_map(|row| row["new_balance"].as_i64()).collect();
    assert_eq!(balances, [2, 102, 52]);
    assert_eq!(result["results"][0]["id"], json!("1"));
    assert_eq!(codes(&send()), expected);
    assert_eq!(shop.balance(&card), 52);
}

#[test]
fn a_request_that_is_none_is_refused_as_a_whole() {
    let shop = Shop::open();
    for (path, field) in [(AWARD, "awards"), (ADJUST, "adjustments"), (BOOK, "transactions")] {
        for body in [json!({}), json!([]), json!({field: []}), json!({field: {}}), json!({field: null})] {
            refused(&shop.post(path, &body), field);
        }
        refused(&shop.post(path, &json!({field: [{"order_id": "1"}, 5]})), &format!("{field}.1"));
        refused(&shop.post(path, &json!({field: [{"order_id": "1"}], "rows": 1})), "rows");
        bound(&shop).post(path, &json!([])).error(403, "INSUFFICIENT_PARTNER_PERMISSIONS");
    }
}

#[test]
fn on_a_full_disk_the_whole_request_is_to_be_sent_again() {
    let shop = Shop::open();
    let (card, ann) = customer(&shop, "ann@example.com");
    let shop = shop.on_a_full_disk();
    let row = |number: usize| json!({"customer_id": ann, "points": 1, "reason": "x", "order_id": number});
    let rows: Vec<Value> = (0..1_500).map(row).collect();
    let refused = shop.post(AWARD, &json!(rows));
    refused.error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    shop.server.limit_pages(0);
    let sent = (0..10).map(|_| shop.post(AWARD, &json!(rows))).find(|reply| reply.status == 200);
    assert_eq!(sent.expect("room again").data(200)["successful"], json!(1_500));
    assert_eq!(shop.balance(&card), 1_500);
}
