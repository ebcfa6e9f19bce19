//! Checkpoints in the log: the worked ones, and every way in which one can be wrong.

mod history;
mod receipts;
mod rotations;
mod worked;

use super::books::Books;
use super::tampering::report;
use counterfoil_replay::merkle::{Growing, leaf};
use counterfoil_replay::note::{Checkpoint, log_key_text};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

const ORIGIN: &str = "example.com/books";

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
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
