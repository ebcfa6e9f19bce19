//! What the past comes to: its own dates, lots that expired long ago, and rules of today that do not refuse it.

use super::{Books, counts, report};
use rusqlite::Connection;
use serde_json::{Value, json};

/// Movements as (kind, points, balance, when they happened).
fn movements(books: &Books) -> Vec<(String, i64, i64, String)> {
    let moved = books.events().into_iter().filter(|(_, _, payload)| payload["points"].is_i64());
    moved
        .map(|(kind, _, payload)| {
            let number = |name: &str| payload[name].as_i64().unwrap();
            let when = payload["happened_at"].as_str().unwrap_or("now").chars().take(10).collect();
            (kind, number("points"), number("balance"), when)
        })
        .collect()
}

#[test]
fn a_lot_is_spent_before_its_time_and_the_rest_of_it_is_written_off_after() {
    let books = Books::new();
    let customers = books.file("customers.csv", "email,member_since\nona@example.com,2022-05-01\n");
    let history = "\
id,type,date,email,amount,points_earned,points,expires_at
1,sale,2023-01-01,ona@example.com,10.00,100,,2024-01-01
2,redeem,2023-06-01,ona@example.com,,,30,
3,sale,2023-07-01,ona@example.com,5.00,50,,2025-06-01
4,redeem,2024-06-01,ona@example.com,,,20,
5,redeem,2024-06-02,ona@example.com,,,31,
";
    let history = books.file("history.csv", history);
    let report = report(&books.run(&format!("import --json --customers {customers} --transactions {history}")));
    assert_eq!(counts(&report, "transactions"), (4, 0, 1));
    let moved = |kind: &str, points, balance, when: &str| (kind.to_owned(), points, balance, when.to_owned());
    assert_eq!(
        movements(&books),
        [
            moved("points.awarded", 100, 100, "2023-01-01"),
            moved("points.redeemed", -30, 70, "2023-06-01"),
            moved("points.awarded", 50, 120, "2023-07-01"),
            moved("points.expired", -70, 50, "2024-06-01"),
            moved("points.redeemed", -20, 30, "2024-06-01"),
        ]
    );
    let issued = &books.events()[5].2;
    assert_eq!(issued["happened_at"], "2022-05-01T00:00:00.000000Z");
    books.is_sound();
    let views = Connection::open(books.data().join("views.db")).unwrap();
    let kept = "SELECT happened_at, happened_at < at FROM movements ORDER BY seq LIMIT 1";
    let kept: (i64, bool) = views.query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(kept, (1_672_531_200_000_000, true));
    let since = views.query_row("SELECT registered_at FROM customers", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(since, 1_651_363_200_000_000);
}

/// The lot of an award of the past.
fn lot_of_an_award(books: &Books, words: &str) -> Value {
    let customers = books.file("customers.csv", "email\nona@example.com\n");
    let history = books.file("history.csv", "id,type,date,email,points\n1,award,2024-01-01,ona@example.com,5\n");
    books.run(&format!("import --customers {customers} --transactions {history} {words}")).ok();
    books.events().pop().unwrap().2["lot"].clone()
}

#[test]
fn points_of_a_template_without_expiry_last_for_ever() {
    assert_eq!(lot_of_an_award(&Books::new(), ""), json!({"points": 5}));
    assert_eq!(lot_of_an_award(&Books::new(), "--no-expiry"), json!({"points": 5}));
}

#[test]
fn a_time_without_an_offset_is_the_shops() {
    let books = Books::new();
    let customers = books.file("customers.csv", "email\nona@example.com\n");
    let history =
        books.file("history.csv", "id,type,date,email,points\n1,award,2024-01-01 01:30:00,ona@example.com,5\n");
    books.run(&format!("import --customers {customers} --transactions {history} --utc-offset +02:00")).ok();
    assert_eq!(books.events().pop().unwrap().2["happened_at"], "2023-12-31T23:30:00.000000Z");
}

#[test]
fn rows_that_go_back_in_time_are_counted() {
    let books = Books::new();
    let customers = books.file("customers.csv", "email\nona@example.com\n");
    let history =
        "id,type,date,email,points\n1,award,2024-01-02,ona@example.com,5\n2,award,2024-01-01,ona@example.com,5\n";
    let history = books.file("history.csv", history);
    let report = report(&books.run(&format!("import --json --customers {customers} --transactions {history}")));
    assert_eq!(report["transactions"]["out_of_order"], 1);
}
