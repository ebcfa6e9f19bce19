//! `counterfoil webhooks`, beside a running service and without one.

use super::program::{Service, command, events, eventually, run};
use crate::support::{Client, Reaction, Received, Receiver, wait_until};
use counterfoil::domain::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

const SERVE: &str = "serve --webhooks-allow-private --webhook-retry 20ms,1h --webhook-timeout 30s --rate-limit off";

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
    let deliveries = run("webhooks deliveries --webhook 1 --json", dir.path()).json();
    assert_eq!(deliveries[0]["response_excerpt"], "pong");
    let lines = run("webhooks deliveries --webhook 1", dir.path()).ok();
    assert!(lines.contains("\t200\t") && lines.trim_end().ends_with("\t\"pong\""), "{lines}");
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
fn a_part_of_the_log_is_sent_again_and_what_is_not_in_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let receiver = Receiver::obliging();
    let service = Service::start(SERVE, dir.path());
    run(&format!("webhooks create --url {} --events points.awarded,card.created", receiver.url), dir.path()).ok();
    import_history(dir.path());
    let sequences = |from: usize| receiver.all()[from..].iter().map(Received::sequence).collect::<BTreeSet<_>>();
    let wanted = "SELECT seq FROM events WHERE kind IN ('points.awarded', 'card.issued')";
    let wanted: BTreeSet<i64> = numbers(dir.path(), wanted).into_iter().collect();
    assert_eq!(wanted.len(), 4, "a card and three awards: {wanted:?}");
    wait_until("messages", || sequences(0) == wanted);
    let before = receiver.count();
    let again = run("webhooks redeliver --webhook 1 --from 1", dir.path()).ok();
    assert!(again.contains("is sent again"), "{again}");
    wait_until("the same messages again", || sequences(before) == wanted);
    let last = *wanted.last().unwrap();
    let before = receiver.expect(2 * wanted.len()).len();
    run(&format!("webhooks redeliver --webhook 1 --from {last} --to {last}"), dir.path()).ok();
    receiver.expect(before + 1);
    assert_eq!(sequences(before), BTreeSet::from([last]));

    let head = numbers(dir.path(), "SELECT max(seq) FROM events")[0];
    for (words, flag) in [(format!("--from {}", head + 1), "--from"), (format!("--from 1 --to {}", head + 1), "--to")] {
        let complaint = run(&format!("webhooks redeliver --webhook 1 {words}"), dir.path()).refused();
        assert!(
            complaint.contains(&format!("{flag} is beyond the end of the log: its last event is {head}")),
            "{complaint}"
        );
    }
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_message_says_when_it_happened_and_when_it_was_recorded() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let receiver = Receiver::obliging();
    let service = Service::start(SERVE, dir.path());
    run(&format!("webhooks create --url {} --events points.awarded", receiver.url), dir.path()).ok();
    import_history(dir.path());
    let first = &receiver.expect(1)[0].body();
    assert_eq!(first["occurred_at"], "2023-01-10T08:00:00Z", "{first:#}");
    let recorded = "SELECT recorded_at FROM events WHERE kind = 'points.awarded' ORDER BY seq LIMIT 1";
    let recorded = Timestamp::from_micros(numbers(dir.path(), recorded)[0]).to_seconds_text();
    assert_eq!(first["created_at"], json!(recorded), "{first:#}");
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_secret_of_ones_own_signs_and_stands_in_no_argument() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let receiver = Receiver::obliging();
    let service = Service::start(SERVE, dir.path());
    let (own, file) = ("a secret of my own", dir.path().join("secret"));
    std::fs::write(&file, format!("{own}\n")).unwrap();
    let create = format!("webhooks create --url {} --events * --secret-file {}", receiver.url, file.display());
    let made = run(&format!("{create} --inactive"), dir.path()).ok();
    assert!(made.contains("the one that you chose") && !made.contains(own), "{made}");
    assert_eq!(list(dir.path())[0]["status"], "paused");
    run("webhooks test --webhook 1", dir.path()).ok();
    assert_eq!(receiver.all()[0].header("x-loyalty-signature"), signature(own, &receiver.all()[0].raw));
    // By the standard input.
    let next = "the next one of my own\r\n";
    let mut rotate = command("webhooks rotate --webhook 1 --secret-file -");
    let mut rotating =
        rotate.arg("--data").arg(dir.path()).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    rotating.stdin.take().unwrap().write_all(next.as_bytes()).unwrap();
    assert!(rotating.wait().unwrap().success());
    run("webhooks test --webhook 1", dir.path()).ok();
    let message = &receiver.all()[1];
    assert_eq!(message.header("x-loyalty-signature"), signature(next.trim_end(), &message.raw));
    assert_eq!(message.header("x-loyalty-signature-previous"), signature(own, &message.raw));
    for wrong in [
        "fifteen letters",
        "two lines, which\nare not a secret",
        "šešiolika raidžių",
        &"x".repeat(129),
        &"x".repeat(9_999),
    ] {
        std::fs::write(&file, wrong).unwrap();
        for words in [create.clone(), format!("webhooks rotate --webhook 1 --secret-file {}", file.display())] {
            let complaint = run(&words, dir.path()).refused();
            assert!(complaint.contains("--secret-file: the secret has to be 16 to 128 visible ASCII"), "{complaint}");
        }
    }
    let nowhere = run("webhooks rotate --webhook 1 --secret-file /nowhere/secret", dir.path());
    assert!(nowhere.code != 0 && nowhere.stderr.contains("/nowhere/secret"), "{nowhere:?}");
    assert_eq!(list(dir.path()).as_array().unwrap().len(), 1);
    let kinds: Vec<String> = events(dir.path()).into_iter().map(|(kind, _, _)| kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "webhook.rotated").count(), 1);
    assert_eq!(service.terminate().0, 0);
}

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Three awards of long ago.
fn import_history(dir: &Path) {
    let (customers, history) = (dir.join("customers.csv"), dir.join("history.csv"));
    std::fs::write(&customers, "id,name,email\n7,Ona,ona@example.com\n").unwrap();
    let rows = "1,award,2023-01-10T10:00:00+02:00,7,10\n2,award,2023-06-10,7,20\n3,award,2024-05-02,7,30\n";
    std::fs::write(&history, format!("id,type,date,customer_id,points\n{rows}")).unwrap();
    run(&format!("import --customers {} --transactions {}", customers.display(), history.display()), dir).ok();
}

fn numbers(dir: &Path, sql: &str) -> Vec<i64> {
    let ledger = rusqlite::Connection::open(dir.join("ledger.db")).unwrap();
    let mut statement = ledger.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
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
