//! What stands in ops.db: in all of its tables, those that are made later included.

use super::scene::Scene;
use std::collections::BTreeSet;

impl Scene {
    /// Everything in ops.db, a row a line.
    pub(super) fn operations(&self) -> BTreeSet<String> {
        self.rows_of_operations(|_, columns| ("TRUE".to_owned(), columns.join(", ")))
    }

    /// What is the owner's alone in ops.db, by the columns that say whose a row is.
    pub(super) fn owners_operations(&self) -> BTreeSet<String> {
        let owner = self.owner.partner.get();
        self.rows_of_operations(|_, columns| {
            let whose = if columns.iter().any(|column| column == "partner") {
                format!("partner = {owner}")
            } else if columns.iter().any(|column| column == "webhook") {
                "webhook = 1".to_owned()
            } else {
                "FALSE".to_owned()
            };
            (whose, columns.join(", "))
        })
    }

    /// Secrets and the like, to which anybody may add, and none of which may change. Only how far a key has signed goes on.
    pub(super) fn shared_operations(&self) -> BTreeSet<String> {
        self.rows_of_operations(|table, columns| {
            let of_somebody = columns.iter().any(|column| column == "partner" || column == "webhook");
            let lasting: Vec<_> = columns.iter().filter(|column| !column.starts_with("signed_")).cloned().collect();
            let counts = !of_somebody && table != "sqlite_sequence";
            (if counts { "TRUE" } else { "FALSE" }.to_owned(), lasting.join(", "))
        })
    }

    /// The rows of every table for which this says which and what of them.
    fn rows_of_operations(&self, which: impl Fn(&str, &[String]) -> (String, String)) -> BTreeSet<String> {
        let file = rusqlite::Connection::open(self.owner.server.files.path().join("ops.db")).expect("ops.db");
        let texts = |sql: &str| -> Vec<String> {
            let mut query = file.prepare(sql).expect("a query");
            let rows = query.query_map([], |row| row.get(0)).expect("rows");
            rows.map(|row| row.expect("a text")).collect()
        };
        let tables = texts("SELECT name FROM sqlite_schema WHERE type = 'table'");
        assert!(tables.iter().any(|table| table == "key_secrets"), "{tables:?}");
        let mut found = BTreeSet::new();
        for table in tables {
            let columns = texts(&format!("SELECT name FROM pragma_table_info('{table}')"));
            let (whose, columns) = which(&table, &columns);
            let mut query = file.prepare(&format!("SELECT {columns} FROM {table} WHERE {whose}")).expect("a query");
            let columns = query.column_count();
            let mut rows = query.query([]).expect("rows");
            while let Some(row) = rows.next().expect("a row") {
                let values: Vec<_> =
                    (0..columns).map(|column| format!("{:?}", row.get_ref(column).expect("a value"))).collect();
                found.insert(format!("{table}: {}", values.join("|")));
            }
        }
        found
    }
}
