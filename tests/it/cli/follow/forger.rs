//! Somebody with the service's files: changes rows, makes the chain anew, and signs with the stolen seed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterfoil_replay::ledger::{COLUMNS, ChainHasher, Event, GENESIS, hash_at};
use counterfoil_replay::merkle::{Growing, leaf};
use counterfoil_replay::note::{Checkpoint, Rotation, log_key_text};
use ed25519_dalek::{Signer as _, SigningKey};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The files of a service, and its seed.
pub(super) struct Forger {
    data: PathBuf,
    pub(super) seed: SigningKey,
    origin: String,
}

impl Forger {
    pub(super) fn of(data: &Path) -> Self {
        let seed: [u8; 32] = Connection::open(data.join("ops.db"))
            .and_then(|ops| {
                ops.query_row("SELECT seed FROM checkpoint_seeds ORDER BY created_at DESC", [], |row| row.get(0))
            })
            .expect("a seed");
        Self { data: data.to_owned(), seed: SigningKey::from_bytes(&seed), origin: "example.com/books".to_owned() }
    }

    fn ledger(&self) -> Connection {
        let ledger = Connection::open(self.data.join("ledger.db")).unwrap();
        ledger.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
        ledger
    }

    /// Runs what the triggers would refuse, also beside a running service.
    pub(super) fn tamper(&self, change: impl FnOnce(&Connection)) {
        let ledger = self.ledger();
        ledger.execute_batch("PRAGMA ignore_check_constraints = ON; BEGIN IMMEDIATE").unwrap();
        let triggers: Vec<(String, String)> = {
            let mut query = ledger.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.collect::<rusqlite::Result<_>>().unwrap()
        };
        triggers.iter().for_each(|(name, _)| ledger.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
        change(&ledger);
        triggers.iter().for_each(|(_, sql)| ledger.execute_batch(sql).unwrap());
        ledger.execute_batch("COMMIT").unwrap();
    }

    /// The seq of the `nth` award.
    pub(super) fn award(&self, nth: usize) -> i64 {
        let select = "SELECT seq FROM events WHERE kind = 'points.awarded' ORDER BY seq LIMIT 1 OFFSET ?1";
        self.ledger().query_row(select, [i64::try_from(nth).unwrap()], |row| row.get(0)).unwrap()
    }

    /// Changes one event, and nothing else.
    pub(super) fn change(&self, seq: i64, change: (&str, &str)) {
        self.tamper(|ledger| {
            let update =
                "UPDATE events SET payload = replace(payload, ?2, ?3) WHERE seq = ?1 AND payload LIKE '%' || ?2 || '%'";
            assert_eq!(ledger.execute(update, params![seq, change.0, change.1]).unwrap(), 1, "{change:?}");
        });
    }

    /// Makes every hash anew, and every checkpoint over them, signed with the seed; the service forgets what it had signed and
    /// projected.
    pub(super) fn make_anew(&self) {
        self.tamper(|ledger| self.rechain(ledger, true));
        self.forget();
    }

    /// Makes every hash anew, as somebody can who does not sign; the service forgets as above.
    pub(super) fn make_chain_anew(&self) {
        self.tamper(|ledger| self.rechain(ledger, false));
        self.forget();
    }

    /// Cuts off everything after an event, with what it had sealed.
    pub(super) fn cut(&self, last: i64) {
        self.tamper(|ledger| {
            let cut = "DELETE FROM events WHERE seq > ?1";
            assert!(ledger.execute(cut, [last]).unwrap() > 0);
            let rest = "DELETE FROM sealed_records WHERE record > \
                        (SELECT coalesce(max(json_extract(payload, '$.sealed.record')), 0) FROM events)";
            ledger.execute(rest, []).unwrap();
        });
        self.forget();
    }

    /// Another key in the place of the log's first.
    pub(super) fn swap_key(&mut self, seed: SigningKey) {
        let public = |key: &SigningKey| hex::encode(key.verifying_key().as_bytes());
        let (old, new) = (public(&self.seed), public(&seed));
        self.tamper(|ledger| {
            let update = "UPDATE events SET payload = replace(payload, ?1, ?2) WHERE kind = 'checkpoint_key.created'";
            assert_eq!(ledger.execute(update, [old, new]).unwrap(), 1);
        });
        let ops = Connection::open(self.data.join("ops.db")).unwrap();
        let update = "UPDATE checkpoint_seeds SET public_key = ?1, seed = ?2";
        ops.execute(update, params![seed.verifying_key().as_bytes(), seed.to_bytes()]).unwrap();
        self.seed = seed;
        self.make_anew();
    }

    /// What a key signs of the one that takes its place, over the whole log.
    pub(super) fn handover(&self, old: &SigningKey, new: &SigningKey) -> Value {
        self.handover_at(self.head(), old, new)
    }

    fn head(&self) -> i64 {
        self.ledger().query_row("SELECT max(seq) FROM events", [], |row| row.get(0)).unwrap()
    }

    /// The same over its first events.
    pub(super) fn handover_at(&self, size: i64, old: &SigningKey, new: &SigningKey) -> Value {
        let ledger = self.ledger();
        let mut growing = Growing::default();
        (1..=size).for_each(|seq| growing.push(leaf(&hash_at(&ledger, seq).unwrap().unwrap())));
        let root = growing.root();
        let (of, to) = (old.verifying_key().to_bytes(), new.verifying_key().to_bytes());
        let size = size.unsigned_abs();
        let text = Rotation { origin: &self.origin, old: &of, new: &to, size, root: &root }.text();
        let signature = hex::encode(old.sign(text.as_bytes()).to_bytes());
        json!({"size": size, "root": hex::encode(root), "signature": signature})
    }

    /// Appends a rotation to a key of the forger's own, with whatever stands for a signature of the log's; the service signs with it.
    pub(super) fn rotate(&self, seed: &SigningKey, handover: Option<Value>) {
        let public = seed.verifying_key().to_bytes();
        let mut created = json!({"key": 2, "origin": self.origin, "public_key": hex::encode(public)});
        handover.into_iter().for_each(|it| created["handover"] = it);
        self.tamper(|ledger| {
            let last = "SELECT max(seq), max(recorded_at), (SELECT count(*) FROM events WHERE stream = 'checkpoint_key:1') FROM events";
            let (head, at, of_the_key): (i64, i64, i64) =
                ledger.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            let insert = "INSERT INTO events (seq, command_seq, recorded_at, partner_id, stream, version, kind, schema, actor, payload, \
                          hash) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, 1, 'cli', ?7, zeroblob(32))";
            let rows = [
                ("checkpoint_key:1", of_the_key + 1, "checkpoint_key.retired", json!({"key": 1})),
                ("checkpoint_key:2", 1, "checkpoint_key.created", created),
            ];
            for (seq, (stream, version, kind, payload)) in (head + 1..).zip(rows) {
                let values = params![seq, head + 1, at, stream, version, kind, payload.to_string()];
                ledger.execute(insert, values).unwrap();
            }
            self.rechain(ledger, false);
        });
        let ops = Connection::open(self.data.join("ops.db")).unwrap();
        let insert = "INSERT INTO checkpoint_seeds (public_key, seed, created_at) SELECT ?1, ?2, max(created_at) + 1 FROM checkpoint_seeds";
        ops.execute(insert, params![public, seed.to_bytes()]).unwrap();
    }

    /// Records a checkpoint over the whole log by the log's first key, whether that is in force or not; answers its note.
    pub(super) fn record_by_the_first_key(&self) -> String {
        let made = json!({"key": 1, "size": self.head()});
        self.tamper(|ledger| {
            let insert = "INSERT INTO events (seq, command_seq, recorded_at, partner_id, stream, version, kind, schema, actor, payload, \
                          hash) SELECT max(seq) + 1, max(seq) + 1, max(recorded_at), 0, 'checkpoint_key:1', \
                          (SELECT max(version) + 1 FROM events WHERE stream = 'checkpoint_key:1'), 'checkpoint.made', 1, 'cli', ?1, \
                          zeroblob(32) FROM events";
            let mut leaves = Vec::new();
            for seq in 1..=made["size"].as_i64().unwrap() {
                leaves.push(leaf(&hash_at(ledger, seq).unwrap().unwrap()));
            }
            ledger.execute(insert, [self.signed_payload(&made.to_string(), &leaves)]).unwrap();
            self.rechain(ledger, false);
        });
        self.note(made["size"].as_u64().unwrap())
    }

    /// A note over the first `size` events, which the log does not record.
    pub(super) fn note(&self, size: u64) -> String {
        let ledger = self.ledger();
        let mut growing = Growing::default();
        (1..=i64::try_from(size).unwrap()).for_each(|seq| growing.push(leaf(&hash_at(&ledger, seq).unwrap().unwrap())));
        self.signed(size, growing.root())
    }

    /// A note that states whatever root.
    pub(super) fn signed(&self, size: u64, root: [u8; 32]) -> String {
        let text = Checkpoint { origin: self.origin.clone(), size, root }.text();
        let vkey = log_key_text(&self.origin, self.seed.verifying_key().as_bytes());
        let id = hex::decode(vkey.split('+').nth(1).unwrap()).unwrap();
        let line = STANDARD.encode([id.as_slice(), &self.seed.sign(text.as_bytes()).to_bytes()].concat());
        format!("{text}\n\u{2014} {} {line}\n", self.origin)
    }

    fn rechain(&self, ledger: &Connection, sign: bool) {
        let mut statement = ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq")).unwrap();
        let mut rows = statement.query([]).unwrap();
        let (mut hasher, mut previous, mut leaves, mut anew) =
            (ChainHasher::default(), GENESIS, Vec::new(), Vec::new());
        while let Some(row) = rows.next().unwrap() {
            let event = Event::read(row).unwrap();
            let mut payload = event.payload.to_owned();
            if sign && event.kind == "checkpoint.made" {
                payload = self.signed_payload(event.payload, &leaves);
            }
            previous = hasher.hash(&previous, &Event { payload: &payload, ..event });
            leaves.push(leaf(&previous));
            anew.push((event.seq, payload, previous));
        }
        for (seq, payload, hash) in anew {
            ledger
                .execute("UPDATE events SET payload = ?2, hash = ?3 WHERE seq = ?1", params![seq, payload, hash])
                .unwrap();
        }
    }

    fn signed_payload(&self, payload: &str, leaves: &[[u8; 32]]) -> String {
        let made: Value = serde_json::from_str(payload).unwrap();
        let size = made["size"].as_u64().unwrap();
        let mut growing = Growing::default();
        leaves[..usize::try_from(size).unwrap()].iter().for_each(|leaf| growing.push(*leaf));
        let text = Checkpoint { origin: self.origin.clone(), size, root: growing.root() }.text();
        let signature = hex::encode(self.seed.sign(text.as_bytes()).to_bytes());
        json!({"key": made["key"], "size": size, "root": hex::encode(growing.root()), "signature": signature})
            .to_string()
    }

    /// What would keep the service from signing another history.
    fn forget(&self) {
        let ops = Connection::open(self.data.join("ops.db")).unwrap();
        ops.execute("UPDATE checkpoint_seeds SET signed_size = 0, signed_root = NULL", []).unwrap();
        self.forget_views();
    }

    fn forget_views(&self) {
        for name in ["views.db", "views.db-wal", "views.db-shm"] {
            drop(std::fs::remove_file(self.data.join(name)));
        }
    }
}
