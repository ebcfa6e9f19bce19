use super::*;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

fn trusted(keys: &Keys) -> Vec<(i64, &LogKey)> {
    keys.trusted().into_iter().map(|successor| (successor.seq, successor.key)).collect()
}

fn key(number: u8) -> LogKey {
    let public = SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes();
    LogKey::parse(&log_key_text("log", &public)).unwrap()
}

/// What a key signs of the one that takes its place.
fn handover(old: u8, new: u8) -> Value {
    let (old_key, root) = (SigningKey::from_bytes(&[old; 32]), [5; 32]);
    let (old, new) = (key(old).public_key(), key(new).public_key());
    let text = Rotation { origin: "log", old: &old, new: &new, size: 1, root: &root }.text();
    let signature = hex::encode(old_key.sign(text.as_bytes()).to_bytes());
    json!({"size": 1, "root": hex::encode(root), "signature": signature})
}

/// Key after key, each with what the one before it signed.
fn log(events: &[(i64, &str, u8)]) -> Keys {
    log_where(events, |number| (number > 1).then(|| handover(number - 1, number)))
}

fn log_where(events: &[(i64, &str, u8)], handed_over: impl Fn(u8) -> Option<Value>) -> Keys {
    let mut keys = Keys::default();
    for (seq, (command_seq, kind, number)) in (1..).zip(events) {
        let public = hex::encode(key(*number).public_key());
        let mut payload = json!({"key": number});
        if *kind == MADE {
            let (root, signature) = (hex::encode([5; 32]), hex::encode([6; 64]));
            payload = json!({"key": number, "size": seq - 1, "root": root, "signature": signature});
        } else if *kind == CREATED {
            payload = json!({"key": number, "origin": "log", "public_key": public});
            handed_over(*number).into_iter().for_each(|it| payload["handover"] = it);
        }
        let payload = payload.to_string();
        keys.learn(&Event {
            seq,
            command_seq: *command_seq,
            recorded_at: 0,
            partner_id: 0,
            stream: "checkpoint_key:1",
            version: seq,
            kind,
            schema: 1,
            actor: "cli",
            idempotency_key: None,
            fingerprint: None,
            payload: &payload,
            hash: [0; 32],
        });
    }
    keys
}

const CREATED: &str = "checkpoint_key.created";
const RETIRED: &str = "checkpoint_key.retired";
const MADE: &str = "checkpoint.made";

fn last_told(number: u8) -> Option<Told> {
    Some(Told { key: key(number).text(), seq: None })
}

#[test]
fn trust_passes_to_the_key_that_is_created_where_the_trusted_one_is_retired() {
    let mut keys = log(&[(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2), (4, RETIRED, 2), (4, CREATED, 3)]);
    keys.pin(key(1));
    assert_eq!(trusted(&keys), [(3, &key(2)), (5, &key(3))]);
    assert_eq!(keys.newest(), Some(&key(3)));
    keys.pin(key(2));
    assert_eq!(trusted(&keys), [(5, &key(3))], "never backwards");
}

#[test]
fn no_key_is_trusted_that_took_nobodys_place() {
    // Beside the one in force; after one that another command retired; in the place of one that is not trusted.
    for events in [
        &[(1, CREATED, 1), (2, CREATED, 2)][..],
        &[(1, CREATED, 1), (2, RETIRED, 1), (3, CREATED, 2)],
        &[(1, CREATED, 1), (2, CREATED, 2), (3, RETIRED, 2), (3, CREATED, 3)],
    ] {
        let mut keys = log(events);
        keys.pin(key(1));
        assert_eq!(trusted(&keys), [], "{events:?}");
    }
    let mut keys = log(&[(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2)]);
    keys.pin(key(9));
    assert_eq!(keys.newest(), Some(&key(9)), "the log does not state the pinned one");
}

#[test]
fn a_key_that_the_one_before_it_did_not_sign_for_is_trusted_where_a_person_accepts_it() {
    let events = [
        (1, CREATED, 1),
        (2, RETIRED, 1),
        (2, CREATED, 2),
        (4, RETIRED, 2),
        (4, CREATED, 3),
        (6, RETIRED, 3),
        (6, CREATED, 4),
    ];
    let mut keys = log_where(&events, |number| (number == 2 || number == 4).then(|| handover(number - 1, number)));
    keys.pin(key(1));
    assert_eq!((trusted(&keys), keys.chain().len()), (vec![(3, &key(2))], 3), "as far as it is signed");
    keys.accept(last_told(2));
    assert_eq!(keys.newest(), Some(&key(2)), "that was told of before it");
    keys.accept(last_told(3));
    assert_eq!(keys.newest(), Some(&key(4)), "and what it signed for");
    keys.accept(Some(Told { key: key(3).text(), seq: Some(5) }));
    assert_eq!(keys.newest(), Some(&key(4)), "by its event, too");
    for stranger in [last_told(9), Some(Told { key: key(3).text(), seq: Some(7) })] {
        keys.accept(stranger);
        assert_eq!(keys.newest(), Some(&key(2)), "a stranger leads nowhere");
    }
}

#[test]
fn a_key_that_comes_again_does_not_lead_past_one_that_nobody_was_told_of() {
    let told = [(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2), (4, RETIRED, 2), (4, CREATED, 3)];
    for again in [1, 2] {
        let mut keys = log_where(&[&told[..], &[(6, RETIRED, 3), (6, CREATED, again)]].concat(), |_| None);
        keys.pin(key(1));
        keys.accept(last_told(2));
        assert_eq!((trusted(&keys), keys.chain().len()), (vec![(3, &key(2))], 2), "{again}");
    }
}

#[test]
fn a_checkpoint_is_recorded_by_the_key_that_is_in_force() {
    let rotated = [(1, CREATED, 1), (2, MADE, 1), (3, RETIRED, 1), (3, CREATED, 2), (5, MADE, 1), (6, MADE, 2)];
    let keys = log(&rotated);
    let by = |size| keys.recorded(size).unwrap().key;
    assert_eq!([by(1), by(4), by(5)], [Some(key(1).public_key()), None, Some(key(2).public_key())]);
}

#[test]
fn what_was_signed_elsewhere_than_it_stands_is_not_trusted_whatever_was_told() {
    // The handover is of size 1: before the checkpoint of size 2, and not before its own command.
    let late = [(1, CREATED, 1), (2, MADE, 1), (3, MADE, 1), (4, RETIRED, 1), (4, CREATED, 2)];
    let early = [(1, RETIRED, 1), (1, CREATED, 2)];
    for events in [&late[..], &[&[(1, CREATED, 1)], &early[..]].concat()] {
        let mut keys = log(events);
        keys.pin(key(1));
        for told in [None, last_told(2)] {
            keys.accept(told.clone());
            assert_eq!((trusted(&keys).len(), keys.chain().len()), (0, 1), "{events:?}");
            assert_eq!(Keys::told(&keys.chain(), told.as_ref()), 0, "an alarm as long as it stands there");
        }
    }
}

#[test]
fn a_wrong_signature_is_worse_than_none() {
    let other_root = |number| {
        let mut it = handover(number - 1, number);
        it["root"] = json!(hex::encode([6; 32]));
        it
    };
    let stranger = |number| handover(9, number);
    let other_key = |number| handover(number - 1, 9);
    for wrong in [&other_root as &dyn Fn(u8) -> Value, &stranger, &other_key] {
        let events = [(1, CREATED, 1), (2, RETIRED, 1), (2, CREATED, 2)];
        let mut keys = log_where(&events, |number| (number > 1).then(|| wrong(number)));
        keys.pin(key(1));
        keys.accept(last_told(2));
        assert_eq!((trusted(&keys).len(), keys.chain().len()), (0, 0), "{:?}", keys.stated);
    }
}
