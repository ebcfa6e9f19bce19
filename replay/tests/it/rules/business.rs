//! What begins in a shop: nothing where it is closed, and cards of the template that is assigned there.

use super::super::books::Books;
use super::{is_named, is_sound, judge};
use serde_json::{Value, json};

/// How shop 2 stands when something happens in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shop {
    Open,
    OpenedClosed,
    MadeInactive,
    Retired,
    OpenAgain,
}

impl Shop {
    const ALL: [Self; 5] = [Self::Open, Self::OpenedClosed, Self::MadeInactive, Self::Retired, Self::OpenAgain];

    fn is_closed(self) -> bool {
        !matches!(self, Self::Open | Self::OpenAgain)
    }
}

/// Card 17 has 100 points, and an order X of 50 more in shop 2 from when that was open (in shop 1 if it never was); both lots are given.
fn books(shop: Shop) -> (Books, i64, i64) {
    let mut books = Books::with_card();
    let facts = |active: bool| json!({"shop": 2, "is_virtual": false, "is_active": active});
    books.sealing("shop:2", "shop.opened", facts(shop != Shop::OpenedClosed));
    books.settle(json!({}));
    let lot = books.earn(17, None, 100, (0, 0));
    let place = if shop == Shop::OpenedClosed { 1 } else { 2 };
    let order = books.order_at(place, "X", 50, (100, 100));
    match shop {
        Shop::Open | Shop::OpenedClosed => {}
        Shop::MadeInactive => drop(books.sealing("shop:2", "shop.updated", facts(false))),
        Shop::Retired | Shop::OpenAgain => drop(books.command("shop:2", "shop.retired", None, json!({"shop": 2}))),
    }
    if shop == Shop::OpenAgain {
        books.sealing("shop:2", "shop.updated", facts(true));
    }
    (books, lot, order)
}

impl Books {
    /// An award for an order of a shop.
    pub(super) fn order_at(&mut self, shop: i64, order: &str, points: i64, (balance, lifetime): (i64, i64)) -> i64 {
        let award = json!({
            "card": 17, "points": points, "origin": "award", "shop": shop, "order": order, "lot": {"points": points},
            "balance_before": balance, "balance": balance + points, "lifetime": lifetime + points,
        });
        self.command("card:17", "points.awarded", Some(&format!("p1/s{shop}/earn/order/{order}")), award)
    }
}

#[test]
fn a_closed_shop_takes_nothing_new() {
    let happened = |mut payload: Value, past: bool| {
        if past {
            payload["happened_at"] = json!("2025-01-01T00:00:00.000000Z");
        }
        payload
    };
    for shop in Shop::ALL {
        for past in [false, true] {
            let forged = shop.is_closed() && !past;
            let (mut books, ..) = books(shop);
            let award = json!({
                "card": 17, "points": 5, "origin": "award", "shop": 2, "lot": {"points": 5}, "balance_before": 150, "balance": 155,
                "lifetime": 155,
            });
            let seq = books.command("card:17", "points.awarded", None, happened(award, past));
            judge(&books, forged, seq, "points move at shop 2, which is closed");

            let (mut books, lot, _) = self::books(shop);
            let redeemed = json!({
                "card": 17, "points": -5, "shop": 2, "taken": [{"lot": lot, "points": 5}], "balance_before": 150, "balance": 145,
            });
            let seq = books.command("card:17", "points.redeemed", None, happened(redeemed, past));
            judge(&books, forged, seq, "points move at shop 2, which is closed");

            let (mut books, ..) = self::books(shop);
            let terms = json!({"order_total": "0", "currency": "EUR", "template": 1, "template_version": 1});
            let bought = json!({"card": 17, "shop": 2, "order": "Y", "purchase": terms, "balance": 150});
            let seq = books.command("card:17", "order.recorded", Some("p1/s2/earn/order/Y"), happened(bought, past));
            judge(&books, forged, seq, "points move at shop 2, which is closed");

            let (mut books, ..) = self::books(shop);
            let seq = books.issue_with(happened(json!({"shop": 2}), past));
            judge(&books, forged, seq, "card 18 is given out at shop 2, which is closed");
        }
    }
}

#[test]
fn what_was_begun_in_a_closed_shop_goes_on() {
    for shop in [Shop::MadeInactive, Shop::Retired] {
        let (mut books, lot, order) = books(shop);
        let refunded = json!({
            "card": 17, "points": -50, "cause": "cancellation", "shop": 2, "order": "X", "of": order, "completes": true,
            "taken": [{"lot": order, "points": 50}], "balance_before": 150, "balance": 100, "lifetime": 100,
        });
        books.command("card:17", "points.refunded", Some("p1/s2/cancel/order/X"), refunded);
        let adjusted =
            json!({"card": 17, "points": 5, "shop": 2, "lot": {"points": 5}, "balance_before": 100, "balance": 105});
        books.command("card:17", "points.adjusted", None, adjusted);
        let expired = json!({
            "card": 17, "points": -10, "cause": "requested", "shop": 2, "taken": [{"lot": lot, "points": 10}],
            "balance_before": 105, "balance": 95,
        });
        books.command("card:17", "points.expired", None, expired);
        is_sound(&books);
    }
}

#[test]
fn a_purchase_that_earns_nothing_in_any_case_may_take_place_away_from_home() {
    for earns in [false, true] {
        let mut books = Books::with_card();
        books.open_shop(2);
        books.settle(json!({"point_sharing": "redemption_only"}));
        books.issue_at_home();
        books.rule(2, json!({"points_per_currency": "1", "currency_amount": "100"}));
        let mut terms = json!({"order_total": "1", "currency": "EUR", "template": 1, "template_version": 2});
        if earns {
            terms["formula"] = json!({"base": "0.01", "multiplier": "1", "whole": 0, "visit_bonus": 0});
        }
        let bought = json!({"card": 18, "shop": 2, "order": "Y", "purchase": terms, "balance": 0});
        let seq = books.command("card:18", "order.recorded", Some("p1/s2/earn/order/Y"), bought);
        judge(&books, earns, seq, "are earned at shop 2, but only its home shop 1");
    }
}

impl Books {
    /// Template `template` of partner 1, with what its rules say besides.
    fn another_template(&mut self, template: i64, changed: Value) {
        let mut rules = super::super::books::rules();
        if let Value::Object(changed) = changed {
            changed.into_iter().for_each(|(name, value)| rules[name] = value);
        }
        let created = json!({"template": template, "rules": rules});
        self.sealing(&format!("template:{template}"), "template.created", created);
    }
}

#[test]
fn a_card_is_of_the_oldest_template_that_is_assigned_where_it_is_given_out() {
    for (first, shop, expected) in [
        (json!({}), None, 1),
        (json!({}), Some(2), 1),
        (json!({"auto_assign": false}), None, 2),
        (json!({"is_active": false}), None, 2),
        (json!({"shop_ids": [1]}), Some(1), 1),
        (json!({"shop_ids": [1]}), Some(2), 2),
        (json!({"shop_ids": [1]}), None, 1),
    ] {
        for (template, version) in [(1, 2), (2, 1), (3, 1)] {
            if template == 1 && first["is_active"] == false {
                continue;
            }
            let mut books = Books::with_card();
            books.open_shop(2);
            books.rule(2, first.clone());
            books.another_template(2, json!({}));
            books.another_template(3, json!({}));
            let mut said = json!({"template": template, "template_version": version});
            if let Some(shop) = shop {
                said["shop"] = json!(shop);
            }
            let seq = books.issue_with(said);
            let place = shop.map_or_else(|| "without a shop".to_owned(), |shop| format!("at shop {shop}"));
            let sentence =
                format!("gives a card of template {template}, but the one that is assigned {place} is {expected}");
            judge(&books, template != expected, seq, &sentence);
        }
    }
}

#[test]
fn a_card_is_given_out_by_itself_only_where_a_template_is_assigned() {
    let mut books = Books::with_card();
    books.rule(2, json!({"auto_assign": false}));
    let seq = books.issue_with(json!({"template_version": 2}));
    is_named(&books, seq, "gives a card of template 1, but the one that is assigned without a shop is none");
}

#[test]
fn a_purchase_may_ask_for_another_template() {
    let mut books = Books::with_card();
    books.another_template(2, json!({}));
    let issued = json!({
        "card": 18, "customer": 9, "template": 2, "template_version": 1, "number": "LC000000000026", "status": "active",
        "design": "default", "shop": 1,
    });
    books.command("card:18", "card.issued", Some("p1/s1/earn/order/Y"), issued);
    let terms = json!({"order_total": "0", "currency": "EUR", "template": 2, "template_version": 1});
    let bought = json!({"card": 18, "shop": 1, "order": "Y", "purchase": terms, "balance": 0});
    books.same_command("card:18", "order.recorded", bought);
    is_sound(&books);
}
