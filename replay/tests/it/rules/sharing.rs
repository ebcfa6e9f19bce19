//! Whose points are earned and spent where.

use super::super::books::Books;
use super::judge;
use serde_json::{Value, json};

/// Card 18 is at home in shop 1; it earns in one shop and then spends in another.
fn books(settings: Value, rules: Value, earned_at: i64, spent_at: i64) -> (Books, i64, i64) {
    let mut books = Books::with_card();
    books.open_shop(2);
    books.settle(settings);
    books.issue_at_home();
    books.rule(2, rules);
    let earned = books.earn(18, Some(earned_at), 100, (0, 0));
    let spent = books.spend(18, Some(spent_at), 10, earned, 100);
    (books, earned, spent)
}

#[test]
fn points_are_earned_and_spent_where_the_settings_in_force_allow_it() {
    for (sharing, earned_at, spent_at, wrong) in [
        ("full", 2, 1, None),
        ("full", 1, 2, None),
        ("earning_only", 2, 1, None),
        ("earning_only", 1, 2, Some((false, "are spent at shop 2, but only its home shop 1"))),
        ("redemption_only", 1, 2, None),
        ("redemption_only", 2, 1, Some((true, "are earned at shop 2, but only its home shop 1"))),
        ("none", 2, 2, None),
        ("none", 1, 2, Some((false, "but shops do not share points"))),
    ] {
        let (books, earned, spent) = books(json!({"point_sharing": sharing}), json!({}), earned_at, spent_at);
        let (at_earning, sentence) = wrong.unwrap_or_default();
        judge(&books, wrong.is_some(), if at_earning { earned } else { spent }, sentence);
    }
}

#[test]
fn without_shared_points_the_way_of_sharing_is_ignored() {
    for (sharing, spent_at) in [("full", 2), ("redemption_only", 2), ("earning_only", 1)] {
        let settings = json!({"multi_store_points": false, "point_sharing": sharing});
        let forged = spent_at != 1;
        let (books, _, spent) = books(settings, json!({}), 1, spent_at);
        judge(&books, forged, spent, "but shops do not share points");
    }
}

#[test]
fn a_template_with_shops_of_its_own_works_in_no_other() {
    for (earned_at, spent_at, wrong) in [(1, 1, None), (2, 1, Some(true)), (1, 2, Some(false))] {
        let (books, earned, spent) = books(json!({}), json!({"shop_ids": [1]}), earned_at, spent_at);
        let seq = if wrong == Some(true) { earned } else { spent };
        judge(&books, wrong.is_some(), seq, "points move at shop 2, which is none of those of template 1");
    }
}

#[test]
fn settings_that_change_later_do_not_matter() {
    let (mut books, ..) = books(json!({}), json!({}), 2, 1);
    books.settle(json!({"point_sharing": "redemption_only"}));
    books.rule(3, json!({"shop_ids": [1]}));
    judge(&books, false, 0, "");
    let seq = books.earn(18, Some(2), 5, (90, 100));
    judge(&books, true, seq, "only its home shop 1");
}
