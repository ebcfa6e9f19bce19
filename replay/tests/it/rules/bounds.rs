//! What a template's rules bound: redemptions, awards, new cards, and how long points last.

use super::super::books::{Books, DAY, time_text};
use super::{is_named, is_sound, judge};
use serde_json::{Value, json};

#[test]
fn a_redemption_is_within_the_bounds_in_force() {
    for (rules, points, sentence) in [
        (json!({"min_points_for_redemption": 50}), 50, None),
        (json!({"min_points_for_redemption": 50}), 49, Some("asks for at least 50")),
        (json!({"max_points_per_redemption": 80}), 80, None),
        (json!({"max_points_per_redemption": 80}), 81, Some("allows at most 80")),
        (json!({"max_points_per_redemption": 0}), 81, None),
        (json!({"points_redemption_enabled": false}), 60, Some("do not spend")),
    ] {
        let mut books = Books::with_card();
        let lot = books.earn(17, None, 100, (0, 0));
        books.rule(2, rules);
        let seq = books.spend(17, None, points, lot, 100);
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

#[test]
fn the_rules_of_the_moment_decide_and_no_later_ones() {
    let mut books = Books::with_card();
    let lot = books.earn(17, None, 100, (0, 0));
    books.spend(17, None, 60, lot, 100);
    books.rule(2, json!({"points_redemption_enabled": false, "points_enabled": false, "points_expiration_days": 1}));
    is_sound(&books);
    let seq = books.spend(17, None, 10, lot, 40);
    is_named(&books, seq, "do not spend");
}

#[test]
fn a_template_that_does_not_earn_gives_no_award() {
    for forged in [false, true] {
        let mut books = Books::with_card();
        books.rule(2, json!({"points_enabled": !forged}));
        let seq = books.earn(17, None, 10, (0, 0));
        judge(&books, forged, seq, "do not earn");
    }
}

#[test]
fn a_purchase_states_the_version_and_multiplier_in_force_and_earns_by_them() {
    for (version, multiplier, base, points, sentence) in [
        (2, "1.5", "50", 75, None),
        (1, "1.5", "100", 150, Some("states version 1 of template 1, which is at version 2")),
        (2, "1", "50", 50, Some("states the multiplier 1, but the tier silver has 1.5")),
        (2, "1.5", "100", 150, Some("gives base 50, whole 75")),
        (2, "1.5", "50", 76, Some("earns 75 points by its terms, not 76")),
    ] {
        let mut books = Books::with_card();
        books.settle(json!({}));
        books.earn(17, None, 600, (0, 0));
        let silver = json!({"card": 17, "from": "bronze", "to": "silver", "lifetime": 600});
        books.same_command("card:17", "card.tier_changed", silver);
        books.rule(2, json!({"points_per_currency": "5"}));
        let whole = if base == "100" { 150 } else { points.min(75) };
        let formula = json!({"base": base, "multiplier": multiplier, "whole": whole, "visit_bonus": 0});
        let terms = json!({
            "order_total": "10", "currency": "EUR", "template": 1, "template_version": version, "formula": formula,
        });
        let award = json!({
            "card": 17, "points": points, "origin": "award", "shop": 1, "order": "B", "purchase": terms, "lot": {"points": points},
            "balance_before": 600, "balance": 600 + points, "lifetime": 600 + points,
        });
        let seq = books.command("card:17", "points.awarded", Some("p1/s1/earn/order/B"), award);
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

#[test]
fn a_discount_is_at_most_a_cent_above_what_the_points_are_worth() {
    for (amount, forged) in [("1.01", false), ("0", false), ("1.011", true), ("1.02", true)] {
        let changed = (8, "/discount/amount", json!(amount));
        let books = super::super::orders::books(Some(changed));
        judge(&books, forged, 8, "a discount of");
    }
}

#[test]
fn a_template_is_given_out_only_while_it_is_in_use() {
    for (retired, active, version, sentence) in [
        (false, true, 2, None),
        (true, true, 3, Some("gives a card of template 1, which is retired")),
        (false, false, 2, Some("gives a card of template 1, which is not active")),
    ] {
        let mut books = Books::with_card();
        books.rule(2, json!({"is_active": active}));
        if retired {
            books.command("template:1", "template.retired", None, json!({"template": 1}));
        }
        let seq = books.issue_with(json!({"template_version": version}));
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

#[test]
fn a_retired_template_is_given_out_again_once_it_is_changed() {
    let mut books = Books::with_card();
    books.command("template:1", "template.retired", None, json!({"template": 1}));
    books.rule(3, json!({}));
    books.issue_with(json!({"template_version": 3}));
    is_sound(&books);
}

/// A positive movement of 10 points on a card that has none.
fn gain(extra: Value) -> Value {
    let mut payload = json!({"card": 17, "points": 10, "lot": {"points": 10}, "balance_before": 0, "balance": 10});
    if let Value::Object(extra) = extra {
        extra.into_iter().for_each(|(name, value)| payload[name] = value);
    }
    payload
}

#[test]
fn a_correction_lasts_as_long_as_the_template_says() {
    for (days, sentence) in [(30, None), (31, Some("but by the rules of template 1 2026-01-31"))] {
        let mut books = Books::with_card();
        books.rule(2, json!({"points_expiration_days": 30}));
        let lot = json!({"points": 10, "expires_at": time_text(books.now + days * DAY)});
        let seq = books.command("card:17", "points.adjusted", None, gain(json!({"lot": lot})));
        judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
    }
}

#[test]
fn no_lot_is_opened_that_has_expired() {
    for (micros, forged) in [(1, false), (0, true)] {
        let mut books = Books::with_card();
        let lot = json!({"points": 10, "expires_at": time_text(books.now + micros)});
        let award = gain(json!({"lot": lot, "origin": "award", "lifetime": 10}));
        let seq = books.command("card:17", "points.awarded", None, award);
        judge(&books, forged, seq, "which is not in the future");
    }
}

#[test]
fn a_bonus_belongs_to_the_issue_of_its_card() {
    for forged in [false, true] {
        let mut books = Books::with_card();
        books.issue_with(json!({}));
        let mut bonus = gain(json!({"origin": "issue", "lifetime": 10}));
        bonus["card"] = json!(18);
        let seq = match forged {
            false => books.same_command("card:18", "points.awarded", bonus),
            true => books.command("card:18", "points.awarded", None, bonus),
        };
        judge(&books, forged, seq, "is the bonus of a new card, but card 18 was issued before");
    }
}

#[test]
fn one_operation_moves_a_billion_points_and_not_one_more() {
    for (points, forged) in [(1_000_000_000, false), (1_000_000_001, true)] {
        let mut books = Books::with_card();
        let lot = json!({"points": points});
        let raised = json!({"card": 17, "points": points, "lot": lot, "balance_before": 0, "balance": points});
        let seq = books.command("card:17", "points.adjusted", None, raised);
        judge(&books, forged, seq, "one operation moves at most 1000000000");
    }
}

#[test]
fn an_inactive_card_is_corrected_only_once_it_is_active() {
    for forged in [false, true] {
        let mut books = Books::with_card();
        books.issue_with(json!({"status": "inactive"}));
        let mut raised = gain(json!({}));
        raised["card"] = json!(18);
        let seq = if forged {
            books.command("card:18", "points.adjusted", None, raised)
        } else {
            books.command("card:18", "card.activated", None, json!({"card": 18}));
            books.same_command("card:18", "points.adjusted", raised)
        };
        judge(&books, forged, seq, "but the card is inactive");
    }
}

#[test]
fn a_redemption_does_not_spend_what_its_own_command_gave() {
    for forged in [false, true] {
        let mut books = Books::with_card();
        let lot = books.earn(17, None, 10, (0, 0));
        let spent = json!({
            "card": 17, "points": -10, "taken": [{"lot": lot, "points": 10}], "balance_before": 10, "balance": 0,
        });
        let seq = match forged {
            false => books.command("card:17", "points.redeemed", None, spent),
            true => books.same_command("card:17", "points.redeemed", spent),
        };
        judge(&books, forged, seq, "which its own command opened");
    }
}

#[test]
fn what_moves_is_more_than_nothing() {
    let nothing = |extra: Value| {
        let mut payload = json!({"card": 17, "points": 0, "balance_before": 10, "balance": 10});
        if let Value::Object(extra) = extra {
            extra.into_iter().for_each(|(name, value)| payload[name] = value);
        }
        payload
    };
    for (kind, payload, sentence) in [
        ("points.awarded", nothing(json!({"origin": "award", "lifetime": 10})), "an award of 0 points"),
        ("points.redeemed", nothing(json!({"taken": []})), "points 0 of a movement that takes points"),
        ("points.adjusted", nothing(json!({})), "points 0 of a movement that takes points"),
        (
            "points.expired",
            nothing(json!({"taken": [], "cause": "requested"})),
            "points 0 of a movement that takes points",
        ),
    ] {
        let mut books = Books::with_card();
        books.earn(17, None, 10, (0, 0));
        let seq = books.command("card:17", kind, None, payload);
        is_named(&books, seq, sentence);
    }
}
