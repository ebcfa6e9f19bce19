//! Opening the files, each with the settings that its role asks for.

use super::DataDir;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("{}: {source}", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("{}: it could not be made the owner's alone: {source}", path.display())]
    Mode { path: PathBuf, source: std::io::Error },
    #[error("{} was written by a newer version of this program (schema {found}, known up to {known}): use that version", path.display())]
    Newer { path: PathBuf, found: i64, known: usize },
    #[error("{}: its schema could not be brought up to date: {source}", path.display())]
    Migrate { path: PathBuf, source: rusqlite_migration::Error },
}

/// Migrations of ledger.db: numbered, each applied once, never changed after a release.
const LEDGER: &[M<'static>] = &[M::up(include_str!("../../schema/sql/ledger/0001_log_and_vault.sql"))];
/// Migrations of ops.db.
const OPS: &[M<'static>] = &[
    M::up(include_str!("../../schema/sql/ops/0001_key_secrets.sql")),
    M::up(include_str!("../../schema/sql/ops/0002_export_jobs.sql")),
    M::up(include_str!("../../schema/sql/ops/0003_checkpoint_seeds.sql")),
    M::up(include_str!("../../schema/sql/ops/0004_webhooks.sql")),
    M::up(include_str!("../../schema/sql/ops/0005_environment.sql")),
];

// A large cache taxes every commit, because SQLite walks it: the writer appends and needs little.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
// What of a batch does not fit is written, read and written again.
const PROJECTOR_CACHE_KIB: i64 = 48 * 1024;
const READER_CACHE_KIB: i64 = 8 * 1024;
/// Frames in the WAL before a commit moves them into the file.
const CHECKPOINT_PAGES: i64 = 1_000;

/// Opens ledger.db for the one writer, made and brought up to date where needed.
///
/// # Errors
/// When the file cannot be opened, is newer than this program, or cannot be migrated.
pub fn open_ledger(dir: &DataDir) -> Result<Connection, StorageError> {
    let path = dir.ledger();
    let mut connection = open(&path, WRITER_CACHE_KIB, "FULL")?;
    migrate(&mut connection, &path, LEDGER)?;
    Ok(connection)
}

/// Opens ops.db for its writer, made and brought up to date where needed.
///
/// # Errors
/// As [`open_ledger`].
pub fn open_ops(dir: &DataDir) -> Result<Connection, StorageError> {
    let path = dir.ops();
    let mut connection = open(&path, READER_CACHE_KIB, "NORMAL")?;
    // Before a secret stands in it. The WAL gets the mode of the file.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .map_err(|source| StorageError::Mode { path: path.clone(), source })?;
    migrate(&mut connection, &path, OPS)?;
    Ok(connection)
}

/// Opens a file of projections for the projector. Its layout is the projector's business.
///
/// What is written here is not waited for: see [`super::mark_views_unsynced`]. A sync of all that the projector changes at
/// once holds up the log's own: at half load the slowest hundredth of awards took 35 to 150 ms with it, 6 to 23 ms without.
///
/// # Errors
/// When the file cannot be opened or is no database.
pub fn open_views(path: &Path) -> Result<Connection, StorageError> {
    open(path, PROJECTOR_CACHE_KIB, "OFF")
}

/// Opens views.db read-only, with ledger.db attached as `ledger`: a reader joins rows with the vault.
///
/// # Errors
/// When a file cannot be opened.
pub fn open_reader(dir: &DataDir) -> Result<Connection, StorageError> {
    let path = dir.views();
    let settle = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(BUSY)?;
        let ledger = format!("file:{}?mode=ro", uri_path(&dir.ledger()));
        connection.execute("ATTACH DATABASE ?1 AS ledger", [ledger])?;
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    settle().map_err(|source| StorageError::Open { path: path.clone(), source })
}

/// Opens the file that a connection has open once more, for reading: what another thread reads beside it.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_beside(connection: &Connection) -> Result<Connection, StorageError> {
    let path = PathBuf::from(connection.path().unwrap_or_default());
    let settle = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    };
    settle().map_err(|source| StorageError::Open { path: path.clone(), source })
}

/// Opens an empty database in memory, with ledger.db attached read-only as `ledger`: for a past of views.db, which is read like it.
///
/// # Errors
/// When ledger.db cannot be opened.
pub fn open_past(dir: &DataDir) -> Result<Connection, StorageError> {
    let path = dir.ledger();
    let settle = || {
        let connection = Connection::open_in_memory()?;
        connection.busy_timeout(BUSY)?;
        connection.execute("ATTACH DATABASE ?1 AS ledger", [format!("file:{}?mode=ro", uri_path(&path))])?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    settle().map_err(|source| StorageError::Open { path: path.clone(), source })
}

/// Refuses a file whose schema is newer than this program knows, without writing to it.
///
/// # Errors
/// [`StorageError::Newer`]
pub fn refuse_newer(connection: &Connection, path: &Path, known: usize) -> Result<(), StorageError> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let found = version.map_err(|source| StorageError::Open { path: path.to_owned(), source })?;
    match usize::try_from(found) {
        Ok(found) if found <= known => Ok(()),
        Ok(_) | Err(_) => Err(StorageError::Newer { path: path.to_owned(), found, known }),
    }
}

/// How long a statement waits for a lock that another connection holds.
pub const BUSY: Duration = Duration::from_secs(10);

fn open(path: &Path, cache_kib: i64, synchronous: &str) -> Result<Connection, StorageError> {
    let settle = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "cache_size", -cache_kib)?;
        // Erased means gone: freed bytes are overwritten.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    settle().map_err(|source| StorageError::Open { path: path.to_owned(), source })
}

fn migrate(connection: &mut Connection, path: &Path, steps: &'static [M<'static>]) -> Result<(), StorageError> {
    refuse_newer(connection, path, steps.len())?;
    let migrations = Migrations::from_slice(steps);
    migrations.to_latest(connection).map_err(|source| StorageError::Migrate { path: path.to_owned(), source })
}

// SQLite's URI form takes a path with `?`, `#` and `%` escaped.
fn uri_path(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
