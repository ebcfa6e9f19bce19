//! `counterfoil keys`, beside a running service and without one.

use super::program::{Service, events, run};
use std::path::Path;

const CREATE_TILL: &str = "keys create --json --name till --shop 1 --scopes loyalty:read,points:manage --allowed-ips 10.0.0.0/8 --expires-at 2099-01-01";

#[test]
fn the_socket_and_the_directory_give_the_same_events() {
    let (beside, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run("init", beside.path()).ok();
    run("init", alone.path()).ok();

    let service = Service::start("serve", beside.path());
    let answers_beside = create_and_revoke(beside.path());
    assert_eq!(service.terminate().0, 0);
    let answers_alone = create_and_revoke(alone.path());

    assert_eq!(events(beside.path()), events(alone.path()));
    assert_eq!(answers_beside, answers_alone);
    let events = events(alone.path());
    assert_eq!(events.len(), 4 + 3);
    assert!(events.iter().all(|(_, actor, _)| actor == "cli"));
}

// Everything that the log can tell apart; answers what does not differ from run to run.
fn create_and_revoke(dir: &Path) -> Vec<String> {
    let pair = run(CREATE_TILL, dir).json();
    let bearer = run("keys create --json --bearer --shop 1", dir).json();
    let by_public_id = format!("keys revoke --key {}", pair["api_key"].as_str().unwrap());
    run(&by_public_id, dir).ok();
    let again = run("keys revoke --key key_2", dir).ok();
    assert!(again.contains("already"), "{again}");
    assert!(bearer["bearer_token"].as_str().unwrap().starts_with("ltb_"));
    let listed = run("keys list --json", dir).json();
    let listed = listed.as_array().unwrap();
    assert!(listed[1]["revoked_at"].is_string());
    assert!(listed[2]["revoked_at"].is_null());
    listed.iter().map(|key| format!("{} {} {} {}", key["key_id"], key["form"], key["shop_id"], key["scopes"])).collect()
}

#[test]
fn a_key_that_cannot_be_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    for (wrong, why) in [
        ("keys create --shop 7", "no shop 7"),
        ("keys create --partner 3", "no partner 3"),
        ("keys create --bearer", "--shop"),
        ("keys create --scopes everything", "loyalty:read"),
        ("keys create --allowed-ips 10.0.0.0/40", "address"),
        ("keys create --expires-at 2001-01-01", "expired"),
        ("keys revoke --key 9", "no key 9"),
        ("keys revoke --key lty_nobody", "no key lty_nobody"),
    ] {
        let complaint = run(wrong, dir.path()).refused();
        assert!(complaint.contains(why), "{wrong}: {complaint}");
    }
    assert_eq!(events(dir.path()).len(), 4);
    let ops = rusqlite::Connection::open(dir.path().join("ops.db")).unwrap();
    assert_eq!(ops.query_row("SELECT count(*) FROM key_secrets", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn a_list_shows_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let secret = run("init --json", dir.path()).json()["api_secret"].as_str().unwrap().to_owned();
    assert!(!run("keys list", dir.path()).ok().contains(&secret));
    assert!(!run("keys list --json", dir.path()).ok().contains(&secret));
}

#[test]
fn a_directory_without_a_ledger_says_how_to_make_one() {
    let dir = tempfile::tempdir().unwrap();
    let complaint = run("keys list", dir.path()).refused();
    assert!(complaint.contains("counterfoil init"), "{complaint}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "looking leaves nothing behind");
}
