//! Two partners of one service see nothing of each other: what is the other's looks exactly like what does not exist.

use crate::support::{Client, Reply, Shop};
use serde_json::{Value, json};

/// An answer without what is different in every answer.
fn shape(reply: &Reply, name: &str) -> Value {
    let mut body = reply.json();
    body["request_id"] = Value::Null;
    body["error"]["request_id"] = Value::Null;
    let text = body.to_string().replace(name, "NAME");
    json!([reply.status, text])
}

#[test]
fn another_partners_card_and_customer_look_like_unknown_ones_everywhere() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let (id, number) = (card["id"].as_str().unwrap(), card["card_number"].as_str().unwrap());
    shop.award(id, 100);
    let customer = shop.customer_of(number);
    let other = shop.other_partner();
    let on_card = |client: &Client, name: &str| {
        let movement = json!({"card_id": name, "points": 1, "reason": "x"});
        let replies = [
            client.get(&format!("/api/loyalty-cards/{name}")),
            client.get(&format!("/api/loyalty-cards/{name}/history")),
            client.put(&format!("/api/loyalty-cards/{name}"), &json!({"card_design": "mine"})),
            client.post(&format!("/api/loyalty-cards/{name}/block"), &json!({"reason": "x"})),
            client.post(&format!("/api/loyalty-cards/{name}/unblock"), &json!({"reason": "x"})),
            client.get(&format!("/api/points/balance/{name}")),
            client.get(&format!("/api/points/history/{name}")),
            client.get(&format!("/api/points/expiring?card_id={name}")),
            client.post("/api/points/award", &movement),
            client.post("/api/points/redeem", &movement),
            client.post("/api/points/adjust", &movement),
            client.post("/api/points/expire", &movement),
        ];
        replies.map(|reply| shape(&reply, name))
    };
    assert_eq!(on_card(&other, id), on_card(&other, "card_999999"));
    assert_eq!(on_card(&other, number), on_card(&other, "LC000000000000"));
    let on_customer = |client: &Client, name: &str| {
        let movement = json!({"customer_id": name, "points": 1, "reason": "x"});
        let replies = [
            client.get(&format!("/api/customers/{name}")),
            client.get(&format!("/api/customers/{name}/balance")),
            client.delete(&format!("/api/customers/{name}")),
            client.post("/api/points/award", &movement),
        ];
        replies.map(|reply| shape(&reply, name))
    };
    assert_eq!(on_customer(&other, &customer), on_customer(&other, "cust_999999"));
    assert_eq!(shop.balance(id), 100);
}

#[test]
fn lists_and_searches_hold_the_partners_own_only() {
    let shop = Shop::open();
    let card = shop.issued("ann@example.com");
    let other = shop.other_partner();
    let number = card["card_number"].as_str().unwrap();
    for query in ["", "?customer_email=ann@example.com", "?sort=points_balance:desc", "?status=active"] {
        assert_eq!(
            other.get(&format!("/api/loyalty-cards{query}")).data(200)["pagination"]["total"],
            json!(0),
            "{query}"
        );
    }
    for query in ["", "?email=ann@example.com", "?search=ann", &format!("?card_number={number}")] {
        assert_eq!(other.get(&format!("/api/customers{query}")).data(200)["pagination"]["total"], json!(0), "{query}");
    }
    let body = json!({"customer_email": "ann@example.com", "customer_name": "Another Ann"});
    let own = other.post("/api/loyalty-cards", &body).data(201);
    assert_ne!(own["id"], card["id"]);
    assert_eq!(other.get("/api/loyalty-cards").data(200)["pagination"]["total"], json!(1));
}

#[test]
fn the_same_order_of_two_partners_counts_for_both() {
    let shop = Shop::open();
    let id = shop.card("ann@example.com");
    let other = shop.other_partner();
    let body = json!({"customer_email": "bob@example.com", "customer_name": "Bob"});
    let theirs = other.post("/api/loyalty-cards", &body).data(201);
    for (client, card) in [(&shop.client, json!(id)), (&other, theirs["id"].clone())] {
        let body = json!({"card_id": card, "points": 5, "reason": "x", "order_id": "1001"});
        assert!(!client.post("/api/points/award", &body).replayed());
    }
    let once = |client: &Client| {
        client.with("Idempotency-Key", "k").post("/api/customers", &json!({"email": "eve@example.com"}))
    };
    assert!(!once(&shop.client).replayed());
    assert!(!once(&other).replayed());
}
