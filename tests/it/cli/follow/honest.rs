//! Services that do nothing wrong, whatever they do: the mirror is the log, and there is no alarm.

use super::liar::Liar;
use super::scene::{Kept, Scene};
use crate::cli::program::{Finished, any_file_holds, eventually, run};
use crate::support::verify;
use serde_json::Value;
use std::process::Command;

/// The mirror holds what the service's own file does, and everything that replay does works on it.
#[track_caller]
fn mirrors(scene: &Scene) {
    let (mirror, service) = (Kept::of(&scene.mirror()), Kept::of(&scene.data()));
    assert_eq!(mirror.rows, service.rows);
    assert_eq!(scene.alarms(), Vec::<Value>::new());
    verify(&scene.mirror());
    verify(&scene.data());
}

#[test]
fn a_mirror_grows_with_its_service_through_all_that_an_honest_one_does() {
    let scene = Scene::begin();
    let service = scene.serve();
    let liar = Liar::before(service.address());
    let mut follower = scene.spawn(&liar.address, "--verify-every 1ms --recheck all");
    let mirrored = |what: &str| {
        scene.checkpoint();
        let done = || {
            scene.mirror().join("checkpoint.txt").exists()
                && Kept::of(&scene.mirror()).rows == Kept::of(&scene.data()).rows
        };
        eventually(what, done);
    };
    let card = scene.till(&service).card("ona@example.com");
    scene.till(&service).award(&card, 10);
    mirrored("awards");
    // The key is rotated, and the new one signs.
    run("audit-key rotate", &scene.data()).ok();
    scene.till(&service).award(&card, 2);
    mirrored("another key");
    // Somebody is erased.
    run("erase --customer 1", &scene.data()).ok();
    mirrored("an erasure");
    let customers = scene.folder.path().join("customers.csv");
    std::fs::write(&customers, "email\nrasa@example.com\njonas@example.com\n").unwrap();
    run(&format!("import --customers {}", customers.display()), &scene.data()).ok();
    mirrored("an import");
    // The service stops and starts again.
    liar.stand_before(None);
    assert_eq!(service.terminate().0, 0);
    assert!(follower.runs());
    let service = scene.serve();
    liar.stand_before(Some(service.address()));
    // Tills sell while checkpoints are made on demand.
    let other = scene.till(&service).card("jonas@example.org");
    std::thread::scope(|scope| {
        for card in [&card, &other] {
            scope.spawn(|| scene.till(&service).award(card, 40));
        }
        for _ in 0..5 {
            scene.checkpoint();
        }
    });
    mirrored("a restart, and two tills");
    assert!(follower.runs(), "{:?}", follower.wait());
    follower.kill();
    let said = scene.follow(service.address(), "");
    assert_eq!(said.code, 0, "{said:?}");
    mirrors(&scene);
    assert!(!any_file_holds(&scene.mirror(), "rasa@example.com"), "no personal data");
    let status: Value = serde_json::from_slice(&std::fs::read(scene.mirror().join("status.json")).unwrap()).unwrap();
    assert_eq!(status["events"], Kept::of(&scene.mirror()).rows.len(), "{status:#}");
    assert!(
        status["not_covered"].as_u64().unwrap() >= 1 && status["rules_hold_up_to"] == status["events"],
        "{status:#}"
    );
}

#[test]
fn the_mirror_is_a_ledger_like_any_other_but_without_its_vault() {
    let scene = Scene::begin();
    let service = scene.serve();
    let card = scene.till(&service).card("ona@example.com");
    scene.till(&service).award(&card, 3);
    scene.checkpoint();
    let followed = scene.follow(service.address(), "");
    assert!(
        followed.code == 0 && followed.stdout.contains("not checked on the mirror: vault not included"),
        "{followed:?}"
    );
    mirrors(&scene);
    let schema = |dir: &std::path::Path| -> Vec<String> {
        let ledger = rusqlite::Connection::open(dir.join("ledger.db")).unwrap();
        let mut query = ledger
            .prepare("SELECT sql FROM sqlite_schema UNION ALL SELECT user_version FROM pragma_user_version")
            .unwrap();
        let rows = query.query_map([], |row| Ok(format!("{:?}", row.get_ref(0)?))).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    };
    assert_eq!(schema(&scene.mirror()), schema(&scene.data()));
    let location = counterfoil_replay::ledger::Location::of_data(&scene.mirror());
    let report =
        counterfoil_replay::verify::verify(&location, &counterfoil_replay::progress::Progress::silent()).unwrap();
    assert!(report.ok() && report.to_json()["notes"][0].as_str().unwrap().contains("vault not included"));
    let key = run("audit-key list --json", &scene.data()).json()[0]["verifier_key"].as_str().unwrap().to_owned();
    let note = std::fs::read_to_string(scene.mirror().join("checkpoint.txt")).unwrap();
    let opened = counterfoil_replay::note::LogKey::parse(&key).unwrap().open(&note).unwrap();
    assert_eq!(opened.size, Kept::of(&scene.mirror()).size());
}

#[test]
fn without_a_key_the_logs_own_is_trusted_with_a_warning_and_from_then_on_no_other() {
    let scene = Scene::begin();
    let service = scene.serve();
    let before = scene.follow_trusting(service.address(), "--once");
    assert_eq!(before.code, 0, "a log without a checkpoint is mirrored all the same: {before:?}");
    run("audit-key rotate", &scene.data()).ok();
    scene.checkpoint();
    let first = scene.follow_trusting(service.address(), "--once");
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.stderr.contains("no --key was given") && first.stderr.contains(&scene.key), "{first:?}");
    assert!(first.stderr.contains("was rotated"), "{first:?}");
    let second = scene.follow_trusting(service.address(), "--once");
    assert_eq!((second.code, second.stderr.as_str()), (0, ""), "it has been told");
    let state = || std::fs::read_to_string(scene.mirror().join("follow.json")).unwrap();
    assert!(state().contains("\"named\": false"), "{}", state());
    assert_eq!(scene.follow(service.address(), "").code, 0, "the right one may be named later");
    assert!(state().contains("\"named\": true"), "{}", state());
    let newest = run("audit-key list --json", &scene.data()).json()[1]["verifier_key"].as_str().unwrap().to_owned();
    assert_eq!(
        scene.follow_trusting(service.address(), &format!("--once --key {newest}")).code,
        0,
        "the next one is its own"
    );
    let other = Scene::begin();
    let complaint = scene.follow_trusting(service.address(), &format!("--once --key {}", other.key)).refused();
    assert!(complaint.contains(&scene.key), "{complaint}");
    mirrors(&scene);
}

#[test]
fn a_key_is_followed_through_several_rotations_at_once() {
    let scene = Scene::begin();
    let service = scene.serve();
    scene.checkpoint();
    assert_eq!(scene.follow(service.address(), "").code, 0);
    for _ in 0..3 {
        run("audit-key rotate", &scene.data()).ok();
    }
    scene.checkpoint();
    let said = scene.follow(service.address(), "");
    assert_eq!((said.code, said.stderr.matches("was rotated").count()), (0, 3), "{said:?}");
    mirrors(&scene);
}

#[test]
fn a_long_history_is_read_as_a_stream_and_compared_page_by_page() {
    let scene = Scene::begin();
    let service = scene.serve();
    let till = scene.till(&service);
    let card = till.card("ona@example.com");
    (0..13).for_each(|_| till.award_many(&card, 1_000));
    scene.checkpoint();
    // Through pages alone, through the stream, and compared with the source after that.
    let said = scene.follow(service.address(), "");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(Kept::of(&scene.mirror()).rows.len() > 13_000);
    mirrors(&scene);
}

#[test]
fn a_directory_that_is_no_mirror_is_left_as_it_is() {
    let scene = Scene::begin();
    let service = scene.serve();
    scene.checkpoint();
    let into = |directory: &std::path::Path| -> Finished {
        scene.command(service.address(), directory, "--once").output().unwrap().into()
    };
    let before = Kept::of(&scene.data());
    assert!(into(&scene.data()).refused().contains("belongs to a service"));
    assert_eq!(Kept::of(&scene.data()), before);
    assert!(!scene.data().join("follow.json").exists() && !scene.data().join("follow.lock").exists());
    let copy = scene.folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(scene.data().join("ledger.db"), copy.join("ledger.db")).unwrap();
    assert!(into(&copy).refused().contains("did not make"));
    // One that is followed into already.
    let follower = scene.spawn(service.address(), "");
    eventually("it follows", || scene.mirror().join("status.json").exists());
    assert!(scene.follow(service.address(), "").refused().contains("another process"));
    follower.kill();
    assert_eq!(scene.follow(service.address(), "").code, 0, "the lock went with the process");
}

#[test]
fn a_mirror_that_somebody_changed_is_noticed_at_the_next_start() {
    let scene = Scene::begin();
    let service = scene.serve();
    let card = scene.till(&service).card("ona@example.com");
    scene.till(&service).award(&card, 3);
    scene.checkpoint();
    assert_eq!(scene.follow(service.address(), "").code, 0);
    let tamper = |change: &str| {
        let ledger = rusqlite::Connection::open(scene.mirror().join("ledger.db")).unwrap();
        ledger
            .execute_batch(&format!("DROP TRIGGER events_refuse_update; DROP TRIGGER events_refuse_delete; {change}"))
            .unwrap();
    };
    tamper("UPDATE events SET actor = 'key:9' WHERE seq = 6");
    let finished = scene.follow(service.address(), "");
    assert_eq!((finished.code, &scene.alarms()[0]["kind"]), (3, &Value::from("mirror")), "{finished:?}");
    assert_eq!(scene.alarms()[0]["seq"], 6);
}

#[test]
fn an_alarm_is_told_to_a_program_which_does_not_get_the_credential() {
    let scene = Scene::begin();
    let service = scene.serve();
    scene.checkpoint();
    assert_eq!(scene.follow(service.address(), "").code, 0);
    let (program, told) = (scene.folder.path().join("tell"), scene.folder.path().join("told"));
    let script =
        format!("#!/bin/sh\nprintf '%s %s' \"$1\" \"$COUNTERFOIL_AUDIT_TOKEN\" > {}\nexit 7\n", told.display());
    std::fs::write(&program, script).unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&program).status().unwrap().success());
    let liar = Liar::before(service.address());
    liar.lie(|path, answer| if path == "/audit/checkpoint" { (200, b"nothing".to_vec()) } else { answer });
    let finished = scene.follow(&liar.address, &format!("--on-alarm {}", program.display()));
    assert_eq!(finished.code, 3, "{finished:?}");
    let file = scene.mirror().join("alarms/0001-key.json");
    assert_eq!(std::fs::read_to_string(told).unwrap(), format!("{} ", file.display()));
    assert!(finished.stderr.contains("ended with"), "that it failed is said: {finished:?}");
}

#[test]
fn wrong_words_are_refused_before_anything_is_made() {
    let scene = Scene::begin();
    for words in ["--once --every often", "--once --recheck some", "--once --key nobody", "--once --token-file nowhere"]
    {
        scene.follow_trusting("127.0.0.1:1", words).refused();
    }
    let plain = scene.follow_trusting("books.example.com", "--once").refused();
    assert!(plain.contains("--allow-http"), "{plain}");
    assert!(!scene.mirror().exists());
}
