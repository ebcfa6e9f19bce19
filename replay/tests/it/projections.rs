//! The projections against the fold: every table, row and column that somebody may have doctored.

use super::books::Books;
use super::tampering::report;
use rusqlite::Connection;
use serde_json::{Value, json};

/// The columns that make up a table's key; by any of them a row is looked for.
const KEYS: [(&str, usize); 28] = [
    ("meta", 1),
    ("eras", 1),
    ("partners", 1),
    ("shops", 1),
    ("templates", 1),
    ("keys", 1),
    ("customers", 1),
    ("customer_records", 2),
    ("cards", 1),
    ("lots", 3),
    ("movements", 1),
    ("stream_events", 3),
    ("refunds", 2),
    ("idempotency", 3),
    ("card_counts", 4),
    ("transaction_counts", 4),
    ("tiles", 2),
    ("checkpoint_keys", 1),
    ("checkpoints", 1),
    ("webhooks", 1),
    ("seals", 1),
    ("book_spans", 3),
    ("book_moves", 5),
    ("book_cards", 4),
    ("book_lots", 5),
    ("book_ends", 5),
    ("book_acts", 5),
    ("book_refunds", 3),
];

/// How many problems a report lists; the others are counted.
const LISTED: i64 = 100;

/// Columns with their types.
fn columns(views: &Connection, table: &str) -> Vec<(String, String)> {
    let mut statement = views.prepare("SELECT name, type FROM pragma_table_info(?1)").expect("columns");
    statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("columns")
        .collect::<Result<_, _>>()
        .expect("columns")
}

/// What the auditor says of the books after somebody worked on views.db; afterwards all is as it was.
fn after(books: &Books, sql: &str) -> Vec<Value> {
    let path = books.directory.path().join("views.db");
    let honest = std::fs::read(&path).expect("views.db");
    let views = books.views();
    // Who doctors the file does not mind its constraints.
    views.execute_batch("PRAGMA ignore_check_constraints = ON").expect("a pragma");
    views.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let report = report(books);
    std::fs::write(&path, honest).expect("views.db");
    report["problems"].as_array().expect("a list").clone()
}

#[test]
fn every_table_is_one_that_this_test_doctors() {
    let views = Books::of_every_kind().views();
    let mut statement =
        views.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").expect("tables");
    let mut tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("tables").collect::<Result<_, _>>().expect("tables");
    let mut known = KEYS.map(|(table, _)| table);
    known.sort_unstable();
    tables.sort_unstable();
    assert_eq!(tables, known);
    for table in tables {
        let rows: i64 =
            views.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count");
        assert!(rows > 0, "{table}");
    }
}

#[test]
fn every_column_of_every_projection_is_compared() {
    let books = Books::of_every_kind();
    assert_eq!(after(&books, ""), Vec::<Value>::new(), "an untouched file");
    for (table, key) in KEYS.into_iter().filter(|(table, _)| *table != "meta") {
        for (place, (column, sort)) in columns(&books.views(), table).into_iter().enumerate() {
            let value = match (sort.as_str(), column.as_str()) {
                ("TEXT", "settings" | "rules" | "facts" | "form" | "scopes" | "allowed_ips") => "'[\"doctored\"]'",
                ("TEXT", _) => "'doctored'",
                ("BLOB", _) => "x'00'",
                _ => "424242",
            };
            let row = format!("(SELECT {column} IS NOT {value} FROM {table})");
            let problems = after(
                &books,
                &format!(
                    "UPDATE {table} SET {column} = {value} WHERE ({first}) IN (SELECT {first} FROM {table} LIMIT 1) AND {row}",
                    first = columns(&books.views(), table)[..key]
                        .iter()
                        .map(|(name, _)| name.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            );
            let named = problems
                .iter()
                .any(|problem| problem["table"] == table && (place < key || problem["column"] == column.as_str()));
            assert!(named, "{table}.{column}: {problems:#?}");
        }
    }
}

#[test]
fn every_missing_and_surplus_row_is_named() {
    let books = Books::of_every_kind();
    books.views().execute_batch("PRAGMA user_version = 1").expect("a file that can be written");
    for (table, _) in KEYS.into_iter().filter(|(table, _)| *table != "meta") {
        let problems = after(&books, &format!("DELETE FROM {table}"));
        let rows = problems.iter().filter(|problem| problem["table"] == table).count();
        let held: i64 =
            books.views().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count");
        assert_eq!(i64::try_from(rows), Ok(held.min(LISTED)), "{table}: {problems:#?}");

        let columns: Vec<String> = columns(&books.views(), table).into_iter().map(|(name, _)| name).collect();
        let last = columns.iter().zip(0..).map(|(name, place)| {
            // The first column is of every key; a card's number, a key's public id and a seal's month are unique.
            match (place, name.as_str()) {
                (0, _) => "424242".to_owned(),
                (_, "number" | "public_id" | "period") => "'doctored'".to_owned(),
                (_, "email_hash" | "phone_hash") => "NULL".to_owned(),
                _ => name.clone(),
            }
        });
        let row = last.collect::<Vec<_>>().join(", ");
        let problems = after(&books, &format!("INSERT INTO {table} SELECT {row} FROM {table} LIMIT 1"));
        let named = problems.iter().any(|problem| problem["table"] == table);
        assert!(named && problems.len() == 1, "{table}: {problems:#?}");
    }
}

/// Nothing of the table is changed, and one movement is in no history.
const HIDING: &str = "DROP VIEW card_movements; CREATE VIEW card_movements AS SELECT era, movements.* \
     FROM eras CROSS JOIN movements INDEXED BY movements_by_card WHERE movements.seq >> 20 = +era AND seq <> 30";

#[test]
fn the_layout_and_the_watermark_are_checked() {
    let books = Books::of_every_kind();
    for (sql, table, key) in [
        ("UPDATE meta SET value = 'aa' WHERE name = 'watermark_hash'", "meta", "watermark_hash"),
        ("UPDATE meta SET value = '999' WHERE name = 'watermark'", "meta", "watermark"),
        ("UPDATE meta SET value = '9223372036854775807' WHERE name = 'watermark'", "meta", "watermark"),
        ("UPDATE meta SET value = '-9223372036854775808' WHERE name = 'watermark'", "meta", "watermark_hash"),
        ("DELETE FROM meta WHERE name = 'watermark'", "meta", "watermark"),
        ("UPDATE meta SET value = '5' WHERE name = 'layout'", "meta", "layout"),
        ("ALTER TABLE shops DROP COLUMN facts", "sqlite_schema", "shops"),
        ("ALTER TABLE shops ADD COLUMN note TEXT", "sqlite_schema", "shops"),
        ("CREATE TABLE notes (note TEXT)", "sqlite_schema", "notes"),
        ("DROP VIEW card_lots", "sqlite_schema", "card_lots"),
        (HIDING, "sqlite_schema", "card_movements"),
        ("CREATE VIEW notes AS SELECT 1 AS note", "sqlite_schema", "notes"),
        ("DROP INDEX lots_by_expiry", "sqlite_schema", "lots_by_expiry"),
        ("CREATE TRIGGER meddler AFTER INSERT ON cards BEGIN DELETE FROM lots; END", "sqlite_schema", "meddler"),
    ] {
        let problems = after(&books, sql);
        let named = problems.iter().any(|problem| problem["table"] == table && problem["key"] == key);
        assert!(named, "{sql}: {problems:#?}");
    }
}

#[test]
fn projections_are_compared_as_of_their_own_watermark() {
    let mut books = Books::of_every_kind();
    books.award(17, 5, "1005", None, (275, 550));
    books.issue(11, 19, "LC000000000034");
    books.settle(json!({}));
    books.erase(9);
    let report = report(&books);
    assert_eq!(report["ok"], true, "{report:#}");
}

#[test]
fn the_tree_is_compared_as_of_the_watermark_however_far_the_log_goes() {
    for (projected, until) in [(255, 256), (256, 511), (511, 512), (512, 800)] {
        let mut books = Books::rich();
        books.fill(projected);
        books.make_views();
        books.fill(until);
        let mut books = books.checkpointed();
        assert_eq!(report(&books)["ok"], true, "projections of {projected} events beside {until}");
        books.fill(1100);
        assert_eq!(report(&books)["ok"], true, "projections of {projected} events, beside a checkpoint after them");
    }
}

#[test]
fn a_tile_that_was_changed_cut_or_lost_is_named() {
    let books = Books::of_every_kind();
    let mut of_many = Books::rich();
    of_many.fill(256 * 5);
    of_many.make_views();
    let hash = |place: i64| format!("substr(hashes, {}, 32)", 32 * place - 31);
    let zeros = "00".repeat(32);
    for (books, sql, words) in [
        (&books, "UPDATE tiles SET hashes = zeroblob(64)".to_owned(), format!("the table says x'{zeros}{zeros}'")),
        (&books, format!("UPDATE tiles SET hashes = {}", hash(1)), "the log says x'".to_owned()),
        (
            &of_many,
            format!(
                "UPDATE tiles SET hashes = CAST({}||{}||zeroblob(32)||{}||{} AS BLOB)",
                hash(1),
                hash(2),
                hash(4),
                hash(5)
            ),
            format!("hash 3 of the table's 5 is x'{zeros}', of the log's 5 it is x'"),
        ),
        (
            &of_many,
            format!("UPDATE tiles SET hashes = CAST({}||{} AS BLOB)", hash(1), hash(2)),
            "hash 3 of the table's 2 is none, of the log's 5 it is x'".to_owned(),
        ),
        (&of_many, "DELETE FROM tiles".to_owned(), "the table has no row for it".to_owned()),
    ] {
        let problems = after(books, &sql);
        assert_eq!(problems.len(), 1, "{sql}: {problems:#?}");
        assert_eq!((&problems[0]["table"], &problems[0]["key"]), (&json!("tiles"), &json!("1/0")), "{sql}");
        assert!(problems[0]["problem"].as_str().is_some_and(|it| it.contains(&words)), "{sql}: {problems:#?}");
    }
}

#[test]
fn a_forged_checkpoint_and_a_forged_witness_are_named() {
    let books = Books::of_every_kind();
    for (sql, table, column) in [
        ("UPDATE checkpoints SET root = randomblob(32) WHERE witness IS NULL", "checkpoints", Some("root")),
        ("UPDATE checkpoints SET witness = 'example.com/forger' WHERE root IS NULL", "checkpoints", Some("witness")),
        (
            "INSERT INTO checkpoints SELECT seq + 1000, at, key, size + 1, randomblob(32), signature, witness, witness_key, cosigned_at \
          FROM checkpoints WHERE witness IS NULL",
            "checkpoints",
            None,
        ),
        ("DELETE FROM checkpoints WHERE witness IS NOT NULL", "checkpoints", None),
        ("UPDATE checkpoint_keys SET retired_at = NULL WHERE key = 1", "checkpoint_keys", Some("retired_at")),
    ] {
        let problems = after(&books, sql);
        assert!(!problems.is_empty(), "{sql}");
        for problem in problems {
            let place = (problem["table"].as_str(), problem["column"].as_str());
            assert_eq!(place, (Some(table), column), "{sql}: {problem:#}");
        }
    }
}

#[test]
fn another_spelling_of_the_same_programme_is_the_same() {
    let books = Books::of_every_kind();
    let sql = "UPDATE templates SET rules = replace(replace(rules, '1.00', '1'), '}', ', \"third_party\": false}')";
    assert_eq!(after(&books, sql), Vec::<Value>::new());
}

/// A number that looks like chance and is the same in every run.
fn drawn(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).expect("31 bits")
}

#[test]
fn a_bad_byte_anywhere_in_the_file_is_a_finding_and_the_log_is_checked_all_the_same() {
    let books = Books::rich();
    books.make_views();
    let path = books.directory.path().join("views.db");
    books.views().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("one file");
    books.tamper("UPDATE events SET actor = 'key:1' WHERE seq = 4");
    let whole = std::fs::read(&path).expect("a file");
    let (mut state, mut unreadable, mut differs) = (7, 0, 0);
    // The header and the first page, where damage hurts most, and places all over the file where something stands.
    let used: Vec<usize> = (0..whole.len()).filter(|place| whole[*place] != 0).collect();
    let places: Vec<usize> =
        (0..40).map(|place| place * 15).chain((0..80).map(|_| used[drawn(&mut state) % used.len()])).collect();
    for (turn, place) in places.into_iter().enumerate() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (turn % 8);
        for gone in ["views.db-wal", "views.db-shm"] {
            drop(std::fs::remove_file(books.directory.path().join(gone)));
        }
        std::fs::write(&path, &damaged).expect("a damaged file");
        // Neither an error nor a panic.
        let report = report(&books);
        let of =
            |name: &str| report["checks"].as_array().expect("checks").iter().find(|it| it["name"] == name).cloned();
        assert_eq!(of("chain").expect("a check")["ok"], false, "byte {place}: {report:#}");
        differs += usize::from(of("projections").expect("a check")["ok"] == false);
        unreadable += usize::from(report.to_string().contains("cannot be read"));
    }
    assert!(unreadable > 3 && differs > 10, "{unreadable} files cannot be read, {differs} are not what the log gives");
}
