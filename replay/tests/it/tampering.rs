//! Every change to a ledger is found and named.

use super::books::{Books, DAY};
use counterfoil_replay::ledger::Location;
use counterfoil_replay::progress::Progress;
use counterfoil_replay::verify::verify;
use serde_json::Value;

pub(crate) fn report(books: &Books) -> Value {
    verify(&Location::of_data(books.directory.path()), &Progress::silent()).expect("a readable ledger").to_json()
}

fn assert_names_event(books: &Books, seq: i64, what: &str) {
    let report = report(books);
    assert_eq!(report["ok"], false, "{what} was not found");
    assert_eq!(report["problems"][0]["seq"], seq, "{what}: {report:#}");
}

#[test]
fn an_honest_ledger_is_sound() {
    let report = report(&Books::rich());
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(report["events"], 20);
    assert_eq!(report["cards"], 2);
}

#[test]
fn an_empty_ledger_is_sound() {
    assert_eq!(report(&Books::empty())["ok"], true);
}

#[test]
fn a_change_to_any_column_of_an_event_is_named() {
    for (column, value) in [
        ("command_seq", "9"),
        ("recorded_at", "recorded_at + 1"),
        ("partner_id", "2"),
        ("stream", "'card:18'"),
        ("version", "version + 1"),
        ("kind", "'points.adjusted'"),
        ("schema", "2"),
        ("actor", "'key:2'"),
        ("idempotency_key", "'p1/s1/earn/order/9999'"),
        ("idempotency_key", "NULL"),
        ("fingerprint", "zeroblob(32)"),
        ("fingerprint", "NULL"),
        ("payload", "replace(payload, '250', '251')"),
        ("payload", "payload || ' '"),
        ("hash", "zeroblob(32)"),
        ("hash", "zeroblob(31)"),
    ] {
        let books = Books::rich();
        books.tamper(&format!("UPDATE events SET {column} = {value} WHERE seq = 10"));
        assert_names_event(&books, 10, &format!("{column} = {value}"));
    }
}

#[test]
fn a_change_that_the_chain_was_made_to_fit_still_breaks_the_next_link_only() {
    let books = Books::rich();
    books.tamper("UPDATE events SET hash = zeroblob(32) WHERE seq = 15");
    let report = report(&books);
    let seqs: Vec<_> =
        report["problems"].as_array().expect("a list").iter().map(|problem| problem["seq"].as_i64()).collect();
    assert_eq!(seqs, [Some(15), Some(16)], "{report:#}");
}

#[test]
fn a_tampered_payload_is_one_broken_link() {
    let books = Books::rich();
    books.tamper("UPDATE events SET payload = replace(payload, '1004', '1005') WHERE seq = 20");
    let report = report(&books);
    let chain =
        report["problems"].as_array().expect("a list").iter().filter(|problem| problem["check"] == "chain").count();
    assert_eq!(chain, 1, "{report:#}");
}

#[test]
fn a_deleted_event_is_named() {
    let books = Books::rich();
    books.tamper("DELETE FROM events WHERE seq = 13");
    assert_names_event(&books, 13, "a deleted event");
}

#[test]
fn swapped_events_are_named() {
    let books = Books::rich();
    books.tamper("UPDATE events SET seq = -1 WHERE seq = 14; UPDATE events SET seq = 14 WHERE seq = 15; UPDATE events SET seq = 15 WHERE seq = -1");
    assert_names_event(&books, 14, "two swapped events");
}

#[test]
fn a_truncated_log_is_told_by_the_projections_beside_it() {
    let books = Books::rich();
    books.tamper("DELETE FROM events WHERE seq > 18");
    let report = report(&books);
    assert_eq!(report["ok"], false);
    assert!(report.to_string().contains("its tail is missing"), "{report:#}");
}

#[test]
fn a_key_claimed_twice_is_named() {
    let mut books = Books::rich();
    books.award(17, 7, "1004", None, (455, 555));
    let report = report(&books);
    assert_eq!(report["problems"][0]["seq"], 21, "{report:#}");
    assert_eq!(report["problems"][0]["check"], "keys");
}

#[test]
fn a_doctored_vault_row_is_named() {
    for (sql, record) in [
        ("UPDATE sealed_records SET body = '{}' WHERE record = 5", "5"),
        ("UPDATE sealed_records SET salt = zeroblob(32) WHERE record = 5", "5"),
        ("UPDATE sealed_records SET subject = 'customer:10' WHERE record = 5", "5"),
        ("UPDATE sealed_records SET salt = NULL, body = NULL WHERE record = 7", "7"),
        ("UPDATE sealed_records SET salt = zeroblob(32), body = '{}' WHERE record = 9", "9"),
        ("INSERT INTO sealed_records VALUES (11, 'customer:9', zeroblob(32), '{}')", "11"),
    ] {
        let books = Books::rich();
        books.tamper(sql);
        let report = report(&books);
        let named = report["problems"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|problem| problem["table"] == "sealed_records" && problem["key"] == record);
        assert!(named, "{sql}: {report:#}");
    }
    let books = Books::rich();
    books.tamper("DELETE FROM sealed_records WHERE record = 7");
    assert_names_event(&books, 14, "a deleted vault row");
}

#[test]
fn a_copy_without_the_vault_is_sound_and_says_so() {
    let books = Books::rich();
    books.tamper("DELETE FROM sealed_records");
    let report = report(&books);
    assert_eq!(report["ok"], true, "{report:#}");
    assert!(report["notes"][0].as_str().is_some_and(|note| note.starts_with("vault not included")), "{report:#}");
}

#[test]
fn a_missing_trigger_is_told() {
    for trigger in [
        "events_refuse_update",
        "events_refuse_delete",
        "events_refuse_replace",
        "sealed_records_only_erase",
        "sealed_records_refuse_delete",
        "sealed_records_refuse_replace",
    ] {
        let books = Books::rich();
        books.ledger.execute_batch(&format!("DROP TRIGGER {trigger}")).expect("a dropped trigger");
        let report = report(&books);
        assert_eq!(report["problems"][0]["check"], "guards", "{trigger}: {report:#}");
        assert_eq!(report["problems_found"], 1, "{trigger}: {report:#}");
    }
}

#[test]
fn events_that_break_a_rule_are_named_though_their_chain_is_right() {
    use serde_json::json;
    let slice = json!([{"lot": 8, "points": 10}]);
    let cases: [(&str, &str, Option<&str>, Value, &str); 9] = [
        ("card:99", "card.activated", None, json!({"card": 99}), "never issued"),
        ("card:17", "card.activated", None, json!({"card": 17}), "it was active"),
        ("card:17", "card.activated", None, json!({"card": 17, "note": "x"}), "unknown field"),
        ("card:17", "card.vanished", None, json!({"card": 17}), "not one of the format"),
        (
            "card:17",
            "points.redeemed",
            None,
            json!({"card": 17, "points": -10, "taken": slice, "balance_before": 0, "balance": -10}),
            "does not have open",
        ),
        (
            "card:17",
            "points.awarded",
            None,
            json!({"card": 17, "points": 5, "origin": "award", "lot": {"points": 6}, "balance_before": 0, "balance": 5, "lifetime": 5}),
            "opened a lot",
        ),
        (
            "card:17",
            "points.awarded",
            None,
            json!({"card": 17, "points": 900, "origin": "award", "lot": {"points": 900}, "balance_before": 0, "balance": 900, "lifetime": 900}),
            "no card.tier_changed follows",
        ),
        (
            "card:17",
            "card.tier_changed",
            None,
            json!({"card": 17, "from": "bronze", "to": "gold", "lifetime": 0}),
            "no threshold was crossed",
        ),
        ("card:17", "card.activated", Some("p1/s1/earn/order/5"), json!({"card": 17}), "moves no points"),
    ];
    for (stream, kind, key, payload, sentence) in cases {
        let mut books = Books::with_card();
        let seq = books.command(stream, kind, key, payload);
        let report = report(&books);
        assert_eq!(report["problems"][0]["seq"], seq, "{kind}: {report:#}");
        assert!(report.to_string().contains(sentence), "{sentence}: {report:#}");
    }
}

#[test]
fn lots_past_their_time_are_written_off_before_anything_else() {
    let mut books = Books::with_card();
    books.award(17, 100, "1", Some(books.now + DAY), (0, 0));
    books.later(DAY);
    let seq = books.award(17, 100, "2", None, (100, 100));
    let report = report(&books);
    assert_eq!(report["problems"][0]["seq"], seq, "{report:#}");
    assert!(report.to_string().contains("past their time"), "{report:#}");
}

#[test]
fn taking_from_a_later_lot_first_is_named() {
    use serde_json::json;
    let mut books = Books::with_card();
    let early = books.award(17, 100, "1", Some(books.now + DAY), (0, 0));
    let never = books.award(17, 100, "2", None, (100, 100));
    let taken = json!([{"lot": never, "points": 10}]);
    let seq = books.command(
        "card:17",
        "points.redeemed",
        None,
        json!({"card": 17, "points": -10, "taken": taken, "balance_before": 200, "balance": 190}),
    );
    let report = report(&books);
    assert_eq!(report["problems"][0]["seq"], seq);
    assert!(
        report.to_string().contains(&format!("takes from lot {never} while lot {early} comes first")),
        "{report:#}"
    );
}

#[test]
fn a_blocked_card_neither_earns_nor_spends() {
    use serde_json::json;
    let mut books = Books::with_card();
    let sealed = books.seal("customer:9", json!({"reason": "stolen"}));
    books.command("card:17", "card.blocked", None, json!({"card": 17, "sealed": sealed}));
    let seq = books.award(17, 100, "1", None, (0, 0));
    let report = report(&books);
    assert_eq!(report["problems"][0]["seq"], seq, "{report:#}");
    assert_eq!(report["problems"][0]["check"], "cards");
}

#[test]
fn a_customer_erased_again_loses_what_was_sealed_since() {
    use serde_json::json;
    for (stated, found) in
        [(1, None), (2, Some("says that 2 records of customer:9 were erased, but 1 are")), (0, Some("0"))]
    {
        let mut books = Books::with_card();
        books.erase(9);
        let sealed = books.seal("customer:9", json!({"reason": "a late purchase"}));
        let award = json!({
            "card": 17, "points": 5, "origin": "award", "lot": {"points": 5}, "balance_before": 0, "balance": 5, "lifetime": 5, "sealed": sealed,
        });
        books.command("card:17", "points.awarded", None, award);
        books
            .ledger
            .execute_batch("UPDATE sealed_records SET salt = NULL, body = NULL WHERE record = 6")
            .expect("an erasure");
        let seq = books.command("customer:9", "customer.erased", None, json!({"customer": 9, "records": stated}));
        match found {
            None => assert_eq!(report(&books)["ok"], true, "{:#}", report(&books)),
            Some(sentence) => {
                assert_names_event(&books, seq, "a wrong count");
                assert!(report(&books).to_string().contains(sentence), "{:#}", report(&books));
            }
        }
    }
}

#[test]
fn a_count_of_one_erasure_does_not_make_up_for_another() {
    use serde_json::json;
    let mut books = Books::with_card();
    let first = books.command("customer:9", "customer.erased", None, json!({"customer": 9, "records": 2}));
    let sealed = books.seal("customer:9", json!({"reason": "fraud"}));
    books.command("card:17", "card.blocked", None, json!({"card": 17, "sealed": sealed}));
    books
        .ledger
        .execute_batch("UPDATE sealed_records SET salt = NULL, body = NULL WHERE subject = 'customer:9'")
        .expect("an erasure");
    let second = books.command("customer:9", "customer.erased", None, json!({"customer": 9, "records": 0}));
    let report = report(&books);
    let seqs: Vec<_> =
        report["problems"].as_array().expect("a list").iter().map(|problem| problem["seq"].as_i64()).collect();
    assert_eq!(seqs, [Some(first), Some(second)], "{report:#}");
}

#[test]
fn an_erased_customer_is_not_updated() {
    use serde_json::json;
    let mut books = Books::with_card();
    books.erase(9);
    let sealed = books.seal("customer:9", json!({"email": "back@example.com"}));
    let seq = books.command("customer:9", "customer.updated", None, json!({"customer": 9, "sealed": sealed}));
    assert_names_event(&books, seq, "an update after an erasure");
}

#[test]
fn numbers_at_the_ends_of_what_a_column_holds_are_findings() {
    for (column, value, which) in [
        ("seq", i64::MIN, 1),
        ("seq", i64::MAX, 7),
        ("version", i64::MAX, 6),
        ("version", i64::MIN, 6),
        ("version", i64::MAX, 2),
        ("command_seq", i64::MAX, 3),
        ("recorded_at", i64::MIN, 3),
        ("recorded_at", i64::MAX, 3),
        ("partner_id", i64::MIN, 6),
    ] {
        let mut books = Books::with_card();
        books.award(17, 5, "1", None, (0, 0));
        books.award(17, 5, "2", None, (5, 5));
        books.make_views();
        books.tamper(&format!("UPDATE events SET {column} = {value} WHERE seq = {which}"));
        assert_eq!(report(&books)["ok"], false, "{column} {value}");
    }
    for (path, value) in [("$.sealed.record", i64::MAX), ("$.sealed.record", i64::MIN), ("$.customer", i64::MIN)] {
        let mut books = Books::with_card();
        books.award(17, 5, "1", None, (0, 0));
        books.tamper(&format!("UPDATE events SET payload = json_set(payload, '{path}', {value}) WHERE seq = 5"));
        assert_eq!(report(&books)["ok"], false, "{path} {value}");
    }
}

#[test]
fn nobody_acts_but_keys_jobs_and_the_command_line() {
    for actor in ["cli", "job:expiry", "job:checkpoint", "job:seal", "job:retention", "job:webhooks", "key:1"] {
        let mut books = Books::with_card();
        books.actor = actor;
        books.award(17, 5, "1", None, (0, 0));
        assert_eq!(report(&books)["ok"], true, "{actor}: {:#}", report(&books));
    }
    for actor in ["", "CLI", "job:", "job:cleaning", "user:1", "=1+1:2", "key", "cli\u{1b}[2J:x"] {
        let mut books = Books::with_card();
        books.actor = actor;
        let seq = books.award(17, 5, "1", None, (0, 0));
        assert_names_event(&books, seq, actor);
    }
}

#[test]
fn keys_and_shops_exist_before_they_are_named_and_belong_to_the_partner() {
    use serde_json::json;
    let award = |shop: i64| {
        json!({
            "card": 17, "points": 5, "origin": "award", "shop": shop, "lot": {"points": 5}, "balance_before": 0, "balance": 5, "lifetime": 5,
        })
    };
    let issued = json!({
        "card": 18, "customer": 9, "template": 1, "template_version": 1, "number": "LC000000000026", "status": "active", "design": "default", "shop": 2,
    });
    let key = |shop: i64, sealed: Value| {
        json!({
            "key": 2, "public_id": "pk_2", "form": "bearer", "shop": shop, "scopes": [], "allowed_ips": [], "sealed": sealed,
        })
    };
    let mut cases: Vec<(Books, i64, &str)> = Vec::new();
    for (actor, sentence) in [("key:2", "key:2 does not exist"), ("key:x", "not a number"), ("key:01", "not a number")]
    {
        let mut books = Books::with_card();
        books.actor = actor;
        let seq = books.award(17, 5, "1", None, (0, 0));
        cases.push((books, seq, sentence));
    }
    let mut books = Books::with_card();
    books.actor = "key:2";
    let sealed = books.seal("key:2", json!({"name": "till"}));
    let seq = books.command("key:2", "key.created", None, key(1, sealed));
    cases.push((books, seq, "key:2 does not exist"));
    let mut books = Books::with_card();
    let seq = books.command("card:17", "points.awarded", None, award(2));
    cases.push((books, seq, "shop:2 does not exist"));
    let mut books = Books::with_card();
    let seq = books.command("card:18", "card.issued", None, issued);
    cases.push((books, seq, "shop:2 does not exist"));
    let mut books = Books::with_card();
    let sealed = books.seal("key:2", json!({"name": "till"}));
    let seq = books.command("key:2", "key.created", None, key(3, sealed));
    cases.push((books, seq, "shop:3 does not exist"));
    for (books, seq, sentence) in cases {
        assert_names_event(&books, seq, sentence);
        let report = report(&books);
        assert_eq!(report["problems_found"], 1, "{sentence}: {report:#}");
        assert!(report.to_string().contains(sentence), "{sentence}: {report:#}");
    }
}

#[test]
fn another_partners_shop_and_key_are_refused() {
    use serde_json::json;
    let mut books = Books::with_card();
    books.partner = 2;
    for (stream, kind, mut payload) in [
        ("partner:2", "partner.created", json!({"partner": 2, "currency": "EUR"})),
        ("shop:2", "shop.opened", json!({"shop": 2, "is_virtual": true})),
    ] {
        books.actor = "cli";
        payload["sealed"] = books.seal(stream, json!({"name": "Rival"}));
        books.command(stream, kind, None, payload);
    }
    let sealed = books.seal("shop:3", json!({"name": "Rival's second"}));
    books.actor = "key:1";
    let opened = json!({"shop": 3, "is_virtual": true, "sealed": sealed});
    let by_key = books.command("shop:3", "shop.opened", None, opened);
    books.partner = 1;
    let award = json!({
        "card": 17, "points": 5, "origin": "award", "shop": 2, "lot": {"points": 5}, "balance_before": 0, "balance": 5, "lifetime": 5,
    });
    let at_shop = books.command("card:17", "points.awarded", None, award);
    let report = report(&books);
    let problems: Vec<_> = report["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| (problem["seq"].as_i64(), problem["problem"].as_str().expect("text")))
        .collect();
    assert_eq!(
        problems,
        [
            (Some(by_key), "key:1 belongs to partner 1, the event to partner 2"),
            (Some(at_shop), "shop:2 belongs to partner 2, the event to partner 1"),
        ]
    );
}
