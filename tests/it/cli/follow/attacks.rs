//! Somebody rewrites the service's files while an auditor follows: each attack is called by its name, the event is named, and the
//! mirror keeps what it had verified.

use super::forger::Forger;
use super::liar::Liar;
use super::scene::{Kept, Scene};
use crate::cli::program::{Finished, Service, eventually};
use counterfoil_replay::note::LogKey;
use ed25519_dalek::SigningKey;
use serde_json::Value;
use std::path::Path;

/// Books with ten awards under a checkpoint, and a mirror of all that.
struct Followed {
    scene: Scene,
    kept: Kept,
    forger: Forger,
    card: String,
}

impl Followed {
    fn begin() -> Self {
        let scene = Scene::begin();
        let service = scene.serve();
        let till = scene.till(&service);
        let card = till.card("ona@example.com");
        till.award(&card, 5);
        scene.checkpoint();
        till.award(&card, 5);
        scene.checkpoint();
        let finished = scene.follow(service.address(), "");
        assert_eq!(finished.code, 0, "{finished:?}");
        assert_eq!(service.terminate().0, 0);
        let (kept, forger) = (Kept::of(&scene.mirror()), Forger::of(&scene.data()));
        assert!(kept.size() > 10 && kept.rows.len() as u64 > kept.size());
        Self { scene, kept, forger, card }
    }

    /// Serves what the files are now, follows once, and answers the alarm.
    #[track_caller]
    fn alarm(&self) -> Value {
        let service = self.scene.serve();
        let finished = self.scene.follow(service.address(), "");
        self.scene.alarm(&finished, &self.kept)
    }

    /// Puts so many events after the others that a service that starts does not look at those: it checks the end of its log itself.
    fn bury(&mut self) {
        let service = self.scene.serve();
        (0..2).for_each(|_| self.scene.till(&service).award_many(&self.card, 600));
        self.scene.checkpoint();
        assert_eq!(self.scene.follow(service.address(), "").code, 0);
        assert_eq!(service.terminate().0, 0);
        self.kept = Kept::of(&self.scene.mirror());
    }

    /// Awards more, under another checkpoint than before.
    fn go_on(&self, awards: usize) {
        let service = self.scene.serve();
        self.scene.till(&service).award(&self.card, awards);
        self.scene.checkpoint();
        assert_eq!(service.terminate().0, 0);
    }
}

/// That both notes of an alarm are signed by the log's own key, so that anybody can see the contradiction.
#[track_caller]
fn both_are_signed(alarm: &Value, scene: &Scene) {
    let key = LogKey::parse(&scene.key).unwrap();
    for name in ["mirror_checkpoint", "source_checkpoint"] {
        let note = alarm[name].as_str().unwrap_or_else(|| panic!("{name}: {alarm:#}"));
        key.open(note).unwrap();
    }
    assert_ne!(alarm["mirror_checkpoint"], alarm["source_checkpoint"]);
}

#[track_caller]
fn is(alarm: &Value, kind: &str, seq: impl Into<Option<i64>>) {
    assert_eq!((alarm["kind"].as_str(), alarm["seq"].as_i64()), (Some(kind), seq.into()), "{alarm:#}");
}

#[test]
fn one_byte_of_an_old_event_is_noticed_although_tree_and_chain_still_say_the_old_thing() {
    let mut followed = Followed::begin();
    followed.bury();
    let seq = followed.forger.award(2);
    followed.forger.change(seq, ("\"points\":7", "\"points\":9"));
    let alarm = followed.alarm();
    is(&alarm, "rewrite", seq);
    for (name, points) in [("event_mirrored", "\"points\":7"), ("event_shown", "\"points\":9")] {
        assert!(alarm[name]["payload"].as_str().unwrap().contains(points), "{alarm:#}");
    }
}

#[test]
fn it_is_noticed_too_while_the_service_runs_and_somebody_watches() {
    let followed = Followed::begin();
    let service = followed.scene.serve();
    let mut follower = followed.scene.spawn(service.address(), "");
    followed.scene.till(&service).award(&followed.card, 3);
    eventually("the awards are mirrored", || {
        Kept::of(&followed.scene.mirror()).rows.len() >= followed.kept.rows.len() + 3
    });
    assert!(follower.runs());
    let seq = followed.forger.award(2);
    followed.forger.change(seq, ("\"points\":7", "\"points\":9"));
    let kept = Kept::of(&followed.scene.mirror());
    let finished = follower.wait();
    is(&followed.scene.alarm(&finished, &kept), "rewrite", seq);
}

#[test]
fn a_history_that_was_made_anew_and_signed_with_the_stolen_seed_is_a_fork() {
    let followed = Followed::begin();
    let seq = followed.forger.award(2);
    // A single microsecond; with it all hashes after it, and every checkpoint.
    followed.forger.tamper(|ledger| {
        let update = "UPDATE events SET recorded_at = recorded_at + 1 WHERE seq = ?1";
        assert_eq!(ledger.execute(update, [seq]).unwrap(), 1);
    });
    followed.forger.make_anew();
    let alarm = followed.alarm();
    is(&alarm, "fork", seq);
    both_are_signed(&alarm, &followed.scene);
}

#[test]
fn it_is_a_fork_too_where_the_forger_signs_a_larger_tree_over_it() {
    let followed = Followed::begin();
    let seq = followed.forger.award(2);
    followed.forger.change(seq, ("\"lifetime\":21", "\"lifetime\":22"));
    followed.forger.make_anew();
    followed.go_on(4);
    let alarm = followed.alarm();
    is(&alarm, "fork", seq);
    both_are_signed(&alarm, &followed.scene);
}

#[test]
fn without_the_seed_a_history_made_anew_is_a_rewrite() {
    let followed = Followed::begin();
    let seq = followed.forger.award(2);
    followed.forger.change(seq, ("\"lifetime\":21", "\"lifetime\":22"));
    followed.forger.make_chain_anew();
    let alarm = followed.alarm();
    is(&alarm, "rewrite", seq);
    assert_eq!(alarm["mirror_checkpoint"], alarm["source_checkpoint"], "what is signed is still the old history");
}

#[test]
fn a_tail_that_was_cut_off_is_a_rollback_and_another_in_its_place_a_fork() {
    let followed = Followed::begin();
    let last = followed.forger.award(6);
    followed.forger.cut(last);
    let alarm = followed.alarm();
    is(&alarm, "rollback", last + 1);
    assert!(alarm["event_mirrored"].is_object() && alarm["event_shown"].is_null(), "{alarm:#}");
    std::fs::remove_dir_all(followed.scene.mirror().join("alarms")).unwrap();
    followed.go_on(20);
    let alarm = followed.alarm();
    is(&alarm, "fork", last + 1);
    both_are_signed(&alarm, &followed.scene);
}

#[test]
fn an_older_copy_of_the_whole_directory_is_a_rollback_and_what_is_signed_after_it_a_fork() {
    let scene = Scene::begin();
    let service = scene.serve();
    let till = scene.till(&service);
    let card = till.card("ona@example.com");
    till.award(&card, 5);
    scene.checkpoint();
    assert_eq!(service.terminate().0, 0);
    let copy = scene.folder.path().join("copy");
    copy_files(&scene.data(), &copy);
    let service = scene.serve();
    scene.till(&service).award(&card, 5);
    scene.checkpoint();
    assert_eq!(scene.follow(service.address(), "").code, 0);
    assert_eq!(service.terminate().0, 0);
    let kept = Kept::of(&scene.mirror());
    copy_files(&copy, &scene.data());
    let service = scene.serve();
    let alarm = scene.alarm(&scene.follow(service.address(), ""), &kept);
    assert_eq!(alarm["kind"], "rollback", "{alarm:#}");
    both_are_signed(&alarm, &scene);
    // It cannot be talked away: whoever has looked is told again, and what happens next is signed twice.
    let refused = scene.follow(service.address(), "");
    assert!(refused.code == 3 && refused.stderr.contains("--acknowledge 0001-rollback"), "{refused:?}");
    assert_eq!(scene.follow(service.address(), "--acknowledge 0009-rollback").code, 2);
    let again = scene.follow(service.address(), "--acknowledge 0001-rollback");
    assert!(again.code == 3 && again.stderr.contains("0002-rollback.json"), "{again:?}");
    scene.till(&service).award(&card, 9);
    scene.checkpoint();
    let fork = scene.follow(service.address(), "--acknowledge 0002-rollback");
    assert!(fork.code == 3 && fork.stderr.contains("0003-fork.json"), "{fork:?}");
    assert_eq!(Kept::of(&scene.mirror()), kept);
}

#[test]
fn a_log_under_another_key_is_not_believed() {
    let mut followed = Followed::begin();
    followed.forger.swap_key(SigningKey::from_bytes(&[7; 32]));
    let alarm = followed.alarm();
    let created = "the event of the log's key";
    let seq = followed.kept.rows.iter().find(|(_, row, _)| row.contains("checkpoint_key.created")).expect(created).0;
    is(&alarm, "key", seq);
}

#[test]
fn another_log_altogether_is_not_followed() {
    let followed = Followed::begin();
    let other = Scene::begin();
    let service = other.serve();
    let card = other.till(&service).card("jonas@example.com");
    other.till(&service).award(&card, 30);
    other.checkpoint();
    let mut command = followed.scene.command(service.address(), &followed.scene.mirror(), "--once");
    let finished = command.env("COUNTERFOIL_AUDIT_TOKEN", &other.token).output().unwrap();
    let finished = Finished::from(finished);
    is(&followed.scene.alarm(&finished, &followed.kept), "key", 1);
    // Before anything was verified it is no alarm, but no mirror either.
    let fresh = other.folder.path().join("fresh");
    let words = format!("--once --key {}", followed.scene.key);
    let mut command = other.command(service.address(), &fresh, &words);
    let finished: Finished = command.output().unwrap().into();
    assert!(finished.refused().contains(&other.key), "it says which key the log states");
    let mut command = other.command(service.address(), &fresh, &format!("--once --key {}", other.key));
    assert!(command.output().unwrap().status.success(), "with the right key it goes on");
}

#[test]
fn a_follower_that_runs_sees_the_service_come_back_with_other_files() {
    let followed = Followed::begin();
    let scene = &followed.scene;
    let service = scene.serve();
    let liar = Liar::before(service.address());
    let mut follower = scene.spawn(&liar.address, "");
    scene.till(&service).award(&followed.card, 3);
    scene.checkpoint();
    eventually("the checkpoint is mirrored", || Kept::of(&scene.mirror()).size() > followed.kept.size());
    liar.stand_before(None);
    assert_eq!(service.terminate().0, 0);
    let kept = Kept::of(&scene.mirror());
    let seq = followed.forger.award(4);
    followed.forger.change(seq, ("\"lifetime\":35", "\"lifetime\":36"));
    followed.forger.make_anew();
    assert!(follower.runs(), "a service that is not there is no alarm");
    let service = Service::start("serve --checkpoint-every 0 --rate-limit off", &scene.data());
    liar.stand_before(Some(service.address()));
    let alarm = scene.alarm(&follower.wait(), &kept);
    is(&alarm, "fork", seq);
    both_are_signed(&alarm, scene);
}

#[test]
fn an_award_that_breaks_the_rules_is_told_however_well_it_is_signed() {
    let scene = Scene::begin();
    let service = scene.serve();
    let till = scene.till(&service);
    let card = till.card("ona@example.com");
    till.award(&card, 5);
    scene.checkpoint();
    assert_eq!(service.terminate().0, 0);
    let forger = Forger::of(&scene.data());
    let seq = forger.award(4);
    forger.change(seq, ("\"lifetime\":35", "\"lifetime\":36"));
    forger.make_anew();
    let service = scene.serve();
    let told = scene.follow(service.address(), "");
    assert!(told.code == 3 && told.stderr.contains("ALARM: rules"), "{told:?}");
    is(&scene.alarms()[0], "rules", seq);
    // Once a person has seen it, the log is followed on, and only what is new is an alarm.
    let known = scene.follow(service.address(), "--acknowledge 0001-rules");
    assert!(known.code == 0 && known.stderr.contains("acknowledged"), "{known:?}");
    assert_eq!(scene.status()["rules_hold_up_to"], Value::Null, "known is not kept");
}

fn copy_files(from: &Path, to: &Path) {
    drop(std::fs::remove_dir_all(to));
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}
