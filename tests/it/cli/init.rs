//! `counterfoil init`

use super::program::{events, run};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

#[test]
fn init_prints_the_five_fields_in_order_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let printed = run("init --json", dir.path()).ok();
    let order: Vec<_> = ["partner_id", "shop_id", "template_id", "api_key", "api_secret"]
        .map(|field| printed.find(field).unwrap_or_else(|| panic!("{field} is missing")))
        .into();
    assert!(order.is_sorted(), "{printed}");
    assert_eq!(printed.lines().count(), 1);
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed.as_object().unwrap().len(), 5);
    assert_eq!(printed["partner_id"], 1);
    assert!(printed["api_key"].as_str().unwrap().starts_with("lty_"));
    assert!(printed["api_secret"].as_str().unwrap().starts_with("lts_"));
}

#[test]
fn init_founds_one_partner_one_shop_one_template_and_one_key() {
    let dir = tempfile::tempdir().unwrap();
    run("init --partner Bakery --currency SEK", dir.path()).ok();
    let events = events(dir.path());
    let kinds: Vec<_> = events.iter().map(|(kind, _, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["partner.created", "shop.opened", "template.created", "key.created"]);
    assert!(events.iter().all(|(_, actor, _)| actor == "cli"));
    assert_eq!(events[0].2["currency"], "SEK");
    assert_eq!(events[3].2["scopes"], serde_json::json!([]));
    assert_eq!(events[3].2.get("shop"), None, "the key is the partner's, not a shop's");
}

#[test]
fn init_leaves_a_directory_that_holds_a_ledger_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let before = contents(dir.path());
    let complaint = run("init", dir.path()).refused();
    assert!(complaint.contains("holds a ledger already"), "{complaint}");
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn init_can_be_repeated_after_it_was_cut_short() {
    let dir = tempfile::tempdir().unwrap();
    // What a crash in the middle leaves: the folder with half of the files, one of them moved already.
    fs::create_dir(dir.path().join(".unfinished")).unwrap();
    fs::write(dir.path().join(".unfinished/ledger.db"), b"torn").unwrap();
    fs::write(dir.path().join("ops.db"), b"torn").unwrap();
    run("serve --listen 127.0.0.1:0", dir.path()).refused();
    run("init", dir.path()).ok();
    assert!(!dir.path().join(".unfinished").exists());
    assert_eq!(events(dir.path()).len(), 4);
}

#[test]
fn init_refuses_a_currency_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in ["eur", "EURO", "€"] {
        run(&format!("init --currency {wrong}"), dir.path()).refused();
    }
    assert!(!dir.path().join("ledger.db").exists());
}

#[test]
fn only_the_owner_can_read_a_new_ledger() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("books");
    run("init", &dir).ok();
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o077, 0);
    for name in ["ledger.db", "views.db", "ops.db"] {
        assert_eq!(fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o077, 0, "{name}");
    }
}

#[test]
fn the_secret_is_not_in_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let printed = run("init --json", dir.path()).json();
    assert!(!super::program::any_file_holds(dir.path(), printed["api_secret"].as_str().unwrap()));
}

fn contents(dir: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut contents: Vec<_> = entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect();
    contents.sort();
    contents
}
