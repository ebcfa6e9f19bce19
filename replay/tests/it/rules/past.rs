//! Facts of the past: what an import may say, and what no past can have been.

use super::super::books::{Books, DAY, START, time_text};
use super::{is_sound, judge};
use serde_json::{Value, json};

/// 1 June 2024.
const THEN: i64 = 1_717_200_000_000_000;

fn with(mut payload: Value, more: Value) -> Value {
    if let Value::Object(more) = more {
        more.into_iter().for_each(|(name, value)| payload[name] = value);
    }
    payload
}

impl Books {
    /// 100 points of `at`, until a year later; gives the lot.
    fn past_award(&mut self, at: i64, until: i64) -> i64 {
        let award = json!({
            "card": 17, "points": 100, "origin": "award", "reference": "r1", "lot": {"points": 100, "expires_at": time_text(until)},
            "balance_before": 0, "balance": 100, "lifetime": 100, "happened_at": time_text(at),
        });
        self.command("card:17", "points.awarded", Some("p1/s-/award/card17/reference/r1"), award)
    }

    /// Redeems so many points of the lot at a moment of the past.
    fn past_redemption(&mut self, lot: i64, points: i64, at: i64, until: i64) -> i64 {
        let redeemed = json!({
            "card": 17, "points": -points, "reference": "r2", "taken": [{"lot": lot, "points": points, "expires_at": time_text(until)}],
            "balance_before": 100, "balance": 100 - points, "happened_at": time_text(at),
        });
        self.command("card:17", "points.redeemed", Some("p1/s-/redeem/card17/reference/r2"), redeemed)
    }
}

#[test]
fn nothing_happens_after_it_is_recorded() {
    for (at, forged) in [(START, false), (START + 1, true)] {
        let mut books = Books::with_card();
        let seq = books.past_award(at, START + DAY);
        judge(&books, forged, seq, "after the event was recorded");
        let mut books = Books::with_card();
        let seq = books.issue_with(json!({"happened_at": time_text(at)}));
        judge(&books, forged, seq, "after the event was recorded");
        let mut books = Books::with_card();
        let sealed = books.seal("customer:10", json!({"email": "old@example.com"}));
        let registered = json!({"customer": 10, "happened_at": time_text(at), "sealed": sealed});
        let seq = books.command("customer:10", "customer.registered", None, registered);
        judge(&books, forged, seq, "after the event was recorded");
    }
}

#[test]
fn a_redemption_of_the_past_finds_what_expired_since_and_no_more_than_was_there() {
    let until = THEN + 365 * DAY;
    for (points, at, sentence) in [
        (100, until - 1, None),
        (101, until - 1, Some("which holds 100")),
        (100, until, Some("past their time without a points.expired")),
    ] {
        let mut books = Books::with_card();
        let lot = books.past_award(THEN, until);
        let seq = books.past_redemption(lot, points, at, until);
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

#[test]
fn what_was_due_by_then_is_written_off_as_of_then() {
    let until = THEN + 30 * DAY;
    for (due_at, other, sentence) in [
        (until + DAY, until + DAY, None),
        (until + DAY, until + 2 * DAY, Some("is not that of the movements before it in its command")),
    ] {
        let mut books = Books::with_card();
        let lot = books.past_award(THEN, until);
        let expired = json!({
            "card": 17, "points": -100, "cause": "due", "taken": [{"lot": lot, "points": 100, "expires_at": time_text(until)}],
            "balance_before": 100, "balance": 0, "happened_at": time_text(due_at),
        });
        books.command("card:17", "points.expired", Some("p1/s-/award/card17/reference/r3"), expired);
        let award = json!({
            "card": 17, "points": 5, "origin": "award", "reference": "r3", "lot": {"points": 5}, "balance_before": 0, "balance": 5,
            "lifetime": 105, "happened_at": time_text(other),
        });
        let seq = books.same_command("card:17", "points.awarded", award);
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

/// Rules and settings under which hardly anything would be allowed now.
fn strict() -> Books {
    let mut books = Books::with_card();
    books.open_shop(2);
    books.settle(json!({"multi_store_points": false}));
    let rules = json!({
        "points_enabled": false, "points_redemption_enabled": false, "min_points_for_redemption": 50, "shop_ids": [1],
        "points_expiration_days": 30,
    });
    books.rule(2, rules);
    let sealed = books.seal("customer:9", json!({"reason": "lost"}));
    books.command("card:17", "card.blocked", None, json!({"card": 17, "sealed": sealed}));
    books
}

#[test]
fn the_rules_of_the_recording_refuse_nothing_of_the_past() {
    for past in [true, false] {
        let at = |payload: Value| {
            if past { with(payload, json!({"happened_at": time_text(THEN)})) } else { payload }
        };
        let mut books = strict();
        let award = json!({
            "card": 17, "points": 100, "origin": "award", "shop": 1, "order": "A", "lot": {"points": 100}, "balance_before": 0,
            "balance": 100, "lifetime": 100,
        });
        let lot = books.command("card:17", "points.awarded", Some("p1/s1/earn/order/A"), at(award));
        let terms = json!({"order_total": "10", "currency": "EUR", "template": 1, "template_version": 2});
        let discount =
            json!({"amount": "9.00", "exact": "0.20", "currency": "EUR", "template": 1, "template_version": 2});
        let redeemed = json!({
            "card": 17, "points": -20, "shop": 2, "order": "B", "discount": discount, "taken": [{"lot": lot, "points": 20}],
            "lot_shops": [1], "balance_before": 100, "balance": 80,
        });
        let spent = books.command("card:17", "points.redeemed", Some("p1/s2/earn/order/B"), at(redeemed));
        let earned = json!({
            "card": 17, "points": 7, "origin": "award", "shop": 2, "order": "B", "purchase": terms, "lot": {"points": 7},
            "balance_before": 80, "balance": 87, "lifetime": 107,
        });
        let earned = books.same_command("card:17", "points.awarded", at(earned));
        if past {
            is_sound(&books);
            continue;
        }
        books.make_views();
        let report = super::report(&books);
        for (seq, sentence) in [
            (lot, "the card is blocked"),
            (lot, "do not earn"),
            (spent, "the card is blocked"),
            (spent, "do not spend"),
            (spent, "asks for at least 50"),
            (spent, "none of those of template 1"),
            (spent, "shops do not share points"),
            (spent, "a discount of 9"),
            (earned, "earns none"),
        ] {
            let named =
                report["problems"].as_array().expect("a list").iter().any(|it| {
                    it["seq"] == seq && it["problem"].as_str().is_some_and(|problem| problem.contains(sentence))
                });
            assert!(named, "{seq} {sentence}: {report:#}");
        }
    }
}

#[test]
fn a_purchase_of_the_past_states_its_points() {
    for forged in [false, true] {
        let mut books = Books::with_card();
        let mut terms = json!({"order_total": "10", "currency": "EUR", "template": 1, "template_version": 1});
        if forged {
            terms["formula"] = json!({"base": "100", "multiplier": "1", "whole": 100, "visit_bonus": 0});
        }
        let award = json!({
            "card": 17, "points": 100, "origin": "award", "shop": 1, "order": "B", "purchase": terms, "lot": {"points": 100},
            "balance_before": 0, "balance": 100, "lifetime": 100, "happened_at": time_text(THEN),
        });
        let seq = books.command("card:17", "points.awarded", Some("p1/s1/earn/order/B"), award);
        judge(&books, forged, seq, "a purchase of the past states its points");
    }
}

#[test]
fn a_correction_of_the_past_lasts_as_the_template_says_or_for_ever() {
    for (expires_at, sentence) in [
        (None, None),
        (Some(THEN + 30 * DAY), None),
        (Some(THEN + 31 * DAY), Some("but by the rules of template 1")),
        (Some(START + 30 * DAY), Some("but by the rules of template 1")),
    ] {
        let mut books = Books::with_card();
        books.rule(2, json!({"points_expiration_days": 30}));
        let mut lot = json!({"points": 10});
        if let Some(time) = expires_at {
            lot["expires_at"] = json!(time_text(time));
        }
        let adjusted = json!({
            "card": 17, "points": 10, "lot": lot, "balance_before": 0, "balance": 10, "happened_at": time_text(THEN),
        });
        let seq = books.command("card:17", "points.adjusted", None, adjusted);
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

#[test]
fn what_no_time_allows_is_named_of_the_past_too() {
    let billion = 1_000_000_001;
    for (kind, payload, sentence) in [
        (
            "points.adjusted",
            json!({"points": billion, "lot": {"points": billion}, "balance_before": 0, "balance": billion}),
            "moves at most 1000000000",
        ),
        (
            "points.awarded",
            json!({
                "points": 5, "origin": "award", "lot": {"points": 5, "expires_at": time_text(THEN)}, "balance_before": 0,
                "balance": 5, "lifetime": 5,
            }),
            "not in the future",
        ),
        (
            "points.awarded",
            json!({"points": 5, "origin": "award", "lot": {"points": 5}, "balance_before": 0, "balance": 5, "lifetime": 6}),
            "lifetime is stated as 6",
        ),
        (
            "points.awarded",
            json!({"points": 5, "origin": "award", "lot": {"points": 5}, "balance_before": 0, "balance": 6, "lifetime": 5}),
            "do not give the balance 6",
        ),
        (
            "points.awarded",
            json!({"points": 5, "origin": "issue", "lot": {"points": 5}, "balance_before": 0, "balance": 5, "lifetime": 5}),
            "the bonus of a new card is of now",
        ),
    ] {
        let mut books = Books::with_card();
        let payload = with(payload, json!({"card": 17, "happened_at": time_text(THEN)}));
        let seq = books.command("card:17", kind, None, payload);
        judge(&books, true, seq, sentence);
    }
}

#[test]
fn a_refund_of_the_past_takes_its_share_and_gives_back_as_of_then() {
    for (amount, points, sentence) in
        [("5.00", 50, None), ("5.00", 51, Some("but its share is 50")), ("15.00", 150, Some("only 10 are left"))]
    {
        let mut books = Books::with_card();
        let terms = json!({"order_total": "10", "currency": "EUR", "template": 1, "template_version": 1});
        let award = json!({
            "card": 17, "points": 100, "origin": "award", "shop": 1, "order": "B", "purchase": terms, "lot": {"points": 100},
            "balance_before": 0, "balance": 100, "lifetime": 100, "happened_at": time_text(THEN),
        });
        let of = books.command("card:17", "points.awarded", Some("p1/s1/earn/order/B"), award);
        let mut refunded = json!({
            "card": 17, "points": -points, "cause": "refund", "shop": 1, "order": "B", "of": of, "refund": "r1", "amount": amount,
            "completes": false, "taken": [{"lot": of, "points": points.min(100)}], "balance_before": 100, "balance": 100 - points,
            "lifetime": 100 - points, "happened_at": time_text(THEN + DAY),
        });
        if points > 100 {
            refunded["debt"] = json!(points - 100);
        }
        let seq = books.command("card:17", "points.refunded", Some("p1/s1/refund/order/1:B/r1"), refunded);
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

#[test]
fn a_customer_and_a_card_of_the_past_stand_in_the_projections_as_of_then() {
    let mut books = Books::with_card();
    let sealed = books.seal("customer:10", json!({"email": "old@example.com"}));
    let registered = json!({"customer": 10, "happened_at": time_text(THEN), "sealed": sealed});
    books.command("customer:10", "customer.registered", None, registered);
    let issued = json!({"customer": 10, "happened_at": time_text(THEN)});
    books.issue_with(issued);
    is_sound(&books);
    let row = books
        .views()
        .query_row(
            "SELECT registered_at, customers.updated_at, issued_at, last_activity FROM customers JOIN cards USING (customer) WHERE customer = 10",
            [],
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?]),
        )
        .expect("a row");
    assert_eq!(row, [THEN, START, START, THEN]);
}
