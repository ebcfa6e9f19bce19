//! What holds for any books and any cut through their time.

use super::super::books::{Books, DAY, START, time_text};
use super::{books_of, json_of};
use counterfoil_replay::report::Statement;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One step of random books: what is asked of which card, how much of it, and how long after the one before.
#[derive(Debug, Clone, Copy)]
struct Step {
    card: usize,
    act: u8,
    points: i64,
    hours: i64,
    past: bool,
}

const LINES: [&str; 7] = ["awarded", "given_back", "redeemed", "expired", "refunded", "adjusted_up", "adjusted_down"];
const HOUR: i64 = DAY / 24;
const END: i64 = START + 400 * DAY;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..2_usize, 0..6_u8, 1..200_i64, 0..200_i64, any::<bool>())
        .prop_map(|(card, act, points, hours, past)| Step { card, act, points, hours, past });
    prop::collection::vec(step, 1..40)
}

/// A card as the test follows it.
#[derive(Debug, Default)]
struct Card {
    lots: Vec<(i64, i64)>,
    balance: i64,
    lifetime: i64,
    blocked: bool,
}

impl Card {
    /// Takes points from the oldest lots.
    fn take(&mut self, mut points: i64) -> Value {
        let mut taken = Vec::new();
        while points > 0 {
            let (lot, held) = &mut self.lots[0];
            let part = points.min(*held);
            taken.push(json!({"lot": *lot, "points": part}));
            (*held, points) = (*held - part, points - part);
            if *held == 0 {
                self.lots.remove(0);
            }
        }
        json!(taken)
    }
}

/// The books of these steps, and what each line comes to.
fn write(steps: &[Step]) -> (Books, BTreeMap<&'static str, i64>) {
    let mut books = Books::with_card();
    books.issue(10, 18, "LC000000000026");
    let mut cards = [Card::default(), Card::default()];
    let mut lines: BTreeMap<&'static str, i64> = LINES.map(|line| (line, 0)).into();
    for (number, step) in steps.iter().enumerate() {
        books.later(step.hours * HOUR);
        let (card, id) = (&mut cards[step.card], [17, 18][step.card]);
        let stream = format!("card:{id}");
        if step.act == 5 {
            let sealed = books.seal(&format!("customer:{}", id - 8), json!({"reason": "lost"}));
            let (kind, payload) = if card.blocked {
                ("card.unblocked", json!({"card": id, "status": "active", "sealed": sealed}))
            } else {
                ("card.blocked", json!({"card": id, "sealed": sealed}))
            };
            card.blocked = !card.blocked;
            books.command(&stream, kind, None, payload);
            continue;
        }
        let gives = step.act < 2;
        let points = if gives { step.points } else { -step.points.min(card.balance) };
        if points == 0 {
            continue;
        }
        let mut payload =
            json!({"card": id, "points": points, "balance_before": card.balance, "balance": card.balance + points});
        card.balance += points;
        if gives {
            payload["lot"] = json!({"points": points});
        } else {
            payload["taken"] = card.take(-points);
        }
        let (kind, line) = match step.act {
            0 => ("points.awarded", "awarded"),
            1 => ("points.adjusted", "adjusted_up"),
            2 => ("points.redeemed", "redeemed"),
            3 => ("points.adjusted", "adjusted_down"),
            _ => ("points.expired", "expired"),
        };
        match line {
            "awarded" => {
                card.lifetime += points;
                (payload["origin"], payload["lifetime"]) = (json!("award"), json!(card.lifetime));
            }
            "expired" => payload["cause"] = json!("requested"),
            _ => {}
        }
        if number % 3 == 0 {
            payload["shop"] = json!(1);
        }
        if step.past {
            payload["happened_at"] = json!(time_text(books.now - 90 * DAY));
        }
        let seq = books.command(&stream, kind, None, payload);
        if gives {
            card.lots.push((seq, points));
        }
        *lines.entry(line).or_default() += points.abs();
    }
    (books, lines)
}

fn rows(report: &Value, table: &str, key: &[&str]) -> BTreeMap<String, Value> {
    let name = |row: &Value| key.iter().map(|key| row[key].to_string()).collect::<Vec<_>>().join("/");
    report[table].as_array().expect("a table").iter().map(|row| (name(row), row.clone())).collect()
}

fn number(row: Option<&Value>, column: &str) -> i64 {
    row.map_or(0, |row| row[column].as_i64().expect("a number"))
}

/// Checks that two halves of a period are its whole, row by row.
fn add_up(parts: [&Value; 3], table: &str, key: &[&str], columns: &[&str]) {
    let [first, second, whole] = parts.map(|report| rows(report, table, key));
    let names = first.keys().chain(second.keys()).chain(whole.keys());
    for name in names {
        for column in columns {
            let [one, other, both] = [&first, &second, &whole].map(|rows| number(rows.get(name), column));
            assert_eq!(one + other, both, "{table} {name} {column}");
        }
    }
}

/// Checks that two halves of a period are its whole, and that the one closes with what the other opens with.
fn halves(books: &Books, from: i64, cut: i64, to: i64) {
    let reports = [(from, cut), (cut, to), (from, to)].map(|(from, to)| books_of(books, from, to));
    assert!(reports.iter().all(Statement::ok));
    let [first, second, whole] = reports.map(|report| json_of(&report));
    let counted = [&LINES[..], &["movements", "imported_movements", "imported_in", "imported_out"]].concat();
    let parts = [&first, &second, &whole];
    let tables: [(&str, &[&str]); 3] =
        [("trial_balance", &["partner"]), ("by_shop", &["partner", "shop"]), ("by_template", &["template"])];
    for (table, key) in tables {
        add_up(parts, table, key, &counted);
        let [first, second, whole] = parts.map(|report| rows(report, table, key));
        for name in whole.keys() {
            // A row that nothing has moved before the cut is not there yet.
            let at = |rows: &BTreeMap<String, Value>, column| number(rows.get(name), column);
            assert_eq!(at(&first, "closing"), at(&second, "opening"), "{table} {name}");
            assert_eq!(at(&first, "opening"), at(&whole, "opening"), "{table} {name}");
            assert_eq!(at(&second, "closing"), at(&whole, "closing"), "{table} {name}");
        }
    }
    add_up(parts, "by_month", &["partner", "month"], &counted);
    add_up(parts, "adjustments", &["actor"], &["adjustments", "up", "down"]);
    add_up(parts, "refunds_without_orders", &["actor"], &["adjustments", "points"]);
    add_up(parts, "card_blocks", &["actor"], &["blocked", "unblocked"]);
    add_up(parts, "breakage", &["partner"], &["redeemed", "expired"]);
    add_up(parts, "rule_changes", &["actor", "event"], &["changes"]);
    let refunds = ["orders", "completed", "refunds", "cancellations", "taken_back", "debt", "let_go", "given_back"];
    add_up(parts, "orders_refunded", &["partner"], &refunds);
}

#[test]
fn the_books_of_every_kind_may_be_cut_before_any_event() {
    let books = Books::of_every_kind();
    // Each event at a time of its own: the chain breaks, which is not what is asked here.
    books.tamper(&format!("UPDATE events SET recorded_at = {START} + seq * {HOUR}"));
    let last: i64 = books.ledger.query_row("SELECT max(seq) FROM events", [], |row| row.get(0)).expect("events");
    for seq in 1..=last {
        halves(&books, START, START + seq * HOUR, START + (last + 1) * HOUR);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_halves_of_a_period_are_the_whole(steps in steps(), cut in 1..400 * 24_i64, from in 0..100_i64) {
        let (books, _) = write(&steps);
        let from = START + from * DAY;
        let cut = (START + cut * HOUR).max(from + 1);
        halves(&books, from, cut, END);
    }

    #[test]
    fn the_lines_are_what_was_written_and_every_table_comes_to_them(steps in steps()) {
        let (books, lines) = write(&steps);
        let found = json_of(&books_of(&books, START, END));
        for (line, points) in &lines {
            for table in ["trial_balance", "by_shop", "by_template", "by_month"] {
                let sum: i64 = found[table].as_array().expect("rows").iter().map(|row| number(Some(row), line)).sum();
                assert_eq!(sum, *points, "{table} {line}");
            }
        }
        let months = found["by_month"].as_array().expect("rows");
        for pair in months.windows(2) {
            assert_eq!(pair[0]["closing"], pair[1]["opening"]);
        }
        let held = number(Some(&found["trial_balance"][0]), "closing");
        assert_eq!(held, number(Some(&found["liability"][0]), "open"));
        let shops: i64 = found["by_shop"].as_array().expect("rows").iter().map(|row| number(Some(row), "closing")).sum();
        assert_eq!(held, shops);
        assert_eq!(months.last().map_or(0, |row| number(Some(row), "closing")), held);
    }
}
