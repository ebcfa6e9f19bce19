//! Checkpoints of the history that they stand in, of another one, and by keys and witnesses that cannot be.

use super::{ORIGIN, Signed, list};
use crate::books::Books;
use crate::tampering::report;
use counterfoil_replay::ledger::{COLUMNS, ChainHasher, Event, GENESIS};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

fn rewrite(books: &Books) {
    let mut statement = books.ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq")).expect("a query");
    let mut rows = statement.query([]).expect("rows");
    let (mut previous, mut changed, mut sql) = (GENESIS, false, String::new());
    while let Some(row) = rows.next().expect("a row") {
        let mut event = Event::read(row).expect("an event");
        if event.fingerprint.is_some() && !changed {
            event.fingerprint = Some(&[1; 32]);
            changed = true;
            sql.push_str(&format!("UPDATE events SET fingerprint = x'{}' WHERE seq = {};", "01".repeat(32), event.seq));
        }
        previous = ChainHasher::default().hash(&previous, &event);
        sql.push_str(&format!("UPDATE events SET hash = x'{}' WHERE seq = {};", hex::encode(previous), event.seq));
    }
    assert!(changed, "an event that claims a key");
    books.tamper(&sql);
}

#[test]
fn checkpoints_that_are_right_are_sound_whichever_key_signed_them() {
    let mut signed = Signed::begin();
    let size = signed.head();
    let made = signed.made(size);
    signed.record(made);
    let witness = SigningKey::from_bytes(&[5; 32]);
    let cosigned = signed.cosigned(size, &witness, 1_767_225_600);
    signed.books.command("checkpoint_key:1", "checkpoint.cosigned", None, cosigned.clone());
    // One of an older tree than the head, and one of each size after it.
    for behind in [1, 0, 0] {
        let made = signed.made(signed.head() - behind);
        signed.record(made);
    }
    let report = signed.sound();
    assert_eq!(report["checkpoints"], 4);
    assert_eq!(report["tree_root"], hex::encode(signed.root(signed.head())));
    // The old key is retired, the new one signs, and the old checkpoint may still be witnessed.
    signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
    signed.created(2, ORIGIN);
    signed.books.command(
        "checkpoint_key:1",
        "checkpoint.cosigned",
        None,
        signed.cosigned(size, &witness, 1_767_225_700),
    );
    signed.sound();
}

#[test]
fn a_checkpoint_of_another_history_is_named() {
    let mut signed = Signed::begin();
    let size = signed.head();
    let other = [7; 32];
    let signature = signed.key.sign(signed.checkpoint(size, other).text().as_bytes()).to_bytes();
    let payload = json!({"key": 1, "size": size, "root": hex::encode(other), "signature": hex::encode(signature)});
    let seq = signed.record(payload);
    signed.wrong(seq, "not this history");
}

#[test]
fn a_history_that_was_rewritten_under_its_checkpoint_is_named() {
    let mut signed = Signed::begin();
    let made = signed.made(signed.head());
    let seq = signed.record(made);
    // Somebody who can recompute the whole chain changes one fingerprint before the checkpoint.
    rewrite(&signed.books);
    let report = report(&signed.books);
    assert!(list(&report["problems"]).iter().all(|problem| problem["check"] != "chain"), "{report:#}");
    signed.wrong(seq, "not this history");
}

#[test]
fn whatever_else_is_wrong_with_a_checkpoint_is_named() {
    type Change = fn(&Signed, &mut Value);
    let cases: [(&str, Change); 5] = [
        ("signature does not fit", |_, made| made["signature"] = json!("00".repeat(64))),
        ("signature does not fit", |signed, made| made["size"] = json!(signed.head() - 1)),
        ("does not state", |_, made| made["key"] = json!(2)),
        ("the size is", |signed, made| *made = signed.made(3)),
        ("the size is", |signed, made| made["size"] = json!(signed.head() + 1)),
    ];
    for (words, change) in cases {
        let mut signed = Signed::begin();
        let first = signed.made(5);
        signed.record(first);
        let mut made = signed.made(signed.head());
        change(&signed, &mut made);
        let stream = format!("checkpoint_key:{}", made["key"]);
        signed.books.command(&stream, "checkpoint.made", None, made);
        signed.wrong(signed.head(), words);
    }
}

#[test]
fn keys_and_witnesses_that_cannot_be_are_named() {
    let mut signed = Signed::begin();
    signed.created(2, ORIGIN);
    signed.wrong(signed.head(), "another is in force");

    let mut signed = Signed::begin();
    signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
    let made = signed.made(signed.head());
    let seq = signed.record(made);
    signed.wrong(seq, "retired");

    let mut signed = Signed::begin();
    signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
    signed.created(2, "example.com/other");
    signed.wrong(signed.head(), "otherwise than before");

    let mut signed = Signed::begin();
    let first = hex::encode(signed.key.verifying_key().as_bytes());
    signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
    signed.created(2, ORIGIN);
    signed.sound();
    signed.books.command("checkpoint_key:2", "checkpoint_key.retired", None, json!({"key": 2}));
    let again = json!({"key": 3, "origin": ORIGIN, "public_key": first});
    signed.books.command("checkpoint_key:3", "checkpoint_key.created", None, again);
    signed.wrong(signed.head(), "had before");

    let mut signed = Signed::begin();
    signed.books.partner = 1;
    let made = signed.made(signed.head());
    let seq = signed.record(made);
    signed.wrong(seq, "belongs to a partner");

    let witness = SigningKey::from_bytes(&[5; 32]);
    for (words, change) in [("does not fit", "timestamp"), ("not recorded", "size")] {
        let mut signed = Signed::begin();
        let size = signed.head();
        let made = signed.made(size);
        signed.record(made);
        let mut cosigned = signed.cosigned(size, &witness, 1_767_225_600);
        cosigned[change] = json!(7);
        signed.books.command("checkpoint_key:1", "checkpoint.cosigned", None, cosigned);
        signed.wrong(signed.head(), words);
    }
}
