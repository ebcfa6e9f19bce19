//! A follower beside a service whose operator puts an older backup in place, with the programs that do that.

use super::scene::{Kept, Scene};
use crate::cli::program::{Service, run};
use crate::support::verify;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Books of which there is a backup, served.
struct Copied {
    scene: Scene,
    service: Service,
    card: String,
}

impl Copied {
    fn begin() -> Self {
        let scene = Scene::begin();
        let service = scene.serve();
        let card = scene.till(&service).card("ona@example.com");
        scene.till(&service).award(&card, 2);
        scene.checkpoint();
        run(&format!("backup --to {}", scene.folder.path().join("copy").display()), &scene.data()).ok();
        Self { scene, service, card }
    }

    fn award(&self, times: usize) {
        self.scene.till(&self.service).award(&self.card, times);
    }

    /// Puts the backup in place of a log that has so many events more, and serves it; answers what the restore said.
    fn restored(self, discarded: usize) -> (Self, Value) {
        let Self { scene, service, card } = self;
        assert_eq!(service.terminate().0, 0);
        let copy = scene.folder.path().join("copy");
        let words = format!("restore --json --from {} --discard-events {discarded}", copy.display());
        let report = run(&words, &scene.data()).json();
        let service = scene.serve();
        (Self { scene, service, card }, report)
    }
}

/// The log that was replaced.
fn replaced(report: &Value) -> Kept {
    Kept::of(&PathBuf::from(report["replaced"].as_str().expect("a directory")))
}

#[test]
fn a_restore_that_gives_up_mirrored_events_is_an_alarm_with_the_first_of_them_and_another_mirror_goes_on() {
    let books = Copied::begin();
    books.award(3);
    books.scene.checkpoint();
    assert_eq!(books.scene.follow(books.service.address(), "").code, 0);
    let kept = Kept::of(&books.scene.mirror());
    // The event of the checkpoint is given up, too.
    let (books, report) = books.restored(4);
    let (scene, address) = (&books.scene, books.service.address());

    let finished = scene.follow(address, "");
    let alarm = scene.alarm(&finished, &kept);
    // Nobody who was trusted has signed what is shown now: that comes first.
    assert_eq!((alarm["kind"].as_str(), alarm.get("key_if_acknowledged")), (Some("key"), None), "{alarm:#}");
    let lost = &kept.rows[kept.rows.len() - 4];
    assert_eq!((&alarm["seq"], &alarm["event_mirrored"]["seq"]), (&json!(lost.0), &json!(lost.0)), "{alarm:#}");
    assert_eq!(alarm["event_mirrored"]["hash"], hex::encode(&lost.2), "the first that was given up");
    assert_eq!(alarm["event_shown"]["kind"], "checkpoint_key.retired", "where the log says that it was put back");
    assert!(alarm["event_shown"]["payload"].as_str().unwrap().contains(r#""cause":"restored""#), "{alarm:#}");
    assert_eq!(alarm["mirror_checkpoint"], kept.checkpoint, "signed by the key that is retired now");
    let key = report["checkpoint_key"].as_str().expect("a key");
    let by_the_new_key = counterfoil_replay::note::LogKey::parse(key).unwrap();
    assert!(by_the_new_key.open(alarm["source_checkpoint"].as_str().unwrap()).is_ok(), "{alarm:#}");
    assert_eq!(kept.rows, replaced(&report).rows, "the mirror holds what was given up");

    // Nothing more is done until somebody acknowledges it; the service goes on meanwhile.
    books.award(1);
    let again = scene.follow(address, "");
    assert_eq!((again.code, scene.alarms().len()), (3, 1), "{again:?}");
    // Then the mirror still holds what the source does not: it alarms again, and stays as it was.
    let known = scene.follow(address, "--acknowledge 0001-key");
    assert_eq!((known.code, scene.alarms().len()), (3, 2), "{known:?}");
    assert_eq!(Kept::of(&scene.mirror()), kept);
    // Whoever follows what the source says now begins another mirror, with the key that the operator names.
    scene.checkpoint();
    let fresh = scene.folder.path().join("fresh");
    let output = scene.command(address, &fresh, &format!("--once --key {key}")).output().expect("the follower starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(Kept::of(&fresh).rows, Kept::of(&scene.data()).rows);
    verify(&fresh);
}

#[test]
fn a_restore_that_gives_up_nothing_mirrored_is_an_alarm_of_its_key_and_is_followed_once_that_is_acknowledged() {
    let books = Copied::begin();
    assert_eq!(books.scene.follow(books.service.address(), "").code, 0);
    let before = Kept::of(&books.scene.mirror());
    books.award(3);
    let (books, report) = books.restored(3);
    let (scene, address) = (&books.scene, books.service.address());
    books.award(5);
    scene.checkpoint();

    let finished = scene.follow(address, "");
    assert!(finished.code == 3 && finished.stderr.contains("ALARM: key"), "{finished:?}");
    let alarm = &scene.alarms()[0];
    assert_eq!(
        (&alarm["kind"], &alarm["key_if_acknowledged"]),
        (&json!("key"), &report["checkpoint_key"]),
        "{alarm:#}"
    );
    assert_eq!(scene.follow(address, "").code, 3, "not before it is acknowledged");
    assert_eq!(Kept::of(&scene.mirror()).checkpoint, before.checkpoint, "nothing is verified under the new key");

    let known = scene.follow(address, "--acknowledge 0001-key");
    assert_eq!((known.code, known.stderr.as_str()), (0, ""), "{known:?}");
    assert_eq!(scene.status()["key"], report["checkpoint_key"]);
    let mirrored = Kept::of(&scene.mirror());
    assert_eq!(mirrored.rows, Kept::of(&scene.data()).rows);
    assert_eq!(mirrored.rows[..before.rows.len()], before.rows);
    verify(&scene.mirror());
}
