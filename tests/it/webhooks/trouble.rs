//! Receivers that fail, hang, answer slowly, send elsewhere, break off or are gone; and what is done about it.

use super::{HOOKS, Told, quick};
use crate::support::{Reaction, Receiver, wait_until};
use counterfoil::webhooks::Policy;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A receiver that reacts so at first, and then takes everything.
fn at_first(times: usize, reaction: Reaction) -> Receiver {
    let seen = AtomicUsize::new(0);
    Receiver::start(
        move |_| if seen.fetch_add(1, Ordering::SeqCst) < times { reaction.clone() } else { Reaction::Answer(200) },
    )
}

#[test]
fn whatever_a_receiver_does_instead_of_taking_it_the_event_is_sent_again() {
    let elsewhere = Receiver::obliging();
    for (reaction, status, error) in [
        (Reaction::Answer(500), json!(500), Value::Null),
        (Reaction::Answer(503), json!(503), Value::Null),
        (Reaction::Answer(400), json!(400), Value::Null),
        (Reaction::Answer(404), json!(404), Value::Null),
        (Reaction::AnswerWith(302, "location", elsewhere.url.clone()), json!(302), Value::Null),
        (Reaction::AnswerWith(307, "location", elsewhere.url.clone()), json!(307), Value::Null),
        (Reaction::AfterWhile(Duration::from_secs(3)), Value::Null, json!("no whole answer within 1500 ms")),
        (Reaction::Hang, Value::Null, json!("no whole answer within 1500 ms")),
        (Reaction::BreakOff, Value::Null, json!("the answer broke off")),
        (Reaction::Close, Value::Null, Value::Null),
    ] {
        let waits = matches!(reaction, Reaction::AfterWhile(_) | Reaction::Hang);
        let timeout = if waits { Duration::from_millis(1_500) } else { quick().timeout };
        let told = Told::with(Policy { timeout, ..quick() });
        let receiver = at_first(2, reaction.clone());
        let hook = told.hook(&receiver, &["points.awarded"]);
        let card = told.card("ann@example.com");
        told.award(&card, 1);
        let received = receiver.expect(3);
        assert!(received.iter().all(|message| message.raw == received[0].raw), "the same each time: {reaction:?}");
        wait_until("notes of it", || told.attempts(&hook["id"]).len() == 3);
        let attempts = told.attempts(&hook["id"]);
        let states: Vec<_> = attempts.iter().map(|attempt| (&attempt["status"], &attempt["attempt"])).collect();
        let expected = [(json!("failed"), json!(1)), (json!("failed"), json!(2)), (json!("delivered"), json!(3))];
        assert_eq!(
            states,
            expected.iter().map(|(status, attempt)| (status, attempt)).collect::<Vec<_>>(),
            "{reaction:?}"
        );
        assert_eq!(attempts[0]["status_code"], status, "{reaction:?}");
        if !error.is_null() {
            assert_eq!(attempts[0]["error"], error, "{reaction:?}");
        }
        assert!(attempts[0]["next_attempt_at"].is_string() && attempts[2]["next_attempt_at"].is_null());
        assert_eq!(attempts[2]["response_excerpt"], "thanks");
        let seen = told.seen(&hook["id"]);
        assert_eq!((&seen["failure_count"], &seen["pending_count"]), (&json!(0), &json!(0)), "{seen:#}");
    }
    assert_eq!(elsewhere.count(), 0, "no redirect is followed");
}

#[test]
fn a_long_answer_is_not_read_to_its_end() {
    let told = Told::open();
    let talkative = Receiver::start(|_| Reaction::Say("ačiū ".repeat(200_000)));
    let hook = told.hook(&talkative, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    wait_until("notes of it", || told.attempts(&hook["id"]).len() == 1);
    let attempt = &told.attempts(&hook["id"])[0];
    let beginning = json!("ačiū ".repeat(100));
    assert_eq!((&attempt["status"], &attempt["response_excerpt"]), (&json!("delivered"), &beginning), "{attempt:#}");
    assert_eq!(attempt["status_code"], 200);
}

#[test]
fn a_receiver_that_is_gone_is_told_nothing_more_until_somebody_says_so() {
    let told = Told::open();
    let receiver = at_first(1, Reaction::Answer(410));
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    wait_until("end of it", || told.seen(&hook["id"])["is_active"] == false);
    let seen = told.seen(&hook["id"]);
    assert_eq!((&seen["status"], &seen["disabled_reason"]), (&json!("disabled"), &json!("gone")), "{seen:#}");
    told.award(&card, 2);
    assert_eq!(receiver.count(), 1);
    let again = told.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"is_active": true})).data(200);
    assert_eq!((&again["status"], &again["disabled_reason"]), (&json!("active"), &Value::Null));
    let points: Vec<Value> =
        receiver.expect(3).iter().map(|message| message.body()["data"]["points"].clone()).collect();
    assert_eq!(points, [json!(1), json!(1), json!(2)], "it goes on where it was, in order");
}

#[test]
fn an_answer_to_what_was_sent_before_a_change_stops_nothing() {
    let told = Told::open();
    let (begun, changed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (begins, is_changed) = (begun.clone(), changed.clone());
    let receiver = Receiver::start(move |_| {
        if begins.swap(true, Ordering::SeqCst) {
            return Reaction::Answer(200);
        }
        wait_until("a change", || is_changed.load(Ordering::SeqCst));
        Reaction::Answer(410)
    });
    let hook = told.hook(&receiver, &["points.awarded"]);
    told.award(&told.card("ann@example.com"), 1);
    wait_until("an attempt", || begun.load(Ordering::SeqCst));
    told.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"description": "mended"})).data(200);
    // The change is seen within a tenth of a second; another attempt afterwards shows that it was.
    let other = Receiver::obliging();
    told.hook(&other, &["points.awarded"]);
    told.award(&told.card("ben@example.com"), 1);
    other.expect(1);
    changed.store(true, Ordering::SeqCst);
    wait_until("a delivery", || told.attempts(&hook["id"]).len() == 3);
    assert_eq!(told.seen(&hook["id"])["status"], "active");
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_it() {
    let told = Told::open();
    let receiver = at_first(1, Reaction::AnswerWith(429, "retry-after", "1".to_owned()));
    let hook = told.hook(&receiver, &["points.awarded"]);
    let (ann, ben) = (told.card("ann@example.com"), told.card("ben@example.com"));
    told.award(&ann, 1);
    wait_until("the answer", || told.attempts(&hook["id"]).len() == 1);
    told.award(&ben, 1);
    let received = receiver.expect(3);
    for later in &received[1..] {
        assert!(later.at - received[0].at >= Duration::from_secs(1), "nobody's events are sent meanwhile");
    }
}

#[test]
fn an_event_is_given_up_in_the_end_and_the_next_one_goes_on() {
    let policy = Policy { retries: vec![Duration::from_millis(10); 2], ..quick() };
    let told = Told::with(policy);
    let receiver = at_first(3, Reaction::Answer(500));
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    told.award(&card, 2);
    let points: Vec<_> =
        receiver.expect(4).iter().map(|message| message.body()["data"]["points"].to_string()).collect();
    assert_eq!(points, ["1", "1", "1", "2"]);
    wait_until("notes of it", || told.attempts(&hook["id"]).len() == 4);
    let states: Vec<Value> = told.attempts(&hook["id"]).iter().map(|attempt| attempt["status"].clone()).collect();
    assert_eq!(states, ["failed", "failed", "abandoned", "delivered"]);
}

#[test]
fn after_fifty_events_in_a_row_that_were_given_up_it_pauses_and_goes_on_where_it_was() {
    let policy = Policy { retries: Vec::new(), ..quick() };
    let told = Told::with(policy);
    let well = Arc::new(AtomicBool::new(false));
    let is_well = well.clone();
    let receiver = Receiver::start(move |_| Reaction::Answer(if is_well.load(Ordering::SeqCst) { 200 } else { 500 }));
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    for points in 1..=60 {
        told.award(&card, points);
    }
    // The log says so first; the numbers follow when they are kept.
    let stopped = |seen: &Value| seen["is_active"] == false && seen["abandoned_count"] == 50;
    wait_until("end of it", || stopped(&told.seen(&hook["id"])));
    assert_eq!(told.seen(&hook["id"])["disabled_reason"], "failing");
    assert_eq!(receiver.count(), 50);
    well.store(true, Ordering::SeqCst);
    told.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"is_active": true})).data(200);
    let points: Vec<i64> =
        receiver.expect(60)[50..].iter().map(|message| message.body()["data"]["points"].as_i64().unwrap()).collect();
    assert_eq!(points, (51..=60).collect::<Vec<_>>());
    // What was given up is not lost: it is sent again when somebody asks for it.
    let path = format!("{HOOKS}/{}/redeliver", hook["id"]);
    told.post(&path, &json!({"from_sequence": 1})).data(200);
    receiver.expect(120);
}

#[test]
fn what_is_not_public_is_not_sent_to_even_where_a_webhook_leads_there() {
    let mut told = Told::open();
    let receiver = Receiver::obliging();
    let hook = told.hook(&receiver, &["points.awarded"]);
    told.tell_again(Policy { allow_private: false, ..quick() });
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    wait_until("attempts", || !told.attempts(&hook["id"]).is_empty());
    assert_eq!(told.attempts(&hook["id"])[0]["error"], "not an https address");
    assert_eq!(receiver.count(), 0);
}

#[test]
fn what_waits_is_sent_after_a_restart() {
    let mut told = Told::with(Policy { retries: vec![Duration::from_secs(3_600)], ..quick() });
    let receiver = at_first(1, Reaction::Answer(500));
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    told.award(&card, 2);
    wait_until("pending events", || told.seen(&hook["id"])["pending_count"] == 2);
    let (pending, _) = told.get(&format!("{HOOKS}/{}/deliveries?status=pending", hook["id"])).page();
    assert_eq!((&pending[0]["attempt"], &pending[1]["attempt"]), (&json!(1), &json!(0)), "{pending:#?}");
    told.tell_again(quick());
    assert_eq!(receiver.count(), 1, "an hour is an hour");
    // A change of the webhook is a reason to try at once.
    told.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"description": "mended"})).data(200);
    let points: Vec<_> =
        receiver.expect(3).iter().map(|message| message.body()["data"]["points"].to_string()).collect();
    assert_eq!(points, ["1", "1", "2"]);
}

/// The file in which secrets and places stand.
fn ops(told: &Told) -> Connection {
    let ops = Connection::open(told.server.files.path().join("ops.db")).unwrap();
    ops.busy_timeout(Duration::from_secs(60)).unwrap();
    ops
}

#[test]
fn a_change_that_could_not_be_read_at_first_holds_all_the_same() {
    let told = Told::open();
    let (before, after) = (Receiver::obliging(), Receiver::obliging());
    let hook = told.hook(&before, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    before.expect(1);
    let ops = ops(&told);
    ops.execute_batch("ALTER TABLE webhook_secrets RENAME TO elsewhere").unwrap();
    let changed = told.put(&format!("{HOOKS}/{}", hook["id"]), &json!({"url": after.url}));
    assert_eq!(changed.status, 500, "it is recorded, and cannot be shown");
    // Long enough that the change has been seen.
    std::thread::sleep(Duration::from_millis(500));
    ops.execute_batch("ALTER TABLE elsewhere RENAME TO webhook_secrets").unwrap();
    told.award(&card, 2);
    after.expect(1);
    assert_eq!(before.count(), 1);
}

#[test]
fn without_the_secret_in_force_nothing_is_tried_and_nothing_counts_against_the_receiver() {
    let mut told = Told::open();
    let (receiver, other) = (Receiver::obliging(), Receiver::obliging());
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    let path = format!("{HOOKS}/{}", hook["id"]);
    told.post(&format!("{path}/rotate-secret"), &json!({})).data(200);
    told.hush();
    // As where ops.db was put back to what it was before the rotation.
    let newest = "DELETE FROM webhook_secrets WHERE created_at = (SELECT max(created_at) FROM webhook_secrets)";
    assert_eq!(ops(&told).execute(newest, []).unwrap(), 1);
    told.tell_again(quick());
    told.hook(&other, &["points.awarded"]);
    told.award(&card, 1);
    other.expect(1);
    let seen = told.seen(&hook["id"]);
    assert_eq!((&seen["problem"], &seen["status"]), (&json!("secret_lost"), &json!("active")), "{seen:#}");
    let tested = told.post(&format!("{path}/test"), &json!({})).data(200);
    assert_eq!(tested["error"], "the webhook's secret is lost: rotate it");
    let rotated = told.post(&format!("{path}/rotate-secret"), &json!({})).data(200);
    assert_eq!(rotated["problem"], Value::Null, "{rotated:#}");
    let received = receiver.expect(1);
    assert_eq!(
        received[0].body()["data"]["points"],
        1,
        "the test was not sent, and neither was it with the old secret"
    );
    wait_until("a note of it", || told.attempts(&hook["id"]).len() == 2);
    let seen = told.seen(&hook["id"]);
    assert_eq!((&seen["failure_count"], &seen["abandoned_count"]), (&json!(0), &json!(0)), "{seen:#}");
}
