//! The worked examples of `schema/vectors/tree.json`: the tree, notes of checkpoints, rotations.

use super::{ORIGIN, list};
use base64::Engine as _;
use counterfoil_replay::merkle::{Growing, consistent, included, leaf};
use counterfoil_replay::note::{Distrust, LogKey, Rotation, log_key_text, witness_key_text};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;
use std::path::Path;

fn worked() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/vectors/tree.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a vector")).expect("JSON")
}

fn hash(value: &Value) -> [u8; 32] {
    hex::decode(value.as_str().expect("digits")).expect("hex").try_into().expect("32 bytes")
}

fn hashes(value: &Value) -> Vec<[u8; 32]> {
    list(value).iter().map(hash).collect()
}

fn root(size: u64) -> [u8; 32] {
    let mut growing = Growing::default();
    let size = usize::try_from(size).expect("a size");
    hashes(&worked()["leaves"])[..size].iter().for_each(|data| growing.push(leaf(data)));
    growing.root()
}

#[test]
fn the_worked_tree_comes_out_and_its_proofs_hold() {
    let vector = worked();
    for case in list(&vector["roots"]) {
        assert_eq!(root(case["size"].as_u64().expect("a size")), hash(&case["root"]), "{case}");
    }
    for case in list(&vector["inclusion"]) {
        let (index, size) = (case["index"].as_u64().expect("an index"), case["size"].as_u64().expect("a size"));
        assert!(included(&hash(&case["leaf_hash"]), index, size, &hashes(&case["hashes"]), &root(size)), "{case}");
    }
    for case in list(&vector["consistency"]) {
        let (from, to) = (case["from"].as_u64().expect("a size"), case["to"].as_u64().expect("a size"));
        assert!(consistent(from, &root(from), to, &root(to), &hashes(&case["hashes"])), "{case}");
    }
}

#[test]
fn the_worked_checkpoints_are_believed_and_nothing_that_differs() {
    for case in list(&worked()["checkpoints"]) {
        let text = |name: &str| case[name].as_str().expect("a text");
        let key = LogKey::parse(text("verifier_key")).expect("a key");
        assert_eq!(log_key_text(text("origin"), &hash(&case["public_key"])), text("verifier_key"));
        let note = text("note");
        let checkpoint = key.open(note).expect("a checkpoint");
        assert_eq!((checkpoint.size, checkpoint.root), (case["size"].as_u64().expect("a size"), hash(&case["root"])));
        let body = note.find("\n\n").expect("a blank line") + 1;
        for place in 0..body {
            let mut bytes = note.as_bytes().to_vec();
            bytes[place] ^= 1;
            let changed = String::from_utf8_lossy(&bytes);
            assert!(key.open(&changed).is_err(), "place {place}: {changed:?}");
        }
        if let Some(given) = case.get("cosignature") {
            let (timestamp, public_key) = (given["timestamp"].as_u64().expect("a time"), hash(&given["public_key"]));
            let signature =
                hex::decode(given["signature"].as_str().expect("digits")).expect("hex").try_into().expect("64");
            assert!(checkpoint.cosigned_by(&public_key, timestamp, &signature));
            assert!(!checkpoint.cosigned_by(&public_key, timestamp + 1, &signature));
            let witness = given["witness"].as_str().expect("a name");
            assert_eq!(witness_key_text(witness, &public_key), given["verifier_key"].as_str().expect("a key"));
        }
    }
}

#[test]
fn the_worked_rotations_are_signed_by_the_old_key_alone() {
    for case in list(&worked()["rotations"]) {
        let text = |name: &str| case[name].as_str().expect("a text");
        let (old, new, root) = (hash(&case["old_public_key"]), hash(&case["new_public_key"]), hash(&case["root"]));
        let size = case["size"].as_u64().expect("a size");
        let rotation = Rotation { origin: text("origin"), old: &old, new: &new, size, root: &root };
        let signature: [u8; 64] = hex::decode(text("signature")).expect("hex").try_into().expect("64 bytes");
        assert_eq!((rotation.text().as_str(), rotation.note(&signature).as_str()), (text("text"), text("note")));
        assert!(rotation.signed_by_the_old(&signature));
        for other in [
            Rotation { size: size + 1, ..rotation },
            Rotation { root: &[9; 32], ..rotation },
            Rotation { new: &old, ..rotation },
            Rotation { old: &new, ..rotation },
            Rotation { origin: "example.com/other", ..rotation },
        ] {
            assert!(!other.signed_by_the_old(&signature), "{other:?}");
        }
        let opened = LogKey::parse(text("old_verifier_key")).expect("a key").open(text("note"));
        assert!(matches!(opened, Err(Distrust::NoCheckpoint(_))), "signed, and no checkpoint: {opened:?}");
    }
}

#[test]
fn a_note_of_another_log_or_with_more_to_it_is_not_believed() {
    let key = SigningKey::from_bytes(&[4; 32]);
    let vkey = log_key_text(ORIGIN, key.verifying_key().as_bytes());
    let log = LogKey::parse(&vkey).expect("a key");
    let signed = |text: &str| {
        let id = hex::decode(vkey.split('+').nth(1).expect("an id")).expect("hex");
        let signature = key.sign(text.as_bytes()).to_bytes();
        let content = base64::engine::general_purpose::STANDARD.encode([id.as_slice(), &signature].concat());
        format!("{text}\n\u{2014} {ORIGIN} {content}\n")
    };
    let root = base64::engine::general_purpose::STANDARD.encode([3; 32]);
    assert!(log.open(&signed(&format!("{ORIGIN}\n7\n{root}\n"))).is_ok());
    let other = log.open(&signed(&format!("example.com/other\n7\n{root}\n")));
    assert!(matches!(other, Err(Distrust::OtherLog { .. })), "{other:?}");
    for wrong in [format!("{ORIGIN}\n07\n{root}\n"), format!("{ORIGIN}\n7\n"), format!("{ORIGIN}\n+7\n{root}\n")] {
        assert!(matches!(log.open(&signed(&wrong)), Err(Distrust::NoCheckpoint(_))), "{wrong:?}");
    }
}
