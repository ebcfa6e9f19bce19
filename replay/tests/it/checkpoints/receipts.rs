//! Receipts, verified without the log.

use super::{ORIGIN, Signed};
use base64::Engine as _;
use counterfoil_replay::ledger::{COLUMNS, Event, GENESIS};
use counterfoil_replay::merkle::{Growing, leaf};
use counterfoil_replay::note::log_key_text;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

/// The audit path by the definition of RFC 6962.
fn path(index: usize, leaves: &[[u8; 32]]) -> Vec<[u8; 32]> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (within, beside) =
        if index < left.len() { (path(index, left), right) } else { (path(index - left.len(), right), left) };
    let mut growing = Growing::default();
    beside.iter().for_each(|leaf| growing.push(*leaf));
    within.into_iter().chain([growing.root()]).collect()
}

/// The receipt of an event, as the service would answer it.
fn receipt(signed: &Signed, seq: i64, size: i64) -> Value {
    let mut statement =
        signed.books.ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq")).expect("a query");
    let mut rows = statement.query([]).expect("rows");
    let (mut leaves, mut previous, mut event) = (Vec::new(), GENESIS, Value::Null);
    let mut previous_hash = String::new();
    while let Some(row) = rows.next().expect("a row") {
        let read = Event::read(row).expect("an event");
        if read.seq == seq {
            previous_hash = hex::encode(previous);
            event = json!({
                "seq": read.seq, "command_seq": read.command_seq, "recorded_at": read.recorded_at, "partner_id": read.partner_id,
                "stream": read.stream, "version": read.version, "kind": read.kind, "schema": read.schema, "actor": read.actor,
                "idempotency_key": read.idempotency_key, "fingerprint": read.fingerprint.map(hex::encode), "payload": read.payload,
                "hash": hex::encode(read.hash),
            });
        }
        previous = read.hash;
        leaves.push(leaf(&read.hash));
    }
    leaves.truncate(usize::try_from(size).expect("a size"));
    let checkpoint = signed.checkpoint(size, signed.root(size));
    let id = hex::decode(signed.vkey().split('+').nth(1).expect("an id")).expect("hex");
    let signature = signed.key.sign(checkpoint.text().as_bytes()).to_bytes();
    let content = base64::engine::general_purpose::STANDARD.encode([id.as_slice(), &signature].concat());
    let hashes: Vec<_> = path(usize::try_from(seq - 1).expect("a place"), &leaves).iter().map(hex::encode).collect();
    json!({
        "format": "counterfoil receipt v1", "event": event, "previous_hash": previous_hash,
        "proof": {"leaf_index": seq - 1, "size": size, "hashes": hashes},
        "checkpoint": format!("{}\n\u{2014} {ORIGIN} {content}\n", checkpoint.text()),
    })
}

#[test]
fn a_receipt_is_verified_offline_and_whatever_was_changed_is_named() {
    let signed = Signed::begin();
    let genuine = receipt(&signed, 9, signed.head());
    let run = |receipt: &Value, key: &str| {
        let file = signed.books.directory.path().join("receipt.json");
        std::fs::write(&file, receipt.to_string()).expect("a file");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_counterfoil-replay"));
        let output = command.arg("receipt").arg(&file).args(["--key", key]).output().expect("the binary runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, said) = run(&genuine, &signed.vkey());
    assert!(code == Some(0) && said.starts_with("genuine: event 9 of example.com/books"), "{said}");
    for seq in [1, 2, signed.head()] {
        assert_eq!(run(&receipt(&signed, seq, signed.head()), &signed.vkey()).0, Some(0), "event {seq}");
    }
    for (change, words) in [
        (json!({"event": {"payload": "{}"}}), "the event was changed"),
        (json!({"event": {"fingerprint": null}}), "the event was changed"),
        (json!({"previous_hash": "00".repeat(32)}), "the event was changed"),
        (json!({"proof": {"leaf_index": 9}}), "another place"),
        (json!({"proof": {"size": 5}}), "another place"),
        (json!({"proof": {"hashes": []}}), "not in the tree"),
        (json!({"checkpoint": "nothing"}), "the checkpoint"),
        (json!({"format": "v2"}), "not a receipt"),
        (json!({"event": {"hash": "x"}}), "not a receipt"),
    ] {
        let mut changed = genuine.clone();
        for (field, value) in change.as_object().expect("an object") {
            match value.as_object() {
                Some(inner) => inner.iter().for_each(|(name, value)| changed[field][name] = value.clone()),
                None => changed[field] = value.clone(),
            }
        }
        let (code, said) = run(&changed, &signed.vkey());
        assert!(code == Some(1) && said.contains(words), "{words}: {said}");
    }
    let other = log_key_text(ORIGIN, SigningKey::from_bytes(&[8; 32]).verifying_key().as_bytes());
    assert!(run(&genuine, &other).1.contains("not signed with this key"));
    assert_eq!(run(&genuine, "nobody").0, Some(2));
}
