//! How long the follower puts up with a source, and that nothing it has to say is lost.

use super::liar::Liar;
use super::scene::Scene;
use crate::cli::program::Service;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A mirror of a few awards, and a liar before the service.
fn mirrored() -> (Scene, Service, Liar) {
    let scene = Scene::begin();
    let service = scene.serve();
    let card = scene.till(&service).card("ona@example.com");
    scene.till(&service).award(&card, 3);
    scene.checkpoint();
    let liar = Liar::before(service.address());
    let finished = scene.follow(&liar.address, "");
    assert_eq!(finished.code, 0, "{finished:?}");
    (scene, service, liar)
}

fn busy() -> (u16, Vec<u8>) {
    (429, json!({"error_code": "RATE_LIMITED", "message": "later"}).to_string().into_bytes())
}

#[test]
fn whoever_comes_once_does_not_wait_for_ever_for_a_source_that_has_no_time() {
    let (scene, _service, liar) = mirrored();
    for path_of in ["/audit/checkpoint", "/audit/events?after=0&"] {
        liar.lie(move |path, answer| if path.starts_with(path_of) { busy() } else { answer });
        let refused = scene.follow(&liar.address, "").refused();
        assert!(refused.contains("put this off 1 times in a row") && refused.contains("7200 seconds"), "{refused}");
    }
    liar.lie(|_, answer| answer);
    assert_eq!(scene.follow(&liar.address, "").code, 0);
}

#[test]
fn a_source_that_never_has_time_for_old_events_is_told_of() {
    let (scene, _service, liar) = mirrored();
    assert!(scene.status()["rechecked_at"].is_string(), "{:#}", scene.status());
    liar.lie(|path, answer| if path.starts_with("/audit/events?after=0&") { busy() } else { answer });
    let starved = scene.spawn(&liar.address, "--stale-after 500ms --stale-alarm").wait();
    assert!(starved.code == 3 && starved.stderr.contains("none of the old ones"), "{starved:?}");
    assert_eq!(scene.alarms()[0]["kind"], "stale");
    assert_eq!(scene.status()["rechecked_at"], Value::Null, "by that process, never");
    liar.lie(|_, answer| answer);
    assert_eq!(scene.follow(&liar.address, "--acknowledge 0001-stale").code, 0);
    assert!(scene.status()["rechecked_at"].is_string(), "{:#}", scene.status());
}

#[test]
fn that_the_end_is_another_is_written_down_before_anything_more_is_asked() {
    let (scene, _service, liar) = mirrored();
    let (alarms, seen) = (scene.mirror().join("alarms"), Arc::new(AtomicUsize::new(0)));
    let found = Arc::clone(&seen);
    liar.lie(move |path, (status, body)| {
        if !path.starts_with("/audit/events") {
            return (status, body);
        }
        let mut page: Value = serde_json::from_slice(&body).unwrap();
        if path.ends_with("&limit=1") {
            let written = std::fs::read_to_string(alarms.join("0001-rollback.json")).unwrap_or_default();
            found.fetch_add(usize::from(written.contains("fewer events")), Ordering::SeqCst);
        }
        page["events"].as_array_mut().unwrap().retain(|row| row["seq"].as_i64() < Some(5));
        (status, page.to_string().into_bytes())
    });
    let finished = scene.follow(&liar.address, "");
    assert!(finished.code == 3 && finished.stderr.contains("More of it is asked for"), "{finished:?}");
    assert!(seen.load(Ordering::SeqCst) > 1, "each question finds the alarm written");
    let alarms = scene.alarms();
    assert_eq!((alarms.len(), &alarms[0]["seq"]), (1, &json!(5)), "amended in its place: {alarms:#?}");
}

#[test]
fn an_alarm_that_the_program_did_not_take_is_told_at_the_next_start() {
    let (scene, _service, liar) = mirrored();
    let (program, told) = (scene.folder.path().join("tell"), scene.folder.path().join("told"));
    let script = |end: u8| {
        std::fs::write(&program, format!("#!/bin/sh\necho \"$1\" >> {}\nexit {end}\n", told.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let heard = || std::fs::read_to_string(&told).unwrap_or_default().lines().count();
    let words = format!("--on-alarm {}", program.display());
    liar.lie(|path, answer| if path == "/audit/checkpoint" { (200, b"nothing".to_vec()) } else { answer });
    script(7);
    let failed = scene.follow(&liar.address, &words);
    assert!(failed.code == 3 && failed.stderr.contains("again at the next start") && heard() == 1, "{failed:?}");
    script(0);
    assert_eq!((scene.follow(&liar.address, &words).code, heard()), (3, 2), "nothing is followed, and it is told");
    assert_eq!((scene.follow(&liar.address, &words).code, heard()), (3, 2), "once");
    // The process died before it was told: all that is there is the alarm.
    std::fs::remove_file(scene.mirror().join("alarms/0001-key.told")).unwrap();
    assert_eq!((scene.follow(&liar.address, &words).code, heard()), (3, 3));
    liar.lie(|_, answer| answer);
    std::fs::remove_file(scene.mirror().join("alarms/0001-key.told")).unwrap();
    let known = scene.follow(&liar.address, &format!("{words} --acknowledge 0001-key"));
    assert_eq!((known.code, heard()), (0, 3), "whoever acknowledged it has seen it");
}

#[test]
fn what_a_source_says_is_shown_and_not_obeyed() {
    let (scene, _service, liar) = mirrored();
    let evil = "\u{1b}[2J\u{202e}\u{2066}evil\u{85}";
    liar.lie(move |path, answer| match path {
        "/audit/checkpoint" => (500, json!({"message": evil}).to_string().into_bytes()),
        _ => answer,
    });
    let said = scene.follow(&liar.address, "--every 1ms").stderr;
    assert!(said.contains("evil"), "{said}");
    let obeyed =
        said.chars().find(|letter| (letter.is_control() && *letter != '\n') || "\u{202e}\u{2066}".contains(*letter));
    assert_eq!(obeyed, None, "{said:?}");
}
