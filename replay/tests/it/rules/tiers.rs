//! Changes of tier: by lifetime points, by those of twelve months, and by those of all cards of a customer.

use super::super::books::{Books, DAY};
use super::{is_named, is_sound, judge};
use serde_json::{Value, json};

fn levels(basis: &str) -> Value {
    let level = |(tier, threshold, multiplier)| json!({"tier": tier, "threshold": threshold, "multiplier": multiplier});
    let levels = [("bronze", 0, "1"), ("silver", 500, "1.5"), ("gold", 800, "2")].map(level);
    json!({"basis": basis, "levels": levels})
}

impl Books {
    fn raise(&mut self, card: i64, to: &str, counted: i64) -> i64 {
        let changed = json!({"card": card, "from": "bronze", "to": to, "lifetime": counted});
        self.same_command(&format!("card:{card}"), "card.tier_changed", changed)
    }
}

/// What the second award is followed by.
const CHANGES: [Option<(&str, i64)>; 5] =
    [None, Some(("silver", 600)), Some(("gold", 600)), Some(("silver", 601)), Some(("silver", 200))];

#[test]
fn lifetime_points_raise_a_card_where_they_cross_a_threshold() {
    for change in CHANGES {
        let mut books = Books::with_card();
        books.settle(json!({}));
        books.earn(17, None, 400, (0, 0));
        let award = books.earn(17, None, 200, (400, 400));
        let seq = change.map(|(to, counted)| books.raise(17, to, counted));
        match change {
            Some(("silver", 600)) => is_sound(&books),
            None => is_named(&books, award, "no card.tier_changed follows"),
            Some(("gold", _)) => is_named(&books, seq.expect("a change"), "becomes gold"),
            Some(_) => is_named(&books, seq.expect("a change"), "has 600 lifetime points"),
        }
    }
}

#[test]
fn points_of_twelve_months_raise_a_card_and_older_ones_do_not() {
    // 2026 has 365 days: what was earned a year before to the microsecond still counts.
    for (passed, counts) in [(365 * DAY, true), (365 * DAY + 1, false)] {
        for change in CHANGES {
            let mut books = Books::with_card();
            books.settle(json!({"tiers": levels("rolling_12_months")}));
            books.earn(17, None, 400, (0, 0));
            books.later(passed);
            let award = books.earn(17, None, 200, (400, 400));
            let seq = change.map(|(to, counted)| books.raise(17, to, counted)).unwrap_or_default();
            match (change, counts) {
                (None, false) | (Some(("silver", 600)), true) => is_sound(&books),
                (None, true) => is_named(&books, award, "made card 17 silver (600 counted points)"),
                (Some(_), false) => is_named(&books, seq, "no threshold was crossed"),
                (Some(("gold", _)), true) => is_named(&books, seq, "becomes gold, but 600 counted points are silver"),
                (Some(_), true) => is_named(&books, seq, "600 points count for card 17"),
            }
        }
    }
}

#[test]
fn what_was_earned_before_the_settings_changed_counts_too() {
    for forged in [false, true] {
        let mut books = Books::with_card();
        books.earn(17, None, 400, (0, 0));
        books.settle(json!({"tiers": levels("rolling_12_months")}));
        let award = books.earn(17, None, 200, (400, 400));
        if !forged {
            books.raise(17, "silver", 600);
        }
        judge(&books, forged, award, "no card.tier_changed follows");
    }
}

#[test]
fn a_refund_lowers_what_counts_and_no_tier() {
    let mut books = Books::with_card();
    books.settle(json!({"tiers": levels("rolling_12_months")}));
    let of = books.award(17, 600, "A", None, (0, 0));
    books.raise(17, "silver", 600);
    let refunded = json!({
        "card": 17, "points": -200, "cause": "refund", "shop": 1, "order": "A", "of": of, "completes": false,
        "taken": [{"lot": of, "points": 200}], "balance_before": 600, "balance": 400, "lifetime": 400,
    });
    books.command("card:17", "points.refunded", None, refunded);
    // 750 count: not gold yet.
    let award = books.earn(17, None, 350, (400, 400));
    is_sound(&books);
    let changed = json!({"card": 17, "from": "silver", "to": "gold", "lifetime": 950});
    let seq = books.same_command("card:17", "card.tier_changed", changed);
    assert_eq!(seq, award + 1);
    is_named(&books, seq, "no threshold was crossed");
}

#[test]
fn all_cards_of_a_customer_rise_together_where_tiers_are_unified() {
    for basis in ["lifetime", "rolling_12_months"] {
        for (own, other, sentence) in [
            (Some(600), Some(600), None),
            (Some(600), None, Some("made card 18 silver (600 counted points)")),
            (None, Some(600), Some("made card 17 silver (600 counted points)")),
            (Some(600), Some(300), Some("600 points count for card 18, not 300")),
        ] {
            let mut books = Books::with_card();
            books.issue(10, 19, "LC000000000034");
            books.settle(json!({"unified_tiers": true, "tiers": levels(basis)}));
            books.issue_with(json!({}));
            books.earn(18, None, 300, (0, 0));
            books.earn(19, None, 300, (0, 0));
            let award = books.earn(17, None, 300, (0, 0));
            let mut seq = award;
            for (card, counted) in [(17, own), (18, other)] {
                if let Some(counted) = counted {
                    let change = books.raise(card, "silver", counted);
                    seq = if counted == 600 { seq } else { change };
                }
            }
            judge(&books, sentence.is_some(), seq, sentence.unwrap_or_default());
        }
    }
}

#[test]
fn another_customers_card_does_not_rise_with_them() {
    let mut books = Books::with_card();
    books.settle(json!({"unified_tiers": true}));
    books.issue(10, 19, "LC000000000034");
    books.earn(17, None, 600, (0, 0));
    books.raise(17, "silver", 600);
    let seq = books.raise(19, "silver", 600);
    is_named(&books, seq, "the tier of card 19 changes, but no threshold was crossed");
}

#[test]
fn a_change_of_tier_stands_in_the_command_that_earned() {
    for settings in [json!({}), json!({"unified_tiers": true})] {
        let mut books = Books::with_card();
        books.settle(settings);
        let award = books.earn(17, None, 600, (0, 0));
        let changed = json!({"card": 17, "from": "bronze", "to": "silver", "lifetime": 600});
        let seq = books.command("card:17", "card.tier_changed", None, changed);
        books.make_views();
        let report = super::report(&books);
        let seqs: Vec<_> = report["problems"].as_array().expect("a list").iter().map(|it| it["seq"].as_i64()).collect();
        assert!(seqs.contains(&Some(seq)) || seqs.contains(&Some(award)), "{report:#}");
    }
}

#[test]
fn an_award_of_the_past_counts_the_twelve_months_before_it_whatever_came_since() {
    // Three awards in the order of the log: of 2024, of now, and one in between them.
    let year = 365 * DAY;
    for (first, between, counted) in
        [(30 * DAY, 20 * DAY, 610), (2 * year, 20 * DAY, 410), (3 * year, 2 * year + DAY, 610)]
    {
        for stated in [None, Some(counted), Some(counted + 1)] {
            let mut books = Books::with_card();
            books.settle(json!({"tiers": levels("rolling_12_months")}));
            let award = |books: &mut Books, points: i64, before: i64, ago: i64| {
                let mut award = json!({
                    "card": 17, "points": points, "origin": "award", "lot": {"points": points}, "balance_before": before,
                    "balance": before + points, "lifetime": before + points,
                });
                if ago > 0 {
                    award["happened_at"] = json!(super::super::books::time_text(books.now - ago));
                }
                books.command("card:17", "points.awarded", None, award)
            };
            award(&mut books, 200, 0, first);
            award(&mut books, 200, 200, 0);
            let last = award(&mut books, 210, 400, between);
            let seq = stated.map(|counted| books.raise(17, "silver", counted));
            match stated {
                None if counted < 500 => is_sound(&books),
                None => is_named(&books, last, "made card 17 silver (610 counted points)"),
                Some(_) if counted < 500 => {
                    is_named(&books, seq.expect("a change"), "no threshold was crossed");
                }
                Some(610) => is_sound(&books),
                Some(_) => is_named(&books, seq.expect("a change"), "610 points count for card 17, not 611"),
            }
        }
    }
}
