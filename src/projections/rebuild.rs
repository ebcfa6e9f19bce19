//! Rebuilding views.db from the log: the projector's fold, with every card in memory and the indexes last.

use super::fold::{Fold, FoldError, Sources};
use super::layout;
use super::tiles::Growth;
use crate::domain::Seq;
use crate::domain::programme::Directory;
use crate::event_log::{events_after, head};
use crate::storage::{StorageError, open_views};
use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// How many history rows wait in memory before they are written.
const WAITING_MAX: usize = 100_000;

/// After how many events it is told how far it is.
const TELL_EVERY: i64 = 10_000;

/// How much memory the sorting of an index may take, in KiB.
const SORTING_KIB: i64 = 64 * 1024;

/// Why a rebuild failed. The file it was making is of no use.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("{}: {source}", path.display())]
    File { path: std::path::PathBuf, source: std::io::Error },
    #[error("the projections could not be rebuilt: {0}")]
    Fold(String),
}

impl From<FoldError> for RebuildError {
    fn from(source: FoldError) -> Self {
        Self::Fold(source.to_string())
    }
}

impl From<rusqlite::Error> for RebuildError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Fold(source.to_string())
    }
}

/// Rebuilds views.db at `path` and puts it in the place of what was there; answers its watermark. A crash leaves no views.db, the
/// old one, or a complete new one.
///
/// `told` hears now and then which event has been reached.
///
/// # Errors
/// As [`rebuild`].
pub fn replace(ledger: &Connection, path: &Path, told: &dyn Fn(Seq)) -> Result<Seq, RebuildError> {
    let scratch = path.with_extension("rebuilt.db");
    let seq = rebuild_telling(ledger, &scratch, None, told)?;
    remove(path)?;
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| RebuildError::File { path, source }
    };
    std::fs::set_permissions(&scratch, std::fs::Permissions::from_mode(0o600)).map_err(file(&scratch))?;
    std::fs::rename(&scratch, path).map_err(file(path))?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(file(folder))?;
    }
    Ok(seq)
}

/// Makes a views.db at `path` from the log up to `until` (its head where none is given); answers its watermark.
///
/// Whatever was at `path` is replaced. The file is complete on disk when this returns.
///
/// # Errors
/// When the log cannot be read or the file cannot be written.
pub fn rebuild(ledger: &Connection, path: &Path, until: Option<Seq>) -> Result<Seq, RebuildError> {
    rebuild_telling(ledger, path, until, &|_| {})
}

fn rebuild_telling(
    ledger: &Connection,
    path: &Path,
    until: Option<Seq>,
    told: &dyn Fn(Seq),
) -> Result<Seq, RebuildError> {
    remove(path)?;
    let views = open_views(path)?;
    // The file is worth nothing until it is complete: no journal, no sync before the end.
    views.pragma_update(None, "journal_mode", "OFF")?;
    views.pragma_update(None, "synchronous", "OFF")?;
    // The indexes are sorted last, beside the thread that reads their rows, and with room to do it.
    views.pragma_update(None, "threads", 2)?;
    views.pragma_update(None, "cache_size", -SORTING_KIB)?;
    views.execute_batch("BEGIN")?;
    layout::create_tables(&views)?;
    let until = match until {
        Some(until) => until,
        None => head(ledger)?.seq,
    };
    let mut fold = Fold::new(Directory::default(), Growth::default(), Seq::ZERO, None);
    let sources = Sources { views: None, ledger };
    events_after(ledger, Seq::ZERO, until, |stored| {
        if stored.seq.get() % TELL_EVERY == 0 {
            told(stored.seq);
        }
        fold.apply(stored, &sources)?;
        if fold.movements_waiting() >= WAITING_MAX { fold.write_movements(&views) } else { Ok(()) }
    })?;
    fold.write(&views, &|_| None)?;
    layout::create_indexes(&views)?;
    views.execute_batch("COMMIT")?;
    views.pragma_update(None, "synchronous", "FULL")?;
    views.pragma_update(None, "journal_mode", "WAL")?;
    views.close().map_err(|(_, source)| source)?;
    let sync = std::fs::File::open(path).and_then(|file| file.sync_all());
    sync.map_err(|source| RebuildError::File { path: path.to_owned(), source })?;
    Ok(until)
}

/// Removes a database with its companions: a stale WAL would be replayed into a new file.
fn remove(path: &Path) -> Result<(), RebuildError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Ok(()) => {}
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(RebuildError::File { path: name.into(), source }),
        }
    }
    Ok(())
}
