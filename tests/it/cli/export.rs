//! `counterfoil export`, beside a service and without one.

use super::program::{Service, run};
use crate::support::Client;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn served() -> (tempfile::TempDir, Service, Client) {
    let dir = tempfile::tempdir().unwrap();
    let keys = run("init --json", dir.path()).json();
    let service = Service::start("serve", dir.path());
    let client = Client::new(&format!("http://{}", service.address()));
    let client = client.with("X-API-Key", keys["api_key"].as_str().unwrap());
    let client = client.with("X-API-Secret", keys["api_secret"].as_str().unwrap());
    (dir, service, client)
}

fn award(client: &Client, email: &str, points: i64) {
    let card = client.post("/api/loyalty-cards", &json!({"customer_email": email, "customer_name": "Ann"})).data(201);
    let award = json!({"card_id": card["id"], "points": points, "reason": "+1 coffee"});
    client.post("/api/points/award", &award).data(201);
}

fn export(dir: &Path, words: &str) -> super::program::Finished {
    run(&format!("export {words}"), dir)
}

#[test]
fn the_command_line_and_the_api_write_the_same_bytes_and_nothing_acknowledged_is_missing() {
    let (dir, service, client) = served();
    for number in 1..=5 {
        award(&client, &format!("ann{number}@example.com"), number);
        // At once after the answer, however far the views are.
        let rows = export(dir.path(), "transactions --columns points --format jsonl").ok();
        assert_eq!(rows.lines().count(), usize::try_from(number).unwrap(), "{rows}");
    }
    for set in ["customers", "cards", "transactions"] {
        for format in ["csv", "json", "jsonl"] {
            let printed = export(dir.path(), &format!("{set} --format {format}")).ok();
            let sent = client.get(&format!("/en/partners/{set}/export?format={format}"));
            assert_eq!(printed.as_bytes(), sent.raw, "{set} as {format}");
            assert!(printed.contains("example.com"), "{printed}");
        }
    }
    let file = dir.path().join("transactions.xlsx");
    export(dir.path(), &format!("transactions --format xlsx --output {}", file.display())).ok();
    let sent = client.get("/en/partners/transactions/export?format=xlsx");
    assert_eq!(std::fs::read(&file).unwrap(), sent.raw);
    let served = export(dir.path(), "customers").ok();
    assert_eq!(service.terminate().0, 0);
    assert_eq!(export(dir.path(), "customers").ok(), served, "without a service it is the same");
    std::fs::remove_file(dir.path().join("views.db")).unwrap();
    assert_eq!(export(dir.path(), "customers").ok(), served, "and where the views have to be made first");
}

#[test]
fn a_file_appears_whole_readable_by_its_owner_and_the_summary_says_where_it_stands() {
    let (dir, _service, client) = served();
    award(&client, "ann@example.com", 700);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cards.csv");
    std::fs::write(&file, "older").unwrap();
    let summary = export(dir.path(), &format!("cards --json --tier silver --output {}", file.display())).json();
    assert_eq!(summary["rows"], json!(1));
    assert!(summary["as_of"].as_i64().is_some_and(|as_of| as_of > 4), "{summary}");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("id,card_number,"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["cards.csv"], "nothing unfinished is left");

    let printed = export(dir.path(), "cards --tier gold");
    assert!(printed.stderr.contains("0 cards as of event"), "{}", printed.stderr);
    assert_eq!(printed.ok().lines().count(), 1);
    export(dir.path(), &format!("cards --output {}/none/cards.csv", folder.path().display())).refused();
}

#[test]
fn filters_and_columns_are_those_of_the_api() {
    let (dir, _service, client) = served();
    award(&client, "ann@example.com", 700);
    award(&client, "bob@example.com", 3);
    let rows = |words: &str| {
        let rows: Value = serde_json::from_str(&export(dir.path(), &format!("{words} --format json")).ok()).unwrap();
        rows.as_array().unwrap().len()
    };
    for (words, count) in [
        ("transactions", 2),
        ("transactions --type earn", 2),
        ("transactions --type redemption", 0),
        ("transactions --email BOB@example.com", 1),
        ("transactions --date-to 2020-01-01", 0),
        ("transactions --date-from 2020-01-01", 2),
        ("customers --tier silver", 1),
        ("customers --status active --customer cust_2", 1),
        ("cards --card 999", 0),
    ] {
        assert_eq!(rows(words), count, "{words}");
    }
    assert_eq!(export(dir.path(), "customers --columns email --tier silver").ok(), "email\r\nann@example.com\r\n");
    for (words, complaint) in [
        ("transactions --tier gold", "not filtered by --tier"),
        ("customers --type earn", "not filtered by --type"),
        ("cards --columns nmae", "there are id, card_number"),
        ("cards --email nobody@example.com", "no customer"),
        ("cards --partner 99", "no partner 99"),
        ("cards --format pdf", "one of csv"),
        ("games", "one of customers"),
    ] {
        let said = export(dir.path(), words).refused();
        assert!(said.contains(complaint), "{words}: {said}");
    }
}
