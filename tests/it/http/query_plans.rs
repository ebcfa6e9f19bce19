//! No list and no history reads a whole table: SQLite's own plans say so.

use crate::support::Shop;
use counterfoil::queries;
use counterfoil::storage::{DataDir, open_reader};
use rusqlite::Connection;

/// The steps of a statement's plan.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(sql);
    // The plan does not depend on the parameters' values; they stay NULL.
    let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<Vec<_>, _>>();
    steps.expect(sql)
}

// There is an era for each million events: walking them is how a look-up in all of them begins.
fn is_slow(step: &str) -> bool {
    (step.starts_with("SCAN ") && step != "SCAN eras") || step.contains("USE TEMP B-TREE") || step.contains("AUTOMATIC")
}

#[test]
fn every_statement_of_lists_and_history_is_a_search_by_index_in_the_order_it_needs() {
    let shop = Shop::open();
    let connection = open_reader(&DataDir::new(shop.server.files.path())).unwrap();
    let statements = queries::statements();
    assert!(statements.len() > 20);
    for (name, sql) in statements {
        let steps = plan(&connection, &sql);
        let slow: Vec<_> = steps.iter().filter(|step| is_slow(step)).collect();
        assert!(slow.is_empty(), "{name}: {slow:?}\n{sql}\n{steps:#?}");
        // A walk that looked at each card's row would take a second in the middle of a million.
        let walks = name.starts_with("cards in the order of an index");
        assert!(!walks || steps.iter().all(|step| step.contains("COVERING INDEX")), "{name}: {steps:#?}");
    }
}

#[test]
fn the_check_above_can_fail() {
    let shop = Shop::open();
    let connection = open_reader(&DataDir::new(shop.server.files.path())).unwrap();
    for sql in ["SELECT card FROM cards WHERE design = ?1", "SELECT card FROM cards WHERE partner = ?1 ORDER BY design"]
    {
        assert!(plan(&connection, sql).iter().any(|step| is_slow(step)), "{sql}");
    }
}
