//! `counterfoil webhooks`, beside a running service and without one.

use super::program::{Service, events, eventually, run};
use crate::support::{Client, Reaction, Receiver, wait_until};
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
    let before = list(dir.path())[0]["begins_after"].as_i64();
    run("webhooks skip --webhook 1", dir.path()).ok();
    assert!(list(dir.path())[0]["begins_after"].as_i64() > before);
    run("webhooks remove --webhook 1", dir.path()).ok();
    assert_eq!(list(dir.path()), json!([]));
    let kinds: Vec<String> = events(dir.path()).into_iter().map(|(kind, _, _)| kind).collect();
    let told: Vec<&str> = kinds.iter().map(String::as_str).filter(|kind| kind.starts_with("webhook.")).collect();
    let updated = "webhook.updated";
    assert_eq!(told, ["webhook.created", updated, "webhook.rotated", updated, "webhook.skipped", "webhook.removed"]);
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

#[test]
fn figures_say_how_webhooks_fare() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let (well, ill) = (Receiver::obliging(), Receiver::start(|_| Reaction::Answer(500)));
    let service = Service::start(&format!("{SERVE} --log json --metrics-listen 127.0.0.1:0"), dir.path());
    let lines: Vec<serde_json::Value> = service.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = lines.iter().find(|line| line["message"] == "figures and readiness are served").expect("it is logged");
    let operator = Client::of_operator(&format!("http://{}", told["address"].as_str().unwrap()));
    for receiver in [&well, &ill] {
        run(&format!("webhooks create --url {} --events card.created", receiver.url), dir.path()).ok();
    }
    run(&format!("webhooks create --url {} --events *", ill.url), dir.path()).ok();
    run("webhooks update --webhook 3 --active off", dir.path()).ok();
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/customers.csv");
    run(&format!("import --customers {}", people.display()), dir.path()).ok();
    let expected = [
        r#"webhooks{state="active"} 2"#,
        r#"webhooks{state="paused"} 1"#,
        r#"webhook_attempts_total{outcome="delivered"} 2"#,
        r#"webhook_attempts_total{outcome="failed"} 4"#,
        r#"webhook_attempts_total{outcome="abandoned"} 0"#,
        "webhook_attempt_seconds_count 6",
        "webhook_lag_most_events 0",
        "webhook_lag_sum_events 0",
        "webhook_pending_events 2",
        "webhook_held_customers 2",
    ];
    eventually("the figures", || {
        let page = String::from_utf8(operator.get("/metrics").raw).unwrap();
        expected.iter().all(|line| page.lines().any(|found| found.strip_prefix("counterfoil_") == Some(line)))
    });
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_receiver_whose_authority_is_the_shops_own_is_trusted_where_the_service_is_told_so() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&dir, &elsewhere] {
        run("init", dir.path()).ok();
    }
    // Another service stands for the receiver: that it refuses the message takes a connection that was trusted.
    let pair = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cli/tls/one");
    let (certificate, key) = (pair.with_extension("pem"), pair.with_extension("key"));
    let tls = format!("serve --tls-cert {} --tls-key {}", certificate.display(), key.display());
    let receiver = Service::start(&tls, elsewhere.path());
    let port = receiver.address().rsplit_once(':').unwrap().1.to_owned();
    let attempt = |words: &str| {
        let service = Service::start(&format!("serve --webhooks-allow-private {words}"), dir.path());
        if list(dir.path()).as_array().unwrap().is_empty() {
            let create = format!("webhooks create --url https://localhost:{port}/hooks --events *");
            run(&create, dir.path()).ok();
        }
        let attempt = run("webhooks test --webhook 1 --json", dir.path());
        assert_eq!(service.terminate().0, 0);
        serde_json::from_str::<serde_json::Value>(&attempt.stdout).unwrap()
    };
    let stranger = attempt("");
    assert!(stranger["error"].as_str().unwrap().contains("UnknownIssuer"), "{stranger:#}");
    let trusted = attempt(&format!("--webhooks-ca {}", certificate.display()));
    assert_eq!((&trusted["status_code"], &trusted["error"]), (&json!(404), &serde_json::Value::Null), "{trusted:#}");
    let refused = run("config check --webhooks-ca /nowhere/ca.pem", dir.path());
    assert!(refused.code != 0 && refused.stderr.contains("/nowhere/ca.pem"), "{refused:?}");
}
