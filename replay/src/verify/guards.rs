//! The triggers that refuse changes. They prove nothing about the past, but a file without them was not left alone.

use crate::findings::{Check, Findings};
use rusqlite::Connection;

const GUARDS: [(&str, &str); 6] = [
    ("events", "BEFORE UPDATE"),
    ("events", "BEFORE DELETE"),
    ("events", "BEFORE INSERT"),
    ("sealed_records", "BEFORE UPDATE"),
    ("sealed_records", "BEFORE DELETE"),
    ("sealed_records", "BEFORE INSERT"),
];

/// Says which triggers are missing.
pub(super) fn check(ledger: &Connection, findings: &mut Findings) -> rusqlite::Result<()> {
    let mut statement = ledger.prepare("SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'")?;
    let triggers: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let has_vault: bool =
        ledger
            .query_row("SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'sealed_records'", [], |row| row.get(0))?;
    for (table, when) in GUARDS.into_iter().filter(|(table, _)| *table == "events" || has_vault) {
        let guards = |(on, sql): &(String, String)| {
            let plain = sql.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
            on == table && plain.contains(when) && plain.contains("RAISE(ABORT")
        };
        if !triggers.iter().any(guards) {
            findings.row(
                Check::Guards,
                "sqlite_schema",
                table,
                None,
                format!("no trigger refuses changes {when} on {table}"),
            );
        }
    }
    Ok(())
}
