//! `counterfoil books`, beside a service and without one.

use super::program::{Finished, Service, run};
use crate::support::Client;
use serde_json::{Value, json};
use std::path::Path;

const PERIOD: &str = "--from 2020-01-01 --to 2100-01-01";

/// A ledger in which points moved, served, and a client that sees everything.
fn served() -> (tempfile::TempDir, Service, Client) {
    let dir = tempfile::tempdir().unwrap();
    let keys = run("init --json", dir.path()).json();
    let auditor = run("keys create --audit-all --bearer --json", dir.path()).json();
    let service = Service::start("serve --rate-limit off", dir.path());
    let client = Client::new(&format!("http://{}", service.address()));
    let till = client.with("X-API-Key", keys["api_key"].as_str().unwrap());
    let till = till.with("X-API-Secret", keys["api_secret"].as_str().unwrap());
    let body = json!({"customer_email": "ann@example.com", "customer_name": "Ann"});
    let card = till.post("/api/loyalty-cards", &body).data(201)["id"].clone();
    for points in [70, 7] {
        till.post("/api/points/award", &json!({"card_id": card, "points": points, "reason": "Bread"})).data(201);
    }
    till.post("/api/points/redeem", &json!({"card_id": card, "points": 20, "reason": "A bun"})).data(201);
    let token = format!("Bearer {}", auditor["bearer_token"].as_str().unwrap());
    (dir, service, client.with("Authorization", &token))
}

fn books(dir: &Path, words: &str) -> Finished {
    run(&format!("books {words}"), dir)
}

fn to_file(dir: &Path, words: &str) -> Vec<u8> {
    let file = dir.join("written");
    let told = books(dir, &format!("{words} --output {}", file.display())).ok();
    assert!(told.contains("they close, and the log is whole"), "{told}");
    std::fs::read(&file).unwrap()
}

#[test]
fn the_command_line_and_the_api_state_the_same_books_byte_for_byte() {
    let (dir, service, auditor) = served();
    let asked = [
        ("", ""),
        (" --partner 1", "&partner=1"),
        (" --as-of-seq 9", "&as_of_seq=9"),
        (" --format html", "&format=html"),
        (" --format xlsx", "&format=xlsx"),
        (" --format csv", "&format=csv"),
        (" --format csv --table by_month --partner 1", "&format=csv&table=by_month&partner=1"),
    ];
    let mut stated = Vec::new();
    for (words, query) in asked {
        let sent = auditor.get(&format!("/audit/books?from=2020-01-01&to=2100-01-01{query}"));
        assert_eq!(sent.status, 200, "{query}");
        assert_eq!(to_file(dir.path(), &format!("{PERIOD}{words}")), sent.raw, "{words}");
        stated.push(sent.raw);
    }
    let printed = books(dir.path(), PERIOD);
    assert_eq!((printed.code, printed.stdout.as_bytes()), (0, stated[0].as_slice()));
    assert!(printed.stderr.contains("they close, and the log is whole"), "beside the books: {}", printed.stderr);
    let statement: Value = serde_json::from_slice(&stated[0]).unwrap();
    assert_eq!((&statement["trial_balance"][0]["awarded"], &statement["closes"]), (&json!(77), &json!(true)));

    assert_eq!(service.terminate().0, 0);
    assert_eq!(to_file(dir.path(), PERIOD), stated[0], "without a service it is the same");
    std::fs::remove_file(dir.path().join("views.db")).unwrap();
    assert_eq!(to_file(dir.path(), PERIOD), stated[0], "and where the views have to be made first");
}

#[test]
fn what_cannot_be_stated_is_refused_and_leaves_no_file() {
    let (dir, service, _) = served();
    let file = dir.path().join("books.json");
    for (words, complaint) in [
        ("--from 2026-02-01 --to 2026-02-01", "--to: must be after --from"),
        ("--from 2026-02-01 --to soon", "a time such as"),
        (&format!("{PERIOD} --table by_month"), "--table goes with --format csv"),
        (&format!("{PERIOD} --format csv --table checks"), "one of summary, trial_balance"),
        (&format!("{PERIOD} --partner 9"), "there is no such partner"),
        ("--from 2020-01-01 --to 2020-02-01 --partner 1", "did not exist before the end"),
        (&format!("{PERIOD} --as-of-seq 900"), "--as-of-seq: the log ends with event "),
    ] {
        let said = books(dir.path(), &format!("{words} --output {}", file.display())).refused();
        assert!(said.contains(complaint), "{words}: {said}");
        assert!(!file.exists(), "{words}");
    }
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn books_that_do_not_close_are_written_and_end_with_1() {
    let (dir, service, _) = served();
    assert_eq!(service.terminate().0, 0);
    let views = rusqlite::Connection::open(dir.path().join("views.db")).unwrap();
    assert!(views.execute("UPDATE book_moves SET awarded = awarded + 1", []).unwrap() > 0);
    drop(views);
    let file = dir.path().join("books.json");
    let said = books(dir.path(), &format!("{PERIOD} --json --output {}", file.display()));
    assert_eq!(said.code, 1, "{said:?}");
    let summary: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&summary["closes"], &summary["whole"]), (&json!(false), &json!(true)));
    let statement: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(statement["closes"], false);
}
