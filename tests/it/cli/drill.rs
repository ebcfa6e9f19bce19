//! What a restore, a reset and a drill must not do: to the wrong person, the wrong directory, or somebody outside.

use super::program::{Service, events, eventually, run};
use super::restore::{Scene, last_of, remove_databases};
use crate::support::{Client, Reaction, Receiver, verify};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn copy_to(scene: &Scene, name: &str, books: &Path) -> std::path::PathBuf {
    let copy = scene.path(name);
    run(&format!("backup --to {}", copy.display()), books).ok();
    copy
}

fn append_nonsense(books: &Path) {
    let ledger = rusqlite::Connection::open(books.join("ledger.db")).unwrap();
    ledger.execute_batch("DROP TRIGGER events_refuse_update").unwrap();
    let spoil =
        "UPDATE events SET kind = 'key.revoked', payload = '{\"none\":1}' WHERE seq = (SELECT max(seq) FROM events)";
    assert_eq!(ledger.execute(spoil, []).unwrap(), 1);
}

#[test]
fn a_number_that_was_given_out_twice_is_not_revoked_twice() {
    let scene = Scene::begin();
    let other = scene.path("other");
    run(&format!("restore --from {}", scene.copy.display()), &other).ok();
    let kept = run("keys create --json", &other).json();
    let copy = copy_to(&scene, "second", &other);
    let lost = run("keys create --json", &scene.books).json();
    run(&format!("keys revoke --key {}", lost["api_key"].as_str().unwrap()), &scene.books).ok();
    let told = run(&format!("restore --from {} --discard-events 2", copy.display()), &scene.books).ok();
    assert!(!told.contains("Revoked again"), "{told}");
    let listed = run("keys list --json", &scene.books).json();
    let of_key = |listed: &&Value| listed["public_id"] == kept["api_key"];
    assert!(listed.as_array().unwrap().iter().find(of_key).unwrap()["revoked_at"].is_null(), "{listed}");
}

#[test]
fn a_log_whose_last_part_cannot_be_understood_is_replaced_and_that_is_said() {
    let scene = Scene::begin();
    run("keys create", &scene.books).ok();
    run("keys create", &scene.books).ok();
    append_nonsense(&scene.books);
    let words = format!("restore --from {}", scene.copy.display());
    let complaint = run(&words, &scene.books).refused();
    assert!(complaint.contains("--discard-events 2"), "{complaint}");
    let told = run(&format!("{words} --discard-events unknown"), &scene.books).ok();
    assert!(told.contains("cannot be read to its end"), "{told}");
    verify(&scene.books);
}

#[test]
fn a_key_that_the_log_has_forgotten_still_tells_how_far_it_signed() {
    let scene = Scene::begin();
    for words in ["audit-key rotate", "keys create", "checkpoint"] {
        run(words, &scene.books).ok();
    }
    remove_databases(&scene.books, &["ledger.db", "views.db"]);
    std::fs::copy(scene.copy.join("ledger.db"), scene.books.join("ledger.db")).unwrap();
    let complaint = run("keys create", &scene.books).refused();
    assert!(complaint.contains("a checkpoint of 9 events was signed"), "{complaint}");
    run("audit-key rotate --lost 9", &scene.books).ok();
    assert_eq!(last_of(&scene.books, "checkpoint_key.retired")["signed"]["size"], 9);
    run("keys create", &scene.books).ok();
    run("checkpoint", &scene.books).ok();
    verify(&scene.books);
}

#[test]
fn a_copy_of_the_other_environment_and_of_another_log_is_put_in_place_only_where_both_are_named() {
    let scene = Scene::begin();
    let trial = scene.path("trial");
    run("init --environment staging --origin example.com/trial", &trial).ok();
    let copy = copy_to(&scene, "of-trial", &trial);
    let before = events(&scene.books);
    let words = format!("restore --from {}", copy.display());
    for (more, why) in [
        ("", "made for production, and the copy is of staging. If that is meant: --becomes staging"),
        ("--becomes production", "the copy is of staging"),
        (
            "--becomes staging",
            "another log than the copy, with no event in common. If that is meant: --other-log example.com/trial",
        ),
        ("--becomes staging --other-log example.com/books", "--other-log example.com/trial"),
        ("--becomes staging --other-log example.com/trial", "--discard-events 6"),
    ] {
        let complaint = run(&format!("{words} {more}"), &scene.books).refused();
        assert!(complaint.contains(why), "{more}: {complaint}");
        assert_eq!(events(&scene.books), before);
    }
    run(&format!("{words} --becomes staging --other-log example.com/trial --discard-events 6"), &scene.books).ok();
    assert_eq!(run("status --json", &scene.books).json()["environment"], "staging");
    assert_eq!(last_of(&scene.books, "checkpoint_key.retired"), serde_json::json!({"key": 1, "cause": "restored"}));
    verify(&scene.books);
}

#[test]
fn the_settings_of_another_environment_or_of_a_backup_are_not_sound() {
    let scene = Scene::begin();
    let complaint = run("config check --environment staging", &scene.books).refused();
    assert!(complaint.contains("made for production, and is not served as staging"), "{complaint}");
    run("config check --environment production", &scene.books).ok();
    let complaint = run("config check", &scene.copy).refused();
    assert!(complaint.contains("is a backup"), "{complaint}");
}

#[test]
fn a_backup_of_a_staging_directory_is_not_reset_and_what_a_restore_put_aside_is_named() {
    let scene = Scene::begin();
    let trial = scene.path("trial");
    run("init --environment staging --origin example.com/trial", &trial).ok();
    let copy = copy_to(&scene, "of-trial", &trial);
    let before = events(&copy);
    let complaint = run("reset --confirm example.com/trial", &copy).refused();
    assert!(complaint.contains("is a backup"), "{complaint}");
    assert_eq!(events(&copy), before);
    let report = run(&format!("restore --json --from {}", copy.display()), &trial).json();
    let told = run("reset --confirm example.com/trial", &trial).ok();
    assert!(told.contains(report["replaced"].as_str().unwrap()), "{told}");
}

#[test]
fn a_copy_that_is_not_what_its_label_says_replaces_nothing() {
    let scene = Scene::begin();
    run("keys create", &scene.books).ok();
    let newer = copy_to(&scene, "newer", &scene.books);
    let before = events(&scene.books);
    std::fs::copy(scene.copy.join("ledger.db"), newer.join("ledger.db")).unwrap();
    let finished = run(&format!("restore --from {} --discard-events 1", newer.display()), &scene.books);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("backup.json says 7 events"), "{}", finished.stderr);
    assert_eq!(events(&scene.books), before);
}

#[test]
fn a_checkpoint_of_another_log_and_one_that_cannot_be_written_are_refused_before_anything_is_changed() {
    let scene = Scene::begin();
    let other = scene.path("other");
    run("init --origin example.com/other", &other).ok();
    let (file, note) = (scene.path("checkpoint"), run("checkpoint", &other).ok());
    std::fs::write(&file, &note).unwrap();
    let complaint = scene.restore(&format!("--checkpoint {}", file.display())).refused();
    assert!(complaint.contains("is a checkpoint of example.com/other"), "{complaint}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), note);
    let nowhere = scene.path("unmounted").join("checkpoint");
    let complaint = scene.restore(&format!("--checkpoint {}", nowhere.display())).refused();
    assert!(complaint.contains("unmounted"), "{complaint}");
    let ledger = rusqlite::Connection::open(scene.books.join("ledger.db")).unwrap();
    let retired = "SELECT count(*) FROM events WHERE kind = 'checkpoint_key.retired'";
    assert_eq!(ledger.query_row(retired, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_dormant_service_sends_nothing_and_writes_nothing() {
    let scene = Scene::begin();
    let (books, shelf) = (scene.path("demo"), scene.path("shelf"));
    std::fs::create_dir(&shelf).unwrap();
    Service::start("demo", &books).terminate();
    let checkpoints = || {
        let ledger = rusqlite::Connection::open(books.join("ledger.db")).unwrap();
        let made = "SELECT count(*) FROM events WHERE kind = 'checkpoint.made'";
        ledger.query_row(made, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let signed = checkpoints();
    let receiver = Receiver::start(|_| Reaction::Answer(200));
    let awake = format!(
        "serve --webhooks-allow-private --checkpoint-every 1s --backup-every 1s --backup-to {}",
        shelf.display()
    );
    let service = Service::start(&format!("{awake} --dormant"), &books);
    run(&format!("webhooks create --url {} --events *", receiver.url), &books).ok();
    run("webhooks redeliver --webhook 1 --from 1", &books).ok();
    run("keys create", &books).ok();
    let health = |service: &Service| Client::new(&format!("http://{}", service.address())).get("/health").data(200);
    let told = health(&service);
    assert_eq!((&told["status"], &told["dormant"]), (&json!("ok"), &json!(true)));
    assert_eq!(run("status --json", &books).json()["dormant"], true);
    std::thread::sleep(Duration::from_millis(2_500));
    let (code, log) = service.terminate();
    assert_eq!(code, 0);
    assert!(log.lines().next().unwrap().contains("dormant: sends no webhooks, and no job runs"), "{log}");
    let shelved = || std::fs::read_dir(&shelf).unwrap().count();
    assert_eq!((receiver.all().len(), checkpoints(), shelved()), (0, signed, 0));
    let service = Service::start(&awake, &books);
    assert_eq!(
        (&health(&service)["dormant"], &run("status --json", &books).json()["dormant"]),
        (&json!(false), &json!(false))
    );
    eventually("everything that waited", || !receiver.all().is_empty() && checkpoints() > signed && shelved() > 0);
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn an_import_that_was_going_on_is_known_of_the_copy_and_where_it_is_put() {
    let scene = Scene::begin();
    let mark = |dir: &Path| dir.join("import.unfinished");
    std::fs::write(mark(&scene.books), b"").unwrap();
    let copy = copy_to(&scene, "during", &scene.books);
    let fresh = scene.path("fresh");
    run(&format!("restore --from {}", copy.display()), &fresh).ok();
    assert!(mark(&fresh).exists(), "the copy was made during an import");
    scene.restore("").json();
    assert!(mark(&scene.books).exists(), "the import of this log has not ended");
    let plain = scene.path("plain");
    run(&format!("restore --from {}", scene.copy.display()), &plain).ok();
    assert!(!mark(&plain).exists());
}

#[test]
fn a_copy_that_nobody_decided_for_is_gone_with_the_next_command() {
    let scene = Scene::begin();
    let making = scene.books.join(".making");
    std::fs::create_dir(&making).unwrap();
    std::fs::copy(scene.books.join("ledger.db"), making.join("ledger.db")).unwrap();
    run("status", &scene.books).ok();
    assert!(!making.exists());
}

#[test]
fn a_checkpoint_copy_that_is_not_there_is_missed() {
    let scene = Scene::begin();
    let words = format!("serve --checkpoint-copy {}", scene.path("unmounted").join("checkpoint").display());
    let (code, log) = Service::start(&words, &scene.books).terminate();
    assert_eq!(code, 0);
    assert!(log.contains("is its disk mounted?"), "{log}");
}
