//! `rebuild`, `diff`, `balance`, `history` and `export`, and the exit codes of the binary.

use super::books::{Books, DAY, START};
use counterfoil_replay::commands::diff::{Outcome, diff};
use counterfoil_replay::commands::{as_of, export};
use counterfoil_replay::instant::Instant;
use counterfoil_replay::ledger::{ChainHasher, Event, GENESIS};
use counterfoil_replay::progress::Progress;
use serde_json::Value;
use std::process::Command;

fn replay(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_counterfoil-replay")).args(arguments).output().expect("the binary");
    (output.status.code().expect("an exit code"), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn a_balance_falls_by_the_lot_at_the_instant_of_its_expiry() {
    let books = Books::rich();
    let at = |micros| as_of::Moment::At(Instant::from_micros(micros));
    let available =
        |card: &str, moment| as_of::balance(&books.path(), card, moment).expect("a balance").available().get();
    assert_eq!(available("18", at(START + 3 * DAY - 1)), 80);
    assert_eq!(available("18", at(START + 3 * DAY)), 0);
    assert_eq!(available("card_18", as_of::Moment::After(12)), 80);
    assert_eq!(available("LC000000000018", at(START + 10 * DAY - 1)), 455);
    assert_eq!(available("LC000000000018", at(START + 10 * DAY)), 255);
    assert!(as_of::balance(&books.path(), "17", at(START - 1)).is_err(), "before the card was issued");
    assert!(as_of::balance(&books.path(), "17", as_of::Moment::After(99)).is_err(), "beyond the head");
}

#[test]
fn a_history_shows_reasons_and_what_was_erased() {
    let books = Books::rich();
    let history = |card| as_of::history(&books.path(), card, as_of::Moment::now()).expect("a history").to_json();
    let kinds: Vec<_> =
        history("17")["events"].as_array().expect("a list").iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    assert_eq!(history("17")["events"][5]["sealed"]["reason"], "lost");
    assert_eq!(history("18")["events"][3]["sealed"], "[erased]");
}

#[test]
fn two_ledgers_part_where_they_first_differ() {
    let (one, other) = (Books::rich(), Books::rich());
    let compare = || diff(&one.path(), &other.path(), &Progress::silent()).expect("two ledgers");
    assert_eq!(compare(), Outcome::Identical { head: 20 });
    other.tamper("DELETE FROM events WHERE seq > 15");
    assert_eq!(compare(), Outcome::Prefix { shorter: "B", ends: 15, longer: "A", head: 20 });
    other.tamper("UPDATE events SET actor = 'key:2' WHERE seq = 7");
    let Outcome::Parted { seq: 7, columns, .. } = compare() else { panic!("{:?}", compare()) };
    assert_eq!(columns, ["actor"]);
    other.tamper("UPDATE events SET hash = zeroblob(32) WHERE seq >= 4");
    let Outcome::Parted { seq: 4, columns, .. } = compare() else { panic!("{:?}", compare()) };
    assert_eq!(columns, ["hash"]);
}

#[test]
fn the_chain_can_be_verified_from_an_export_alone() {
    let books = Books::rich();
    let mut lines = Vec::new();
    export::json_lines(&books.path(), &mut lines, &Progress::silent()).expect("an export");
    let rows: Vec<Value> =
        String::from_utf8(lines).expect("text").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 20);
    assert_chain(&rows);

    let mut text = Vec::new();
    export::csv(&books.path(), &mut text, &Progress::silent()).expect("an export");
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let numbers = ["seq", "command_seq", "recorded_at", "partner_id", "version", "schema"];
    let header = reader.headers().expect("a header").clone();
    let rows: Vec<Value> = reader
        .records()
        .map(|record| {
            let record = record.expect("a record");
            let fields = header.iter().zip(record.iter()).map(|(name, field)| {
                let nullable = ["idempotency_key", "fingerprint"].contains(&name) && field.is_empty();
                let value = match numbers.contains(&name) {
                    true => Value::from(field.parse::<i64>().expect("a number")),
                    false if nullable => Value::Null,
                    false => Value::from(field),
                };
                (name.to_owned(), value)
            });
            Value::Object(fields.collect())
        })
        .collect();
    assert_eq!(rows.len(), 20);
    assert_chain(&rows);
}

/// Verifies the chain of rows as an export has them.
pub(crate) fn assert_chain(rows: &[Value]) {
    let (mut chain, mut previous) = (ChainHasher::default(), GENESIS);
    for row in rows {
        let number = |name: &str| row[name].as_i64().unwrap_or_else(|| panic!("{name} of {row}"));
        let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"));
        let fingerprint = row["fingerprint"].as_str().map(|digits| hex::decode(digits).expect("hex"));
        let event = Event {
            seq: number("seq"),
            command_seq: number("command_seq"),
            recorded_at: number("recorded_at"),
            partner_id: number("partner_id"),
            stream: text("stream"),
            version: number("version"),
            kind: text("kind"),
            schema: number("schema"),
            actor: text("actor"),
            idempotency_key: row["idempotency_key"].as_str(),
            fingerprint: fingerprint.as_deref(),
            payload: text("payload"),
            hash: GENESIS,
        };
        previous = chain.hash(&previous, &event);
        assert_eq!(hex::encode(previous), text("hash"), "the hash of event {}", event.seq);
    }
}

#[test]
fn the_exit_code_tells_sound_from_unsound_from_unreadable() {
    let books = Books::rich();
    let data = books.directory.path().to_str().expect("a plain path").to_owned();
    let (code, out) = replay(&["verify", "--data", &data, "--json"]);
    let report: Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!((code, &report["ok"]), (0, &Value::Bool(true)), "{report:#}");
    let (code, out) = replay(&["balance", "--data", &data, "--card", "17", "--at", "2026-01-03"]);
    assert!(code == 0 && out.contains("available 450"), "{out}");

    books.tamper("UPDATE events SET actor = 'key:2' WHERE seq = 7");
    let (code, out) = replay(&["verify", "--data", &data]);
    assert!(code == 1 && out.contains("event 7: the stored hash"), "{out}");

    let no_ledger = books.directory.path().join("views.db");
    assert_eq!(replay(&["verify", "--ledger", no_ledger.to_str().expect("a plain path")]).0, 2);
    assert_eq!(replay(&["verify", "--ledger", "/nowhere/ledger.db"]).0, 2);
    assert_eq!(replay(&["verify"]).0, 2);
    assert_eq!(
        replay(&["rebuild", "--data", &data, "--out", no_ledger.to_str().expect("a plain path")]).0,
        2,
        "it overwrites nothing"
    );
}

#[test]
fn a_ledger_is_read_while_a_service_holds_it_open() {
    let mut books = Books::rich();
    books.ledger.execute_batch("BEGIN IMMEDIATE").expect("a write transaction");
    books.award(17, 5, "1005", None, (455, 555));
    let (code, out) = replay(&["verify", "--data", books.directory.path().to_str().expect("a plain path")]);
    assert!(code == 0 && out.contains("20 events"), "{out}");
}
