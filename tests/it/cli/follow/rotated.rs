//! Who may say that the log has another key: the old one, or a person; whoever answers as the service may not.

use super::forger::Forger;
use super::liar::Liar;
use super::scene::{Kept, Scene};
use crate::cli::program::{Service, run};
use crate::support::verify;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil_replay::note::{LogKey, log_key_text};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use serde_json::{Value, json};

/// A mirror of a few awards, of a service that was stopped after them.
fn mirrored() -> (Scene, Forger) {
    let scene = Scene::begin();
    let service = scene.serve();
    let card = scene.till(&service).card("ona@example.com");
    scene.till(&service).award(&card, 3);
    scene.checkpoint();
    assert_eq!(scene.follow(service.address(), "").code, 0);
    assert_eq!(service.terminate().0, 0);
    let forger = Forger::of(&scene.data());
    (scene, forger)
}

fn forged() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The service as somebody with its files makes it answer, who has a key of their own, and a checkpoint by that.
fn usurped(scene: &Scene, forger: &Forger, handover: Option<Value>) -> Service {
    forger.rotate(&forged(), handover);
    let service = scene.serve();
    scene.checkpoint();
    service
}

#[test]
fn a_rotation_that_the_old_key_has_not_signed_is_an_alarm_and_the_new_key_is_not_trusted() {
    let (scene, forger) = mirrored();
    let kept = Kept::of(&scene.mirror());
    let service = usurped(&scene, &forger, None);
    let finished = scene.follow(service.address(), "");
    assert!(finished.code == 3 && finished.stderr.contains("has not signed that"), "{finished:?}");
    let alarm = &scene.alarms()[0];
    let key = log_key_text("example.com/books", forged().verifying_key().as_bytes());
    assert_eq!((alarm["kind"].as_str(), alarm["key_if_acknowledged"].as_str()), (Some("key"), Some(key.as_str())));
    assert_eq!(Kept::of(&scene.mirror()).checkpoint, kept.checkpoint, "nothing is verified under it");
    assert_eq!(scene.follow(service.address(), "").code, 3, "not even at the next start");
    // A person may know better: then it is as good as signed.
    let known = scene.follow(service.address(), "--acknowledge 0001-key");
    assert_eq!((known.code, known.stderr.as_str()), (0, ""), "{known:?}");
    assert_eq!(scene.status()["key"], json!(key));
    assert_eq!(scene.follow(service.address(), "").code, 0, "and stays so");
}

#[test]
fn a_rotation_that_somebody_else_has_signed_is_an_alarm_that_no_acknowledgement_makes_trusted() {
    let (scene, forger) = mirrored();
    let handover = forger.handover(&forged(), &forged());
    let service = usurped(&scene, &forger, Some(handover));
    let finished = scene.follow(service.address(), "");
    assert_eq!(finished.code, 3, "{finished:?}");
    assert_eq!(scene.alarms()[0]["kind"], "key");
    let again = scene.follow(service.address(), "--acknowledge 0001-key");
    assert!(again.code == 3 && again.stderr.contains("ALARM: key"), "{again:?}");
}

#[test]
fn a_signature_that_was_given_for_another_history_is_a_fork() {
    let (scene, forger) = mirrored();
    let mut handover = forger.handover(&forger.seed, &forged());
    // What the old key would have signed over another history of that size.
    let size = handover["size"].as_u64().unwrap();
    let rotation = counterfoil_replay::note::Rotation {
        origin: "example.com/books",
        old: &forger.seed.verifying_key().to_bytes(),
        new: &forged().verifying_key().to_bytes(),
        size,
        root: &[3; 32],
    };
    let signature = ed25519_dalek::Signer::sign(&forger.seed, rotation.text().as_bytes());
    handover["root"] = json!(hex::encode([3; 32]));
    handover["signature"] = json!(hex::encode(signature.to_bytes()));
    let service = usurped(&scene, &forger, Some(handover));
    let finished = scene.follow(service.address(), "");
    assert!(finished.code == 3 && finished.stderr.contains("are not the mirror's"), "{finished:?}");
    assert_eq!(scene.alarms()[0]["kind"], "fork");
}

#[test]
fn a_signature_that_was_given_before_the_newest_checkpoint_is_an_alarm_that_no_acknowledgement_makes_trusted() {
    let (scene, forger) = mirrored();
    let handover = forger.handover_at(3, &forger.seed, &forged());
    let service = usurped(&scene, &forger, Some(handover));
    for words in ["", "--acknowledge 0001-key"] {
        let finished = scene.follow(service.address(), words);
        assert!(finished.code == 3 && finished.stderr.contains("after 3 events: not between"), "{finished:?}");
    }
    let alarms = scene.alarms();
    assert_eq!(alarms.iter().map(|alarm| &alarm["kind"]).collect::<Vec<_>>(), ["key", "key"]);
    assert!(alarms[0]["handover"].is_string() && alarms[0].get("key_if_acknowledged").is_none(), "{alarms:#?}");
}

#[test]
fn a_key_that_was_retired_signs_nothing_new() {
    let (scene, forger) = mirrored();
    let service = scene.serve();
    run("audit-key rotate", &scene.data()).ok();
    assert_eq!(service.terminate().0, 0);
    let note = forger.record_by_the_first_key();
    let service = scene.serve();
    let liar = Liar::before(service.address());
    liar.lie(move |path, answer| if path == "/audit/checkpoint" { (200, note.clone().into_bytes()) } else { answer });
    let kept = Kept::of(&scene.mirror());
    let finished = scene.follow(&liar.address, "");
    assert_eq!((finished.code, scene.alarms()[0]["kind"].as_str()), (3, Some("unrecorded")), "{finished:?}");
    assert_eq!(Kept::of(&scene.mirror()).checkpoint, kept.checkpoint, "nothing is verified under it");
}

#[test]
fn a_signed_rotation_is_told_with_a_note_that_other_tools_can_verify() {
    let (scene, forger) = mirrored();
    let service = scene.serve();
    run("audit-key rotate", &scene.data()).ok();
    scene.checkpoint();
    let finished = scene.follow(service.address(), "");
    assert!(finished.code == 0 && finished.stderr.contains("as the key before it has signed"), "{finished:?}");
    assert_eq!(scene.alarms(), Vec::<Value>::new());
    let notice = std::fs::read(scene.mirror().join("notices/0001-rotation.json")).unwrap();
    let notice: Value = serde_json::from_slice(&notice).unwrap();
    let (text, line) = notice["handover"].as_str().unwrap().split_once("\n\n").unwrap();
    let keys = run("audit-key list --json", &scene.data()).json();
    let [old, new] = [&keys[0], &keys[1]].map(|key| key["verifier_key"].as_str().unwrap());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..4], ["counterfoil key rotation v1", "example.com/books", old, new]);
    let content = STANDARD.decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
    let by = VerifyingKey::from_bytes(forger.seed.verifying_key().as_bytes()).unwrap();
    let signature = Signature::from_slice(&content[4..]).unwrap();
    by.verify_strict(format!("{text}\n").as_bytes(), &signature).expect("the old key's");
    assert!(LogKey::parse(old).unwrap().open(notice["handover"].as_str().unwrap()).is_err(), "and no checkpoint");
    verify(&scene.data());
    assert_eq!(counterfoil_verify(&scene)["unsigned_rotations"], json!([]));
}

#[test]
fn after_a_lost_key_the_operator_tells_followers_the_new_one() {
    let (scene, _) = mirrored();
    let service = scene.serve();
    run("audit-key rotate --key-lost", &scene.data()).ok();
    scene.checkpoint();
    assert_eq!(scene.follow(service.address(), "").code, 3);
    let newest = run("audit-key list --json", &scene.data()).json()[1]["verifier_key"].as_str().unwrap().to_owned();
    assert_eq!(scene.alarms()[0]["key_if_acknowledged"], json!(newest));
    // Whoever begins anew with the key that the operator tells them has nothing to be alarmed of.
    let fresh = scene.folder.path().join("fresh");
    let output = scene.command(service.address(), &fresh, &format!("--once --key {newest}")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let seq = counterfoil_verify(&scene)["unsigned_rotations"].clone();
    assert_eq!(seq.as_array().map(Vec::len), Some(1), "verify says so, and the ledger is sound: {seq}");
}

/// What `verify` says of the service's own files.
fn counterfoil_verify(scene: &Scene) -> Value {
    let location = counterfoil_replay::ledger::Location { ledger: scene.data().join("ledger.db"), views: None };
    let report = counterfoil_replay::verify::verify(&location, &counterfoil_replay::progress::Progress::silent());
    let report = report.expect("it is read").to_json();
    assert_eq!(report["ok"], true, "{report:#}");
    report
}
