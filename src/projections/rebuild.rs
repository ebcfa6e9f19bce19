//! Rebuilding views.db from the log: the projector's fold, with every card in memory and the indexes last.
//!
//! Reading the log, folding it and writing history are threads of their own, which hand on what they made in order.

use super::fold::{Fold, FoldError, Sources};
use super::layout;
use super::movements::{self, MovementRow};
use super::tiles::Growth;
use crate::domain::Seq;
use crate::domain::programme::Directory;
use crate::event_log::{LogError, Stored, events_after, head};
use crate::storage::{StorageError, open_beside, open_views};
use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many events are handed on at once, and what they add to history.
const CHUNK: usize = 1_024;

/// How many chunks may wait between two threads.
const CHUNKS_WAITING: usize = 8;

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
    let views = fold_log(&mut fold, ledger, until, views, told)?;
    fold.write(&views)?;
    layout::create_indexes(&views)?;
    views.execute_batch("COMMIT")?;
    views.pragma_update(None, "synchronous", "FULL")?;
    views.pragma_update(None, "journal_mode", "WAL")?;
    views.close().map_err(|(_, source)| source)?;
    let sync = std::fs::File::open(path).and_then(|file| file.sync_all());
    sync.map_err(|source| RebuildError::File { path: path.to_owned(), source })?;
    Ok(until)
}

/// Folds the log up to `until` while another thread reads it and a third writes the rows of history; answers the connection that they
/// were written on.
fn fold_log(
    fold: &mut Fold,
    ledger: &Connection,
    until: Seq,
    views: Connection,
    told: &dyn Fn(Seq),
) -> Result<Connection, RebuildError> {
    let reader = open_beside(ledger)?;
    thread::scope(|scope| {
        let (events, read) = sync_channel(CHUNKS_WAITING);
        let (rows, made) = sync_channel(CHUNKS_WAITING);
        scope.spawn(move || read_log(&reader, until, &events));
        let history = scope.spawn(move || write_history(views, &made));
        let folded = fold_chunks(fold, ledger, &read, &rows, told);
        // The threads end with what they are handed, or with nobody to hand it to.
        drop((read, rows));
        let written = history.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // Why the rows could not be written comes first: folding ended because of it.
        written.map_err(RebuildError::from).and_then(|views| folded.map(|()| views))
    })
}

/// What is read is handed on; who takes it may have ended.
enum Unread {
    Log(LogError),
    Unwanted,
}

impl From<LogError> for Unread {
    fn from(source: LogError) -> Self {
        Self::Log(source)
    }
}

fn read_log(ledger: &Connection, until: Seq, events: &SyncSender<Result<Vec<Stored>, LogError>>) {
    let mut chunk = Vec::with_capacity(CHUNK);
    let read = events_after(ledger, Seq::ZERO, until, |stored| {
        chunk.push(stored);
        if chunk.len() < CHUNK {
            return Ok(());
        }
        events.send(Ok(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK)))).map_err(|_| Unread::Unwanted)
    });
    let rest = match read {
        Ok(()) => Ok(chunk),
        Err(Unread::Log(source)) => Err(source),
        Err(Unread::Unwanted) => return,
    };
    // Nobody wants it only where the fold has failed, which is told.
    let _ = events.send(rest);
}

fn fold_chunks(
    fold: &mut Fold,
    ledger: &Connection,
    read: &Receiver<Result<Vec<Stored>, LogError>>,
    rows: &SyncSender<Vec<MovementRow>>,
    told: &dyn Fn(Seq),
) -> Result<(), RebuildError> {
    let sources = Sources { views: None, ledger };
    for chunk in read {
        for stored in chunk.map_err(FoldError::from)? {
            if stored.seq.get() % TELL_EVERY == 0 {
                told(stored.seq);
            }
            fold.apply(stored, &sources)?;
        }
        if rows.send(fold.take_movements()).is_err() {
            break;
        }
    }
    Ok(())
}

fn write_history(views: Connection, made: &Receiver<Vec<MovementRow>>) -> rusqlite::Result<Connection> {
    for rows in made {
        movements::insert(&views, &rows)?;
    }
    Ok(views)
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
