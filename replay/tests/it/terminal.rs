//! What the tool prints of a file that somebody else made: nothing that a terminal obeys.

use super::books::Books;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const HOSTILE: &str = "\u{1b}[2J\u{9b}1A\r\nThe ledger is sound.\u{202e}";

fn run(arguments: &[&str], file: &Path, code: i32) -> String {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_counterfoil-replay")).args(arguments).arg(file).output().expect("the tool");
    let text = String::from_utf8([stdout, stderr].concat()).expect("text");
    assert_eq!(status.code(), Some(code), "{text}");
    assert!(!text.contains(|letter: char| letter != '\n' && letter.is_control() || letter == '\u{202e}'), "{text:?}");
    assert!(!text.contains("\nThe ledger is sound."), "{text:?}");
    text
}

#[test]
fn a_findings_words_are_shown_and_not_obeyed() {
    let books = Books::with_card();
    let subject = format!("customer:9{HOSTILE}");
    books.tamper(&format!("UPDATE sealed_records SET subject = '{subject}' WHERE subject = 'customer:9'"));
    let text = run(&["verify", "--ledger"], &books.path(), 1);
    assert!(text.contains("said to be about customer:9\u{fffd}[2J"), "{text}");
}

#[test]
fn a_receipts_words_are_shown_and_not_obeyed() {
    let vector = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/vectors/seals.json");
    let vector: Value = serde_json::from_str(&std::fs::read_to_string(vector).expect("a vector")).expect("JSON");
    let key = vector["verifier_key"].as_str().expect("a key");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("receipt.json");
    let receipt = json!({"format": "counterfoil receipt v1", HOSTILE: 1});
    std::fs::write(&file, receipt.to_string()).expect("a file");
    let text = run(&["receipt", "--key", key], &file, 1);
    assert!(text.contains("NOT genuine") && text.contains("\u{fffd}[2J"), "{text}");
    let missing = directory.path().join("\u{1b}[2J.json");
    assert!(run(&["receipt", "--key", key], &missing, 2).contains("\u{fffd}[2J.json"));
}

#[test]
fn a_books_words_are_shown_and_not_obeyed() {
    let mut books = Books::with_card();
    let sealed = books.seal("shop:2", json!({"name": "x"}));
    books.actor = "key:1\u{1b}[2J\r\nThe ledger is sound.";
    books.command("shop:2", "shop.opened", None, json!({"shop": 2, "is_virtual": false, "sealed": sealed}));
    books.actor = "key:1";
    books.award(17, 5, HOSTILE, None, (0, 0));
    let history = run(&["history", "--card", "17", "--at", "2026-02-01", "--ledger"], &books.path(), 0);
    assert!(history.contains("order \u{fffd}[2J"), "{history}");
    let text = run(&["report", "--from", "2026-01-01", "--to", "2026-02-01", "--ledger"], &books.path(), 0);
    assert!(text.contains("key:1\u{fffd}[2J"), "{text}");
}
