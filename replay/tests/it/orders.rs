//! Purchases and refunds: honest ones, and each way of cheating in them.

use super::books::Books;
use super::tampering::report;
use serde_json::{Value, json};

/// An award of 300, then order B: 100 points redeemed, 15.50 paid, 155 points earned, and refunded in two parts.
fn steps() -> Vec<(i64, &'static str, Option<&'static str>, Value)> {
    let terms = json!({
        "order_total": "15.50", "currency": "EUR", "template": 1, "template_version": 1,
        "formula": {"base": "155", "multiplier": "1", "whole": 155, "visit_bonus": 0},
    });
    let discount = json!({"amount": "1.00", "exact": "1.00", "currency": "EUR", "template": 1, "template_version": 1});
    vec![
        (
            7,
            "points.awarded",
            Some("p1/s1/earn/order/A"),
            json!({
                "card": 17, "points": 300, "origin": "award", "shop": 1, "order": "A", "lot": {"points": 300},
                "balance_before": 0, "balance": 300, "lifetime": 300,
            }),
        ),
        (
            8,
            "points.redeemed",
            Some("p1/s1/earn/order/B"),
            json!({
                "card": 17, "points": -100, "shop": 1, "order": "B", "discount": discount, "taken": [{"lot": 7, "points": 100}],
                "lot_shops": [1], "balance_before": 300, "balance": 200,
            }),
        ),
        (
            9,
            "points.awarded",
            None,
            json!({
                "card": 17, "points": 155, "origin": "award", "shop": 1, "order": "B", "purchase": terms, "lot": {"points": 155},
                "balance_before": 200, "balance": 355, "lifetime": 455,
            }),
        ),
        (
            10,
            "points.refunded",
            Some("p1/s1/refund/order/1:B/r1"),
            json!({
                "card": 17, "points": -50, "cause": "refund", "shop": 1, "order": "B", "of": 8, "refund": "r1", "amount": "5.00",
                "completes": false, "taken": [{"lot": 9, "points": 50}], "balance_before": 355, "balance": 305, "lifetime": 405,
            }),
        ),
        (
            11,
            "points.returned",
            None,
            json!({
                "card": 17, "points": 32, "shop": 1, "order": "B", "of": 8, "refund": "r1", "lot": {"points": 32},
                "balance_before": 305, "balance": 337,
            }),
        ),
        (
            12,
            "points.refunded",
            Some("p1/s1/refund/order/1:B/r2"),
            json!({
                "card": 17, "points": -105, "cause": "refund", "shop": 1, "order": "B", "of": 8, "refund": "r2", "amount": "10.50",
                "completes": true, "taken": [{"lot": 9, "points": 105}], "balance_before": 337, "balance": 232, "lifetime": 300,
            }),
        ),
        (
            13,
            "points.returned",
            None,
            json!({
                "card": 17, "points": 68, "shop": 1, "order": "B", "of": 8, "refund": "r2", "lot": {"points": 68},
                "balance_before": 232, "balance": 300,
            }),
        ),
    ]
}

/// The books of [`steps`], with one field of one event changed before it is written and chained.
pub(crate) fn books(changed: Option<(i64, &str, Value)>) -> Books {
    let mut books = Books::with_card();
    for (seq, kind, key, mut payload) in steps() {
        if let Some((at, field, value)) = changed.as_ref().filter(|(at, _, _)| *at == seq) {
            let (parent, name) = field.rsplit_once('/').expect("a pointer");
            assert_eq!(*at, seq);
            payload.pointer_mut(parent).expect("a field")[name] = value.clone();
        }
        match key {
            Some(key) => books.command("card:17", kind, Some(key), payload),
            None => books.same_command("card:17", kind, payload),
        };
    }
    books.make_views();
    books
}

#[test]
fn an_honest_purchase_and_its_refunds_are_sound() {
    let report = report(&books(None));
    assert_eq!(report["ok"], true, "{report:#}");
}

#[test]
fn each_way_of_cheating_is_named() {
    for (seq, field, value, sentence) in [
        (8, "/discount/exact", json!("2.00"), "100 points are worth 1 by their terms, not 2"),
        (8, "/discount/amount", json!("1.02"), "a discount of 1.02 for 100 points, which are worth 1"),
        (8, "/discount/currency", json!("USD"), "but the partner's currency is EUR"),
        (8, "/lot_shops", json!([null]), "lot_shops are not the shops"),
        (8, "/order", json!("C"), "claimed"),
        (9, "/points", json!(156), "earns 155 points by its terms, not 156"),
        (9, "/purchase/formula/whole", json!(156), "but the event states base 155, whole 156"),
        (9, "/purchase/formula/multiplier", json!("1.5"), "but the tier bronze has 1"),
        (9, "/purchase/formula/bound", json!("minimum"), "the minimum"),
        (9, "/purchase/template_version", json!(2), "which is at version 1"),
        (9, "/purchase/order_total", json!("15.60"), "a purchase of 15.6 gives base 156"),
        (10, "/points", json!(-51), "takes back 51 points of order \"B\", but its share is 50"),
        (10, "/amount", json!("15.51"), "of whose 15.5 only 15.5 are left"),
        (10, "/let_go", json!(1), "takes back 51 points"),
        (10, "/debt", json!(1), "1 become debt"),
        (10, "/lifetime", json!(455), "has 405 after the refund"),
        (10, "/taken", json!([{"lot": 7, "points": 50}]), "while lot 9 comes first, which is the order's own"),
        (10, "/of", json!(9), "with which no order begins"),
        (10, "/card", json!(18), "card"),
        (11, "/points", json!(33), "gives back 33 points"),
        (11, "/shop", Value::from(2), "shop"),
        (11, "/of", json!(7), "no refund of it comes before in its command"),
        (12, "/refund", json!("r1"), "was made before, by event 10"),
        (12, "/completes", json!(false), "of which nothing is left"),
        (12, "/amount", json!("10.49"), "of which something is left"),
        (13, "/lot/expires_at", json!("2027-01-01T00:00:00.000000Z"), "expiring 2027"),
    ] {
        let report = report(&books(Some((seq, field, value))));
        let named = report["problems"].as_array().expect("a list").iter().any(|problem| {
            problem["seq"] == seq && problem["problem"].as_str().is_some_and(|text| text.contains(sentence))
        });
        assert!(named, "{seq} {field}: {report:#}");
    }
}

#[test]
fn points_are_spent_where_they_were_earned_unless_shops_share_them() {
    for shared in [false, true] {
        let mut books = Books::with_card();
        let sealed = books.seal("shop:2", json!({"name": "New Town"}));
        books.command("shop:2", "shop.opened", None, json!({"shop": 2, "is_virtual": false, "sealed": sealed}));
        let sealed = books.seal("partner:1", json!({}));
        let level = json!({"tier": "bronze", "threshold": 0, "multiplier": "1"});
        let settings = json!({
            "multi_store_points": shared, "point_sharing": "full", "unified_tiers": false, "refund_shortfall": "block",
            "tiers": {"basis": "lifetime", "levels": [level]},
        });
        let changed = json!({"partner": 1, "settings": settings, "sealed": sealed});
        books.command("partner:1", "partner.settings_changed", None, changed);
        let lot = books.award(17, 100, "A", None, (0, 0));
        let redeemed = json!({
            "card": 17, "points": -10, "shop": 2, "taken": [{"lot": lot, "points": 10}], "balance_before": 100, "balance": 90,
        });
        let seq = books.command("card:17", "points.redeemed", None, redeemed);
        let report = report(&books);
        assert_eq!(report["ok"], shared, "{report:#}");
        if !shared {
            assert_eq!(report["problems"][0]["seq"], seq);
            assert!(report.to_string().contains("shops do not share points"), "{report:#}");
        }
    }
}
