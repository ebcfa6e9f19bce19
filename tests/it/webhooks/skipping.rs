//! Leaving out a backlog: the receiver is told of what comes from then on, and the log says since when.

use super::{HOOKS, Told, quick};
use crate::support::{Reaction, Received, Receiver, verify, wait_until};
use counterfoil::webhooks::Policy;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A receiver that answers with the status of the moment.
fn answering(status: &Arc<AtomicU16>) -> Receiver {
    let status = Arc::clone(status);
    Receiver::start(move |_| Reaction::Answer(status.load(Ordering::SeqCst)))
}

fn points(received: &[Received]) -> Vec<Value> {
    received.iter().map(|message| message.body()["data"]["points"].clone()).collect()
}

#[test]
fn what_waits_for_a_receiver_in_trouble_is_left_out_until_somebody_wants_it() {
    let told = Told::with(Policy { retries: vec![Duration::from_secs(3_600)], ..quick() });
    let status = Arc::new(AtomicU16::new(500));
    let receiver = answering(&status);
    let hook = told.hook(&receiver, &["points.awarded"]);
    let (ann, ben) = (told.card("ann@example.com"), told.card("ben@example.com"));
    for card in [&ann, &ann, &ben] {
        told.award(card, 1);
    }
    wait_until("pending events", || told.seen(&hook["id"])["pending_count"] == 3);
    let skipped = told.post(&format!("{HOOKS}/{}/skip", hook["id"]), &json!({})).data(200);
    assert_eq!((&skipped["pending_count"], &skipped["version"]), (&json!(0), &json!(2)), "{skipped:#}");
    assert!(skipped["begins_after"].as_i64() > hook["begins_after"].as_i64(), "{skipped:#}");
    assert_eq!(skipped["delivered_up_to"], skipped["begins_after"]);
    status.store(200, Ordering::SeqCst);
    let tried = receiver.count();
    told.award(&ann, 2);
    assert_eq!(points(&receiver.expect(tried + 1)[tried..]), [2]);
    told.post(&format!("{HOOKS}/{}/redeliver", hook["id"]), &json!({"from_sequence": 1})).data(200);
    assert_eq!(points(&receiver.expect(tried + 5)[tried + 1..]).iter().filter(|points| **points == 1).count(), 3);
}

#[test]
fn a_webhook_that_was_disabled_begins_anew_after_a_restart_too() {
    let mut told = Told::open();
    let status = Arc::new(AtomicU16::new(410));
    let receiver = answering(&status);
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    wait_until("end of it", || told.seen(&hook["id"])["is_active"] == false);
    wait_until("pending events", || told.seen(&hook["id"])["pending_count"] == 1);
    told.award(&card, 2);
    let skipped = told.post(&format!("{HOOKS}/{}/skip", hook["id"]), &json!({})).data(200);
    assert_eq!((&skipped["status"], &skipped["pending_count"]), (&json!("disabled"), &json!(0)), "{skipped:#}");
    let (pending, _) = told.get(&format!("{HOOKS}/{}/deliveries?status=pending", hook["id"])).page();
    assert_eq!(pending, Vec::<Value>::new());
    status.store(200, Ordering::SeqCst);
    told.award(&card, 3);
    told.tell_again(quick());
    told.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"is_active": true})).data(200);
    assert_eq!(points(&receiver.expect(2)), [1, 3], "2 came before, and 1 was tried once");
    told.hush();
    verify(told.server.files.path());
}
