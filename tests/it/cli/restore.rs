//! `counterfoil restore`, and what becomes of a log that was put back to an older copy.

use super::program::{Service, any_file_holds, command, events, run};
use crate::support::verify;
use counterfoil::ops::Secrets;
use counterfoil::storage::DataDir;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

/// A directory with room for a ledger and its copies.
pub(super) struct Scene {
    folder: tempfile::TempDir,
    pub(super) books: PathBuf,
    pub(super) copy: PathBuf,
}

impl Scene {
    /// A ledger with one checkpoint, and a backup of it.
    pub(super) fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (books, copy) = (folder.path().join("books"), folder.path().join("copy"));
        run("init --origin example.com/books", &books).ok();
        run("checkpoint", &books).ok();
        run(&format!("backup --to {}", copy.display()), &books).ok();
        Self { folder, books, copy }
    }

    pub(super) fn restore(&self, more: &str) -> super::program::Finished {
        run(&format!("restore --json --from {} {more}", self.copy.display()), &self.books)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub(super) fn last_of(dir: &Path, kind: &str) -> Value {
    let ledger = rusqlite::Connection::open(dir.join("ledger.db")).unwrap();
    let sql = "SELECT payload FROM events WHERE kind = ?1 ORDER BY seq DESC LIMIT 1";
    let payload: String = ledger.query_row(sql, [kind], |row| row.get(0)).unwrap();
    serde_json::from_str(&payload).unwrap()
}

pub(super) fn remove_databases(dir: &Path, names: &[&str]) {
    for name in names {
        for suffix in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(dir.join(format!("{name}{suffix}"))));
        }
    }
}

#[test]
fn a_backup_put_in_an_empty_place_says_that_it_was_and_serves() {
    let scene = Scene::begin();
    let fresh = scene.path("fresh");
    let report = run(&format!("restore --json --from {}", scene.copy.display()), &fresh).json();
    assert_eq!((&report["discarded"], &report["replaced"]), (&Value::from(0), &Value::Null), "{report}");
    assert_eq!(events(&fresh), events(&scene.books));
    assert_eq!(last_of(&fresh, "checkpoint_key.retired"), serde_json::json!({"key": 1, "cause": "restored"}));
    verify(&fresh);
    let service = Service::start("serve", &fresh);
    run("keys create", &fresh).ok();
    assert_eq!(service.terminate().0, 0);
    verify(&fresh);
    verify(&scene.copy);
}

#[test]
fn a_backup_itself_is_not_served_and_not_written() {
    let scene = Scene::begin();
    for words in ["serve --listen 127.0.0.1:0", "keys create", "audit-key rotate"] {
        let complaint = run(words, &scene.copy).refused();
        assert!(complaint.contains("is a backup: `counterfoil restore --from"), "{complaint}");
    }
}

#[test]
fn what_an_older_copy_lacks_is_given_up_only_by_its_exact_number_and_is_kept_beside() {
    let scene = Scene::begin();
    run("keys create", &scene.books).ok();
    run("keys create", &scene.books).ok();
    let before = events(&scene.books);
    for wrong in ["", "--discard-events 1", "--discard-events 3", "--discard-events unknown"] {
        let complaint = scene.restore(wrong).refused();
        assert!(complaint.contains("same up to event 6 only: 2 events, recorded from"), "{wrong}: {complaint}");
        assert!(complaint.contains("--discard-events 2"), "{complaint}");
        assert_eq!(events(&scene.books), before, "{wrong}");
    }
    let report = scene.restore("--discard-events 2").json();
    assert_eq!((&report["events"], &report["discarded"]), (&Value::from(6), &Value::from(2)));
    assert_eq!(events(Path::new(report["replaced"].as_str().unwrap())), before, "it is kept");
    assert_eq!(events(&scene.books), before[..before.len() - 2]);
    verify(&scene.books);
    run("keys create", &scene.books).ok();
    verify(&scene.books);
    // The one that is served now and the copy have parted.
    let complaint = scene.restore("").refused();
    assert!(complaint.contains("same up to event 6 only"), "{complaint}");
}

#[test]
fn a_log_that_cannot_be_read_is_replaced_by_whoever_says_that_nobody_knows_what_is_lost() {
    let scene = Scene::begin();
    remove_databases(&scene.books, &["ledger.db"]);
    std::fs::write(scene.books.join("ledger.db"), b"no database at all, but long enough to be told from an empty one")
        .unwrap();
    let complaint = scene.restore("").refused();
    assert!(complaint.contains("cannot be read") && complaint.contains("--discard-events unknown"), "{complaint}");
    let report = scene.restore("--discard-events unknown").json();
    assert!(report["discarded"].is_null(), "{report}");
    assert_eq!(last_of(&scene.books, "checkpoint_key.retired")["cause"], "restored");
    verify(&scene.books);
}

#[test]
fn what_was_revoked_or_erased_since_the_copy_does_not_come_back() {
    let scene = Scene::begin();
    let books = scene.path("demo");
    let copy = scene.path("demo-copy");
    Service::start("demo", &books).terminate();
    let key = run("keys create --json", &books).json();
    run(&format!("backup --to {}", copy.display()), &books).ok();
    run(&format!("keys revoke --key {}", key["api_key"].as_str().unwrap()), &books).ok();
    run("erase --customer 1", &books).ok();
    let told = run(&format!("restore --from {} --discard-events 2", copy.display()), &books).ok();
    assert!(told.contains("Revoked again: 1 keys; erased again: 1 people"), "{told}");
    assert!(!any_file_holds(&books, "ona@example.com"));
    let listed = run("keys list --json", &books).json();
    let of_key = |listed: &&Value| listed["public_id"] == key["api_key"];
    assert!(listed.as_array().unwrap().iter().find(of_key).unwrap()["revoked_at"].is_string(), "{listed}");
    verify(&books);
}

#[test]
fn a_key_of_the_copy_works_and_one_made_later_does_not() {
    let scene = Scene::begin();
    let early = run("keys create --json", &scene.books).json();
    let copy = scene.path("later");
    run(&format!("backup --to {}", copy.display()), &scene.books).ok();
    let late = run("keys create --json", &scene.books).json();
    run(&format!("restore --from {} --discard-events 1", copy.display()), &scene.books).ok();
    let secrets = Secrets::open(&DataDir::new(&scene.books)).unwrap();
    let works = |key: &Value| secrets.verify(key["api_key"].as_str().unwrap(), key["api_secret"].as_str().unwrap());
    assert!(works(&early) && !works(&late));
}

#[test]
fn a_copy_that_does_not_verify_replaces_nothing() {
    let scene = Scene::begin();
    let before = std::fs::read(scene.books.join("ledger.db")).unwrap();
    let ledger = rusqlite::Connection::open(scene.copy.join("ledger.db")).unwrap();
    let trigger: String = ledger
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'events_refuse_update'", [], |row| row.get(0))
        .unwrap();
    ledger.execute_batch("DROP TRIGGER events_refuse_update; UPDATE events SET actor = 'key:9' WHERE seq = 2").unwrap();
    ledger.execute_batch(&trigger).unwrap();
    drop(ledger);
    let finished = scene.restore("");
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("event 2"), "{}", finished.stderr);
    assert_eq!(std::fs::read(scene.books.join("ledger.db")).unwrap(), before);
    run("keys create", &scene.books).ok();
}

#[test]
fn a_directory_that_is_served_is_left_alone() {
    let scene = Scene::begin();
    let service = Service::start("serve", &scene.books);
    let complaint = scene.restore("").refused();
    assert!(complaint.contains("another process serves"), "{complaint}");
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn without_secrets_a_ledger_is_restored_only_where_that_is_said() {
    let scene = Scene::begin();
    let fresh = scene.path("fresh");
    std::fs::remove_file(scene.copy.join("ops.db")).unwrap();
    let words = format!("restore --from {}", scene.copy.display());
    let complaint = run(&words, &fresh).refused();
    assert!(complaint.contains("no ops.db"), "{complaint}");
    let told = run(&format!("{words} --without-secrets"), &fresh).ok();
    assert!(told.contains("1 keys have no secret"), "{told}");
    run("keys create", &fresh).ok();
    verify(&fresh);
    // A key that nobody can use any more is in the way of a backup until somebody says that it is meant.
    let again = scene.path("again");
    let backup = run(&format!("backup --to {}", again.display()), &fresh);
    assert!(backup.code != 0 && backup.stderr.contains("counterfoil keys revoke"), "{}", backup.stderr);
    run("keys revoke --key 1", &fresh).ok();
    run(&format!("backup --to {}", again.display()), &fresh).ok();
}

#[test]
fn a_log_behind_what_ops_db_knows_to_be_signed_is_not_continued_until_somebody_says_so() {
    let scene = Scene::begin();
    run("keys create", &scene.books).ok();
    run("checkpoint", &scene.books).ok();
    remove_databases(&scene.books, &["ledger.db", "views.db"]);
    std::fs::copy(scene.copy.join("ledger.db"), scene.books.join("ledger.db")).unwrap();
    for words in ["keys create", "checkpoint", "audit-key rotate"] {
        let complaint = run(words, &scene.books).refused();
        assert!(complaint.contains("a checkpoint of 7 events was signed"), "{words}: {complaint}");
    }
    let complaint = run("serve --listen 127.0.0.1:0", &scene.books).refused();
    assert!(complaint.contains("ends at event 6, but a checkpoint of 7 events was signed"), "{complaint}");
    let complaint = run("audit-key rotate --lost 8", &scene.books).refused();
    assert!(complaint.contains("of 7 events"), "{complaint}");
    run("audit-key rotate --lost 7", &scene.books).ok();
    let retired = last_of(&scene.books, "checkpoint_key.retired");
    assert_eq!((&retired["cause"], &retired["signed"]["size"]), (&Value::from("restored"), &Value::from(7)));
    run("keys create", &scene.books).ok();
    let complaint = run("audit-key rotate --lost 7", &scene.books).refused();
    assert!(complaint.contains("leave --lost out"), "{complaint}");
    verify(&scene.books);
}

#[test]
fn a_whole_directory_put_back_is_known_by_the_copy_of_its_checkpoint() {
    let scene = Scene::begin();
    let outside = scene.path("checkpoint");
    let older = scene.path("older");
    let words = format!("serve --checkpoint-every 1s --checkpoint-copy {}", outside.display());
    run(&format!("restore --from {}", scene.copy.display()), &older).ok();
    let service = Service::start(&words, &scene.books);
    run("keys create", &scene.books).ok();
    super::program::eventually("the checkpoint of the new key", || {
        std::fs::read_to_string(&outside).is_ok_and(|note| note.lines().nth(1) == Some("7"))
    });
    assert_eq!(service.terminate().0, 0);
    let complaint = run(&format!("{words} --listen 127.0.0.1:0"), &older).refused();
    assert!(complaint.contains("first 7 events are not those that were signed"), "{complaint}");
    let means = format!("audit-key rotate --lost 7 --checkpoint {}", outside.display());
    assert!(complaint.contains(&means), "{complaint}");
    let same = scene.path("same");
    std::fs::copy(&outside, &same).unwrap();
    run(&format!("audit-key rotate --lost 7 --checkpoint {}", same.display()), &older).ok();
    assert_eq!(last_of(&older, "checkpoint_key.retired")["signed"]["size"], 7);
    // Put in the place of the newer one, with the checkpoint at hand, it says what it is.
    let restored = scene.restore(&format!("--discard-events 2 --checkpoint {}", outside.display()));
    restored.json();
    assert_eq!(last_of(&scene.books, "checkpoint_key.retired")["signed"]["size"], 7);
    assert!(scene.path("checkpoint.before-7").exists());
    let service = Service::start(&words, &scene.books);
    assert_eq!(service.terminate().0, 0);
    let other = scene.path("other");
    run("init --origin example.com/other", &other).ok();
    let complaint = run(&format!("{words} --listen 127.0.0.1:0"), &other).refused();
    assert!(complaint.contains("is a checkpoint of example.com/books"), "{complaint}");
}

#[test]
fn a_restore_killed_at_any_instant_leaves_the_one_ledger_or_the_other() {
    let scene = Scene::begin();
    run("keys create", &scene.books).ok();
    let (old, new) = (events(&scene.books), events(&scene.copy));
    let begun = Instant::now();
    run(&format!("restore --from {}", scene.copy.display()), &scene.path("elsewhere")).ok();
    let whole = begun.elapsed();
    let mut seen = [false; 2];
    for round in 0..14 {
        let words = format!("restore --from {} --discard-events 1", scene.copy.display());
        let mut command = command(&words);
        let mut restoring = command.arg("--data").arg(&scene.books).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * round / 10);
        drop(restoring.kill());
        restoring.wait().unwrap();
        run("status", &scene.books).ok();
        let held = events(&scene.books);
        assert!(held == old || held == new, "round {round}: {held:?}");
        verify(&scene.books);
        seen[usize::from(held == new)] = true;
        if held == new {
            break;
        }
    }
    assert!(seen[0], "the first kill came at once");
    run("keys create", &scene.books).ok();
}
