//! Copying a database that another process may be writing: each copy is one moment of it.

use super::{BackupError, GoOn};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

const BUSY: Duration = Duration::from_secs(30);

/// Copies everything, without the free pages: what was erased from the original is not in the copy either.
///
/// # Errors
/// When a file cannot be read or written, or `go_on` ends it.
pub fn copy_database(from: &Path, to: &Path, go_on: &GoOn) -> Result<(), BackupError> {
    let copy = || {
        // VACUUM INTO reads one snapshot. The backup API would start again whenever the service commits.
        let source = open(from)?;
        watch(&source, go_on)?;
        source.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
        Ok(())
    };
    copy().map_err(|source| BackupError::Database { path: from.to_owned(), source })
}

/// Makes a ledger.db with the log's rows, the same tables and triggers, and an empty vault.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_log(from: &Path, to: &Path) -> Result<(), BackupError> {
    let copy = || {
        let schema = Schema::of(&open(from)?)?;
        let target = Connection::open(to)?;
        target.busy_timeout(BUSY)?;
        // Worth nothing until it is whole: no journal, and one sync when it is.
        target.pragma_update(None, "journal_mode", "OFF")?;
        target.pragma_update(None, "synchronous", "OFF")?;
        schema.make(&target)?;
        target.execute("ATTACH DATABASE ?1 AS original", [format!("file:{}?mode=ro", uri_path(from))])?;
        target.execute("INSERT INTO main.events SELECT * FROM original.events ORDER BY seq", [])?;
        target.execute("DETACH DATABASE original", [])?;
        target.close().map_err(|(_, source)| source)
    };
    copy().map_err(|source| BackupError::Database { path: from.to_owned(), source })
}

/// The statements that made a database.
struct Schema {
    statements: Vec<String>,
    version: i64,
}

impl Schema {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        // In the order of creation: a trigger needs its table.
        let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
        let mut query = connection.prepare(sql)?;
        let statements = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(Self { statements, version })
    }

    fn make(&self, target: &Connection) -> rusqlite::Result<()> {
        for statement in &self.statements {
            target.execute(statement, [])?;
        }
        target.pragma_update(None, "user_version", self.version)
    }
}

/// Asks now and then, while a statement runs, whether it shall.
pub(super) fn watch(connection: &Connection, go_on: &GoOn) -> rusqlite::Result<()> {
    /// Of the virtual machine: some hundred rows.
    const STEPS: i32 = 1_000;
    let go_on = GoOn::clone(go_on);
    connection.progress_handler(STEPS, Some(move || !go_on()))
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

// SQLite's URI form takes a path with `?`, `#` and `%` escaped.
fn uri_path(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
