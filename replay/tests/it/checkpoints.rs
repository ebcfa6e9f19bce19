//! Checkpoints in the log: the worked ones, and every way in which one can be wrong.

use super::books::Books;
use super::tampering::report;
use base64::Engine as _;
use counterfoil_replay::ledger::{COLUMNS, ChainHasher, Event, GENESIS};
use counterfoil_replay::merkle::{Growing, consistent, included, leaf};
use counterfoil_replay::note::{Checkpoint, Distrust, LogKey, Rotation, log_key_text, witness_key_text};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use std::path::Path;

const ORIGIN: &str = "example.com/books";

fn worked() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/vectors/tree.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a vector")).expect("JSON")
}

fn hash(value: &Value) -> [u8; 32] {
    hex::decode(value.as_str().expect("digits")).expect("hex").try_into().expect("32 bytes")
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
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

/// What a ledger of the service would hold of checkpoints, and what a forger might write in its place.
struct Signed {
    books: Books,
    key: SigningKey,
}

impl Books {
    /// Adds every kind of event about checkpoints: one that is witnessed, of a key that is retired then, and one of the next key.
    pub(crate) fn checkpointed(self) -> Self {
        let (partner, actor) = (self.partner, self.actor);
        let mut signed = Signed::over(self);
        let size = signed.head();
        signed.record(signed.made(size));
        let cosigned = signed.cosigned(size, &SigningKey::from_bytes(&[5; 32]), 1_767_225_600);
        signed.books.command("checkpoint_key:1", "checkpoint.cosigned", None, cosigned);
        signed.books.command("checkpoint_key:1", "checkpoint_key.retired", None, json!({"key": 1}));
        signed.created(2, ORIGIN);
        let mut made = signed.made(signed.head());
        made["key"] = json!(2);
        signed.books.command("checkpoint_key:2", "checkpoint.made", None, made);
        let mut books = signed.books;
        (books.partner, books.actor) = (partner, actor);
        books
    }
}

impl Signed {
    fn begin() -> Self {
        Self::over(Books::rich())
    }

    fn over(mut books: Books) -> Self {
        (books.partner, books.actor) = (0, "cli");
        let key = SigningKey::from_bytes(&[4; 32]);
        let mut signed = Self { books, key };
        signed.created(1, ORIGIN);
        signed
    }

    fn created(&mut self, number: i64, origin: &str) {
        if number > 1 {
            self.key = second();
        }
        let public_key = hex::encode(self.key.verifying_key().as_bytes());
        let payload = json!({"key": number, "origin": origin, "public_key": public_key});
        self.books.command(&format!("checkpoint_key:{number}"), "checkpoint_key.created", None, payload);
    }

    fn vkey(&self) -> String {
        log_key_text(ORIGIN, self.key.verifying_key().as_bytes())
    }

    fn head(&self) -> i64 {
        self.books.ledger.query_row("SELECT max(seq) FROM events", [], |row| row.get(0)).expect("a log")
    }

    fn root(&self, size: i64) -> [u8; 32] {
        let mut growing = Growing::default();
        let mut hashes =
            self.books.ledger.prepare("SELECT hash FROM events WHERE seq <= ?1 ORDER BY seq").expect("a query");
        let rows = hashes.query_map([size], |row| row.get::<_, [u8; 32]>(0)).expect("rows");
        rows.for_each(|hash| growing.push(leaf(&hash.expect("a hash"))));
        growing.root()
    }

    fn checkpoint(&self, size: i64, root: [u8; 32]) -> Checkpoint {
        Checkpoint { origin: ORIGIN.to_owned(), size: u64::try_from(size).expect("a size"), root }
    }

    /// A checkpoint as the service would record it.
    fn made(&self, size: i64) -> Value {
        let root = self.root(size);
        let signature = self.key.sign(self.checkpoint(size, root).text().as_bytes()).to_bytes();
        json!({"key": 1, "size": size, "root": hex::encode(root), "signature": hex::encode(signature)})
    }

    fn record(&mut self, payload: Value) -> i64 {
        self.books.command("checkpoint_key:1", "checkpoint.made", None, payload);
        self.head()
    }

    fn cosigned(&self, size: i64, witness: &SigningKey, timestamp: u64) -> Value {
        let checkpoint = self.checkpoint(size, self.root(size));
        let message = format!("cosignature/v1\ntime {timestamp}\n{}", checkpoint.text());
        json!({
            "key": 1, "size": size, "witness": "witness.example.com/w1", "timestamp": timestamp,
            "public_key": hex::encode(witness.verifying_key().as_bytes()),
            "signature": hex::encode(witness.sign(message.as_bytes()).to_bytes()),
        })
    }

    #[track_caller]
    fn sound(&self) -> Value {
        let report = report(&self.books);
        assert_eq!(report["ok"], true, "{report:#}");
        report
    }

    #[track_caller]
    fn wrong(&self, seq: i64, words: &str) {
        let report = report(&self.books);
        let found = list(&report["problems"]).iter().any(|problem| {
            let sentence = problem["problem"].as_str().expect("a sentence");
            problem["seq"] == seq && problem["check"] == "checkpoints" && sentence.contains(words)
        });
        assert!(found, "event {seq}, {words}: {report:#}");
    }
}

/// The key after the first.
fn second() -> SigningKey {
    SigningKey::from_bytes(&[8; 32])
}

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
