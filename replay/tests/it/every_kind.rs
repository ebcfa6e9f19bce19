//! Books that hold every kind of event, refunds and changed settings among them, and what an auditor asks of them.

use super::books::{Books, DAY, START, time_text};
use super::orders;
use super::questions::assert_chain;
use super::tampering::report;
use counterfoil_replay::commands::{as_of, export};
use counterfoil_replay::instant::Instant;
use counterfoil_replay::progress::Progress;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Settings of a partner whose shops share points, with what is to differ.
pub(crate) fn settings(changed: Value) -> Value {
    let level = |(tier, threshold, multiplier)| json!({"tier": tier, "threshold": threshold, "multiplier": multiplier});
    let levels = [("bronze", 0, "1"), ("silver", 500, "1.5"), ("gold", 800, "2")].map(level);
    let mut settings = json!({
        "multi_store_points": true, "point_sharing": "full", "unified_tiers": false, "refund_shortfall": "negative",
        "tiers": {"basis": "lifetime", "levels": levels},
    });
    if let Value::Object(changed) = changed {
        changed.into_iter().for_each(|(name, value)| settings[name] = value);
    }
    settings
}

impl Books {
    /// An event about something with a sealed record of its own.
    pub(crate) fn sealing(&mut self, stream: &str, kind: &str, mut payload: Value) -> i64 {
        payload["sealed"] = self.seal(stream, json!({"name": "Zoë"}));
        self.command(stream, kind, None, payload)
    }

    /// Changes the settings of partner 1.
    pub(crate) fn settle(&mut self, changed: Value) -> i64 {
        let changed = json!({"partner": 1, "settings": settings(changed)});
        self.sealing("partner:1", "partner.settings_changed", changed)
    }

    /// Every kind of event, and what was there before each change. The card is 17, its customer 9.
    pub(crate) fn of_every_kind() -> Self {
        let mut books = orders::books(None);
        books.programme();
        books.second_card();
        books.moves();
        books.erase(10);
        books.correct(9);
        let mut books = books.checkpointed();
        books.fill(700);
        books.seal_january();
        books.make_views();
        books
    }

    /// Changes what is known of a customer who was never changed; what was known before is erased with it.
    pub(crate) fn correct(&mut self, customer: i64) -> i64 {
        let (stream, sql) =
            (format!("customer:{customer}"), "SELECT payload ->> '$.sealed.record' FROM events WHERE stream = ?1");
        let before: i64 = self.ledger.query_row(sql, [&stream], |row| row.get(0)).expect("a registration");
        let sealed = self.seal(&stream, json!({"email": "right@example.com"}));
        let updated =
            json!({"customer": customer, "changed": ["email", "name", "phone", "metadata"], "sealed": sealed});
        self.command(&stream, "customer.updated", None, updated);
        self.forget(before);
        let rule = json!({
            "customer": customer, "rule": "superseded_records_after_days", "value": 0, "records": [{"record": before}],
        });
        self.same_command(&stream, "records.erased", rule)
    }

    /// Takes a record's bytes out of the vault.
    pub(crate) fn forget(&self, record: i64) {
        let sql = "UPDATE sealed_records SET salt = NULL, body = NULL WHERE record = ?1";
        self.ledger.execute(sql, [record]).expect("an erasure");
    }

    /// Until the log has so many events, changes the card's design back and forth.
    pub(crate) fn fill(&mut self, until: i64) {
        for seq in self.head() + 1..=until {
            let design = if seq % 2 == 0 { "premium" } else { "default" };
            self.command("card:17", "card.updated", None, json!({"card": 17, "design": design}));
        }
    }

    fn programme(&mut self) {
        let rules = super::books::rules();
        self.settle(json!({"refund_shortfall": "partial"}));
        self.sealing("shop:2", "shop.opened", json!({"shop": 2, "is_virtual": true, "is_active": false}));
        let place = json!({"latitude": "54.6870", "longitude": "25.28"});
        self.sealing("shop:2", "shop.updated", json!({"shop": 2, "is_virtual": false, "coordinates": place}));
        self.command("shop:2", "shop.retired", None, json!({"shop": 2}));
        self.sealing("template:2", "template.created", json!({"template": 2, "rules": rules}));
        let mut stricter = rules;
        (stricter["shop_ids"], stricter["is_active"]) = (json!([1]), json!(false));
        self.sealing("template:2", "template.updated", json!({"template": 2, "version": 2, "rules": stricter}));
        self.command("template:2", "template.retired", None, json!({"template": 2}));
        let key = json!({
            "key": 2, "public_id": "pk_2", "form": "bearer", "shop": 1, "scopes": ["loyalty:read"], "allowed_ips": ["10.0.0.0/8"],
            "expires_at": time_text(START + 9 * DAY),
        });
        self.sealing("key:2", "key.created", key);
        self.command("key:2", "key.revoked", None, json!({"key": 2}));
        self.webhook();
        let sealed = self.seal("customer:9", json!({"email": " Zoe@Example.com", "phone": "+370 600 12345"}));
        self.command("customer:9", "customer.updated", None, json!({"customer": 9, "sealed": sealed}));
    }

    /// Stopped, changed while stopped, started again, with another secret, and gone; and one that is left as it was made.
    fn webhook(&mut self) {
        let wishes = json!({"webhook": 1, "events": ["points.awarded", "loyalty_card.created"], "shop_ids": [1], "secret_id": "one"});
        self.sealing("webhook:1", "webhook.created", wishes);
        let until = time_text(self.now + DAY);
        let rotated = json!({"webhook": 1, "secret_id": "two", "previous_until": until});
        self.command("webhook:1", "webhook.rotated", None, rotated);
        let asked = std::mem::replace(&mut self.actor, "job:webhooks");
        self.command("webhook:1", "webhook.disabled", None, json!({"webhook": 1, "reason": "failing"}));
        self.actor = asked;
        let all = json!({"webhook": 1, "events": ["*"], "is_active": false});
        self.sealing("webhook:1", "webhook.updated", all);
        let sealed = json!({"webhook": 2, "events": ["*"], "is_active": false, "secret_id": "three"});
        self.sealing("webhook:2", "webhook.created", sealed);
        self.sealing("webhook:1", "webhook.updated", json!({"webhook": 1, "events": ["*"]}));
        self.command("webhook:1", "webhook.skipped", None, json!({"webhook": 1}));
        self.command("webhook:1", "webhook.removed", None, json!({"webhook": 1}));
    }

    fn second_card(&mut self) {
        let sealed = self.seal("customer:10", json!({"email": "jo@example.com"}));
        self.command("customer:10", "customer.registered", None, json!({"customer": 10, "sealed": sealed}));
        let sealed = self.seal("customer:10", json!({"metadata": {"till": 4}}));
        let issued = json!({
            "card": 18, "customer": 10, "template": 1, "template_version": 1, "number": "LC000000000026", "status": "inactive",
            "design": "default", "shop": 1, "sealed": sealed,
        });
        self.same_command("card:18", "card.issued", issued);
        let bonus = json!({
            "card": 18, "points": 50, "origin": "issue", "shop": 1, "lot": {"points": 50}, "balance_before": 0, "balance": 50, "lifetime": 50,
        });
        self.same_command("card:18", "points.awarded", bonus);
        self.command("card:18", "card.activated", None, json!({"card": 18}));
        for (kind, extra) in [("card.blocked", None), ("card.unblocked", Some("active"))] {
            let mut payload = json!({"card": 18, "sealed": self.seal("customer:10", json!({"reason": "lost"}))});
            if let Some(status) = extra {
                payload["status"] = json!(status);
            }
            self.command("card:18", kind, None, payload);
        }
        self.command("card:18", "card.updated", None, json!({"card": 18, "design": "premium"}));
    }

    /// On a card with 300 points that never expire, and as many lifetime points.
    fn moves(&mut self) {
        self.award(17, 250, "E", Some(self.now + DAY), (300, 300));
        let changed = json!({"card": 17, "from": "bronze", "to": "silver", "lifetime": 550});
        self.same_command("card:17", "card.tier_changed", changed);
        let nothing = json!({"order_total": "0", "currency": "EUR", "template": 1, "template_version": 1});
        let recorded = json!({"card": 17, "shop": 1, "order": "D", "purchase": nothing, "balance": 550});
        let of = self.command("card:17", "order.recorded", Some("p1/s1/earn/order/D"), recorded);
        self.later(DAY);
        let due = self.lot_of("E");
        let end = time_text(self.now);
        let expired = json!({
            "card": 17, "points": -250, "cause": "due", "taken": [{"lot": due, "points": 250, "expires_at": end}],
            "balance_before": 550, "balance": 300,
        });
        self.command("card:17", "points.expired", None, expired);
        let taken = |points: i64| json!([{"lot": 7, "points": points}]);
        let adjusted = json!({"card": 17, "points": -10, "taken": taken(10), "balance_before": 300, "balance": 290});
        self.command("card:17", "points.adjusted", None, adjusted);
        let adjusted = json!({"card": 17, "points": 5, "lot": {"points": 5}, "balance_before": 290, "balance": 295});
        self.command("card:17", "points.adjusted", None, adjusted);
        let expired = json!({
            "card": 17, "points": -20, "cause": "requested", "taken": taken(20), "balance_before": 295, "balance": 275,
        });
        self.command("card:17", "points.expired", None, expired);
        let cancelled = json!({
            "card": 17, "points": 0, "cause": "cancellation", "shop": 1, "order": "D", "of": of, "amount": "0", "completes": true,
            "balance_before": 275, "balance": 275, "lifetime": 550,
        });
        self.command("card:17", "points.refunded", Some("p1/s1/cancel/order/D"), cancelled);
    }

    fn lot_of(&self, order: &str) -> i64 {
        let sql =
            "SELECT seq FROM events WHERE kind = 'points.awarded' AND payload LIKE '%\"order\":\"' || ?1 || '\"%'";
        self.ledger.query_row(sql, [order], |row| row.get(0)).expect("an award")
    }

    fn head(&self) -> i64 {
        self.ledger.query_row("SELECT max(seq) FROM events", [], |row| row.get(0)).expect("events")
    }
}

#[test]
fn books_of_every_kind_are_sound_and_leave_no_kind_out() {
    let books = Books::of_every_kind();
    let report = report(&books);
    assert_eq!(report["ok"], true, "{report:#}");
    let mut statement = books.ledger.prepare("SELECT DISTINCT kind FROM events").expect("a query");
    let kinds: BTreeSet<String> =
        statement.query_map([], |row| row.get(0)).expect("kinds").collect::<Result<_, _>>().expect("kinds");
    let described: BTreeSet<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/events"))
        .expect("schema/events")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .map(|name| name.strip_suffix(".v1.json").expect("a kind").to_owned())
        .collect();
    assert_eq!(kinds, described);
}

#[test]
fn a_balance_is_what_every_movement_stated_at_its_moment() {
    let books = Books::of_every_kind();
    let mut statement = books
        .ledger
        .prepare("SELECT seq, stream, json_extract(payload, '$.balance') FROM events WHERE json_extract(payload, '$.balance') IS NOT NULL")
        .expect("a query");
    let stated: Vec<(i64, String, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .expect("movements")
        .collect::<Result<_, _>>()
        .expect("movements");
    assert_eq!(stated.len(), 15, "{stated:?}");
    for (seq, stream, balance) in stated {
        let card = stream.strip_prefix("card:").expect("a card");
        let found = as_of::balance(&books.path(), card, as_of::Moment::After(seq)).expect("a balance").to_json();
        assert_eq!((&found["balance"], &found["available"]), (&json!(balance), &json!(balance)), "after event {seq}");
    }
    let last = as_of::balance(&books.path(), "17", as_of::Moment::After(books.head())).expect("a balance").to_json();
    for (field, expected) in [
        ("balance", json!(275)),
        ("debt", json!(0)),
        ("lifetime", json!(550)),
        // 100 were spent and all of them given back.
        ("redeemed", json!(0)),
        ("expired", json!(270)),
        ("adjusted", json!(-5)),
        ("tier", json!("silver")),
    ] {
        assert_eq!(last[field], expected, "{field}: {last:#}");
    }
    let remaining: i64 =
        last["lots"].as_array().expect("lots").iter().filter_map(|lot| lot["remaining"].as_i64()).sum();
    assert_eq!(remaining, 275);
}

#[test]
fn a_balance_by_time_stands_between_a_lots_end_and_its_event() {
    let books = Books::of_every_kind();
    let available = |micros| {
        let moment = as_of::Moment::At(Instant::from_micros(micros));
        as_of::balance(&books.path(), "17", moment).expect("a balance").available().get()
    };
    assert_eq!(available(START + DAY - 1), 550);
    assert_eq!(available(START + DAY), 275, "expired, corrected and cancelled at that instant");
}

#[test]
fn an_export_of_every_kind_verifies_and_holds_every_payload_as_it_stands() {
    let books = Books::of_every_kind();
    let (mut lines, mut table) = (Vec::new(), Vec::new());
    export::json_lines(&books.path(), &mut lines, &Progress::silent()).expect("an export");
    export::csv(&books.path(), &mut table, &Progress::silent()).expect("an export");
    let rows: Vec<Value> =
        String::from_utf8(lines).expect("text").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(i64::try_from(rows.len()), Ok(books.head()));
    assert_chain(&rows);
    let payloads: Vec<String> = {
        let mut statement = books.ledger.prepare("SELECT payload FROM events ORDER BY seq").expect("a query");
        statement.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let place = reader.headers().expect("a header").iter().position(|name| name == "payload").expect("a column");
    let in_table: Vec<String> = reader.records().map(|record| record.expect("a record")[place].to_owned()).collect();
    let in_lines: Vec<&str> = rows.iter().map(|row| row["payload"].as_str().expect("text")).collect();
    assert_eq!(in_table, payloads);
    assert_eq!(in_lines, payloads);
}

#[test]
fn a_history_says_of_which_order_a_refund_is() {
    let books = Books::of_every_kind();
    let history = as_of::history(&books.path(), "17", as_of::Moment::now()).expect("a history").to_json();
    let about: Vec<&str> =
        history["events"].as_array().expect("a list").iter().filter_map(|entry| entry["about"].as_str()).collect();
    assert_eq!(about[0], "discount of 1 EUR");
    assert_eq!(about[2], "refund of 5, of event 8");
    assert!(about[4].ends_with("the rest of it") && about.last().is_some_and(|last| last.contains("the rest of it")));
}
