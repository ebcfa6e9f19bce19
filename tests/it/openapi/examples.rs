//! The examples of the document: what a real service answered. What differs from run to run has a fixed value in its place.

use super::document::WRITE;
use crate::support::{Client, Reply, Server, Shop, contract};
use counterfoil::domain::programme::TemplateRules;
use counterfoil::http::HttpConfig;
use serde_json::{Map, Value, json};
use std::path::Path;

const FILE: &str = "src/http/openapi/examples.json";

/// What stands in the place of values that are drawn or measured, by the name of their field.
fn fixed() -> Value {
    let hash = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";
    let note = "loyalty.example.com/ledger\n42\nX+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k=\n\n— loyalty.example.com/ledger …\n";
    json!({
        "request_id": "0f8c4b52-7f0e-4c5a-9d8e-2b1a6f3c4d5e",
        "card_number": "LC079927398713",
        "number": "LC079927398713",
        "latency": "0.052ms",
        "processing_time": "0.004s",
        "secret": "whsec_…",
        "download_url": "https://loyalty.example.com/en/partners/exports/exp_…/download?token=…",
        "export_id": "exp_…",
        "hash": hash,
        "root": hash,
        "from_root": hash,
        "to_root": hash,
        "leaf_hash": hash,
        "previous_hash": hash,
        "fingerprint": hash,
        "public_key": hash,
        "verifier_key": "loyalty.example.com/ledger+1a2b3c4d+AV/s62b/yG842VJ4bG1pbHnC28I53U6RtGcp1zon+1fp",
        "origin": "loyalty.example.com/ledger",
        "hashes": [hash],
        "note": note,
        "checkpoint": note,
        "payload": "{\"card\":2,\"points\":50}",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// An answer with fixed values in the places of what was drawn.
fn steady(value: &mut Value, fixed: &Value) {
    match value {
        Value::Object(object) => {
            // The memory of the process, in words; an export's id is its own.
            if object.contains_key("components") {
                object["components"]["memory"]["message"] = json!("24 MB resident");
            }
            if object.contains_key("export_id") {
                object.insert("id".to_owned(), fixed["export_id"].clone());
            }
            for (name, inner) in object.iter_mut() {
                match fixed.get(name) {
                    Some(instead)
                        if inner.is_string() == instead.is_string() && inner.is_array() == instead.is_array() =>
                    {
                        *inner = instead.clone();
                    }
                    _ => steady(inner, fixed),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| steady(inner, fixed)),
        _ => {}
    }
}

/// A story in which everything is asked once.
struct Story {
    client: Client,
    told: Map<String, Value>,
}

impl Story {
    /// Asks what the document has under `at`; `path` is where it is.
    #[track_caller]
    fn asks(&mut self, at: &str, path: &str, body: Option<Value>) -> Value {
        let (method, _) = at.split_once(' ').expect("a method and a path");
        let sent = body.as_ref().map(|body| body.to_string());
        let reply: Reply = self.client.send(&method.to_uppercase(), path, sent.as_deref().map(str::as_bytes));
        assert!((200..300).contains(&reply.status), "{at}: {}", reply.json());
        let answer = reply.json();
        let mut response = answer.clone();
        steady(&mut response, &fixed());
        let known = self.told.insert(at.to_owned(), json!({ "request": body, "response": response }));
        assert!(known.is_none(), "{at} is asked once");
        answer
    }

    #[track_caller]
    fn gets(&mut self, at: &str, path: &str) -> Value {
        self.asks(&format!("get {at}"), path, None)
    }

    #[track_caller]
    fn posts(&mut self, at: &str, path: &str, body: Value) -> Value {
        self.asks(&format!("post {at}"), path, Some(body))
    }

    #[track_caller]
    fn puts(&mut self, at: &str, path: &str, body: Value) -> Value {
        self.asks(&format!("put {at}"), path, Some(body))
    }

    #[track_caller]
    fn deletes(&mut self, at: &str, path: &str) -> Value {
        self.asks(&format!("delete {at}"), path, None)
    }
}

fn told() -> Map<String, Value> {
    let config = HttpConfig {
        rate_limits: None,
        public_url: Some("https://loyalty.example.com".to_owned()),
        ..HttpConfig::default()
    };
    let shop = Shop::on(Server::start(&config), TemplateRules::default());
    let mut story = Story { client: shop.client.clone(), told: Map::new() };
    let (card, customer) = classic(&mut story);
    let order = at_the_till(&mut story, &card);
    programme(&mut story);
    people(&mut story, customer, order);
    webhooks(&mut story);
    shop.server.advance_days(40);
    shop.server.seal();
    audit(&mut story, order);
    service(&mut story);
    story.deletes("/api/customers/{id}", &format!("/api/customers/cust_{customer}"));
    story.told
}

fn classic(story: &mut Story) -> (String, i64) {
    let new = json!({
        "customer_email": "ann@example.com", "customer_name": "Ann Example", "customer_phone": "+37060012345",
        "initial_points": 100, "metadata": {"channel": "till"},
    });
    let card =
        story.posts("/api/loyalty-cards", "/api/loyalty-cards", new)["data"]["id"].as_str().expect("id").to_owned();
    let award = json!({"card_id": card, "points": 50, "reason": "A coffee", "order_id": "order-1001", "expires_at": "2026-01-20"});
    story.posts("/api/points/award", "/api/points/award", award);
    let redeem = json!({"card_id": card, "points": 20, "reason": "A discount", "reference": "discount-7"});
    story.posts("/api/points/redeem", "/api/points/redeem", redeem);
    let adjust = json!({"card_id": card, "points": -5, "reason": "Counted twice", "staff_member": "Jonas"});
    story.posts("/api/points/adjust", "/api/points/adjust", adjust);
    story.posts("/api/points/expire", "/api/points/expire", json!({"card_id": card, "points": 3}));
    let rows = json!({"transactions": [
        {"card_id": card, "points": 10, "reason": "A birthday", "reference": "birthday-2026"},
        {"type": "redeem", "card_id": card, "points": 1_000_000, "reason": "Too much", "reference": "too-much"},
    ]});
    story.posts("/api/points/bulk", "/api/points/bulk", rows);
    story.gets("/api/points/expiring", "/api/points/expiring?days=60");
    story.gets("/api/points/balance/{id}", &format!("/api/points/balance/{card}"));
    story.gets("/api/points/history/{id}", &format!("/api/points/history/{card}?limit=2"));
    let at = format!("/api/loyalty-cards/{card}");
    story.gets("/api/loyalty-cards", "/api/loyalty-cards?status=active");
    story.gets("/api/loyalty-cards/{id}", &at);
    story.puts("/api/loyalty-cards/{id}", &at, json!({"customer_name": "Anna Example"}));
    let note = json!({"reason": "Lost", "internal_note": "Called on Monday"});
    story.posts("/api/loyalty-cards/{id}/block", &format!("{at}/block"), note);
    story.posts("/api/loyalty-cards/{id}/unblock", &format!("{at}/unblock"), json!({"reason": "Found"}));
    story.gets("/api/loyalty-cards/{id}/history", &format!("{at}/history?limit=2"));
    let new = json!({"email": "bo@example.com", "first_name": "Bo", "last_name": "Example"});
    story.posts("/api/customers", "/api/customers", new);
    let found = story.gets("/api/customers", "/api/customers?email=ann@example.com");
    let id = found["data"]["customers"][0]["id"].as_str().expect("an id").to_owned();
    story.gets("/api/customers/{id}", &format!("/api/customers/{id}"));
    story.gets("/api/customers/{id}/balance", &format!("/api/customers/{id}/balance"));
    story.gets("/api/customers/{id}/data-export", &format!("/api/customers/{id}/data-export"));
    // What it holds is told in docs/privacy.md; here it would be longer than all else.
    story.told.remove("get /api/customers/{id}/data-export");
    (card, id.trim_start_matches("cust_").parse().expect("a number"))
}

/// The id of the purchase.
fn at_the_till(story: &mut Story, card: &str) -> i64 {
    const BASE: &str = "/{locale}/shop";
    let number: i64 = card.trim_start_matches("card_").parse().expect("a number");
    let at = |path: &str| format!("{BASE}{path}");
    let purchase = json!({
        "type": "purchase", "loyalty_card_id": number, "order_id": "order-1002", "order_total": 12.5, "currency": "EUR",
        "description": "Two coffees", "cart_items": [{"name": "Coffee", "quantity": 2, "price": 6.25}],
    });
    let booked = story.posts(&at("/transactions/create"), "/en/shop/transactions/create", purchase);
    let id = booked["data"]["id"].as_i64().expect("an id");
    story.posts(
        &at("/transactions/award-points"),
        "/en/shop/transactions/award-points",
        json!({"type": "earn", "loyalty_card_id": number, "order_id": "order-1003", "order_total": 3, "shop_id": 1}),
    );
    story.posts(
        &at("/transactions/deduct-points"),
        "/en/shop/transactions/deduct-points",
        json!({"order_id": "order-1002", "refund_id": "refund-1", "refund_amount": 6.25}),
    );
    story.gets(&at("/transactions"), "/en/shop/transactions?type=purchase&per_page=1");
    story.gets(&at("/transactions/{id}"), &format!("/en/shop/transactions/{id}"));
    story.gets(&at("/points"), "/en/shop/points?per_page=1");
    story.posts(&at("/points"), "/en/shop/points",
        json!({"loyalty_card_id": number, "points": 5, "type": "bonus", "description": "A birthday", "reference_id": "b-1"}));
    story.posts(
        &at("/points/bulk"),
        "/en/shop/points/bulk",
        json!({"transactions": [{"card_id": number, "points": 1, "reason": "A visit", "reference": "visit-1"}]}),
    );
    story.gets(&at("/points/balance/{id}"), &format!("/en/shop/points/balance/{number}"));
    story.gets(&at("/points/card/{id}/balance"), &format!("/en/shop/points/card/{number}/balance"));
    story.gets(&at("/points/{id}"), &format!("/en/shop/points/{id}"));
    story.gets(&at("/loyalty-cards"), "/en/shop/loyalty-cards");
    story.gets(&at("/loyalty-cards/info"), &format!("/en/shop/loyalty-cards/info?card_id={number}"));
    story.gets(&at("/loyalty-cards/balance"), &format!("/en/shop/loyalty-cards/balance?card_id={number}"));
    story.gets(&at("/loyalty-cards/{id}"), &format!("/en/shop/loyalty-cards/{number}"));
    story.gets(&at("/shops"), "/en/shop/shops");
    story.gets(&at("/shops/nearby"), "/en/shop/shops/nearby?latitude=54.6872&longitude=25.2797");
    story.gets(&at("/shops/{id}"), "/en/shop/shops/1");
    for path in ["/categories", "/products/categories", "/sync-status", "/system/health", "/health"] {
        story.gets(&at(path), &format!("/en/shop{path}"));
    }
    story.posts(&at("/validate-credentials"), "/en/shop/validate-credentials", json!({}));
    id
}

fn programme(story: &mut Story) {
    let at = |path: &str| format!("/{{locale}}/partners{path}");
    story.gets(&at("/settings"), "/en/partners/settings");
    let settings = json!({
        "multi_store_points": true, "point_sharing": "full",
        "tiers": [{"threshold": 0, "name": "Guest"}, {"threshold": 500, "multiplier": 1.5, "name": "Friend", "benefits": ["A coffee a month"]}],
    });
    story.puts(&at("/settings"), "/en/partners/settings", settings);
    story.asks(
        &format!("patch {}", at("/settings")),
        "/en/partners/settings",
        Some(json!({"refunds": {"insufficient": "partial"}})),
    );
    story.puts(&at("/settings/global"), "/en/partners/settings/global", json!({"cross_shop_redemption": true}));
    let shop = json!({
        "name": "Station", "address": "Geležinkelio g. 16", "city": "Vilnius", "latitude": 54.6702, "longitude": 25.2849,
        "opening_hours": {"monday": "08:00-20:00", "saturday": "10:00-16:00"},
    });
    let id = story.posts(&at("/shops"), "/en/partners/shops", shop)["data"]["id"].clone();
    story.gets(&at("/shops"), "/en/partners/shops");
    story.gets(&at("/shops/{id}"), "/en/partners/shops/1");
    story.puts(&at("/shops/{id}"), "/en/partners/shops/1", json!({"description": "Beside the bridge"}));
    story.deletes(&at("/shops/{id}"), &format!("/en/partners/shops/{id}"));
    let both = |en: &str, lt: &str| json!({"en": en, "lt": lt});
    let template = json!({
        "title": both("Coffee card", "Kavos kortelė"), "description": both("A point a euro", "Taškas už eurą"),
        "terms_conditions": both("None", "Nėra"), "card_design": {"background_color": "#334455"}, "auto_assign": false,
        "points_per_currency": 2, "points_expiration_days": 365,
    });
    let id = story.posts(&at("/cards"), "/en/partners/cards", template)["data"]["id"].clone();
    story.gets(&at("/cards"), "/en/partners/cards");
    let path = format!("/en/partners/cards/{id}");
    story.gets(&at("/cards/{id}"), &path);
    story.puts(&at("/cards/{id}"), &path, json!({"points_per_currency": 4, "points_per_visit": 2}));
    story.deletes(&at("/cards/{id}"), &path);
}

fn people(story: &mut Story, customer: i64, order: i64) {
    let at = |path: &str| format!("/{{locale}}/partners{path}");
    story.gets(&at("/customers"), "/en/partners/customers?per_page=1");
    let new = json!({"email": "cy@example.com", "name": "Cy Example"});
    story.posts(&at("/customers"), "/en/partners/customers", new);
    let path = format!("/en/partners/customers/{customer}");
    story.gets(&at("/customers/{id}"), &path);
    story.puts(&at("/customers/{id}"), &path, json!({"phone": "+37060054321"}));
    story.gets(&at("/customers/{id}/loyalty-stats"), &format!("{path}/loyalty-stats"));
    story.gets(&at("/customers/{id}/transactions"), &format!("{path}/transactions?per_page=1"));
    story.gets(&at("/transactions"), "/en/partners/transactions?type=sale&per_page=1");
    story.gets(&at("/transactions/{id}"), &format!("/en/partners/transactions/{order}"));
    story.posts(&at("/points/bulk-award"), "/en/partners/points/bulk-award",
        json!({"awards": [{"customer_id": customer, "points": 10, "reason": "Name day", "reference": "name-day-2026"}]}));
    story.posts(&at("/points/bulk-adjust"), "/en/partners/points/bulk-adjust",
        json!({"adjustments": [{"customer_id": customer, "points": -1, "reason": "Counted twice", "reference": "twice-1"}]}));
    story.posts(
        &at("/transactions/bulk-process"),
        "/en/partners/transactions/bulk-process",
        json!({"transactions": [{"customer_id": customer, "order_id": "order-2001", "order_total": "15.50"}]}),
    );
    let asked = json!({"type": "transactions", "format": "csv", "columns": ["id", "points"], "filters": {"date_from": "2026-01-01"}});
    let job =
        story.posts(&at("/exports"), "/en/partners/exports", asked)["data"]["id"].as_str().expect("an id").to_owned();
    story.gets(&at("/exports"), "/en/partners/exports");
    story.gets(&at("/exports/{id}"), &format!("/en/partners/exports/{job}"));
    story.asks(&format!("post {}", at("/transactions/export")), "/en/partners/transactions/export?format=xlsx", None);
}

fn webhooks(story: &mut Story) {
    let at = |path: &str| format!("/{{locale}}/partners/webhooks{path}");
    let new = json!({"url": "https://receiver.example/loyalty", "events": ["points.awarded", "points.redeemed"]});
    let id = story.posts(&at(""), "/en/partners/webhooks", new)["data"]["id"].clone();
    let path = format!("/en/partners/webhooks/{id}");
    story.gets(&at(""), "/en/partners/webhooks");
    story.gets(&at("/{id}"), &path);
    story.puts(&at("/{id}"), &path, json!({"is_active": false}));
    story.posts(&at("/{id}/rotate-secret"), &format!("{path}/rotate-secret"), json!({"overlap_hours": 1}));
    story.posts(&at("/{id}/skip"), &format!("{path}/skip"), json!({}));
    story.gets(&at("/{id}/deliveries"), &format!("{path}/deliveries"));
    story.posts(&at("/{id}/redeliver"), &format!("{path}/redeliver"), json!({"from_sequence": 1, "to_sequence": 5}));
    story.deletes(&at("/{id}"), &path);
}

fn audit(story: &mut Story, order: i64) {
    story.gets("/audit/checkpoints", "/audit/checkpoints?limit=1");
    story.gets("/audit/keys", "/audit/keys");
    story.gets("/audit/events", "/audit/events?after=8&limit=1");
    story.gets("/audit/proof/inclusion", "/audit/proof/inclusion?seq=8&size=9");
    story.gets("/audit/proof/consistency", "/audit/proof/consistency?from=8&to=9");
    story.gets("/audit/receipts/{id}", &format!("/audit/receipts/txn_{order}"));
    story.gets("/audit/balances", "/audit/balances?limit=1");
    story.gets("/audit/balances/{id}", "/audit/balances/2026-01");
}

fn service(story: &mut Story) {
    for path in ["/health", "/api/health", "/shop/health", "/ready"] {
        story.gets(path, path);
    }
    story.gets("/{locale}/health", "/en/health");
    story.gets("/{locale}/error-codes", "/en/error-codes");
}

#[test]
fn the_examples_are_what_a_service_answers() {
    let told = Value::Object(told());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os(WRITE).is_some() {
        let text = serde_json::to_string_pretty(&told).expect("JSON");
        std::fs::write(&path, text + "\n").expect("the examples are written");
    }
    let committed: Value =
        serde_json::from_slice(&std::fs::read(&path).expect("the examples are there")).expect("JSON");
    for (at, now) in told.as_object().expect("examples") {
        assert_eq!(&committed[at], now, "{at}: write {FILE} anew ({WRITE}=1), and then the document");
    }
    assert_eq!(committed.as_object().map(Map::len), told.as_object().map(Map::len));
}

#[test]
fn every_example_of_the_document_is_as_its_schema_says() {
    let checked = contract::examples();
    assert!(checked > 150, "{checked} examples");
}
