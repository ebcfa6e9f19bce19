//! The ledger without its doors: files, writer, projector, memory.

use super::{follow, preload};
use crate::clock::Clock;
use crate::domain::{RecordId, Seq};
use crate::event_log::{TailError, check_tail, head};
use crate::live::Live;
use crate::metrics::RebuildFigures;
use crate::projections::{self, Projector, ProjectorError, RebuildError, ViewsState};
use crate::storage::{DataDir, DataDirError, Lock, StorageError, open_ledger, open_views};
use crate::storage::{mark_views_unsynced, sync_views, views_are_whole};
use crate::vault;
use crate::writer::{self, CardPace, Writer};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;

/// What an engine needs to know.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub dir: DataDir,
    pub clock: Clock,
    /// How much memory cards may take, in bytes.
    pub card_memory: usize,
    /// How often points may move on one card at the request of a key; none without bound.
    pub card_pace: Option<CardPace>,
    /// Told how far the making of views.db is, where the start has to make it.
    pub rebuild: Arc<RebuildFigures>,
    /// How many pages ledger.db may have; 0 means as many as the disk holds. Asked anew after each failed commit.
    pub ledger_pages_max: Arc<AtomicU32>,
}

impl EngineConfig {
    /// How many bytes cards may take unless configured: room for more than a million that have moved points once.
    pub const CARD_MEMORY: usize = 192 * 1024 * 1024;

    /// So many megabytes, in bytes.
    #[must_use]
    pub fn megabytes(number: u32) -> usize {
        usize::try_from(number).unwrap_or(usize::MAX).saturating_mul(1024 * 1024)
    }

    /// An engine on the system's clock.
    #[must_use]
    pub fn new(dir: DataDir) -> Self {
        Self {
            dir,
            clock: Clock::System,
            card_memory: Self::CARD_MEMORY,
            card_pace: None,
            rebuild: Arc::default(),
            ledger_pages_max: Arc::default(),
        }
    }
}

/// Why an engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Tail(#[from] TailError),
    #[error(
        "the log ends at event {head}, but views.db has seen event {seen}: the log was cut off or replaced by an older copy. Run `counterfoil-replay verify`; if the older copy is meant, `counterfoil rebuild` accepts it"
    )]
    LogBehindViews { seen: Seq, head: Seq },
    #[error("{} is a backup: `counterfoil restore --from {} --data DIR` puts it in the place of a ledger", .0.display(), .0.display())]
    IsBackup(PathBuf),
    #[error("this is an auditor's copy: its vault is empty, so it can be verified and read, not continued")]
    NoVault,
    #[error("views.db is of no use: {0}")]
    Views(&'static str),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error(transparent)]
    Projector(#[from] ProjectorError),
    #[error("the files could not be read: {0}")]
    Read(#[from] rusqlite::Error),
    #[error(transparent)]
    Writer(#[from] writer::StartError),
    #[error("{}: it could not be noted that views.db is being written: {source}", path.display())]
    Mark { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Preload(#[from] preload::PreloadError),
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A running ledger. Holds the directory's lock until it is stopped or dropped.
#[derive(Debug)]
pub struct Engine {
    writer: Writer,
    live: Arc<Live>,
    clock: Clock,
    dir: DataDir,
    stop_following: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    _lock: Lock,
}

impl Engine {
    /// Starts on a directory that holds a ledger, or an empty one that is about to. Returns when the projections are level with the log.
    ///
    /// # Errors
    /// When another process has the directory, the end of the log is broken, or a file cannot be used.
    pub fn start(config: EngineConfig) -> Result<Self, EngineError> {
        let lock = config.dir.lock()?;
        Self::start_locked(config, lock)
    }

    /// [`Engine::start`] with the lock taken before.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_locked(config: EngineConfig, lock: Lock) -> Result<Self, EngineError> {
        let EngineConfig { dir, clock, card_memory, card_pace, rebuild, ledger_pages_max } = config;
        if dir.is_backup() {
            return Err(EngineError::IsBackup(dir.path().to_owned()));
        }
        let ledger = open_ledger(&dir)?;
        check_tail(&ledger)?;
        let end = head(&ledger)?;
        let head = end.seq;
        if head > Seq::ZERO && vault::last_record(&ledger)? == RecordId::new(0) {
            return Err(EngineError::NoVault);
        }
        drop(ledger);
        let projector = level_projector(&dir, head, &rebuild)?;
        let live = Arc::new(Live::new(projector.directory().clone(), head, end.recorded_at, card_memory));
        let (writer, writing) = writer::start(&dir, live.clone(), clock.clone(), ledger_pages_max, card_pace)?;
        let stop_following = Arc::new(AtomicBool::new(false));
        let following = follow::spawn(projector, live.clone(), stop_following.clone())?;
        let preloading = preload::spawn(&dir, live.clone(), stop_following.clone())?;
        let threads = vec![writing, following, preloading];
        Ok(Self { writer, live, clock, dir, stop_following, threads, _lock: lock })
    }

    /// The way to the writer.
    #[must_use]
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// What is committed and in memory.
    #[must_use]
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// The clock that the engine goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where the ledger lives.
    #[must_use]
    pub fn dir(&self) -> &DataDir {
        &self.dir
    }

    /// Answers every request that was taken, lets the projector catch up, and ends.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.writer.stop();
        let mut threads = std::mem::take(&mut self.threads).into_iter();
        if let Some(writing) = threads.next() {
            drop(writing.join());
        }
        self.stop_following.store(true, Ordering::Release);
        self.live.progress().ring();
        threads.for_each(|thread| drop(thread.join()));
        if let Err(source) = sync_views(&self.dir) {
            tracing::warn!(%source, "views.db could not be synced: it is made anew at the next start if the machine goes down before");
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

/// Opens views.db where it follows this log and brings it level; makes it anew where it is missing, torn, old or of another log.
fn level_projector(dir: &DataDir, head: Seq, figures: &RebuildFigures) -> Result<Projector, EngineError> {
    let opened = open_projector(dir, head);
    mark_views_unsynced(dir).map_err(mark_error(dir))?;
    let reason = match opened.and_then(|projector| level(projector, head)) {
        Ok(projector) => return Ok(projector),
        Err(error @ EngineError::LogBehindViews { .. }) => return Err(error),
        Err(reason) => reason,
    };
    if head > Seq::ZERO {
        tracing::warn!(%reason, events = %head, "rebuilding views.db from the log");
    }
    let ledger = open_ledger(dir)?;
    figures.end.store(head.get(), Ordering::Relaxed);
    let told = |seq: Seq| figures.reached.store(seq.get(), Ordering::Relaxed);
    let seq = projections::replace(&ledger, &dir.views(), &told)?;
    level(Projector::new(open_views(&dir.views())?, ledger, seq)?, head)
}

fn open_projector(dir: &DataDir, head: Seq) -> Result<Projector, EngineError> {
    let path = dir.views();
    if !path.metadata().is_ok_and(|file| file.len() > 0) {
        return Err(EngineError::Views("it is missing"));
    }
    let (ledger, views) = (open_ledger(dir)?, open_views(&path)?);
    match projections::state(&views, &ledger, head)? {
        ViewsState::Follows(_) if !views_are_whole(dir).map_err(mark_error(dir))? => {
            Err(EngineError::Views("the machine went down while it was being written"))
        }
        ViewsState::Follows(seq) => Ok(Projector::new(views, ledger, seq)?),
        ViewsState::AheadOfLog { seen, head } => Err(EngineError::LogBehindViews { seen, head }),
        ViewsState::Unusable(reason) => Err(EngineError::Views(reason)),
    }
}

fn mark_error(dir: &DataDir) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = dir.path().to_owned();
    move |source| EngineError::Mark { path, source }
}

fn level(mut projector: Projector, head: Seq) -> Result<Projector, EngineError> {
    while projector.advance(head)? < head {}
    Ok(projector)
}
