//! `counterfoil webhooks`, beside a running service and without one.

use super::program::{Service, events, run};
use crate::support::{Reaction, Receiver, wait_until};
use serde_json::json;
use std::path::Path;

const SERVE: &str = "serve --webhooks-allow-private --webhook-retry 20ms,1h --webhook-timeout 500ms --rate-limit off";

fn list(dir: &Path) -> serde_json::Value {
    run("webhooks list --json", dir).json()
}

#[test]
fn a_webhook_is_made_tried_and_served_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let receiver = Receiver::start(|message| match message.body()["test"].as_bool() {
        Some(true) => Reaction::Say("pong".to_owned()),
        _ => Reaction::Answer(200),
    });
    let service = Service::start(SERVE, dir.path());
    let create =
        format!("webhooks create --json --url {} --events points.awarded,card.created --shops 1", receiver.url);
    let made = run(&create, dir.path()).json();
    assert_eq!((&made["id"], &made["shop_ids"]), (&json!(1), &json!([1])));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let test = run("webhooks test --webhook 1", dir.path()).ok();
    assert!(test.contains("delivered") && test.contains("200"), "{test}");
    assert_eq!(receiver.all()[0].body()["event"], "points.awarded");
    run("webhooks update --webhook 1 --events * --shops all --description till", dir.path()).ok();
    let rotated = run("webhooks rotate --webhook 1 --overlap-hours 1", dir.path()).ok();
    assert!(rotated.contains("whsec_") && rotated.contains("signs too until"), "{rotated}");
    // Something of the log that the webhook wants is sent again, or nothing where there is none.
    run("webhooks redeliver --webhook 1 --from 1", dir.path()).ok();
    let deliveries = run("webhooks deliveries --webhook 1 --json", dir.path()).json();
    assert_eq!(deliveries[0]["response_excerpt"], "pong");
    assert_eq!(service.terminate().0, 0);

    let seen = list(dir.path());
    assert_eq!((&seen[0]["events"], &seen[0]["status"]), (&json!(["*"]), &json!("active")));
    run("webhooks update --webhook 1 --active off", dir.path()).ok();
    assert_eq!(list(dir.path())[0]["status"], "paused");
    run("webhooks remove --webhook 1", dir.path()).ok();
    assert_eq!(list(dir.path()), json!([]));
    let kinds: Vec<String> = events(dir.path()).into_iter().map(|(kind, _, _)| kind).collect();
    let told: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| kind.starts_with("webhook.")).collect();
    let updated = "webhook.updated";
    assert_eq!(told, ["webhook.created", updated, "webhook.rotated", updated, "webhook.removed"]);
}

#[test]
fn what_cannot_be_a_webhook_is_refused_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    for (wrong, why) in [
        ("webhooks create --url http://shop.example.com/ --events *", "not an https address"),
        ("webhooks create --url https://10.0.0.1/ --events *", "--webhooks-allow-private"),
        ("webhooks create --url https://shop.example.com/ --events points.stolen", "points.awarded"),
        ("webhooks create --url https://shop.example.com/ --events * --shops 7", "no shop 7"),
        ("webhooks remove --webhook 9", "no webhook 9"),
        ("webhooks redeliver --webhook 1 --from 5 --to 4", "--to is before --from"),
    ] {
        let complaint = run(wrong, dir.path()).refused();
        assert!(complaint.contains(why), "{wrong}: {complaint}");
    }
    assert_eq!(list(dir.path()), json!([]));
}

#[test]
fn a_service_that_ends_waits_for_the_answers_and_a_killed_one_sends_again() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let receiver = Receiver::start(|_| Reaction::Answer(500));
    let service = Service::start(SERVE, dir.path());
    run(&format!("webhooks create --url {} --events card.created", receiver.url), dir.path()).ok();
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/customers.csv");
    run(&format!("import --customers {}", people.display()), dir.path()).ok();
    wait_until("pending events", || list(dir.path())[0]["pending_count"] == 2 && receiver.count() == 4);
    let pending = run("webhooks deliveries --webhook 1 --status pending --json", dir.path()).json();
    assert_eq!(pending[0]["attempt"], 2, "{pending:#}");
    service.signal("KILL");
    drop(service);
    assert_eq!(list(dir.path())[0]["pending_count"], 2, "it waits over a kill");
}
