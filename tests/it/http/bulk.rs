//! Many movements in one request: independent, in order, each with its own result.

use crate::support::Shop;
use serde_json::{Value, json};

#[test]
fn items_succeed_and_fail_on_their_own_in_the_order_they_were_sent() {
    let shop = Shop::open();
    let (ann, bob) = (shop.card("ann@example.com"), shop.issued("bob@example.com"));
    let body = json!({"transactions": [
        {"card_id": ann, "type": "award", "points": 100, "reason": "Campaign", "reference": "c-1", "metadata": {"a": 1}},
        {"card_id": bob["card_number"], "type": "redeem", "points": 5, "reason": "Too much"},
        {"card_id": ann, "type": "redeem", "points": 30, "reason": "Discount"},
        {"card_id": ann, "type": "adjust", "points": -1, "reason": "Correction", "staff_member": "staff_001"},
        {"card_id": "card_999", "type": "award", "points": 1, "reason": "Nobody"},
        {"card_id": ann, "type": "transfer", "points": 1, "reason": "No such type"},
        {"card_id": ann, "type": "award", "points": 0, "reason": "Nothing"},
        {"card_id": ann, "type": "award", "points": 1},
        {"card_id": ann, "points": 1, "reason": "An award without a type"},
        {"type": "award", "points": 1, "reason": "No card"},
    ]});
    let data = shop.post("/api/points/bulk", &body).data(200);
    assert_eq!((&data["processed"], &data["successful"], &data["failed"]), (&json!(10), &json!(4), &json!(6)));
    let time = data["processing_time"].as_str().unwrap();
    assert!(
        time.ends_with('s') && time.trim_end_matches('s').split_once('.').is_some_and(|(_, millis)| millis.len() == 3),
        "{time}"
    );
    let results = data["results"].as_array().unwrap();
    let codes: Vec<_> = results.iter().map(|result| result["error"]["code"].as_str().unwrap_or("ok")).collect();
    let expected = [
        "ok",
        "INSUFFICIENT_POINTS",
        "ok",
        "ok",
        "CARD_NOT_FOUND",
        "VALIDATION_ERROR",
        "INVALID_POINTS",
        "VALIDATION_ERROR",
        "ok",
        "VALIDATION_ERROR",
    ];
    assert_eq!(codes, expected);
    let balances: Vec<_> = results.iter().filter_map(|result| result["new_balance"].as_i64()).collect();
    assert_eq!(balances, [100, 70, 69, 70]);
    assert_eq!(results[0]["status"], "success");
    assert_eq!(results[0]["card_id"], json!(ann));
    assert!(results[0]["transaction_id"].as_str().unwrap().starts_with("txn_") && results[0].get("error").is_none());
    assert_eq!(results[1]["status"], "failed");
    assert_eq!(results[1]["card_id"], bob["id"]);
    assert!(results[1]["error"]["message"].is_string() && results[1].get("transaction_id").is_none());
    assert_eq!(shop.balance(&ann), 70);
}

#[test]
fn a_repeated_bulk_request_moves_nothing_twice() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let named = json!({"transactions": [
        {"card_id": id, "type": "award", "points": 5, "reason": "x", "reference": "c-1"},
        {"card_id": id, "type": "award", "points": 5, "reason": "x", "reference": "c-1"},
        {"card_id": id, "type": "award", "points": 6, "reason": "x", "reference": "c-1"},
    ]});
    let results = |data: Value| data["results"].clone();
    let first = results(shop.post("/api/points/bulk", &named).data(200));
    assert_eq!(first[0], first[1]);
    assert_eq!(first[2]["error"]["code"], "RESOURCE_ALREADY_EXISTS");
    assert_eq!(results(shop.post("/api/points/bulk", &named).data(200)), first);

    let unnamed = json!({"transactions": [
        {"card_id": id, "points": 1, "reason": "x"}, {"card_id": id, "points": 1, "reason": "x"}
    ]});
    let once = shop.with("Idempotency-Key", "campaign");
    let first = results(once.post("/api/points/bulk", &unnamed).data(200));
    assert_ne!(first[0]["transaction_id"], first[1]["transaction_id"]);
    assert_eq!(results(once.post("/api/points/bulk", &unnamed).data(200)), first);
    assert_eq!(shop.balance(&id), 7);
}

#[test]
fn a_thousand_items_are_taken_and_one_more_is_refused() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let item = json!({"card_id": id, "type": "award", "points": 1, "reason": "Campaign"});
    let many = |count: usize| json!({"transactions": vec![item.clone(); count]});
    let data = shop.post("/api/points/bulk", &many(1_000)).data(200);
    assert_eq!(data["successful"], json!(1_000));
    let error = shop.post("/api/points/bulk", &many(1_001)).error(422, "BULK_OPERATION_TOO_LARGE");
    assert_eq!((&error["provided_size"], &error["maximum_size"]), (&json!(1_001), &json!(1_000)));
    assert_eq!(shop.balance(&id), 1_000);
}

#[test]
fn a_bulk_request_of_which_nothing_was_written_is_refused_as_a_whole() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let shop = shop.on_a_full_disk();
    let item =
        |number: usize| json!({"card_id": id, "points": 1, "reason": "Campaign", "reference": format!("c-{number}")});
    let mut items: Vec<Value> = (0..999).map(item).collect();
    items.push(json!({"card_id": "card_999", "points": 1, "reason": "Nobody"}));
    let body = json!({"transactions": items});
    let refused = shop.post("/api/points/bulk", &body);
    refused.error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(refused.json().get("data").is_none(), "no results that could be taken for final");
    assert_eq!(shop.balance(&id), 0);

    shop.server.limit_pages(0);
    // The writer learns of the room from its first failure.
    let sent = (0..10).map(|_| shop.post("/api/points/bulk", &body)).find(|reply| reply.status == 200);
    let data = sent.expect("room again").data(200);
    assert_eq!((&data["successful"], &data["failed"]), (&json!(999), &json!(1)));
    assert_eq!(shop.balance(&id), 999);
}

#[test]
fn items_name_their_cards_by_number_and_by_customer_too() {
    let shop = Shop::open();
    let cards: Vec<Value> = (0..20).map(|number| shop.issued(&format!("person{number}@example.com"))).collect();
    let mut items: Vec<Value> =
        cards.iter().map(|card| json!({"card_id": card["card_number"], "points": 1, "reason": "x"})).collect();
    for card in &cards {
        let customer = shop.customer_of(card["card_number"].as_str().unwrap());
        items.push(json!({"customer_id": customer, "points": 2, "reason": "x"}));
    }
    let data = shop.post("/api/points/bulk", &json!({"transactions": items})).data(200);
    assert_eq!(data["successful"], json!(40));
    for card in &cards {
        assert_eq!(shop.balance(card["id"].as_str().unwrap()), 3);
    }
}

#[test]
fn a_bulk_request_that_is_none_is_refused_as_a_whole() {
    let shop = Shop::open();
    for body in [json!({}), json!({"transactions": []}), json!({"transactions": {}}), json!({"transactions": "x"})] {
        let refused = shop.post("/api/points/bulk", &body);
        refused.error(400, "VALIDATION_ERROR");
        refused.about("transactions");
    }
    let refused = shop.post("/api/points/bulk", &json!({"transactions": [{}, 5]}));
    refused.error(400, "VALIDATION_ERROR");
    refused.about("transactions.1");
}
