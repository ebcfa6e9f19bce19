//! Rotations of the log's key: signed by the key before, by nobody, or wrongly.

use super::{ORIGIN, Signed, second};
use counterfoil_replay::note::Rotation;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

/// What the first key signs of the second, after the first `size` events.
fn handover(signed: &Signed, size: i64) -> Value {
    let (old, new) = (signed.key.verifying_key().to_bytes(), second().verifying_key().to_bytes());
    let (size_signed, root) = (u64::try_from(size).expect("a size"), signed.root(size));
    let rotation = Rotation { origin: ORIGIN, old: &old, new: &new, size: size_signed, root: &root };
    let signature = signed.key.sign(rotation.text().as_bytes()).to_bytes();
    json!({"size": size, "root": hex::encode(root), "signature": hex::encode(signature)})
}

/// Books with a checkpoint, and a rotation in one command; answers the seq of the second key.
fn rotated(signed: &mut Signed, handover: Value) -> i64 {
    let public_key = hex::encode(second().verifying_key().as_bytes());
    let created = json!({"key": 2, "origin": ORIGIN, "public_key": public_key, "handover": handover});
    signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
    signed.books.same_command("checkpoint_key:2", "checkpoint_key.created", created);
    signed.head()
}

#[test]
fn a_rotation_that_the_old_key_signed_is_sound_and_whatever_is_wrong_with_it_is_named() {
    let begin = || {
        let mut signed = Signed::begin();
        let made = signed.made(signed.head());
        signed.record(made);
        signed
    };
    for behind in [0, 1] {
        let mut signed = begin();
        let statement = handover(&signed, signed.head() - behind);
        rotated(&mut signed, statement);
        assert_eq!(signed.sound()["unsigned_rotations"], json!([]));
    }
    type Change = fn(&Signed, &mut Value);
    let cases: [(&str, Change); 6] = [
        ("has not signed", |_, it| it["signature"] = json!("00".repeat(64))),
        ("has not signed", |signed, it| it["size"] = json!(signed.head() - 1)),
        ("has not signed", |signed, it| it["root"] = json!(hex::encode(signed.root(3)))),
        ("not this history", |signed, it| it["root"] = json!(hex::encode(signed.root(3)))),
        ("signed at size", |signed, it| *it = handover(signed, 3)),
        ("signed at size", |signed, it| it["size"] = json!(signed.head() + 1)),
    ];
    for (words, change) in cases {
        let mut signed = begin();
        let mut statement = handover(&signed, signed.head());
        change(&signed, &mut statement);
        let seq = rotated(&mut signed, statement);
        signed.wrong(seq, words);
    }
}

#[test]
fn a_rotation_without_a_signature_is_told_and_sound_and_one_by_a_key_that_stays_is_not() {
    let mut signed = Signed::begin();
    let public_key = hex::encode(second().verifying_key().as_bytes());
    let created = json!({"key": 2, "origin": ORIGIN, "public_key": public_key});
    signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
    signed.books.same_command("checkpoint_key:2", "checkpoint_key.created", created.clone());
    let seq = signed.head();
    assert_eq!(signed.sound()["unsigned_rotations"], json!([seq]));

    let mut signed = Signed::begin();
    let mut created = created;
    created["handover"] = handover(&signed, signed.head());
    signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
    signed.books.command("checkpoint_key:2", "checkpoint_key.created", None, created);
    signed.wrong(signed.head(), "was not retired in the same command");
}
