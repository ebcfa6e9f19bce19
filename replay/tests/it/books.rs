//! A writer for tests: makes small valid ledgers by `schema/event-log.md`, event by event.

use counterfoil_replay::ledger::{ChainHasher, Event, GENESIS, Hash, commitment};
use counterfoil_replay::progress::Progress;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;

/// A data directory with a ledger that is being written.
pub(crate) struct Books {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) ledger: Connection,
    chain: ChainHasher,
    hash: Hash,
    seq: i64,
    record: i64,
    pub(crate) now: i64,
    /// Who asks for what comes next.
    pub(crate) actor: &'static str,
    pub(crate) partner: i64,
    versions: HashMap<String, i64>,
}

impl Books {
    /// An empty ledger with the schema that the project ships.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ledger = Connection::open(directory.path().join("ledger.db")).expect("a new ledger");
        ledger.pragma_update(None, "journal_mode", "WAL").expect("WAL mode");
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/sql/ledger"))
                .expect("schema/sql/ledger")
                .map(|entry| entry.expect("a directory entry").path())
                .collect();
        files.sort();
        for file in files {
            ledger.execute_batch(&std::fs::read_to_string(file).expect("SQL text")).expect("the ledger's schema");
        }
        Self {
            directory,
            ledger,
            chain: ChainHasher::default(),
            hash: GENESIS,
            seq: 0,
            record: 0,
            now: START,
            actor: "cli",
            partner: 1,
            versions: HashMap::new(),
        }
    }

    /// Partner 1 with shop 1, template 1, key 1, and customer 9 with card 17, as a service would start.
    pub(crate) fn with_card() -> Self {
        let mut books = Self::empty();
        for (stream, kind, mut payload) in [
            ("partner:1", "partner.created", json!({"partner": 1, "currency": "EUR"})),
            ("shop:1", "shop.opened", json!({"shop": 1, "is_virtual": false})),
            ("template:1", "template.created", json!({"template": 1, "rules": rules()})),
            (
                "key:1",
                "key.created",
                json!({"key": 1, "public_id": "pk_1", "form": "pair", "scopes": ["points:manage"], "allowed_ips": []}),
            ),
        ] {
            payload["sealed"] = books.seal(stream, json!({"name": "Zoë"}));
            books.command(stream, kind, None, payload);
        }
        books.actor = "key:1";
        books.issue(9, 17, "LC000000000018");
        books
    }

    /// A customer with a card, in one command.
    pub(crate) fn issue(&mut self, customer: i64, card: i64, number: &str) {
        let subject = format!("customer:{customer}");
        let sealed = self.seal(&subject, json!({"email": format!("person{customer}@example.com")}));
        self.command(
            &subject,
            "customer.registered",
            Some(&format!("p1/create_card/header/{card}")),
            json!({"customer": customer, "sealed": sealed}),
        );
        let issued = json!({
            "card": card, "customer": customer, "template": 1, "template_version": 1, "number": number, "status": "active", "design": "default",
        });
        self.same_command(&format!("card:{card}"), "card.issued", issued);
    }

    /// Everything the format knows, at least once; views.db beside it.
    pub(crate) fn rich() -> Self {
        let mut books = Self::with_card();
        books.issue(10, 18, "LC000000000026");
        books.later(DAY);
        books.award(17, 300, "1001", Some(START + 10 * DAY), (0, 0));
        books.award(17, 250, "1002", None, (300, 300));
        books.same_command(
            "card:17",
            "card.tier_changed",
            json!({"card": 17, "from": "bronze", "to": "silver", "lifetime": 550}),
        );
        books.award(18, 80, "1003", Some(START + 3 * DAY), (0, 0));
        books.later(DAY);
        let taken = json!([{"lot": 9, "points": 100, "expires_at": "2026-01-11T00:00:00.000000Z"}]);
        let redeemed = json!({"card": 17, "points": -100, "shop": 1, "order": "1002", "taken": taken, "balance_before": 550, "balance": 450});
        books.command("card:17", "points.redeemed", Some("p1/s1/redeem/order/1002"), redeemed);
        let sealed = books.seal("customer:9", json!({"reason": "lost", "note": "called twice"}));
        books.command("card:17", "card.blocked", None, json!({"card": 17, "sealed": sealed}));
        let sealed = books.seal("customer:9", json!({"reason": "found"}));
        books.command("card:17", "card.unblocked", None, json!({"card": 17, "status": "active", "sealed": sealed}));
        books.later(2 * DAY);
        let due = json!([{"lot": 12, "points": 80, "expires_at": "2026-01-04T00:00:00.000000Z"}]);
        let expired =
            json!({"card": 18, "points": -80, "cause": "due", "taken": due, "balance_before": 80, "balance": 0});
        books.command("card:18", "points.expired", Some("p1/s-/adjust/card18/reference/sorry"), expired);
        let sealed = books.seal("customer:10", json!({"reason": "sorry"}));
        let adjusted = json!({
            "card": 18, "points": 40, "reference": "sorry", "lot": {"points": 40}, "balance_before": 0, "balance": 40, "sealed": sealed,
        });
        books.same_command("card:18", "points.adjusted", adjusted);
        let sealed = books.seal("customer:10", json!({"metadata": {"colour": "red"}}));
        books.command("card:18", "card.updated", None, json!({"card": 18, "design": "premium", "sealed": sealed}));
        books.erase(10);
        books.award(17, 5, "1004", None, (450, 550));
        books.make_views();
        books
    }

    /// An award by order, with what the card had before: its balance and its lifetime points.
    pub(crate) fn award(
        &mut self,
        card: i64,
        points: i64,
        order: &str,
        expires_at: Option<i64>,
        (balance, lifetime): (i64, i64),
    ) -> i64 {
        let mut lot = json!({"points": points});
        if let Some(time) = expires_at {
            lot["expires_at"] = json!(time_text(time));
        }
        let payload = json!({
            "card": card, "points": points, "origin": "award", "shop": 1, "order": order, "lot": lot,
            "balance_before": balance, "balance": balance + points, "lifetime": lifetime + points,
        });
        self.command(&format!("card:{card}"), "points.awarded", Some(&format!("p1/s1/earn/order/{order}")), payload)
    }

    /// Erases a customer, vault and all.
    pub(crate) fn erase(&mut self, customer: i64) {
        let subject = format!("customer:{customer}");
        let records = self
            .ledger
            .execute(
                "UPDATE sealed_records SET salt = NULL, body = NULL WHERE subject = ?1 AND body IS NOT NULL",
                [&subject],
            )
            .expect("an erasure");
        self.command(&subject, "customer.erased", None, json!({"customer": customer, "records": records}));
    }

    /// Lets time pass.
    pub(crate) fn later(&mut self, micros: i64) {
        self.now += micros;
    }

    /// Puts a record into the vault; gives the `sealed` of the event that will name it.
    pub(crate) fn seal(&mut self, subject: &str, body: Value) -> Value {
        self.record += 1;
        let salt = [u8::try_from(self.record % 251).expect("small"); 32];
        let body = body.to_string();
        self.ledger
            .execute("INSERT INTO sealed_records VALUES (?1, ?2, ?3, ?4)", params![self.record, subject, salt, body])
            .expect("a record");
        json!({"record": self.record, "commitment": hex::encode(commitment(&salt, &body))})
    }

    /// Appends the first event of a command; gives its seq.
    pub(crate) fn command(&mut self, stream: &str, kind: &str, key: Option<&str>, payload: Value) -> i64 {
        self.append(self.seq + 1, stream, kind, key, &payload)
    }

    /// Appends another event of the last command.
    pub(crate) fn same_command(&mut self, stream: &str, kind: &str, payload: Value) -> i64 {
        let command: i64 = self
            .ledger
            .query_row("SELECT command_seq FROM events WHERE seq = ?1", [self.seq], |row| row.get(0))
            .expect("a command");
        self.append(command, stream, kind, None, &payload)
    }

    fn append(&mut self, command_seq: i64, stream: &str, kind: &str, key: Option<&str>, payload: &Value) -> i64 {
        self.seq += 1;
        let version = self.versions.entry(stream.to_owned()).and_modify(|version| *version += 1).or_insert(1);
        let payload = payload.to_string();
        let fingerprint = key.map(|key| *blake3::hash(key.as_bytes()).as_bytes());
        let mut event = Event {
            seq: self.seq,
            command_seq,
            recorded_at: self.now,
            partner_id: self.partner,
            stream,
            version: *version,
            kind,
            schema: 1,
            actor: self.actor,
            idempotency_key: key,
            fingerprint: fingerprint.as_ref().map(<[u8; 32]>::as_slice),
            payload: &payload,
            hash: GENESIS,
        };
        event.hash = self.chain.hash(&self.hash, &event);
        self.hash = event.hash;
        insert(&self.ledger, &event);
        self.seq
    }

    /// The seq of the last event.
    pub(crate) const fn last_seq(&self) -> i64 {
        self.seq
    }

    /// Writes views.db as an honest service would have it.
    pub(crate) fn make_views(&self) {
        let views = self.directory.path().join("views.db");
        if views.exists() {
            std::fs::remove_file(&views).expect("older projections");
        }
        counterfoil_replay::commands::rebuild::rebuild(&self.path(), &views, &Progress::silent()).expect("views");
    }

    /// The ledger's file.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("ledger.db")
    }

    /// The projections, for somebody who doctors them.
    pub(crate) fn views(&self) -> Connection {
        Connection::open(self.directory.path().join("views.db")).expect("views.db")
    }

    /// Changes the ledger behind its triggers' back, and puts them in place again.
    pub(crate) fn tamper(&self, sql: &str) {
        let triggers: Vec<(String, String)> = self
            .ledger
            .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .expect("the triggers");
        for (name, _) in &triggers {
            self.ledger.execute_batch(&format!("DROP TRIGGER {name}")).expect("a dropped trigger");
        }
        self.ledger.execute_batch("PRAGMA ignore_check_constraints = ON").expect("no checks");
        self.ledger.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        for (_, sql) in &triggers {
            self.ledger.execute_batch(sql).expect("a trigger");
        }
    }
}

/// Inserts a row of the log.
pub(crate) fn insert(ledger: &Connection, event: &Event<'_>) {
    ledger
        .prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
        .and_then(|mut statement| {
            statement.execute(params![
                event.seq,
                event.command_seq,
                event.recorded_at,
                event.partner_id,
                event.stream,
                event.version,
                event.kind,
                event.schema,
                event.actor,
                event.idempotency_key,
                event.fingerprint,
                event.payload,
                event.hash,
            ])
        })
        .expect("an appended event");
}

/// A moment as payloads spell it.
pub(crate) fn time_text(micros: i64) -> String {
    counterfoil_replay::instant::Instant::from_micros(micros).to_string()
}

/// The rules of template 1.
pub(crate) fn rules() -> Value {
    json!({
        "auto_assign": true, "activation": "first_use", "points_enabled": true, "initial_bonus_points": 0, "points_expiration_days": null,
        "points_per_currency": "10", "currency_amount": "1.00", "round_points_up": false, "min_points_per_purchase": 0,
        "max_points_per_purchase": null, "points_per_visit": 0, "points_redemption_enabled": true, "points_per_currency_redemption": "100",
        "currency_amount_redemption": "1.00", "min_points_for_redemption": 0, "max_points_per_redemption": null,
    })
}
