//! Read connections, the read barrier, and on which thread a read runs.

use crate::domain::{CustomerId, PartnerId, Seq};
use crate::live::Live;
use crate::storage::{DataDir, StorageError, open_reader};
use parking_lot::Mutex;
use rusqlite::Connection;
use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a read waits for the projector before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many lists are read at once: more would only share the same two cores.
const ASIDE_MAX: usize = 4;
/// How many lists may wait for their turn.
const WAITING_MAX: usize = 1_024;
/// How many idle connections are kept.
const IDLE_MAX: usize = 8;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("the projector has not caught up with the log in time")]
    Behind,
    #[error("too many reads are waiting")]
    Busy,
    #[error("more than {most} rows would have to be read to answer")]
    TooWide { most: i64 },
    #[error("the answer would have more than {most} rows")]
    TooLong { most: i64 },
    #[error("the log ends at event {head}")]
    Beyond { head: Seq },
    #[error("the past could not be told: {0}")]
    Past(String),
    #[error("the views could not be opened: {0}")]
    Open(#[from] StorageError),
    #[error("the views could not be read: {0}")]
    Read(#[from] rusqlite::Error),
    #[error("a sealed record does not have the layout it should have: {0:?} error")]
    Body(serde_json::error::Category),
    #[error("the tree's tiles do not hold what they should: {0}")]
    Tree(String),
    #[error("the reading thread was lost")]
    Lost,
}

// Of the parser's error the kind alone is kept: its words may quote what is sealed, and errors are logged.
impl From<serde_json::Error> for QueryError {
    fn from(error: serde_json::Error) -> Self {
        Self::Body(error.classify())
    }
}

/// Where rows come from.
enum Source {
    /// views.db with ledger.db, and the connections to them that nobody uses at the moment.
    Files { dir: DataDir, idle: Mutex<Vec<Connection>> },
    /// A past that was folded into memory: whoever asks about it asks one question after the other.
    Past(Mutex<Connection>),
}

/// The way to everything that is read. Cheap to clone.
#[derive(Clone)]
pub struct Queries(Arc<Shared>);

struct Shared {
    source: Source,
    live: Arc<Live>,
    turns: Semaphore,
    waiting: AtomicUsize,
    // Customers are only ever added, with growing ids: a count up to an id stays true for ever.
    customers_counted: Mutex<FxHashMap<PartnerId, (CustomerId, i64)>>,
}

impl Queries {
    /// Reads from the files of `dir` and from `live`. Opens nothing yet.
    #[must_use]
    pub fn new(dir: DataDir, live: Arc<Live>) -> Self {
        Self::from_source(Source::Files { dir, idle: Mutex::default() }, live)
    }

    /// Reads from a past that was folded into memory, with ledger.db attached, and from the programme of then.
    pub(super) fn of_past(past: Connection, live: Arc<Live>) -> Self {
        Self::from_source(Source::Past(Mutex::new(past)), live)
    }

    fn from_source(source: Source, live: Arc<Live>) -> Self {
        Self(Arc::new(Shared {
            source,
            live,
            turns: Semaphore::new(ASIDE_MAX),
            waiting: AtomicUsize::new(0),
            customers_counted: Mutex::default(),
        }))
    }

    /// Where the files are; of a past there is no further past.
    pub(super) fn dir(&self) -> Result<&DataDir, QueryError> {
        match &self.0.source {
            Source::Files { dir, .. } => Ok(dir),
            Source::Past(_) => Err(QueryError::Past("it was asked of what was folded already".to_owned())),
        }
    }

    /// What is committed and in memory.
    #[must_use]
    pub fn live(&self) -> &Arc<Live> {
        &self.0.live
    }

    /// The read barrier: from here on, views.db reflects everything that was committed when this was called.
    pub(super) async fn settled(&self) -> Result<(), QueryError> {
        if self.0.live.progress().caught_up(PATIENCE).await { Ok(()) } else { Err(QueryError::Behind) }
    }

    /// [`Queries::settled`] for a thread that may block.
    pub(super) fn settled_blocking(&self) -> Result<(), QueryError> {
        if self.0.live.progress().caught_up_blocking(PATIENCE) { Ok(()) } else { Err(QueryError::Behind) }
    }

    /// Reads on the calling thread: for look-ups by primary key, which cost less than handing them over.
    pub(super) fn here<T>(&self, read: impl FnOnce(&Connection) -> Result<T, QueryError>) -> Result<T, QueryError> {
        let (dir, idle) = match &self.0.source {
            Source::Files { dir, idle } => (dir, idle),
            Source::Past(connection) => return on_snapshot(&connection.lock(), read),
        };
        let unused = idle.lock().pop();
        let connection = match unused {
            Some(connection) => connection,
            None => open_reader(dir)?,
        };
        let answer = on_snapshot(&connection, read)?;
        // A connection that failed is not kept: the next question opens a fresh one.
        let mut idle = idle.lock();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        Ok(answer)
    }

    /// Reads on a thread that may block: for lists and history. Bounded in how many run and how many wait.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        self.in_turn(move |queries| queries.here(read)).await?
    }

    /// Runs work that asks several questions on a thread that may block, in the same turns as lists and history.
    ///
    /// # Errors
    /// [`QueryError::Busy`] where too many wait; [`QueryError::Lost`] where the work panicked.
    pub async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, QueryError> {
        let _place = Place::take(&self.0.waiting)?;
        let _turn = self.0.turns.acquire().await.map_err(|_| QueryError::Lost)?;
        let queries = self.clone();
        tokio::task::spawn_blocking(move || work(&queries)).await.map_err(|_| QueryError::Lost)
    }

    /// Whether both files answer, read on the calling thread.
    ///
    /// # Errors
    /// When one of them does not.
    pub fn check(&self) -> Result<(), QueryError> {
        self.here(|connection| {
            connection.prepare_cached("SELECT value FROM meta WHERE name = 'watermark'")?.exists([])?;
            connection.prepare_cached("SELECT 1 FROM ledger.events ORDER BY seq DESC LIMIT 1")?.exists([])?;
            Ok(())
        })
    }

    /// Remembers how many customers a partner has up to an id.
    pub(super) fn customers_counted(&self, partner: PartnerId) -> (CustomerId, i64) {
        self.0.customers_counted.lock().get(&partner).copied().unwrap_or((CustomerId::new(0), 0))
    }

    pub(super) fn remember_customers(&self, partner: PartnerId, last: CustomerId, count: i64) {
        let mut counted = self.0.customers_counted.lock();
        let known = counted.entry(partner).or_insert((last, count));
        if known.0 < last {
            *known = (last, count);
        }
    }
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = match &self.0.source {
            Source::Files { dir, .. } => Some(dir),
            Source::Past(_) => None,
        };
        f.debug_struct("Queries").field("dir", &dir).finish_non_exhaustive()
    }
}

// One snapshot for all statements of one question. Dropping it ends it.
pub(super) fn on_snapshot<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let snapshot = connection.unchecked_transaction()?;
    let answer = read(connection)?;
    drop(snapshot);
    Ok(answer)
}

// A place among the waiting, given back when the caller goes away, answered or not.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, QueryError> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(QueryError::Busy);
        }
        Ok(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::customers::PersonRecord;
    use crate::domain::programme::Directory;
    use std::error::Error as _;

    #[test]
    fn no_more_work_runs_at_once_than_there_are_turns() {
        let live = Arc::new(Live::new(Directory::default(), Seq::ZERO, Timestamp::from_micros(0), 1));
        let queries = Queries::new(DataDir::new("nowhere"), live);
        let running = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let work = || {
            let (queries, running) = (queries.clone(), Arc::clone(&running));
            let job = move |_: &Queries| {
                let (now, most) = &*running;
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                now.fetch_sub(1, Ordering::SeqCst);
            };
            runtime.spawn(async move { queries.in_turn(job).await })
        };
        let all: Vec<_> = (0..4 * ASIDE_MAX).map(|_| work()).collect();
        for one in all {
            runtime.block_on(one).unwrap().unwrap();
        }
        assert!(running.1.load(Ordering::SeqCst) <= ASIDE_MAX);
    }

    #[test]
    fn an_error_about_a_sealed_record_does_not_quote_it() {
        for body in
            [r#"{"email":"ann@example.com","metadata":"ann's"}"#, r#""ann""#, r#"{"ann"#, r#"{"email":{"ann":1}}"#]
        {
            let error = QueryError::from(serde_json::from_str::<PersonRecord>(body).unwrap_err());
            let told = format!("{error} {error:?}");
            assert!(!told.contains("ann") && error.source().is_none(), "{told}");
        }
    }
}
