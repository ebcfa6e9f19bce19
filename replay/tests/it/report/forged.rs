//! Forged books, whose chain the forger made anew: what they move, what the cards hold and what the events state part.

use super::super::books::{Books, DAY, START};
use super::super::orders;
use super::{books_of, has, json_of};
use serde_json::{Value, json};

#[test]
fn forged_points_do_not_close_though_the_chain_was_made_anew() {
    let one = |found: &Value, table: &str| found[table][0].clone();
    assert!(books_of(&orders::books(None), START, START + DAY).ok());
    // The points of an award alone: balances and lots part.
    let forged = books_of(&orders::books(Some((9, "/points", json!(156)))), START, START + DAY);
    assert!(!forged.closes() && !forged.ok());
    let found = json_of(&forged);
    let amiss = json!({"closing": 301, "balances": 301, "lots_less_debt": 300, "stated": 300, "cards_amiss": 1, "closes": false});
    let checks = found["checks"].as_array().expect("rows");
    assert_eq!(checks.len(), 3, "of the partner, its template, its month");
    checks.iter().for_each(|check| has(check, amiss.clone()));
    for table in ["trial_balance", "by_template", "by_month"] {
        has(&one(&found, table), json!({"closing": 301, "closes": false}));
    }
    let mut lines = Vec::new();
    forged.write_text(&mut lines).expect("lines");
    assert!(String::from_utf8(lines).expect("text").contains("The books do NOT close"));
    // Its lot and balance too: what the next event states parts from them.
    let mut books = Books::with_card();
    books.award(17, 101, "A", None, (0, 0));
    books.award(17, 50, "B", None, (100, 100));
    let found = json_of(&books_of(&books, START, START + DAY));
    let amiss = json!({"closing": 151, "balances": 151, "lots_less_debt": 151, "stated": 150, "closes": false});
    has(&one(&found, "checks"), amiss);
    // A forgery before the period spoils its opening.
    books.later(DAY);
    let found = books_of(&books, START + DAY, START + 2 * DAY);
    assert!(!found.closes());
    has(&one(&json_of(&found), "trial_balance"), json!({"opening": 151, "movements": 0, "closes": false}));
}

#[test]
fn two_forgeries_that_cancel_out_do_not_close() {
    let mut books = Books::with_card();
    books.issue(10, 18, "LC000000000026");
    for (card, points, stated) in [(17, 101, 100), (18, 99, 100)] {
        let award = json!({
            "card": card, "points": points, "origin": "award", "lot": {"points": stated}, "balance_before": 0, "balance": stated,
            "lifetime": stated,
        });
        books.command(&format!("card:{card}"), "points.awarded", None, award);
    }
    let found = json_of(&books_of(&books, START, START + DAY));
    let amiss = json!({"closing": 200, "balances": 200, "lots_less_debt": 200, "stated": 200, "cards_amiss": 2, "closes": false});
    has(&found["checks"][0], amiss);
}

#[test]
fn a_forgery_that_a_later_one_makes_good_does_not_close_in_between() {
    let mut books = Books::with_card();
    let mut award = |points: i64, stated: i64, before: i64| {
        let payload = json!({
            "card": 17, "points": points, "origin": "award", "lot": {"points": stated}, "balance_before": before,
            "balance": before + stated, "lifetime": before + stated,
        });
        books.command("card:17", "points.awarded", None, payload);
        books.later(40 * DAY);
    };
    award(101, 100, 0);
    award(49, 50, 100);
    let closes = |from, to| {
        let report = books_of(&books, from, to);
        let found = json_of(&report);
        let months: Vec<bool> =
            found["by_month"].as_array().expect("rows").iter().map(|row| row["closes"] == true).collect();
        (report.closes(), found["trial_balance"][0]["closes"] == true, months)
    };
    assert_eq!(closes(START, START + 80 * DAY), (false, true, vec![false, true]), "the end of January is wrong");
    assert_eq!(closes(START + 35 * DAY, START + 80 * DAY), (false, false, vec![true]), "the opening is wrong");
    assert_eq!(closes(START + 50 * DAY, START + 80 * DAY), (true, true, vec![]));
}

#[test]
fn a_gap_and_a_time_that_goes_back_are_listed() {
    let books = Books::of_every_kind();
    books.tamper("DELETE FROM events WHERE seq IN (5, 6)");
    let found = books_of(&books, START, START + DAY);
    assert!(!found.ok());
    assert_eq!(json_of(&found)["gaps"], json!([{"after_seq": 4, "next_seq": 7, "missing": 2}]));
    let books = orders::books(None);
    books.tamper(&format!("UPDATE events SET recorded_at = {} WHERE seq = 9", START - DAY));
    let found = books_of(&books, START, START + DAY);
    assert!(found.closes() && !found.ok(), "its points are counted where its place in the log is");
    assert_eq!(json_of(&found)["time_back"], json!([{"seq": 9}]));
}
