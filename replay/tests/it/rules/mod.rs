//! Forged books whose chain, commitments and projections the forger made anew: only the rules give them away. Each forgery stands beside the
//! honest books from which it differs in one thing.

mod bounds;
mod business;
mod halves;
mod past;
mod refunds;
mod sharing;
mod tiers;

use super::books::Books;
use super::tampering::report;
use serde_json::{Value, json};

/// Checks books whose event `seq` breaks a rule, which `sentence` is of.
#[track_caller]
fn is_named(books: &Books, seq: i64, sentence: &str) {
    books.make_views();
    let report = report(books);
    let problems = report["problems"].as_array().expect("a list");
    let named = problems
        .iter()
        .any(|it| it["seq"] == seq && it["problem"].as_str().is_some_and(|text| text.contains(sentence)));
    assert!(named, "event {seq}, {sentence:?}: {report:#}");
    // What is wrong over a whole card or partner follows from the event.
    let elsewhere = problems.iter().filter(|it| it["seq"] != seq && it["check"] != "conservation").count();
    assert_eq!(elsewhere, 0, "only event {seq} is wrong: {report:#}");
}

#[track_caller]
fn is_sound(books: &Books) {
    books.make_views();
    let report = report(books);
    assert_eq!(report["ok"], true, "{report:#}");
}

/// Honest books are sound; in forged ones the event is named.
#[track_caller]
fn judge(books: &Books, forged: bool, seq: i64, sentence: &str) {
    if forged { is_named(books, seq, sentence) } else { is_sound(books) }
}

impl Books {
    /// The rules of template 1 anew.
    fn rule(&mut self, version: i64, changed: Value) -> i64 {
        let mut rules = super::books::rules();
        if let Value::Object(changed) = changed {
            changed.into_iter().for_each(|(name, value)| rules[name] = value);
        }
        let updated = json!({"template": 1, "version": version, "rules": rules});
        self.sealing("template:1", "template.updated", updated)
    }

    fn open_shop(&mut self, shop: i64) {
        let opened = json!({"shop": shop, "is_virtual": false});
        self.sealing(&format!("shop:{shop}"), "shop.opened", opened);
    }

    /// Card 18 of customer 9, at home in shop 1.
    fn issue_at_home(&mut self) -> i64 {
        self.issue_with(json!({"shop": 1}))
    }

    /// Card 18 of customer 9, with what is said of it besides.
    fn issue_with(&mut self, said: Value) -> i64 {
        let mut issued = json!({
            "card": 18, "customer": 9, "template": 1, "template_version": 1, "number": "LC000000000026", "status": "active",
            "design": "default",
        });
        if let Value::Object(said) = said {
            said.into_iter().for_each(|(name, value)| issued[name] = value);
        }
        self.command("card:18", "card.issued", None, issued)
    }

    /// Awards points outside of orders; `balance` and `lifetime` are those before.
    fn earn(&mut self, card: i64, shop: Option<i64>, points: i64, (balance, lifetime): (i64, i64)) -> i64 {
        let mut payload = json!({
            "card": card, "points": points, "origin": "award", "lot": {"points": points}, "balance_before": balance,
            "balance": balance + points, "lifetime": lifetime + points,
        });
        if let Some(shop) = shop {
            payload["shop"] = json!(shop);
        }
        self.command(&format!("card:{card}"), "points.awarded", None, payload)
    }

    /// Redeems points of one lot outside of orders.
    fn spend(&mut self, card: i64, shop: Option<i64>, points: i64, lot: i64, balance: i64) -> i64 {
        let mut payload = json!({
            "card": card, "points": -points, "taken": [{"lot": lot, "points": points}], "balance_before": balance, "balance": balance - points,
        });
        if let Some(shop) = shop {
            payload["shop"] = json!(shop);
        }
        self.command(&format!("card:{card}"), "points.redeemed", None, payload)
    }
}
