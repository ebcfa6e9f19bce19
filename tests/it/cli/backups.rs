//! The backups that `serve` makes by itself.

use super::program::{Service, command, eventually, run};
use crate::support::verify;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// What on the shelf has the name of a backup.
fn backups(shelf: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(shelf) else { return Vec::new() };
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("20");
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(named).collect();
    found.sort();
    found
}

#[test]
fn backups_are_made_on_time_and_the_newest_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (books, shelf) = (folder.path().join("books"), folder.path().join("shelf"));
    run("init", &books).ok();
    std::fs::create_dir_all(shelf.join("photos")).unwrap();
    let words = format!("serve --backup-to {} --backup-every 1s --backup-keep 2", shelf.display());
    let service = Service::start(&words, &books);
    eventually("a first backup", || backups(&shelf).len() == 1);
    let first = backups(&shelf).remove(0);
    run("keys create", &books).ok();
    eventually("the first one is removed", || !first.exists() && backups(&shelf).len() == 2);
    eventually("status tells of it", || run("status --json", &books).json()["backups"]["events"].as_i64() >= Some(6));
    assert_eq!(service.terminate().0, 0);
    assert!(shelf.join("photos").exists());
    for (place, backup) in backups(&shelf).iter().enumerate() {
        verify(backup);
        let restored = folder.path().join(format!("restored-{place}"));
        run(&format!("restore --from {}", backup.display()), &restored).ok();
    }
    // The next start counts on from the newest one.
    let kept = backups(&shelf);
    let service = Service::start(&words.replace("1s", "1h"), &books);
    run("keys create", &books).ok();
    assert_eq!(service.terminate().0, 0);
    assert_eq!(backups(&shelf), kept);
}

#[test]
fn where_no_backup_can_be_made_that_is_said_and_the_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (books, shelf) = (folder.path().join("books"), folder.path().join("shelf"));
    run("init", &books).ok();
    let service = Service::start(&format!("serve --backup-to {} --backup-every 1s", shelf.display()), &books);
    eventually("the failure is said", || run("status --json", &books).json()["backups"]["failing"] == true);
    run("keys create", &books).ok();
    assert!(!shelf.exists(), "it would lie where a disk is to be mounted");
    // The disk comes: the next try succeeds.
    std::fs::create_dir(&shelf).unwrap();
    eventually("a backup", || run("status --json", &books).json()["backups"]["events"].is_i64());
    assert_eq!(run("status --json", &books).json()["backups"]["failing"], false);
    let (code, log) = service.terminate();
    assert_eq!(code, 0);
    assert!(log.contains("no backup could be made") && log.contains("is no directory"), "{log}");
}

#[test]
fn whatever_has_the_name_of_a_backup_is_whole_however_often_the_service_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (books, shelf) = (folder.path().join("books"), folder.path().join("shelf"));
    run("init", &books).ok();
    std::fs::create_dir(&shelf).unwrap();
    for round in 0..8 {
        let words = format!("serve --listen 127.0.0.1:0 --backup-to {} --backup-every 1s", shelf.display());
        let mut serving =
            command(&words).arg("--data").arg(&books).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(60 + 45 * round));
        serving.kill().unwrap();
        serving.wait().unwrap();
        backups(&shelf).iter().for_each(|backup| verify(backup));
    }
    let service = Service::start(&format!("serve --backup-to {} --backup-every 1s", shelf.display()), &books);
    eventually("a backup", || !backups(&shelf).is_empty());
    assert_eq!(service.terminate().0, 0);
    let restored = folder.path().join("restored");
    run(&format!("restore --from {}", backups(&shelf).remove(0).display()), &restored).ok();
    verify(&restored);
}

#[test]
fn a_backup_of_the_future_does_not_stand_for_those_that_are_due() {
    let folder = tempfile::tempdir().unwrap();
    let (books, shelf) = (folder.path().join("books"), folder.path().join("shelf"));
    run("init", &books).ok();
    let made = shelf.join("made");
    run(&format!("backup --to {}", made.display()), &books).ok();
    let label = std::fs::read_to_string(made.join("backup.json")).unwrap();
    let mut label: serde_json::Value = serde_json::from_str(&label).unwrap();
    label["made_at"] = "2999-01-01T00:00:00Z".into();
    std::fs::write(made.join("backup.json"), label.to_string()).unwrap();
    let future = shelf.join(format!("29990101T000000Z-{}", label["events"]));
    std::fs::rename(made, &future).unwrap();
    let service =
        Service::start(&format!("serve --backup-to {} --backup-every 1h --backup-keep 1", shelf.display()), &books);
    eventually("a backup of today", || backups(&shelf).len() == 1);
    assert_eq!(service.terminate().0, 0);
    assert!(future.exists());
}

#[test]
fn a_place_within_the_ledgers_own_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books");
    run("init", &books).ok();
    for words in ["config check", "serve"] {
        let complaint = run(&format!("{words} --backup-to {}/backups", books.display()), &books).refused();
        assert!(complaint.contains("would be lost with what it is a copy of"), "{complaint}");
    }
    run("serve --backup-keep 0", &books).refused();
}
