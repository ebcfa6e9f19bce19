//! `counterfoil checkpoint`, `counterfoil audit-key`, the credential of an auditor, and the schedule of `serve`.

use super::program::{Service, eventually, run};
use crate::support::{Client, verify};
use counterfoil_replay::note::{Checkpoint, LogKey};
use std::path::Path;

/// The keys of the log, the one in force last.
fn keys(dir: &Path) -> Vec<LogKey> {
    let listed = run("audit-key list --json", dir).json();
    let keys = listed.as_array().unwrap().iter();
    keys.map(|key| LogKey::parse(key["verifier_key"].as_str().unwrap()).unwrap()).collect()
}

fn opened(dir: &Path, note: &str) -> Checkpoint {
    keys(dir).last().unwrap().open(note).unwrap()
}

#[test]
fn a_checkpoint_is_the_same_from_the_command_line_and_over_http() {
    let dir = tempfile::tempdir().unwrap();
    let told = run("init --origin example.com/books", dir.path()).ok();
    assert!(told.contains("Checkpoints verify with example.com/books+"), "{told}");
    let note = run("checkpoint", dir.path()).ok();
    let checkpoint = opened(dir.path(), &note);
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/books", 5));
    assert_eq!(run("checkpoint", dir.path()).ok(), note, "nothing has happened since");

    let service = Service::start("serve --checkpoint-every 0", dir.path());
    assert_eq!(run("checkpoint", dir.path()).ok(), note, "beside a service");
    let made = run("keys create --audit-all --bearer --json", dir.path()).json();
    assert!(made["shop_id"].is_null() && made["partner_id"] == 0, "{made}");
    let token = format!("Bearer {}", made["bearer_token"].as_str().unwrap());
    let auditor = Client::new(&format!("http://{}", service.address())).with("Authorization", &token);
    assert_eq!(auditor.get("/audit/checkpoint").raw, note.as_bytes());
    assert_eq!(auditor.get("/audit/events").json()["events"][0]["kind"], "partner.created", "it sees all");
    auditor.get("/api/customers").error(403, "INSUFFICIENT_PERMISSIONS");
    let fresh = auditor.send("POST", "/audit/checkpoint", None);
    assert!(opened(dir.path(), std::str::from_utf8(&fresh.raw).unwrap()).size > 5);
    assert_eq!(service.terminate().0, 0);
    verify(dir.path());
    assert!(run("rebuild --check", dir.path()).ok().contains("no row differs"));
}

#[test]
fn a_rotated_key_signs_from_then_on_and_the_old_notes_stay_valid() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let before = run("checkpoint", dir.path()).ok();
    let listed = run("audit-key rotate", dir.path()).ok();
    assert!(listed.lines().next().unwrap().contains("retired") && listed.trim_end().ends_with("in force"), "{listed}");
    let after = run("checkpoint", dir.path()).ok();
    let keys = keys(dir.path());
    assert_eq!(keys.len(), 2);
    assert!(keys[0].open(&before).is_ok() && keys[1].open(&after).is_ok());
    assert!(keys[0].open(&after).is_err() && keys[1].open(&before).is_err());
    verify(dir.path());
}

#[test]
fn a_service_signs_by_itself_what_was_recorded_and_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let service = Service::start("serve --checkpoint-every 1s", dir.path());
    let rows = || {
        let ledger = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
        let made = "SELECT count(*) FROM events WHERE kind = 'checkpoint.made' AND actor = 'job:checkpoint'";
        ledger.query_row(made, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    eventually("the first checkpoint", || rows() == 1);
    run("keys create", dir.path()).ok();
    eventually("a checkpoint of the new key", || rows() == 2);
    let after_two = run("checkpoint", dir.path()).ok();
    assert_eq!(opened(dir.path(), &after_two).size, 7, "the five events, the checkpoint, and the key");
    assert_eq!(service.terminate().0, 0);
    assert_eq!(rows(), 2, "nothing but checkpoints has happened since");
    verify(dir.path());
}

#[test]
fn what_an_auditors_key_or_a_schedule_cannot_be_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    for wrong in [
        "keys create --audit-all --shop 1",
        "keys create --audit-all --scopes points:manage",
        "keys create --audit-all --partner 1",
        "keys create --partner 0",
        "serve --checkpoint-every often",
        "serve --witness nobody",
        "init --origin a+b",
    ] {
        run(wrong, dir.path()).refused();
    }
}
