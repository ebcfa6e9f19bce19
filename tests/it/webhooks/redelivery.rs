//! Having events sent again, one by one or a part of the log, and trying a webhook out.

use super::{HOOKS, Told};
use crate::support::{Reaction, Receiver, wait_until};
use serde_json::{Value, json};

#[test]
fn one_delivery_is_made_again_as_it_was() {
    let (told, receiver) = (Told::open(), Receiver::obliging());
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    wait_until("notes of it", || told.attempts(&hook["id"]).len() == 1);
    let delivery = told.attempts(&hook["id"])[0]["id"].as_str().unwrap().to_owned();
    let whole = told.get(&format!("{HOOKS}/deliveries/{delivery}")).data(200);
    assert_eq!((&whole["request"]["data"]["points"], &whole["request_unchanged"]), (&json!(1), &json!(true)));
    assert_eq!(whole["webhook_id"], hook["id"]);
    told.post(&format!("{HOOKS}/deliveries/{delivery}/redeliver"), &json!({})).data(200);
    let received = receiver.expect(2);
    assert_eq!(received[0].raw, received[1].raw, "with the same id, so that it is told apart from a new event");
    for path in ["dlv_999", "x", "0"] {
        told.get(&format!("{HOOKS}/deliveries/{path}")).error(404, "RESOURCE_NOT_FOUND");
    }
}

#[test]
fn a_part_of_the_log_is_sent_again() {
    let (told, receiver) = (Told::open(), Receiver::obliging());
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    for points in 1..=5 {
        told.award(&card, points);
    }
    let sequences: Vec<i64> = receiver.expect(5).iter().map(crate::support::Received::sequence).collect();
    let path = format!("{HOOKS}/{}/redeliver", hook["id"]);
    let range = json!({"from_sequence": sequences[1], "to_sequence": sequences[3]});
    let queued = told.post(&path, &range).data(200);
    assert_eq!((&queued["from_sequence"], &queued["to_sequence"]), (&range["from_sequence"], &range["to_sequence"]));
    let again: Vec<i64> = receiver.expect(8)[5..].iter().map(crate::support::Received::sequence).collect();
    assert_eq!(again, sequences[1..=3]);
    for (body, field) in [
        (json!({}), "from_sequence"),
        (json!({"from_sequence": 0}), "from_sequence"),
        (json!({"from_sequence": 1, "to_sequence": 99_999}), "to_sequence"),
    ] {
        let reply = told.post(&path, &body);
        assert!(reply.status == 400 && !reply.about(field).is_empty());
    }
}

#[test]
fn parts_of_the_log_wait_in_bounded_number_and_survive_a_restart() {
    let (mut told, receiver) = (Told::open(), Receiver::obliging());
    let hook = told.hook(&receiver, &["points.awarded"]);
    let card = told.card("ann@example.com");
    told.award(&card, 1);
    let sequence = receiver.expect(1)[0].sequence();
    told.hush();
    let path = format!("{HOOKS}/{}/redeliver", hook["id"]);
    for _ in 0..20 {
        told.post(&path, &json!({"from_sequence": sequence, "to_sequence": sequence})).data(200);
    }
    told.post(&path, &json!({"from_sequence": 1})).error(422, "OPERATION_NOT_ALLOWED");
    told.tell_again(super::quick());
    receiver.expect(21);
    wait_until("room", || told.post(&path, &json!({"from_sequence": sequence})).status == 200);
}

#[test]
fn a_test_is_sent_at_once_and_says_what_came_of_it() {
    let told = Told::open();
    let receiver = Receiver::start(|message| match message.body()["test"].as_bool() {
        Some(true) => Reaction::Say("pong".to_owned()),
        _ => Reaction::Answer(500),
    });
    let hook = told.hook(&receiver, &["customer.registered", "points.awarded"]);
    let path = format!("{HOOKS}/{}/test", hook["id"]);
    let delivery = told.post(&path, &json!({})).data(200);
    assert_eq!((&delivery["event"], &delivery["success"]), (&json!("customer.registered"), &json!(true)));
    assert_eq!((&delivery["status_code"], &delivery["response_excerpt"]), (&json!(200), &json!("pong")));
    assert!(delivery["duration_ms"].is_i64());
    let received = &receiver.all()[0];
    assert!(received.header("x-loyalty-signature").starts_with("sha256="));
    assert_eq!(told.post(&path, &json!({"event": "points_awarded"})).data(200)["event"], "points_awarded");
    told.post(&path, &json!({"event": "points.stolen"})).about("event");
    assert_eq!(told.attempts(&hook["id"]).len(), 2, "it is noted like every other");
    let id = told.attempts(&hook["id"])[0]["id"].as_str().unwrap().to_owned();
    let whole = told.get(&format!("{HOOKS}/deliveries/{id}")).data(200);
    assert_eq!(whole["request"], Value::Null);
    assert_eq!(told.post(&format!("{HOOKS}/deliveries/{id}/redeliver"), &json!({})).status, 400);
}

#[test]
fn a_test_of_a_receiver_that_is_not_there_says_so() {
    let told = Told::open();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hook = told.post_hook(&json!({"url": format!("http://{nobody}/"), "events": ["*"]}));
    let delivery = told.post(&format!("{HOOKS}/{}/test", hook["id"]), &json!({})).data(200);
    assert_eq!((&delivery["success"], &delivery["status_code"]), (&json!(false), &Value::Null));
    assert!(delivery["error"].is_string(), "{delivery:#}");
}
