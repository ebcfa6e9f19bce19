//! What a source may do to have nobody watch: send the watcher away, hide a row, or bring another key in a step that never ends.

use super::liar::Liar;
use super::scene::{Kept, Scene};
use crate::cli::program::{Service, eventually, run};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A mirror of a few awards, and a liar before the service.
fn mirrored() -> (Scene, Service, Liar, String) {
    let scene = Scene::begin();
    let service = scene.serve();
    let card = scene.till(&service).card("ona@example.com");
    scene.till(&service).award(&card, 3);
    scene.checkpoint();
    let liar = Liar::before(service.address());
    let finished = scene.follow(&liar.address, "");
    assert_eq!(finished.code, 0, "{finished:?}");
    (scene, service, liar, card)
}

fn refuse(liar: &Liar) -> Arc<AtomicUsize> {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    liar.lie(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        (401, json!({"error_code": "UNAUTHORIZED", "message": "go away"}).to_string().into_bytes())
    });
    asked
}

/// A program for `--on-alarm` and the file in which it notes what it was told.
fn program(scene: &Scene) -> (PathBuf, PathBuf) {
    let (program, told) = (scene.folder.path().join("tell"), scene.folder.path().join("told"));
    std::fs::write(&program, format!("#!/bin/sh\necho \"$1\" >> {}\n", told.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, told)
}

#[test]
fn a_follower_that_is_refused_stays_and_goes_on_when_it_may() {
    let (scene, service, liar, card) = mirrored();
    let asked = refuse(&liar);
    let mut follower = scene.spawn(&liar.address, "");
    eventually("it asks again", || asked.load(Ordering::SeqCst) >= 3);
    assert!(follower.runs());
    liar.lie(|_, answer| answer);
    scene.till(&service).award(&card, 1);
    eventually("it goes on", || Kept::of(&scene.mirror()).rows == Kept::of(&scene.data()).rows);
    assert!(follower.runs());
    follower.kill();
    assert_eq!(scene.alarms(), Vec::<Value>::new());
}

#[test]
fn a_follower_that_is_refused_for_long_alarms_without_being_asked_to() {
    let (scene, _service, liar, _) = mirrored();
    refuse(&liar);
    let finished = scene.spawn(&liar.address, "--stale-after 500ms").wait();
    assert!(finished.code == 3 && finished.stderr.contains("WARNING: the source: it refuses"), "{finished:?}");
    let alarm = &scene.alarms()[0];
    assert!(alarm["kind"] == "stale" && alarm["sentence"].as_str().unwrap().contains("refuses"), "{alarm:#}");
}

#[test]
fn a_row_that_is_hidden_after_all_others_were_shown_is_an_alarm() {
    let (scene, service, liar, card) = mirrored();
    let kept = Kept::of(&scene.mirror());
    scene.till(&service).award(&card, 2);
    let hidden = kept.rows.len() + 1;
    liar.lie(move |path, (status, body)| {
        if !path.starts_with("/audit/events") {
            return (status, body);
        }
        let mut page: Value = serde_json::from_slice(&body).unwrap();
        for row in page["events"].as_array_mut().unwrap().iter_mut().filter(|row| row["seq"] == hidden) {
            *row = json!({"seq": hidden, "hash": row["hash"]});
        }
        (status, page.to_string().into_bytes())
    });
    let alarm = scene.alarm(&scene.follow(&liar.address, ""), &kept);
    assert!(alarm["kind"] == "hidden" && alarm["seq"] == hidden, "{alarm:#}");
}

#[test]
fn another_key_is_told_of_also_where_the_step_that_brought_it_never_ends() {
    let (scene, service, liar, card) = mirrored();
    let (program, told) = program(&scene);
    let words = format!("--every 1ms --on-alarm {}", program.display());
    run("audit-key rotate", &scene.data()).ok();
    scene.till(&service).award(&card, 1);
    scene.checkpoint();
    liar.lie(|path, answer| if path.starts_with("/audit/proof") { (500, b"{}".to_vec()) } else { answer });
    let stopped = scene.follow(&liar.address, &words);
    assert_eq!((stopped.code, stopped.stderr.matches("was rotated").count()), (2, 1), "{stopped:?}");
    let notice = scene.mirror().join("notices/0001-rotation.json");
    let heard = || std::fs::read_to_string(&told).unwrap();
    assert_eq!(heard(), format!("{}\n", notice.display()));
    let written: Value = serde_json::from_slice(&std::fs::read(&notice).unwrap()).unwrap();
    let newest = run("audit-key list --json", &scene.data()).json()[1]["verifier_key"].clone();
    assert_eq!((&written["kind"], &written["key"]), (&json!("rotation"), &newest), "{written:#}");
    // Once is enough, and where the process was killed before it noted that, the next one tells.
    liar.lie(|_, answer| answer);
    let quiet = scene.follow(&liar.address, &words);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""), "{quiet:?}");
    let path = scene.mirror().join("follow.json");
    let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(state["told"].take(), newest);
    std::fs::write(&path, state.to_string()).unwrap();
    let again = scene.follow(&liar.address, &words);
    assert_eq!((again.code, again.stderr.matches("was rotated").count(), heard().lines().count()), (0, 1, 2));
    assert_eq!(scene.alarms(), Vec::<Value>::new(), "an honest rotation stops nobody");
}

#[test]
fn another_key_is_an_alarm_on_request() {
    let (scene, _service, liar, _) = mirrored();
    run("audit-key rotate", &scene.data()).ok();
    scene.checkpoint();
    let stopped = scene.follow(&liar.address, "--rotation-alarm");
    assert!(stopped.code == 3 && scene.alarms()[0]["kind"] == "rotation", "{stopped:?}");
    let known = scene.follow(&liar.address, "--rotation-alarm --acknowledge 0001-rotation");
    assert_eq!(known.code, 0, "{known:?}");
}

#[test]
fn each_of_two_rotations_in_a_step_is_an_alarm_of_its_own_on_request() {
    let (scene, _service, liar, _) = mirrored();
    run("audit-key rotate", &scene.data()).ok();
    run("audit-key rotate", &scene.data()).ok();
    scene.checkpoint();
    let words = ["", "--acknowledge 0001-rotation", "--acknowledge 0002-rotation"];
    let codes = words.map(|words| scene.follow(&liar.address, &format!("--rotation-alarm {words}")).code);
    assert_eq!(codes, [3, 3, 0]);
    let keys = run("audit-key list --json", &scene.data()).json();
    let told: Vec<Value> = scene.alarms().iter().map(|alarm| alarm["key"].clone()).collect();
    assert_eq!(told, [keys[1]["verifier_key"].clone(), keys[2]["verifier_key"].clone()]);
}

#[test]
fn a_source_that_takes_its_time_does_not_keep_its_alarm_from_being_told() {
    let (scene, _service, liar, _) = mirrored();
    let (program, told) = program(&scene);
    let kept = Kept::of(&scene.mirror());
    let asked = AtomicUsize::new(0);
    liar.lie(move |path, (status, body)| {
        if !path.starts_with("/audit/events?") {
            return (status, body);
        }
        if asked.fetch_add(1, Ordering::SeqCst) > 0 {
            // Longer than the whole search may take here.
            std::thread::sleep(Duration::from_millis(1_500));
        }
        let mut page: Value = serde_json::from_slice(&body).unwrap();
        for row in page["events"].as_array_mut().unwrap().iter_mut().filter(|row| row["seq"].as_i64() >= Some(3)) {
            row["recorded_at"] = json!(row["recorded_at"].as_i64().unwrap() + 1);
        }
        (status, page.to_string().into_bytes())
    });
    let finished = scene.follow(&liar.address, &format!("--stale-after 1s --on-alarm {}", program.display()));
    let alarm = scene.alarm(&finished, &kept);
    let head = json!(kept.rows.len());
    assert_eq!((&alarm["seq"], &alarm["event_shown"]["seq"]), (&head, &head), "as at first sight: {alarm:#}");
    assert_eq!(std::fs::read_to_string(&told).unwrap().lines().count(), 1);
}

#[test]
fn whoever_names_a_later_key_has_named_the_one_that_it_came_from() {
    let scene = Scene::begin();
    let service = scene.serve();
    scene.checkpoint();
    assert_eq!(scene.follow_trusting(service.address(), "--once").code, 0);
    assert_eq!(scene.status()["key_named"], false);
    run("audit-key rotate", &scene.data()).ok();
    scene.checkpoint();
    assert_eq!(scene.follow_trusting(service.address(), "--once").code, 0);
    let newest = run("audit-key list --json", &scene.data()).json()[1]["verifier_key"].as_str().unwrap().to_owned();
    assert_eq!(scene.follow_trusting(service.address(), &format!("--once --key {newest}")).code, 0);
    assert_eq!(scene.status()["key_named"], true);
}
