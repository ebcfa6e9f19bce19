//! Refunds: the policy in force when a card holds too little, and that no order is refunded beyond itself.

use super::super::books::Books;
use super::judge;
use serde_json::{Value, json};

/// Order B earns 155 points, of which 100 are spent at once; then the settings are changed, and the whole order is refunded.
fn books(before: &str, after: &str, refund: Value) -> (Books, i64) {
    let mut books = Books::with_card();
    books.settle(json!({"refund_shortfall": before}));
    let formula = json!({"base": "155", "multiplier": "1", "whole": 155, "visit_bonus": 0});
    let terms = json!({
        "order_total": "15.50", "currency": "EUR", "template": 1, "template_version": 1, "formula": formula,
    });
    let award = json!({
        "card": 17, "points": 155, "origin": "award", "shop": 1, "order": "B", "purchase": terms, "lot": {"points": 155},
        "balance_before": 0, "balance": 155, "lifetime": 155,
    });
    let of = books.command("card:17", "points.awarded", Some("p1/s1/earn/order/B"), award);
    books.spend(17, Some(1), 100, of, 155);
    books.settle(json!({"refund_shortfall": after}));
    // Rules that change between an order and its refund change nothing.
    books.rule(2, json!({"points_enabled": false, "points_per_currency": "1", "points_redemption_enabled": false}));
    let mut refunded = json!({
        "card": 17, "cause": "refund", "shop": 1, "order": "B", "of": of, "refund": "r1", "amount": "15.50", "completes": true,
        "taken": [{"lot": of, "points": 55}], "balance_before": 55,
    });
    if let Value::Object(refund) = refund {
        refund.into_iter().for_each(|(name, value)| refunded[name] = value);
    }
    let seq = books.command("card:17", "points.refunded", Some("p1/s1/refund/order/1:B/r1"), refunded);
    (books, seq)
}

#[test]
fn a_shortfall_is_met_by_the_policy_in_force_at_the_refund() {
    let owing = json!({"points": -155, "debt": 100, "balance": -100, "lifetime": 0});
    let letting_go = json!({"points": -55, "let_go": 100, "balance": 0, "lifetime": 100});
    for (policy, refund, sentence) in [
        ("negative", &owing, None),
        ("negative", &letting_go, Some("by the partner's policy, negative, it is 0")),
        ("partial", &letting_go, None),
        ("partial", &owing, Some("by the partner's policy, partial, it is 100")),
        ("block", &owing, Some("takes 155 points where 55 were there, but the partner's policy is block")),
        ("block", &letting_go, Some("by the partner's policy, block, it is 0")),
    ] {
        for before in ["negative", "partial", "block"] {
            let (books, seq) = books(before, policy, refund.clone());
            judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
        }
    }
}

#[test]
fn a_block_lets_a_refund_pass_that_the_card_can_pay() {
    let refund = json!({
        "amount": "5.00", "completes": false, "points": -50, "taken": [{"lot": 8, "points": 50}], "balance": 5, "lifetime": 105,
    });
    let (books, seq) = books("block", "block", refund);
    judge(&books, false, seq, "");
}

#[test]
fn no_order_is_refunded_beyond_itself() {
    let owing =
        |points: i64| json!({"points": -points, "debt": points - 55, "balance": 55 - points, "lifetime": 155 - points});
    let with = |changed: Value, points: i64| {
        let mut refund = owing(points);
        if let Value::Object(changed) = changed {
            changed.into_iter().for_each(|(name, value)| refund[name] = value);
        }
        refund
    };
    for (refund, sentence) in [
        (with(json!({"amount": "15.51"}), 155), "of whose 15.5 only 15.5 are left"),
        (with(json!({}), 156), "takes back 156 points of order \"B\", but its share is 155"),
        (with(json!({"amount": "10.00", "completes": false}), 101), "but its share is 100"),
        (with(json!({"amount": "10.00", "completes": true}), 100), "of which something is left"),
    ] {
        let (books, seq) = books("negative", "negative", refund);
        judge(&books, true, seq, sentence);
    }
    let (mut books, _) = books("negative", "negative", owing(155));
    let again = json!({
        "card": 17, "points": 0, "cause": "cancellation", "shop": 1, "order": "B", "of": 8, "completes": true,
        "balance_before": -100, "balance": -100, "lifetime": 0,
    });
    let seq = books.command("card:17", "points.refunded", Some("p1/s1/cancel/order/B"), again);
    judge(&books, true, seq, "was refunded completely before");
}

/// Order B of a total earns so many points; then it is refunded, on its own terms each time.
fn refund_of(total: &str, earned: i64, refund: Value) -> (Books, i64) {
    let mut books = Books::with_card();
    let terms = json!({"order_total": total, "currency": "EUR", "template": 1, "template_version": 1});
    let award = json!({
        "card": 17, "points": earned, "origin": "award", "shop": 1, "order": "B", "purchase": terms, "lot": {"points": earned},
        "balance_before": 0, "balance": earned, "lifetime": earned,
    });
    let of = books.command("card:17", "points.awarded", Some("p1/s1/earn/order/B"), award);
    let mut refunded = json!({
        "card": 17, "points": 0, "cause": "refund", "shop": 1, "order": "B", "of": of, "refund": "r1", "completes": false,
        "balance_before": earned, "balance": earned, "lifetime": earned,
    });
    if let Value::Object(refund) = refund {
        refund.into_iter().for_each(|(name, value)| refunded[name] = value);
    }
    let seq = books.command("card:17", "points.refunded", Some("p1/s1/refund/order/1:B/r1"), refunded);
    (books, seq)
}

#[test]
fn a_refund_is_of_something_unless_the_order_cost_nothing() {
    let whole = json!({"amount": "0", "completes": true, "points": -7, "taken": [{"lot": 7, "points": 7}], "balance": 0, "lifetime": 0});
    for (total, refund, forged) in [
        ("10", json!({"amount": "0.01"}), false),
        ("10", json!({"amount": "0"}), true),
        ("10", json!({}), true),
        ("0", whole, false),
    ] {
        let (books, seq) = refund_of(total, 7, refund);
        judge(&books, forged, seq, "refunds nothing of order \"B\"");
    }
}

#[test]
fn an_order_is_refunded_500_times_and_once_more_only_to_complete_it() {
    for (times, last, forged) in [(500, false, false), (501, false, true), (501, true, false)] {
        let (mut books, mut seq) = refund_of("1000", 7, json!({"amount": "0.01"}));
        for time in 2..=times {
            let mut refunded = json!({
                "card": 17, "points": 0, "cause": "refund", "shop": 1, "order": "B", "of": 7, "refund": format!("r{time}"),
                "amount": "0.01", "completes": false, "balance_before": 7, "balance": 7, "lifetime": 7,
            });
            if last && time == times {
                refunded["amount"] = json!("995");
                refunded["completes"] = json!(true);
                refunded["points"] = json!(-7);
                refunded["taken"] = json!([{"lot": 7, "points": 7}]);
                refunded["balance"] = json!(0);
                refunded["lifetime"] = json!(0);
            }
            let key = format!("p1/s1/refund/order/1:B/r{time}");
            seq = books.command("card:17", "points.refunded", Some(&key), refunded);
        }
        judge(&books, forged, seq, "refunds order \"B\" once more, after 500 times");
    }
}
