//! The books of a period: small ones by hand, random ones by their laws ([`laws`]), forged ones, which do not close ([`forged`]), and the tool's files ([`printed`]).

mod forged;
mod laws;
mod printed;

use super::books::{Books, DAY, START, time_text};
use super::orders;
use counterfoil_replay::commands::CommandError;
use counterfoil_replay::instant::Instant;
use counterfoil_replay::progress::Progress;
use counterfoil_replay::report::{Files, Period, Statement, report};
use serde_json::{Value, json};
use std::process::Command;

/// The books from one moment to another.
fn books_of(books: &Books, from: i64, to: i64) -> Statement {
    let period = Period::new(Instant::from_micros(from), Instant::from_micros(to)).expect("a period");
    report(&books.path(), period, None, &Progress::silent()).expect("a report")
}

fn text_of(report: &Statement) -> String {
    let mut text = Vec::new();
    report.write_json(&mut text).expect("JSON");
    String::from_utf8(text).expect("text")
}

fn json_of(report: &Statement) -> Value {
    serde_json::from_str(&text_of(report)).expect("JSON")
}

/// Checks that a row has these fields, whatever else it has.
#[track_caller]
fn has(row: &Value, fields: Value) {
    for (name, value) in fields.as_object().expect("an object") {
        assert_eq!(&row[name], value, "{name}: {row:#}");
    }
}

#[test]
fn the_books_of_every_kind_are_what_a_hand_reckons() {
    let books = Books::of_every_kind();
    let (first, second) = (books_of(&books, START, START + DAY), books_of(&books, START + DAY, START + 2 * DAY));
    assert!(first.ok() && second.ok());
    let (first, second) = (json_of(&first), json_of(&second));
    // 300 for A, 155 for B, a bonus of 50, 250 for E; B spent 100 and was refunded whole.
    let moved = json!({
        "partner": 1, "opening": 0, "awarded": 755, "given_back": 100, "redeemed": 100, "expired": 0, "refunded": 155,
        "adjusted_up": 0, "adjusted_down": 0, "closing": 600, "closes": true, "movements": 9, "imported_movements": 0,
    });
    has(&first["trial_balance"][0], moved.clone());
    has(&first["by_template"][0], moved.clone());
    has(&first["by_month"][0], moved);
    has(&first["by_month"][0], json!({"month": "2026-01"}));
    let checks = first["checks"].as_array().expect("rows");
    let held = json!({"closing": 600, "balances": 600, "lots_less_debt": 600, "stated": 600, "cards_amiss": 0, "closes": true});
    let of = |check: &Value| ["trial_balance", "template", "month"].map(|key| check[key].clone());
    let rows =
        [json!(["trial_balance", null, null]), json!(["by_template", 1, null]), json!(["by_month", null, "2026-01"])];
    assert_eq!(checks.iter().map(|check| json!(of(check))).collect::<Vec<_>>(), rows);
    checks.iter().for_each(|check| has(check, held.clone()));
    let moved = json!({
        "opening": 600, "awarded": 0, "expired": 270, "adjusted_up": 5, "adjusted_down": 10, "closing": 325, "movements": 5, "closes": true,
    });
    has(&second["trial_balance"][0], moved);
    has(&second["by_shop"][0], json!({"shop": null, "opening": 0, "expired": 270, "closing": -275}));
    has(&second["by_shop"][1], json!({"shop": 1, "opening": 600, "movements": 1, "closing": 600}));
    has(&second, json!({"closes": true, "whole": true, "gaps": [], "time_back": [], "gaps_found": 0, "partner": null}));
}

#[test]
fn the_liability_sets_apart_what_is_due_and_prices_the_rest() {
    let books = Books::of_every_kind();
    // At the end of the first day the lot of E has come to its time, and nothing has written it off.
    let at_due = json_of(&books_of(&books, START, START + DAY));
    let whole = json!({
        "partner": 1, "cards": 2, "open": 600, "due": 250, "available": 350, "debt": 0, "balance": 600, "currency": "EUR", "value": "3.5",
        "due_value": "2.5",
    });
    has(&at_due["liability"][0], whole.clone());
    has(&at_due["liability_by_template"][0], whole);
    let price = json!({
        "template": 1, "template_version": 1, "redeemable": true, "points_per_currency_redemption": "100", "currency_amount_redemption": "1",
    });
    has(&at_due["liability_by_template"][0], price);
    let ages = at_due["ageing"].as_array().expect("a list");
    assert_eq!(ages.len(), 2);
    has(&ages[0], json!({"expires": "2026-01", "due": true, "lots": 1, "points": 250}));
    has(&ages[1], json!({"expires": "never", "due": false, "points": 350}));
    // A moment earlier it is not due yet.
    let before = json_of(&books_of(&books, START, START + DAY - 1));
    has(&before["liability"][0], json!({"open": 600, "due": 0, "available": 600, "value": "6", "due_value": "0"}));
    has(&before["ageing"][0], json!({"expires": "2026-01", "due": false, "points": 250}));
}

#[test]
fn debt_stands_apart_and_points_without_a_price_have_no_value() {
    let mut books = Books::with_card();
    books.issue(10, 18, "LC000000000026");
    let lot = books.award(17, 100, "A", None, (0, 0));
    let redeemed =
        json!({"card": 17, "points": -80, "taken": [{"lot": lot, "points": 80}], "balance_before": 100, "balance": 20});
    books.command("card:17", "points.redeemed", None, redeemed);
    let refunded = json!({
        "card": 17, "points": -95, "cause": "refund", "shop": 1, "order": "A", "of": lot, "refund": "r", "completes": true,
        "taken": [{"lot": lot, "points": 20}], "debt": 75, "let_go": 5, "balance_before": 20, "balance": -75, "lifetime": 5,
    });
    books.command("card:17", "points.refunded", Some("p1/s1/refund/order/1:A/r"), refunded);
    books.award(18, 133, "B", None, (0, 0));
    let owed = json!({"cards": 2, "lots": 1, "open": 133, "due": 0, "available": 133, "debt": 75, "balance": 58});
    let found = books_of(&books, START, START + DAY);
    assert!(found.ok());
    let found = json_of(&found);
    has(&found["liability"][0], owed.clone());
    has(&found["liability"][0], json!({"value": "1.33"}));
    has(&found["trial_balance"][0], json!({"refunded": 95, "closing": 58}));
    has(&found["checks"][0], json!({"closing": 58, "lots_less_debt": 58}));
    let refunds = json!({"orders": 1, "taken_back": 95, "debt": 75, "let_go": 5, "amount": "0", "without_amount": 1});
    has(&found["orders_refunded"][0], refunds);
    let mut priceless = super::books::rules();
    (priceless["points_per_currency_redemption"], priceless["points_redemption_enabled"]) = (json!("0"), json!(false));
    books.sealing("template:1", "template.updated", json!({"template": 1, "version": 2, "rules": priceless}));
    let found = json_of(&books_of(&books, START, START + DAY));
    has(&found["liability"][0], owed);
    has(&found["liability"][0], json!({"currency": "EUR", "value": null, "due_value": null}));
    has(&found["liability_by_template"][0], json!({"template_version": 2, "redeemable": false, "value": null}));
}

#[test]
fn the_books_say_who_did_what_and_by_which_rules() {
    let books = Books::of_every_kind();
    let whole = json_of(&books_of(&books, START, START + 2 * DAY));
    let breakage = json!([{"partner": 1, "redeemed": 100, "expired": 270, "fraction": "27/37", "percent": "72.97"}]);
    assert_eq!(whole["breakage"], breakage);
    assert_eq!(whole["adjustments"], json!([{"partner": 1, "actor": "key:1", "adjustments": 2, "up": 5, "down": 10}]));
    let orderless = json!([{"partner": 1, "actor": "key:1", "adjustments": 1, "points": 10}]);
    assert_eq!(whole["refunds_without_orders"], orderless);
    assert_eq!(whole["card_blocks"], json!([{"partner": 1, "actor": "key:1", "blocked": 1, "unblocked": 1}]));
    let refunded = json!([{
        "partner": 1, "orders": 2, "completed": 2, "refunds": 2, "cancellations": 1, "taken_back": 155, "debt": 0, "let_go": 0,
        "given_back": 100, "amount": "15.5", "currency": "EUR", "without_amount": 0,
    }]);
    assert_eq!(whole["orders_refunded"], refunded);
    let changes = whole["rule_changes"].as_array().expect("a list");
    let by = |actor: &str| changes.iter().filter(|it| it["actor"] == actor).count();
    assert_eq!((by("cli"), by("key:1")), (3, 7), "{changes:#?}");
    let rules = whole["rules"].as_array().expect("a list");
    let events: Vec<(&Value, &Value, &Value)> =
        rules.iter().map(|it| (&it["template"], &it["version"], &it["event"])).collect();
    let expected = [
        (json!(null), json!(1), json!("partner.created")),
        (json!(null), json!(2), json!("partner.settings_changed")),
        (json!(1), json!(1), json!("template.created")),
        (json!(2), json!(1), json!("template.created")),
        (json!(2), json!(2), json!("template.updated")),
        (json!(2), json!(3), json!("template.retired")),
    ];
    assert_eq!(events, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
    assert_eq!(rules[0]["terms"], json!({"currency": "EUR"}));
    assert_eq!(rules[1]["terms"]["refund_shortfall"], "partial");
    assert_eq!(rules[5]["terms"]["shop_ids"], json!([1]), "cards of a retired template go on by its rules");
    assert_eq!((&rules[0]["to"], &rules[1]["to"]), (&rules[1]["from"], &json!(null)));
    // What was replaced before the period is no part of it.
    let later = json_of(&books_of(&books, START + DAY, START + 2 * DAY));
    let versions: Vec<&Value> = later["rules"].as_array().expect("a list").iter().map(|it| &it["event"]).collect();
    assert_eq!(versions, ["partner.settings_changed", "template.created", "template.retired"]);
    assert_eq!(later["rule_changes"], json!([]));
}

#[test]
fn what_was_imported_is_in_the_lines_and_in_columns_of_its_own() {
    let mut books = Books::with_card();
    let award = json!({
        "card": 17, "points": 100, "origin": "award", "reference": "r1", "lot": {"points": 100}, "balance_before": 0, "balance": 100,
        "lifetime": 100, "happened_at": time_text(START - 500 * DAY),
    });
    books.command("card:17", "points.awarded", Some("p1/s-/award/card17/reference/r1"), award);
    let lot = books.award(17, 50, "A", None, (100, 100));
    let redeemed = json!({
        "card": 17, "points": -30, "taken": [{"lot": lot - 1, "points": 30}], "balance_before": 150, "balance": 120,
        "happened_at": time_text(START - DAY),
    });
    books.command("card:17", "points.redeemed", None, redeemed);
    let found = json_of(&books_of(&books, START, START + DAY));
    let expected = json!({
        "opening": 0, "awarded": 150, "redeemed": 30, "closing": 120, "movements": 3, "imported_movements": 2, "imported_in": 100,
        "imported_out": 30,
    });
    for table in ["trial_balance", "by_template", "by_month"] {
        has(&found[table][0], expected.clone());
    }
}

#[test]
fn one_partners_books_leave_out_the_others() {
    let mut books = Books::with_card();
    books.award(17, 100, "A", None, (0, 0));
    (books.partner, books.actor) = (2, "cli");
    books.sealing("partner:2", "partner.created", json!({"partner": 2, "currency": "JPY"}));
    let period = Period::new(Instant::from_micros(START), Instant::from_micros(START + DAY)).expect("a period");
    let of = |partner| report(&books.path(), period, partner, &Progress::silent());
    let partners = |found: &Value| found["trial_balance"].as_array().map(Vec::len);
    assert_eq!(partners(&json_of(&of(None).expect("a report"))), Some(2));
    let second = json_of(&of(Some(2)).expect("a report"));
    assert_eq!(partners(&second), Some(1));
    has(&second["trial_balance"][0], json!({"partner": 2, "closing": 0, "closes": true}));
    assert_eq!((&second["by_template"], &second["liability"]), (&json!([]), &json!([])));
    assert_eq!((&second["partner"], second["rules"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert!(matches!(of(Some(3)), Err(CommandError::NoSuchPartner(3))));
}

#[test]
fn keys_stand_in_the_order_of_the_lines_and_tables_are_files() {
    let books = Books::of_every_kind();
    let found = books_of(&books, START, START + 2 * DAY);
    let text = text_of(&found);
    let places: Vec<usize> =
        ["\"from\"", "\"trial_balance\"", "\"opening\"", "\"awarded\"", "\"closing\"", "\"by_shop\"", "\"gaps\""]
            .map(|key| text.find(key).expect("a key"))
            .to_vec();
    assert!(places.is_sorted(), "{places:?}");
    let directory = books.directory.path().join("books");
    let files = Files { csv: Some(directory.clone()), ..Files::default() };
    assert_eq!(
        files.write(&found).expect("files"),
        [format!("{}: {} tables", directory.display(), found.tables().len())]
    );
    for table in found.tables() {
        let mut reader = csv::Reader::from_path(directory.join(format!("{}.csv", table.name()))).expect("a file");
        assert_eq!(reader.headers().expect("a header"), table.names().collect::<Vec<_>>());
        assert_eq!(reader.records().count(), table.rows().len(), "{}", table.name());
    }
    assert!(matches!(files.write(&found), Err(CommandError::Exists(_))));
}

#[test]
fn the_tool_says_by_its_exit_code_whether_the_books_close() {
    let run = |books: &Books, more: &[&str]| {
        let ledger = books.path();
        let output = Command::new(env!("CARGO_BIN_EXE_counterfoil-replay"))
            .args(["report", "--ledger"])
            .arg(ledger)
            .args(more)
            .output()
            .expect("the tool");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text")).concat();
        (output.status.code(), text)
    };
    let period = ["--from", "2026-01-01", "--to", "2026-02-01"];
    let (code, text) = run(&Books::of_every_kind(), &period);
    assert!(code == Some(0) && text.contains("The books close"), "{text}");
    let forged = orders::books(Some((9, "/points", json!(156))));
    assert_eq!(run(&forged, &period).0, Some(1));
    assert_eq!(run(&forged, &[&period[..], &["--json"]].concat()).0, Some(1));
    let (code, text) = run(&forged, &["--from", "2026-02-01", "--to", "2026-02-01"]);
    assert!(code == Some(2) && text.contains("--to") && text.contains("not after"), "{text}");
    let (code, text) = run(&forged, &["--from", "yesterday", "--to", "2026-02-01"]);
    assert!(code == Some(2) && text.contains("--from yesterday"), "{text}");
}
