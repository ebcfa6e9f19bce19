//! `counterfoil backup`, whole and for an auditor.

use super::program::{Service, any_file_holds, events, run};
use std::path::Path;

const EMAIL: &str = "ona@example.com";

fn backup(from: &Path, to: &Path, more: &str) -> super::program::Finished {
    run(&format!("backup --json --to {} {more}", to.display()), from)
}

#[test]
fn a_backup_taken_while_the_service_writes_is_a_ledger_that_can_be_restored() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let service = Service::start("serve", dir.path());
    let from = dir.path().to_owned();
    let writing = std::thread::spawn(move || (0..20).for_each(|_| drop(run("keys create", &from).ok())));
    let mut copies = Vec::new();
    while !writing.is_finished() {
        let to = copy.path().join(copies.len().to_string());
        copies.push((backup(dir.path(), &to, "").json(), to));
    }
    writing.join().unwrap();
    assert_eq!(service.terminate().0, 0);

    let all = events(dir.path());
    assert_eq!(all.len(), 4 + 20);
    for (report, to) in copies {
        let copied = events(&to);
        let ledger = rusqlite::Connection::open(to.join("ledger.db")).unwrap();
        let count = ledger.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(report["events"], count);
        assert_eq!(copied, all[..copied.len()], "a copy is a prefix of the log");
        let restored = to.with_extension("restored");
        run(&format!("restore --from {}", to.display()), &restored).ok();
        let keys = run("keys list --json", &restored).json().as_array().unwrap().len();
        assert_eq!(keys, copied.len() - 3, "the copy works as a ledger");
    }
}

#[test]
fn the_credentials_of_the_original_work_in_the_copy() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let printed = run("init --json", dir.path()).json();
    backup(dir.path(), copy.path(), "").json();
    let secrets = counterfoil::ops::Secrets::open(&counterfoil::storage::DataDir::new(copy.path())).unwrap();
    assert!(secrets.verify(printed["api_key"].as_str().unwrap(), printed["api_secret"].as_str().unwrap()));
}

#[test]
fn the_secrets_of_keys_and_webhooks_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let to = |name: &str| dir.path().join(name);
    let books = to("books");
    run("init", &books).ok();
    run("keys create", &books).ok();
    for port in [9001, 9002, 9003] {
        run(&format!("webhooks create --url https://receiver.example:{port}/ --events *"), &books).ok();
    }
    run("webhooks rotate --webhook 1", &books).ok();
    run("webhooks remove --webhook 2", &books).ok();
    let told = run(&format!("backup --to {}", to("copy").display()), &books).ok();
    assert!(told.contains("It holds the secrets of 2 keys and 2 webhooks.\n"), "{told}");
    assert!(!told.contains("no secret"), "{told}");

    let ledger = rusqlite::Connection::open(books.join("ledger.db")).unwrap();
    let third =
        "SELECT payload ->> '$.secret_id' FROM events WHERE kind = 'webhook.created' AND payload ->> '$.webhook' = 3";
    let third: String = ledger.query_row(third, [], |row| row.get(0)).unwrap();
    let ops = rusqlite::Connection::open(books.join("ops.db")).unwrap();
    assert_eq!(ops.execute("DELETE FROM webhook_secrets WHERE secret_id = ?1", [third]).unwrap(), 1);
    drop((ledger, ops));
    let told = run(&format!("backup --to {}", to("lacking").display()), &books).ok();
    assert!(told.contains("2 keys and 1 webhooks.\n1 webhooks have no secret and send nothing"), "{told}");
    let report = backup(&books, &to("counted"), "").json();
    assert_eq!(report["secrets"], serde_json::json!({ "keys": 2, "webhooks": 1 }));
    let told = run(&format!("restore --from {}", to("lacking").display()), &to("restored")).ok();
    assert!(told.contains("1 webhooks have no secret and send nothing."), "{told}");
}

#[test]
fn an_auditors_copy_has_the_whole_log_and_nothing_of_the_vault_or_the_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let service = Service::start("demo", dir.path());
    let report = backup(dir.path(), copy.path(), "--for-auditor").json();
    assert_eq!(service.terminate().0, 0);
    assert_eq!(report["files"], serde_json::json!(["ledger.db"]));
    assert!(report["secrets"].is_null(), "{report}");
    assert_eq!(events(copy.path()), events(dir.path()));
    for personal in [EMAIL, "Ona", "A coffee paid with points", "Demo Coffee"] {
        assert!(any_file_holds(dir.path(), personal), "{personal}");
        assert!(!any_file_holds(copy.path(), personal), "{personal}");
    }
    assert!(!copy.path().join("ops.db").exists());
    let ledger = rusqlite::Connection::open(copy.path().join("ledger.db")).unwrap();
    let update = ledger.execute("UPDATE events SET actor = 'x' WHERE seq = 1", []).unwrap_err();
    assert!(update.to_string().contains("append-only"), "the triggers came along: {update}");
}

#[test]
fn what_was_erased_is_not_in_a_later_backup() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let service = Service::start("demo", dir.path());
    run("erase --customer 1", dir.path()).ok();
    backup(dir.path(), copy.path(), "").json();
    assert_eq!(service.terminate().0, 0);
    assert!(!any_file_holds(copy.path(), EMAIL));
}

#[test]
fn a_backup_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    backup(dir.path(), copy.path(), "").json();
    let complaint = backup(dir.path(), copy.path(), "").refused();
    assert!(complaint.contains("holds a ledger already"), "{complaint}");
    backup(dir.path(), dir.path(), "").refused();
}

#[test]
fn a_log_that_does_not_verify_becomes_no_backup_and_exits_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let ledger = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    let trigger: String = ledger
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'events_refuse_update'", [], |row| row.get(0))
        .unwrap();
    ledger.execute_batch("DROP TRIGGER events_refuse_update; UPDATE events SET actor = 'key:9' WHERE seq = 2").unwrap();
    ledger.execute_batch(&trigger).unwrap();
    drop(ledger);
    let finished = backup(dir.path(), copy.path(), "");
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("event 2"), "{}", finished.stderr);
    assert!(!copy.path().join("ledger.db").exists());
}

#[test]
fn a_key_without_its_hash_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let ops = rusqlite::Connection::open(dir.path().join("ops.db")).unwrap();
    ops.execute("DELETE FROM key_secrets", []).unwrap();
    drop(ops);
    assert_eq!(backup(dir.path(), copy.path(), "").code, 1);
}
