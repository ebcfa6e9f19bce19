//! Opening files for reading only, each in one read transaction, also while a service is writing them.

use super::Hash;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Which files to read.
#[derive(Debug, Clone)]
pub struct Location {
    pub ledger: PathBuf,
    /// The projections; none where only a ledger was named.
    pub views: Option<PathBuf>,
}

impl Location {
    /// The files of a data directory.
    #[must_use]
    pub fn of_data(directory: &Path) -> Self {
        let views = directory.join("views.db");
        Self { ledger: directory.join("ledger.db"), views: views.exists().then_some(views) }
    }

    /// A data directory or a ledger file, whichever it is.
    #[must_use]
    pub fn of_either(path: &Path) -> Self {
        if path.is_dir() { Self::of_data(path) } else { Self { ledger: path.to_owned(), views: None } }
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path}: there is no such file")]
    Missing { path: PathBuf },
    #[error("{path} is not a ledger: {why}")]
    NotALedger { path: PathBuf, why: String },
    #[error("{path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: rusqlite::Error },
    #[error("{path} changes too fast to open it twice at the same moment: stop the service or verify a backup")]
    Restless { path: PathBuf },
}

/// Opens a file for reading and begins a read transaction, so that everything read afterwards is of one moment.
///
/// # Errors
/// No such file, not a database, or not readable.
pub fn open_snapshot(path: &Path) -> Result<Connection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing { path: path.to_owned() });
    }
    let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
    match begin(path, "") {
        Ok(connection) => Ok(connection),
        // A WAL database needs its -shm file, which cannot be made in a directory that may not be written. Where nothing waits in a WAL,
        // the file alone is the whole truth.
        Err(_) if !wal_holds_something(path) => begin(path, "?immutable=1").map_err(unreadable),
        Err(source) => Err(unreadable(source)),
    }
}

fn begin(path: &Path, query: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped = absolute.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let connection = Connection::open_with_flags(format!("file:{escaped}{query}"), flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA query_only = ON; BEGIN")?;
    // A transaction begins with its first read.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn wal_holds_something(path: &Path) -> bool {
    let mut wal = OsString::from(path);
    wal.push("-wal");
    std::fs::metadata(wal).is_ok_and(|file| file.len() > 0)
}

/// Opens the ledger once more at the same moment as `first`. Two heads that agree are enough: log and vault change together.
///
/// # Errors
/// As for [`open_snapshot`], or the service commits faster than two transactions can begin; then `first` is begun anew each time.
pub fn open_same_snapshot(path: &Path, mut first: Connection) -> Result<(Connection, Connection), OpenError> {
    for _ in 0..1000 {
        let second = open_snapshot(path)?;
        let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
        if head(&first).map_err(unreadable)? == head(&second).map_err(unreadable)? {
            return Ok((first, second));
        }
        first = second;
    }
    Err(OpenError::Restless { path: path.to_owned() })
}

/// Opens a ledger's snapshot and makes sure that it is one.
///
/// # Errors
/// As for [`open_snapshot`], or the file lacks the table `events` or one of its columns.
pub fn require_ledger(path: &Path) -> Result<Connection, OpenError> {
    let not_a_ledger = |why: String| OpenError::NotALedger { path: path.to_owned(), why };
    let connection = open_snapshot(path).map_err(|error| {
        let no_database = matches!(&error, OpenError::Unreadable { source, .. } if source.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase));
        if no_database { not_a_ledger("it is not a SQLite database".into()) } else { error }
    })?;
    let columns = super::COLUMNS;
    connection
        .prepare(&format!("SELECT {columns} FROM events"))
        .map(drop)
        .map_err(|error| not_a_ledger(format!("it has no table `events` with the format's columns ({error})")))?;
    Ok(connection)
}

/// The last seq of the log; 0 for an empty one.
///
/// # Errors
/// An error of SQLite.
pub fn head(ledger: &Connection) -> rusqlite::Result<i64> {
    ledger.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))
}

/// The stored hash of an event, where there is such an event with a hash of 32 bytes.
///
/// # Errors
/// An error of SQLite.
pub fn hash_at(ledger: &Connection, seq: i64) -> rusqlite::Result<Option<Hash>> {
    let hash: Option<Vec<u8>> = ledger
        .prepare_cached("SELECT CAST(hash AS BLOB) FROM events WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()?;
    Ok(hash.and_then(|bytes| bytes.try_into().ok()))
}
