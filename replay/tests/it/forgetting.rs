//! Erasures by retention rules: what a partner's rules allowed, and what they did not.

use super::books::{Books, DAY};
use super::tampering::report;
use serde_json::{Value, json};

const MONTH: i64 = 31 * DAY;

/// Books whose partner has these rules.
fn ruled(retention: Value) -> Books {
    let mut books = Books::with_card();
    books.settle(json!({ "retention": retention }));
    books
}

fn erased_by(rule: &str, value: i64, records: Value) -> Value {
    json!({"customer": 9, "rule": rule, "value": value, "records": records})
}

/// An award about which something was typed: its record and its event.
fn said(books: &mut Books) -> (i64, i64) {
    let sealed = books.seal("customer:9", json!({"reason": "a purchase"}));
    let record = sealed["record"].as_i64().expect("a number");
    let award = json!({
        "card": 17, "points": 5, "origin": "award", "lot": {"points": 5}, "balance_before": 0, "balance": 5, "lifetime": 5,
        "sealed": sealed,
    });
    (record, books.command("card:17", "points.awarded", None, award))
}

#[track_caller]
fn told(books: &Books, seq: i64, sentence: &str) {
    let report = report(books);
    assert_eq!(report["ok"], false, "{sentence}");
    assert!(report.to_string().contains(sentence), "{sentence}: {report:#}");
    assert_eq!(report["problems"][0]["seq"], seq, "{report:#}");
}

fn sound(books: &Books) {
    let report = report(books);
    assert_eq!(report["ok"], true, "{report:#}");
}

#[test]
fn a_correction_takes_the_old_value_with_it() {
    let mut books = Books::with_card();
    books.correct(9);
    sound(&books);
}

#[test]
fn texts_go_by_the_rule_in_force_and_not_before_their_time() {
    const RULE: &str = "movement_texts_after_months";
    for (months, value, wrong) in
        [(7, 6, None), (5, 6, Some("it is younger than that")), (7, 5, Some("but the partner's settings said 6"))]
    {
        let mut books = ruled(json!({ RULE: 6 }));
        let (record, event) = said(&mut books);
        books.later(months * MONTH);
        books.forget(record);
        let records = json!([{"record": record, "event": event}]);
        let seq = books.command("customer:9", "records.erased", None, erased_by(RULE, value, records));
        match wrong {
            None => sound(&books),
            Some(sentence) => told(&books, seq, sentence),
        }
    }
}

#[test]
fn a_rule_beyond_its_bounds_erases_nothing() {
    const RULE: &str = "movement_texts_after_months";
    for months in [0_i64, 361, 4_294_967_295] {
        let mut books = ruled(json!({ RULE: months }));
        let settings = books.last_seq();
        let (record, event) = said(&mut books);
        books.later(1_000_000);
        books.forget(record);
        let records = json!([{"record": record, "event": event}]);
        books.command("customer:9", "records.erased", None, erased_by(RULE, months, records));
        told(&books, settings, &format!("a retention rule states {months}, not 1 to 360"));
    }
    for (rule, value) in [("superseded_records_after_days", 0), ("superseded_records_after_days", 3651)] {
        let books = ruled(json!({ rule: value }));
        told(&books, books.last_seq(), &format!("a retention rule states {value}, not 1 to 3650"));
    }
    let mut books = ruled(json!({ RULE: 6 }));
    let seq =
        books.command("customer:9", "records.erased", None, erased_by(RULE, 4_294_967_295, json!([{"record": 1}])));
    told(&books, seq, "a retention rule states 4294967295, not 0 to 3650");
    for (records, count) in [(json!([]), 0), (Value::from(vec![json!({"record": 1, "event": 1}); 501]), 501)] {
        let mut books = ruled(json!({ RULE: 6 }));
        let seq = books.command("customer:9", "records.erased", None, erased_by(RULE, 6, records));
        told(&books, seq, &format!("{count} records are erased, not 1 to 500"));
    }
    let mut books = ruled(json!({"inactive_customers_after_months": 6}));
    let erased = json!({"customer": 9, "records": 1, "rule": "inactive_customers_after_months", "value": 361});
    let seq = books.command("customer:9", "customer.erased", None, erased);
    told(&books, seq, "a retention rule states 361, not 1 to 360");
}

#[test]
fn a_rule_is_about_its_own_kind_of_record_and_its_own_customer() {
    let rules =
        json!({"movement_texts_after_months": 1, "block_reasons_after_months": 1, "superseded_records_after_days": 1});
    for (rule, names_event, sentence) in [
        ("block_reasons_after_months", true, "it is of another kind"),
        ("movement_texts_after_months", false, "the event that it states does not name it"),
        ("superseded_records_after_days", false, "nothing superseded it"),
        ("inactive_customers_after_months", false, "that rule is about the whole person"),
    ] {
        let mut books = ruled(rules.clone());
        let (record, event) = said(&mut books);
        books.later(2 * MONTH);
        books.forget(record);
        let records =
            if names_event { json!([{"record": record, "event": event}]) } else { json!([{"record": record}]) };
        let seq = books.command("customer:9", "records.erased", None, erased_by(rule, 1, records));
        told(&books, seq, sentence);
    }
}

#[test]
fn the_vault_and_the_erasures_of_the_log_agree() {
    const RULE: &str = "movement_texts_after_months";
    let begun = || {
        let mut books = ruled(json!({ RULE: 1 }));
        let (record, event) = said(&mut books);
        books.later(2 * MONTH);
        (books, record, json!([{"record": record, "event": event}]))
    };
    let (books, record, _) = begun();
    books.forget(record);
    assert!(report(&books).to_string().contains("erased, but no event erased it"), "{:#}", report(&books));

    let (mut books, _, records) = begun();
    let seq = books.command("customer:9", "records.erased", None, erased_by(RULE, 1, records));
    let sentence = format!("the record is still there, but event {seq} says that it was erased");
    assert!(report(&books).to_string().contains(&sentence), "{:#}", report(&books));

    let (mut books, record, records) = begun();
    books.forget(record);
    books.command("customer:9", "records.erased", None, erased_by(RULE, 1, records.clone()));
    let again = books.command("customer:9", "records.erased", None, erased_by(RULE, 1, records));
    told(&books, again, "had erased");
}

#[test]
fn without_the_vault_the_events_say_whose_records_are_and_how_many() {
    const RULE: &str = "movement_texts_after_months";
    for (customer, wrong) in [(9, None), (10, Some("it is about somebody else"))] {
        let mut books = ruled(json!({ RULE: 1 }));
        books.issue(10, 18, "LC000000000026");
        let (record, event) = said(&mut books);
        books.later(2 * MONTH);
        let mut erased = erased_by(RULE, 1, json!([{"record": record, "event": event}]));
        erased["customer"] = json!(customer);
        let seq = books.command(&format!("customer:{customer}"), "records.erased", None, erased);
        books.tamper("DELETE FROM sealed_records");
        match wrong {
            None => sound(&books),
            Some(sentence) => told(&books, seq, sentence),
        }
    }
    // Who they are, and what was said about the award unless a rule has erased that; then all is erased once more.
    for (by_rule, first, again, wrong) in [
        (false, 2, 1, None),
        (true, 1, 1, None),
        (false, 1, 1, Some("says that 1 records of customer:9 were erased, but events name 2")),
        (true, 2, 1, Some("says that 2 records of customer:9 were erased, but events name 1")),
        (false, 2, 3, Some("says that 3 records of customer:9 were erased, but events name 1")),
    ] {
        let mut books = ruled(json!({ RULE: 1 }));
        let (record, event) = said(&mut books);
        books.later(2 * MONTH);
        if by_rule {
            let records = json!([{"record": record, "event": event}]);
            books.command("customer:9", "records.erased", None, erased_by(RULE, 1, records));
        }
        let mut seqs =
            vec![books.command("customer:9", "customer.erased", None, json!({"customer": 9, "records": first}))];
        let sealed = books.seal("customer:9", json!({"reason": "lost"}));
        books.command("card:17", "card.blocked", None, json!({"card": 17, "sealed": sealed}));
        seqs.push(books.command("customer:9", "customer.erased", None, json!({"customer": 9, "records": again})));
        books.tamper("DELETE FROM sealed_records");
        match wrong {
            None => sound(&books),
            Some(sentence) => told(&books, seqs[usize::from(again != 1)], sentence),
        }
    }
}

#[test]
fn an_inactive_customer_was_inactive_and_had_nothing_to_spend() {
    const RULE: &str = "inactive_customers_after_months";
    for (months, points, with_points, wrong) in [
        (7, false, false, None),
        (5, false, false, Some("was not")),
        (7, true, false, Some("has points")),
        (7, true, true, None),
    ] {
        let mut rules = json!({ RULE: 6 });
        if with_points {
            rules["inactive_customers_with_points"] = json!(true);
        }
        let mut books = ruled(rules);
        if points {
            books.award(17, 5, "1", None, (0, 0));
        } else {
            let end = books.now + DAY;
            books.award(17, 5, "1", Some(end), (0, 0));
        }
        books.later(months * MONTH);
        let sql = "UPDATE sealed_records SET salt = NULL, body = NULL WHERE subject = 'customer:9'";
        let records = books.ledger.execute(sql, []).expect("an erasure");
        let erased = json!({"customer": 9, "records": records, "rule": RULE, "value": 6});
        let seq = books.command("customer:9", "customer.erased", None, erased);
        match wrong {
            None => sound(&books),
            Some(sentence) => told(&books, seq, sentence),
        }
    }
}
