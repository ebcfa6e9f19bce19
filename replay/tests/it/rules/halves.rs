//! Orders that earn in one command and spend in another.

use super::super::books::Books;
use super::judge;
use serde_json::json;

impl Books {
    /// Redeems points of a lot for an order of shop 1.
    fn spend_for(&mut self, card: i64, order: &str, points: i64, lot: i64, balance: i64) -> i64 {
        let redeemed = json!({
            "card": card, "points": -points, "shop": 1, "order": order, "taken": [{"lot": lot, "points": points}],
            "balance_before": balance, "balance": balance - points,
        });
        self.command(&format!("card:{card}"), "points.redeemed", Some(&format!("p1/s1/redeem/order/{order}")), redeemed)
    }

    /// Cancels order B of shop 1, which earned nothing but `taken` and spent `given`, on card 17.
    fn cancel(&mut self, of: i64, taken: i64, given: i64, balance: i64) {
        let mut refunded = json!({
            "card": 17, "points": -taken, "cause": "cancellation", "shop": 1, "order": "B", "of": of, "completes": true,
            "balance_before": balance, "balance": balance - taken, "lifetime": 100,
        });
        if taken > 0 {
            refunded["taken"] = json!([{"lot": of, "points": taken}]);
        }
        self.command("card:17", "points.refunded", Some("p1/s1/cancel/order/B"), refunded);
        if given > 0 {
            let returned = json!({
                "card": 17, "points": given, "shop": 1, "order": "B", "of": of, "lot": {"points": given},
                "balance_before": balance - taken, "balance": balance - taken + given,
            });
            self.same_command("card:17", "points.returned", returned);
        }
    }
}

/// Cards 17 and 18 with 100 points each; the lots are given.
fn books() -> (Books, [i64; 2]) {
    let mut books = Books::with_card();
    books.settle(json!({}));
    books.issue_with(json!({}));
    let lots = [17, 18].map(|card| books.earn(card, None, 100, (0, 0)));
    (books, lots)
}

#[test]
fn both_halves_of_an_order_are_of_one_card() {
    for (card, forged) in [(17, false), (18, true)] {
        // An order id that looks like a key is an order id.
        for order in ["B", "p1/s1/redeem/order/B"] {
            let (mut books, lots) = books();
            books.award(17, 10, order, None, (100, 100));
            let lot = lots[usize::from(forged)];
            let seq = books.spend_for(card, order, 5, lot, if forged { 100 } else { 110 });
            judge(&books, forged, seq, "made card 17's, but of card 18");

            let (mut books, lots) = self::books();
            books.spend_for(card, order, 5, lots[usize::from(forged)], 100);
            let seq = books.award(17, 10, order, None, (if forged { 100 } else { 95 }, 100));
            judge(&books, forged, seq, "made card 18's, but of card 17");
        }
    }
}

#[test]
fn the_same_order_id_in_another_shop_is_another_order() {
    let (mut books, lots) = books();
    books.open_shop(2);
    books.order_at(2, "B", 10, (100, 100));
    let seq = books.spend_for(18, "B", 5, lots[1], 100);
    judge(&books, false, seq, "");
}

#[test]
fn points_are_redeemed_for_an_order_once() {
    for forged in [false, true] {
        let (mut books, [lot, _]) = books();
        let terms = json!({"order_total": "0", "currency": "EUR", "template": 1, "template_version": 1});
        let discount =
            json!({"amount": "0.10", "exact": "0.10", "currency": "EUR", "template": 1, "template_version": 1});
        let redeemed = json!({
            "card": 17, "points": -10, "shop": 1, "order": "B", "discount": discount, "taken": [{"lot": lot, "points": 10}],
            "lot_shops": [null], "balance_before": 100, "balance": 90,
        });
        books.command("card:17", "points.redeemed", Some("p1/s1/earn/order/B"), redeemed);
        let bought = json!({"card": 17, "shop": 1, "order": "B", "purchase": terms, "balance": 90});
        books.same_command("card:17", "order.recorded", bought);
        let seq = books.spend_for(17, if forged { "B" } else { "C" }, 5, lot, 90);
        judge(&books, forged, seq, "redeems points for order \"B\", for which event");
    }
}

#[test]
fn nothing_is_booked_under_an_order_that_was_refunded_whole() {
    for refunded in [false, true] {
        let (mut books, [lot, _]) = books();
        let of = books.award(17, 10, "B", None, (100, 100));
        if refunded {
            books.cancel(of, 10, 0, 110);
        }
        let seq = books.spend_for(17, "B", 5, lot, if refunded { 100 } else { 110 });
        judge(&books, refunded, seq, "is of order \"B\", which was refunded completely before");

        let (mut books, [lot, _]) = self::books();
        let of = books.spend_for(17, "B", 5, lot, 100);
        if refunded {
            books.cancel(of, 0, 5, 95);
        }
        let seq = books.award(17, 10, "B", None, (if refunded { 100 } else { 95 }, 100));
        judge(&books, refunded, seq, "is of order \"B\", which was refunded completely before");
    }
}
