//! The rights of a person, over HTTP: all that is held about them, retention rules, and proofs that outlive what is forgotten.

use super::audit::{checkpoint, log_key};
use crate::support::{Client, Shop};
use counterfoil_replay::receipt;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SETTINGS: &str = "/en/partners/settings";

fn told(shop: &Shop, customer: &str) -> Value {
    let reply = shop.get(&format!("/api/customers/{customer}/data-export"));
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    reply.json()
}

/// A person about whom everything was typed that can be, with more transactions than a page of the document holds.
fn known_person(shop: &Shop) -> (String, String) {
    let body = json!({
        "customer_email": "ona@example.com", "customer_name": "Ona", "customer_phone": "+37061234567",
        "metadata": {"till": 4},
    });
    let card = shop.post("/api/loyalty-cards", &body).data(201);
    let id = card["id"].as_str().expect("an id").to_owned();
    let award = |number: usize| json!({"card_id": id, "points": 1, "reason": format!("bun {number}"), "reference": format!("bun-{number}")});
    let awards: Vec<Value> = (0..600).map(award).collect();
    for some in awards.chunks(100) {
        shop.post("/api/points/bulk", &json!({ "transactions": some })).data(200);
    }
    shop.post(&format!("/api/loyalty-cards/{id}/block"), &json!({"reason": "lost"})).data(200);
    shop.post(&format!("/api/loyalty-cards/{id}/unblock"), &json!({"reason": "found"})).data(200);
    shop.put(&format!("/api/loyalty-cards/{id}"), &json!({"metadata": {"till": 5}})).data(200);
    let customer = shop.customer_of(card["card_number"].as_str().expect("a number"));
    (customer, id)
}

#[test]
fn the_document_of_a_person_leaves_no_event_and_no_record_about_them_out() {
    let shop = Shop::open();
    shop.card("somebody-else@example.com");
    let (customer, _) = known_person(&shop);
    shop.card("another@example.com");
    let document = told(&shop, &customer);
    assert_eq!(document["customer"]["person"]["email"], json!("ona@example.com"));
    assert_eq!(document["cards"][0]["balance"], json!({"value": 600, "unit": "points"}));
    assert_eq!(document["cards"][0]["metadata"], json!({"till": 5}));
    assert_eq!(document["retention"]["superseded_records_after_days"], json!(0));

    let number: i64 = customer.trim_start_matches("cust_").parse().expect("a number");
    let ledger = rusqlite::Connection::open(shop.server.files.path().join("ledger.db")).expect("a ledger");
    let numbers = |sql: &str| -> BTreeSet<i64> {
        let mut statement = ledger.prepare(sql).expect("a query");
        let found = statement.query_map([number], |row| row.get(0)).expect("rows");
        found.collect::<rusqlite::Result<_>>().expect("numbers")
    };
    let events = numbers(
        "SELECT seq FROM events WHERE stream = 'customer:' || ?1 OR stream IN \
         (SELECT stream FROM events WHERE kind = 'card.issued' AND payload ->> '$.customer' = ?1)",
    );
    let records = numbers("SELECT record FROM sealed_records WHERE subject = 'customer:' || ?1");
    let listed = document["events"].as_array().expect("events");
    let of = |field: &str| listed.iter().filter_map(|event| event[field].as_i64()).collect::<BTreeSet<i64>>();
    assert_eq!((of("event"), listed.len()), (events.clone(), events.len()));
    assert_eq!(of("vault_record"), records);
    assert!(events.len() > 600);
    let typed: Vec<&Value> = listed.iter().map(|event| &event["typed"]).collect();
    assert!(typed.contains(&&json!({"reason": "bun 599"})), "{:#}", typed[typed.len() - 5]);
    assert_eq!(typed.iter().filter(|typed| **typed == "erased").count(), 1, "the metadata that was changed");
    let as_of = document["as_of"]["event"].as_i64().expect("a seq");
    assert!(events.iter().all(|seq| *seq <= as_of));
    let of_partner = shop.get(&format!("/en/partners/customers/{number}/data-export")).json();
    assert_eq!(of_partner["events"], document["events"]);
}

#[test]
fn the_document_of_an_erased_person_says_what_remains_and_nobody_elses_is_given_out() {
    let shop = Shop::open();
    let (customer, _) = known_person(&shop);
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    let document = told(&shop, &customer);
    assert_eq!(document["customer"]["person"], Value::Null);
    assert!(!document.to_string().contains("ona@example.com") && !document.to_string().contains("bun 5\""));
    let path = format!("/api/customers/{customer}/data-export");
    let other: Client = shop.other_partner();
    other.get(&path).error(404, "CUSTOMER_NOT_FOUND");
    shop.get("/api/customers/cust_99/data-export").error(404, "CUSTOMER_NOT_FOUND");
}

#[test]
fn retention_rules_are_settings_that_are_set_and_taken_away_one_by_one() {
    let shop = Shop::open();
    let nothing = json!({
        "superseded_records_after_days": 0, "movement_texts_after_months": null, "block_reasons_after_months": null,
        "inactive_customers_after_months": null, "inactive_customers_with_points": false,
    });
    assert_eq!(shop.get(SETTINGS).data(200)["retention"], nothing);
    let body = json!({"retention": {"movement_texts_after_months": 24, "superseded_records_after_days": 30}});
    let changed = shop.put(SETTINGS, &body).data(200);
    assert_eq!(changed["retention"]["movement_texts_after_months"], json!(24));
    let body = json!({"retention": {"movement_texts_after_months": null, "inactive_customers_after_months": 36}});
    let changed = shop.put(SETTINGS, &body).data(200);
    assert_eq!(changed["retention"]["movement_texts_after_months"], Value::Null);
    assert_eq!(changed["retention"]["superseded_records_after_days"], json!(30), "what is left out stays");
    for (field, wrong) in [
        ("movement_texts_after_months", json!(0)),
        ("block_reasons_after_months", json!(361)),
        ("superseded_records_after_days", json!(-1)),
        ("inactive_customers_with_points", json!("perhaps")),
        ("forever", json!(true)),
    ] {
        let reply = shop.put(SETTINGS, &json!({"retention": {field: wrong}}));
        let body = reply.json();
        assert_eq!(reply.status, 400, "{field}: {body:#}");
        assert!(body["errors"].get(format!("retention.{field}")).is_some(), "{field}: {body:#}");
    }
}

#[test]
fn a_receipt_from_before_proves_its_event_after_correction_and_erasure() {
    let shop = Shop::open();
    let (customer, card) = known_person(&shop);
    let body = json!({"card_id": card, "points": 25, "reason": "the last bun", "order_id": "order-1"});
    let award = shop.post("/api/points/award", &body).data(201);
    let path = format!("/audit/receipts/{}", award["transaction_id"].as_str().expect("an id"));
    checkpoint(&shop);
    let before = shop.get(&path).json();
    let key = log_key(&shop);
    let number = customer.trim_start_matches("cust_");
    shop.put(&format!("/en/partners/customers/{number}"), &json!({"name": "Ona the Right"})).data(200);
    shop.delete(&format!("/api/customers/{customer}")).data(200);
    let after = shop.get(&path).json();
    assert_eq!(after, before, "it is the same receipt");
    assert!(receipt::verify(&before.to_string(), &key).is_ok(), "{before:#}");
}
