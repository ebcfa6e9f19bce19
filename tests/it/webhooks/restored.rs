//! A log that is put back to an older copy beside an ops.db that knows more: the places of what was lost are taken by other events.

use super::{HOOKS, quick};
use crate::support::{Reaction, Received, Receiver, Server, Shop, wait_until};
use counterfoil::domain::programme::TemplateRules;
use counterfoil::http::HttpConfig;
use counterfoil::webhooks::Policy;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

fn config() -> HttpConfig {
    HttpConfig { rate_limits: None, webhooks: quick(), ..HttpConfig::default() }
}

fn open() -> Shop {
    Shop::on(Server::start_now(&config()), TemplateRules::default())
}

/// A copy of the log as it is now.
fn copy(shop: &Shop, files: &tempfile::TempDir) -> PathBuf {
    let copy = files.path().join("ledger.db");
    let log = Connection::open(shop.server.files.path().join("ledger.db")).unwrap();
    log.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    copy
}

fn ids(received: &[Received]) -> BTreeSet<String> {
    received.iter().map(|message| message.body()["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn nobody_is_told_of_what_came_in_the_place_of_what_waits() {
    let (shop, files) = (open(), tempfile::tempdir().unwrap());
    let status = Arc::new(AtomicU16::new(500));
    let answer = Arc::clone(&status);
    let receiver = Receiver::start(move |_| Reaction::Answer(answer.load(Ordering::SeqCst)));
    let hook = shop.post(HOOKS, &json!({"url": receiver.url, "events": ["*"]})).data(201);
    let (own, path) = (shop.partner, format!("{HOOKS}/{}", hook["id"]));
    let policy = Policy { retries: vec![Duration::from_secs(3_600)], ..quick() };
    let post = shop.server.post(policy);
    let card = shop.card("ann@example.com");
    wait_until("an attempt", || receiver.count() > 0);
    post.stop();
    let ledger = copy(&shop, &files);
    let pending = || shop.get(&path).data(200)["pending_count"].as_i64().unwrap();
    let before = pending();
    let post = shop.server.post(Policy { retries: vec![Duration::from_secs(3_600)], ..quick() });
    for points in 1..=5 {
        shop.award(&card, points);
    }
    wait_until("five pending events", || pending() >= before + 5);
    let other = shop.post(HOOKS, &json!({"url": receiver.url, "events": ["points.awarded"]})).data(201);
    let test = shop.post(&format!("{HOOKS}/{}/test", other["id"]), &json!({})).data(200);
    post.stop();
    let (rows, _) = shop.get(&format!("{path}/deliveries")).page();
    assert!(!rows.is_empty());
    let tried = receiver.all();

    let shop = shop.restored(&ledger, &config());
    let neighbour = shop.other_partner();
    for name in ["ben", "cem"] {
        let body = json!({"customer_email": format!("{name}@example.com"), "customer_name": "Somebody Else"});
        neighbour.post("/api/loyalty-cards", &body).data(201);
    }
    let hers = neighbour.post(HOOKS, &json!({"url": "http://127.0.0.1:9/", "events": ["card.blocked"]})).data(201);
    assert_eq!(hers["id"], other["id"], "a number that the log has forgotten");
    status.store(200, Ordering::SeqCst);
    let post = shop.server.post(quick());
    shop.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"description": "tried at once"})).data(200);
    shop.award(&card, 7);
    let is_last = |message: &Received| message.body()["data"]["points"] == 7;
    wait_until("what is new", || receiver.all().iter().any(is_last));
    let all = receiver.all();
    assert!(all.iter().all(|message| message.body()["partner_id"] == own.get()), "another's");
    let new = ids(&all[tried.len()..]);
    let lost = all.iter().filter(|message| (1..=5).contains(&message.body()["data"]["points"].as_i64().unwrap_or(0)));
    let lost = ids(&lost.cloned().collect::<Vec<_>>());
    assert!(new.is_disjoint(&lost), "{new:?} {lost:?}");
    // What is known of the webhook whose number it has is not hers to see.
    let (none, _) = neighbour.get(&format!("{HOOKS}/{}/deliveries", hers["id"])).page();
    assert_eq!(none, Vec::<Value>::new());
    neighbour.get(&format!("{HOOKS}/deliveries/{}", test["id"].as_str().unwrap())).error(404, "RESOURCE_NOT_FOUND");
    post.stop();
}

#[test]
fn what_is_new_is_told_under_new_ids_and_nothing_of_it_is_skipped() {
    let (shop, files) = (open(), tempfile::tempdir().unwrap());
    let receiver = Receiver::obliging();
    let hook = shop.post(HOOKS, &json!({"url": receiver.url, "events": ["points.awarded"]})).data(201);
    let path = format!("{HOOKS}/{}", hook["id"]);
    let card = shop.card("ann@example.com");
    shop.put(&path, &json!({"is_active": false})).data(200);
    let ledger = copy(&shop, &files);
    let post = shop.server.post(quick());
    shop.put(&path, &json!({"is_active": true})).data(200);
    for points in 1..=5 {
        shop.award(&card, points);
    }
    let lost = ids(&receiver.expect(5));
    post.stop();

    // The webhook is paused as it was by then, while others come in the places of those that were lost.
    let shop = shop.restored(&ledger, &config());
    let post = shop.server.post(quick());
    for points in 11..=13 {
        shop.award(&card, points);
    }
    shop.put(&path, &json!({"is_active": true})).data(200);
    let received = &receiver.expect(8)[5..];
    let points: Vec<_> = received.iter().map(|message| message.body()["data"]["points"].clone()).collect();
    assert_eq!(points, [11, 12, 13]);
    assert!(ids(received).is_disjoint(&lost), "a receiver that ignores what it has had would ignore them");
    for message in received {
        assert_eq!(message.body()["id"], message.header("webhook-id"));
    }
    post.stop();
}
