//! What receivers are told, under which name, and how they can tell that it is true.

use super::{HOOKS, Told};
use crate::support::{Receiver, wait_until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil::domain::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// What `webhook-signature` has to say for a generated secret.
fn standard(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a generated secret")).expect("base64");
    let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    format!("v1,{}", STANDARD.encode(hmac(&key, &signed)))
}

fn of_body(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(hmac(secret.as_bytes(), body)))
}

#[test]
fn a_receiver_is_told_what_happened_signed_and_with_the_balance_after_it() {
    let (told, receiver) = (Told::open(), Receiver::obliging());
    let card = told.card("ann@example.com");
    let hook = told.hook(&receiver, &["points.awarded"]);
    let secret = hook["secret"].as_str().expect("the secret is shown");
    let awarded = told.award(&card, 18);
    let received = &receiver.expect(1)[0];
    let body = received.body();
    let transaction = awarded["transaction_id"].as_str().expect("an id");
    let seq = transaction.trim_start_matches("txn_");
    let log = rusqlite::Connection::open(told.server.files.path().join("ledger.db")).unwrap();
    let hash = "SELECT lower(hex(hash)) FROM events WHERE seq = ?1";
    let hash: String = log.query_row(hash, [seq], |row| row.get(0)).unwrap();
    assert_eq!(body["id"], json!(format!("evt_{seq}_{}", &hash[..12])));
    wait_until("a note of it", || !told.attempts(&hook["id"]).is_empty());
    assert_eq!(told.attempts(&hook["id"])[0]["event_id"], body["id"]);
    assert_eq!((&body["event"], &body["type"]), (&json!("points.awarded"), &json!("points.awarded")));
    assert_eq!(body["sequence"].to_string(), transaction.trim_start_matches("txn_"));
    assert_eq!((&body["environment"], &body["partner_id"]), (&json!("production"), &json!(told.partner)));
    let recorded = "SELECT recorded_at FROM events WHERE seq = ?1";
    let recorded: i64 = log.query_row(recorded, [seq], |row| row.get(0)).unwrap();
    let recorded = json!(Timestamp::from_micros(recorded).to_seconds_text());
    assert_eq!((&body["created_at"], &body["occurred_at"]), (&recorded, &recorded), "it happened when it was recorded");
    let data = &body["data"];
    for (name, value) in [
        ("points", json!(18)),
        ("new_balance", json!(18)),
        ("transaction_id", json!(transaction)),
        ("customer_id", json!(1)),
        ("reason", json!("Purchase")),
        ("kind", json!("award")),
    ] {
        assert_eq!(data[name], value, "{name}: {body:#}");
    }
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.header("user-agent"), "Loyalty-Webhooks/1.0");
    assert_eq!(received.header("x-loyalty-event"), "points.awarded");
    assert_eq!(received.header("x-loyalty-signature"), of_body(secret, &received.raw));
    assert_eq!(received.header("x-signature"), received.header("x-loyalty-signature"));
    let (id, timestamp) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    assert_eq!((id, timestamp), (body["id"].as_str().unwrap(), received.header("x-loyalty-timestamp")));
    assert_eq!(received.header("webhook-signature"), standard(secret, id, timestamp, &received.raw));
    assert!(!received.headers.contains_key("x-loyalty-signature-previous"));
}

#[test]
fn while_two_secrets_are_valid_both_sign() {
    let (told, receiver) = (Told::open(), Receiver::obliging());
    let card = told.card("ann@example.com");
    let hook = told.hook(&receiver, &["points.awarded"]);
    let old = hook["secret"].as_str().unwrap().to_owned();
    let rotated = told.post(&format!("{HOOKS}/{}/rotate-secret", hook["id"]), &json!({})).data(200);
    let new = rotated["secret"].as_str().unwrap();
    assert!(new != old && rotated["previous_secret_valid_until"].is_string(), "{rotated:#}");
    told.award(&card, 1);
    let received = &receiver.expect(1)[0];
    assert_eq!(received.header("x-loyalty-signature"), of_body(new, &received.raw));
    assert_eq!(received.header("x-loyalty-signature-previous"), of_body(&old, &received.raw));
    let (id, timestamp) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let both = [new, &old].map(|secret| standard(secret, id, timestamp, &received.raw)).join(" ");
    assert_eq!(received.header("webhook-signature"), both);
    // Without an overlap the one before is over at once.
    let path = format!("{HOOKS}/{}/rotate-secret", hook["id"]);
    let last = told.post(&path, &json!({"overlap_hours": 0, "secret": "a secret of my own"})).data(200);
    assert_eq!(last["secret"], "a secret of my own");
    told.award(&card, 1);
    let received = &receiver.expect(2)[1];
    assert_eq!(received.header("x-loyalty-signature"), of_body("a secret of my own", &received.raw));
    assert_eq!(received.header("x-loyalty-signature-previous"), "");
    assert_eq!(received.header("webhook-signature").split(' ').count(), 1);
}

#[test]
fn everything_that_happens_has_its_name_and_its_data() {
    let (told, receiver) = (Told::open(), Receiver::obliging());
    told.hook(&receiver, &["*", "loyalty_card.created", "points_redeemed"]);
    let card = told.card("ann@example.com");
    // Before the correction below, with which the name of now goes.
    receiver.expect(2);
    told.award(&card, 600);
    told.redeem(&card, 100);
    let done = |path: &str, body: &Value| assert!(told.post(path, body).status < 300, "{path}");
    done("/api/points/adjust", &json!({"card_id": card, "points": -5, "reason": "Miscounted"}));
    done("/api/points/expire", &json!({"card_id": card, "points": 10, "reason": "Asked to"}));
    let order = json!({"order_id": "1001", "order_total": 10, "card_id": card});
    told.post("/en/shop/transactions/create", &order).data(201);
    let back = json!({"order_id": "1001", "refund_id": "r1", "refund_amount": 10, "card_id": card});
    done("/en/shop/transactions/deduct-points", &back);
    done(&format!("/api/loyalty-cards/{card}/block"), &json!({"reason": "Lost"}));
    told.put(&format!("/api/loyalty-cards/{card}"), &json!({"customer_name": "Ann Other"})).data(200);
    let messages: Vec<Value> = receiver.expect(11).iter().map(crate::support::Received::body).collect();
    let told_of = |name: &str| {
        let found: Vec<&Value> = messages.iter().filter(|message| message["event"] == name).collect();
        assert!(!found.is_empty(), "{name}: {messages:#?}");
        found.into_iter().map(|message| message["data"].clone()).collect::<Vec<_>>()
    };
    let registered = &told_of("customer.registered")[0];
    assert_eq!((&registered["email"], &registered["name"]), (&json!("ann@example.com"), &json!("Ann Example")));
    let created = &told_of("loyalty_card.created")[0];
    assert!(created["card_number"].as_str().unwrap().starts_with("LC") && created["customer_id"] == 1, "{created:#}");
    let tier = &told_of("customer.tier_changed")[0];
    assert_eq!((&tier["previous_tier"], &tier["new_tier"]), (&json!("bronze"), &json!("silver")));
    let redeemed = told_of("points_redeemed");
    assert_eq!((&redeemed[0]["points"], &redeemed[0]["new_balance"]), (&json!(100), &json!(500)));
    assert_eq!((&redeemed[1]["kind"], &redeemed[1]["points_change"]), (&json!("adjustment"), &json!(-5)));
    assert_eq!(told_of("points.expired")[0]["points"], json!(10));
    let refunded = &told_of("transaction.refunded")[0];
    assert_eq!((&refunded["refund_id"], &refunded["order_id"]), (&json!("r1"), &json!("1001")));
    assert!(refunded["points_deducted"].as_i64() > Some(0), "{refunded:#}");
    assert_eq!(told_of("card.blocked")[0]["status"], "blocked");
    assert_eq!(told_of("customer.updated")[0]["changed"], json!(["name"]));
    let sequences: Vec<i64> = messages.iter().map(|message| message["sequence"].as_i64().unwrap()).collect();
    assert!(sequences.is_sorted(), "one customer's events come one after the other: {sequences:?}");
}

#[test]
fn only_what_happens_in_its_shops_from_its_making_on() {
    let (told, receiver) = (Told::open(), Receiver::obliging());
    let other = told.server.open_shop(told.partner);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    told.post_hook(&json!({"url": receiver.url, "events": ["points.awarded"], "shop_ids": [other]}));
    let everywhere = Receiver::obliging();
    told.hook(&everywhere, &["points.awarded"]);
    let award = |shop: &Value, points: i64| {
        let body =
            json!({"order_id": format!("{shop}-{points}"), "order_total": points, "card_id": card, "shop_id": shop});
        told.post("/en/shop/transactions/create", &body).data(201);
    };
    award(&json!(told.shop.shop), 2);
    award(&json!(other), 3);
    everywhere.expect(2);
    let received = receiver.expect(1);
    assert_eq!((received.len(), &received[0].body()["shop_id"]), (1, &json!(other)));
}
