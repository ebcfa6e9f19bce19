//! Bounds: how much an answer may have, and that nothing is read beyond what there is room for.

use super::*;
use crate::books::SPAN_SEQS;
use counterfoil_statements::forms;

const DAY: i64 = 20_000;
const ROWS: i64 = 20;

#[test]
fn rows_of_all_tables_together_are_bounded() {
    let mut tables = [Table::new(&forms::RULE_CHANGES), Table::new(&forms::CARD_BLOCKS)];
    for table in &mut tables {
        (0..3).for_each(|row: i64| table.push(vec![row.into(), row.into(), row.into(), row.into()]));
    }
    assert!(bounded(&tables, 6).is_ok());
    assert!(matches!(bounded(&tables, 5), Err(QueryError::TooLong { most: 5 })));
}

/// A log of [`ROWS`] events, none of which stands in any table yet.
fn views() -> Connection {
    let views = Connection::open_in_memory().unwrap();
    views.execute_batch(include_str!("../../../schema/sql/views/tables.sql")).unwrap();
    views.execute_batch("ATTACH ':memory:' AS ledger").unwrap();
    let at = DAY * 86_400_000_000;
    let stored = "CREATE TABLE ledger.stored (seq INTEGER PRIMARY KEY, partner_id INTEGER, version INTEGER, kind TEXT, actor TEXT, \
                  recorded_at INTEGER, payload TEXT)";
    views.execute_batch(stored).unwrap();
    for seq in 1..=ROWS {
        let event =
            "INSERT INTO ledger.stored VALUES (?1, ?1, 1, 'partner.settings_changed', 'who', ?2, '{\"settings\": {}}')";
        views.execute(event, [seq, at]).unwrap();
    }
    let span = "INSERT INTO book_spans VALUES (?1, ?2, 1, ?3, 0, 1, ?3, ?4)";
    views.execute(span, (DAY, ROWS / SPAN_SEQS, ROWS, at)).unwrap();
    views
}

/// Fills a table with rows of a partner each; every column but the key's counts 1.
fn fill(views: &Connection, table: &str) {
    let columns = columns(views, table);
    let value = |(name, kind): &(String, String)| match (name.as_str(), kind.as_str()) {
        ("day", _) => DAY.to_string(),
        ("block", _) => "0".to_owned(),
        ("ending" | "partner" | "shop" | "template" | "month", _) => "n".to_owned(),
        (_, "TEXT") => "'who' || n".to_owned(),
        (_, _) => "1".to_owned(),
    };
    let values: Vec<_> = columns.iter().map(value).collect();
    let rows = format!("WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row LIMIT {ROWS})");
    views.execute_batch(&format!("INSERT INTO {table} {rows} SELECT {} FROM row", values.join(", "))).unwrap();
}

fn columns(views: &Connection, table: &str) -> Vec<(String, String)> {
    let mut columns = views.prepare("SELECT name, type FROM pragma_table_info(?1)").unwrap();
    let columns = columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    columns.collect::<rusqlite::Result<_>>().unwrap()
}

/// Whoever reads a row behind the first so many gets an error.
fn mine(views: &Connection, view: &str, table: &str, number: &str, after: i64) {
    let bare = table.trim_start_matches("main.");
    let mut columns: Vec<_> = columns(views, bare).into_iter().map(|(name, _)| name).collect();
    let last = columns.pop().unwrap();
    let mined = format!("CASE WHEN {number} > {after} THEN abs(-9223372036854775808) ELSE {last} END AS {last}");
    let select = format!("SELECT {}, {mined} FROM {table}", columns.join(", "));
    views.execute_batch(&format!("CREATE VIEW {view} AS {select}")).unwrap();
}

fn ask(views: &Connection, from: i64, most: i64) -> Result<(), QueryError> {
    let day = |day: i64| Timestamp::from_micros(day * 86_400_000_000);
    let question = BooksQuestion { from: day(from), to: day(DAY + 2), as_of: None, partner: None };
    books(views, question, most).map(|found| assert!(found.is_some()))
}

/// The events change the settings of a partner each.
fn state(views: &Connection) {
    views.execute_batch("INSERT INTO stream_events SELECT 'partner', partner_id, seq FROM ledger.stored").unwrap();
}

/// The row after the one for which there is no room cannot be read, and nobody tries: not even to sort.
#[test]
fn nothing_is_read_beyond_what_there_is_room_for() {
    // A row of movements is one of a shop, of a template and of a month.
    for (table, taken) in
        [("moves", 3), ("cards", 1), ("lots", 1), ("ends", 1), ("acts", 1), ("refunds", 1), ("events", 1)]
    {
        let most = 6;
        let beyond = most / taken + 1;
        let views = views();
        let stored = if table == "events" { "stored".to_owned() } else { format!("book_{table}") };
        if table == "events" {
            state(&views);
            mine(&views, "ledger.events", "stored", "seq", beyond);
        } else {
            views.execute_batch("CREATE VIEW ledger.events AS SELECT * FROM stored").unwrap();
            fill(&views, &stored);
            mine(&views, &format!("temp.{stored}"), &format!("main.{stored}"), "partner", beyond);
        }
        let (refused, tried) = (ask(&views, DAY, most), ask(&views, DAY, most + taken));
        assert!(matches!(refused, Err(QueryError::TooLong { most: 6 })), "{table}: {refused:?}");
        assert!(matches!(tried, Err(QueryError::Read(_))), "{table}, with room for one more: {tried:?}");
    }
}

/// Months in which nothing ends any more are no rows, however many have passed.
#[test]
fn what_comes_to_nothing_gives_its_room_back() {
    let views = views();
    views.execute_batch("CREATE VIEW ledger.events AS SELECT * FROM stored").unwrap();
    for day in 0..ROWS {
        let change = (DAY - ROWS + day, day / 2, if day % 2 == 0 { 1 } else { -1 });
        views.execute("INSERT INTO book_lots VALUES (?1, 0, 1, 1, ?2, ?3, ?3 * 5)", change).unwrap();
        views.execute("INSERT INTO book_ends VALUES (?2, ?1, 0, 1, 1, ?3, ?3 * 5)", change).unwrap();
    }
    assert_eq!(ask(&views, DAY + 1, 1).map_err(|error| error.to_string()), Ok(()), "one month at a time");
    assert!(matches!(ask(&views, DAY + 1, 0), Err(QueryError::TooLong { most: 0 })));
}

/// Versions that were superseded before the period are no part of it.
#[test]
fn what_was_superseded_gives_its_room_back() {
    let views = views();
    views.execute_batch("CREATE VIEW ledger.events AS SELECT * FROM stored").unwrap();
    state(&views);
    views.execute_batch("UPDATE stream_events SET id = 1; UPDATE stored SET partner_id = 1").unwrap();
    assert_eq!(ask(&views, DAY + 1, 2).map_err(|error| error.to_string()), Ok(()), "one, while the next is read");
    assert!(matches!(ask(&views, DAY + 1, 1), Err(QueryError::TooLong { most: 1 })));
}
