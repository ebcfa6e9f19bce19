//! Personal data: told from the vault as it is when it is told, and kept nowhere else.

use super::{HOOKS, Told};
use crate::support::{Reaction, Receiver, wait_until};
use serde_json::{Value, json};

/// Whether a text stands in a file of the data directory.
fn stands_on_disk(told: &Told, text: &str) -> bool {
    bytes_on_disk(told, text.as_bytes())
}

fn bytes_on_disk(told: &Told, sought: &[u8]) -> bool {
    let files = std::fs::read_dir(told.server.files.path()).unwrap().map(|file| file.unwrap().path());
    let ops = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("ops.db"));
    ops.into_iter().any(|path| std::fs::read(path).unwrap().windows(sought.len()).any(|bytes| bytes == sought))
}

#[test]
fn who_was_corrected_before_anybody_was_told_is_told_of_as_they_are_now() {
    let (mut told, receiver) = (Told::open(), Receiver::obliging());
    told.hook(&receiver, &["customer.registered", "customer.updated"]);
    told.hush();
    let card = told.card("ann@example.com");
    told.put(&format!("/api/loyalty-cards/{card}"), &json!({"customer_name": "Ann Other"})).data(200);
    told.tell_again(super::quick());
    let messages: Vec<Value> = receiver.expect(2).iter().map(crate::support::Received::body).collect();
    let (registered, updated) = (&messages[0]["data"], &messages[1]["data"]);
    assert_eq!((&registered["name"], &registered["email"]), (&json!("Ann Other"), &json!("ann@example.com")));
    assert_eq!(updated["changed"], json!(["name"]));
}

#[test]
fn no_answer_about_somebody_who_is_erased_is_kept_also_by_another_run() {
    let mut told = Told::open();
    let receiver = Receiver::start(|_| Reaction::Say("Ann Example is known here".to_owned()));
    let hook = told.hook(&receiver, &["*"]);
    told.hush();
    let issued = told.issued("ann@example.com");
    let customer = told.customer_of(issued["card_number"].as_str().unwrap());
    told.award(issued["id"].as_str().unwrap_or_default(), 5);
    told.issued("rasa@example.com");
    assert_eq!(told.delete(&format!("/api/customers/{customer}")).status, 200);
    told.tell_again(super::quick());
    receiver.expect(6);
    wait_until("notes of it", || told.attempts(&hook["id"]).len() == 6);
    let attempts = told.attempts(&hook["id"]);
    let kept: Vec<&str> = attempts
        .iter()
        .filter(|attempt| attempt["response_excerpt"].is_string())
        .map(|kept| kept["event"].as_str().unwrap())
        .collect();
    assert_eq!(kept, ["customer.registered", "card.created"], "what is about the other one: {attempts:#?}");
}

#[test]
fn who_was_erased_is_in_no_later_message_and_in_no_note_of_an_earlier_one() {
    let told = Told::open();
    let receiver = Receiver::start(|message| {
        let name = message.body()["data"]["name"].as_str().unwrap_or("nobody").to_owned();
        Reaction::Say(format!("Welcome, {name}"))
    });
    let hook = told.hook(&receiver, &["customer.registered", "customer.erased"]);
    let issued = told.issued("rasa@example.com");
    let customer = told.customer_of(issued["card_number"].as_str().unwrap());
    assert_eq!(receiver.expect(1)[0].body()["data"]["name"], "Ann Example");
    wait_until("notes of it", || told.attempts(&hook["id"]).len() == 1);
    assert!(stands_on_disk(&told, "Welcome, Ann Example"), "what the receiver answered is kept");
    assert!(!stands_on_disk(&told, "rasa@example.com"), "what it was sent is not");
    let delivery = told.attempts(&hook["id"])[0]["id"].as_str().unwrap().to_owned();
    let whole = told.get(&format!("{HOOKS}/deliveries/{delivery}")).data(200);
    let hash = hex::decode(whole["request_sha256"].as_str().unwrap()).unwrap();
    assert!(bytes_on_disk(&told, &hash));

    assert_eq!(told.delete(&format!("/api/customers/{customer}")).status, 200);
    let erased = receiver.expect(2)[1].body();
    assert_eq!((&erased["event"], &erased["data"]["customer_id"]), (&json!("customer.erased"), &json!(1)));
    wait_until("empty notes", || told.attempts(&hook["id"])[0]["response_excerpt"].is_null());
    wait_until("bytes that are gone", || !stands_on_disk(&told, "Ann Example") && !bytes_on_disk(&told, &hash));
    let whole = told.get(&format!("{HOOKS}/deliveries/{delivery}")).data(200);
    assert_eq!((&whole["request"]["data"]["name"], &whole["request_unchanged"]), (&Value::Null, &Value::Null));
    assert_eq!(whole["request_sha256"], Value::Null, "it would tell whether a guess is right");
    told.post(&format!("{HOOKS}/deliveries/{delivery}/redeliver"), &json!({})).data(200);
    let again = receiver.expect(3)[2].body();
    assert_eq!(again["event"], "customer.registered");
    let data = again["data"].as_object().unwrap();
    assert!(["name", "email", "phone"].iter().all(|name| !data.contains_key(*name)), "{again:#}");
}
