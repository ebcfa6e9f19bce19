//! Every change to a ledger is found and named.

use super::books::{Books, DAY};
use counterfoil_replay::ledger::Location;
use counterfoil_replay::progress::Progress;
use counterfoil_replay::verify::verify;
use serde_json::Value;

fn report(books: &Books) -> Value {
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
    let books = Books::rich();
    books.ledger.execute_batch("DROP TRIGGER events_refuse_delete").expect("a dropped trigger");
    let report = report(&books);
    assert_eq!(report["problems"][0]["check"], "guards", "{report:#}");
}

#[test]
fn every_column_of_every_projection_is_compared() {
    for (table, key) in [("cards", "card = 17"), ("lots", "card = 17 AND lot = 10"), ("movements", "seq = 10")] {
        let columns: Vec<String> = {
            let books = Books::rich();
            let views = books.views();
            let mut statement =
                views.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).expect("columns");
            statement.query_map([], |row| row.get(0)).expect("columns").collect::<Result<_, _>>().expect("columns")
        };
        for column in columns {
            let books = Books::rich();
            let text = [
                "number",
                "status",
                "status_before_block",
                "design",
                "tier",
                "last_type",
                "type",
                "order_id",
                "reference",
                "actor",
            ];
            let value = if text.contains(&column.as_str()) { "'doctored'" } else { "424242" };
            books
                .views()
                .execute_batch(&format!("UPDATE {table} SET {column} = {value} WHERE {key}"))
                .expect("a doctored row");
            let report = report(&books);
            let problems = report["problems"].as_array().expect("a list");
            let is_key = ["card", "lot", "seq"].contains(&column.as_str());
            let named = problems
                .iter()
                .any(|problem| problem["table"] == table && (is_key || problem["column"] == column.as_str()));
            assert!(named, "{table}.{column}: {report:#}");
        }
    }
}

#[test]
fn missing_and_surplus_rows_of_projections_are_named() {
    for (sql, table, key) in [
        ("DELETE FROM cards WHERE card = 17", "cards", "17"),
        (
            "INSERT INTO cards SELECT 99, partner, customer, template, number, status, status_before_block, design, shop, tier, balance, debt, lifetime, redeemed, expired, adjusted, movements, last_seq, last_type, last_points, issued_at, updated_at, last_activity, blocked_at, block_record, metadata_record, version, as_of FROM cards WHERE card = 17",
            "cards",
            "99",
        ),
        ("DELETE FROM lots WHERE lot = 9", "lots", "17/9"),
        ("INSERT INTO lots VALUES (17, 12, 80, 80, 1, NULL)", "lots", "17/12"),
        ("DELETE FROM movements WHERE seq = 20", "movements", "20"),
        ("DELETE FROM movements WHERE seq = 9", "movements", "9"),
        (
            "INSERT INTO movements VALUES (14, 17, 'award', 1, 1, 2, NULL, NULL, NULL, NULL, 'cli', NULL, 1)",
            "movements",
            "14",
        ),
        (
            "INSERT INTO movements VALUES (99, 17, 'award', 1, 1, 2, NULL, NULL, NULL, NULL, 'cli', NULL, 1)",
            "movements",
            "99",
        ),
        ("UPDATE meta SET value = 'aa' WHERE name = 'watermark_hash'", "meta", "watermark_hash"),
    ] {
        let books = Books::rich();
        books.views().execute_batch(sql).expect("a doctored table");
        let report = report(&books);
        let named = report["problems"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|problem| problem["table"] == table && problem["key"] == key);
        assert!(named, "{sql}: {report:#}");
    }
}

#[test]
fn projections_are_compared_as_of_their_own_watermark() {
    let mut books = Books::rich();
    books.award(17, 5, "1005", None, (455, 555));
    books.issue(11, 19, "LC000000000034");
    let report = report(&books);
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(report["events"], 23);
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
