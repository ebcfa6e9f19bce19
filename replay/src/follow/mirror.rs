//! The mirror: a directory with the log as it was shown, and the last checkpoint under which it was verified.
//!
//! Events only ever come to the end of it, whole commands at a time and each in one transaction; the checkpoint is written after
//! the events that it covers are on the disk. So whatever stops the program, the checkpoint never says more than the mirror holds.

use super::directory::{self, MirrorError, State};
use super::files;
use super::trust::{Keys, Successor, Told};
use crate::ledger::{COLUMNS, ChainHasher, Event, GENESIS, Hash, Location, Malformed, Row};
use crate::merkle::{Growing, leaf};
use crate::note::{Checkpoint, LogKey};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The schema of a service's ledger.db, and the number of its migrations.
const SCHEMA: &str = include_str!("../../../schema/sql/ledger/0001_log_and_vault.sql");
const MIGRATIONS: i64 = 1;
/// Something in the mirror that is not as it was written.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) seq: Option<i64>,
    pub(super) sentence: String,
}

/// A checkpoint under which the mirror was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Covered {
    pub(super) note: String,
    pub(super) checkpoint: Checkpoint,
}

/// The end of the mirrored log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) hash: Hash,
}

#[derive(Debug)]
pub(super) struct Mirror {
    directory: PathBuf,
    ledger: Connection,
    pub(super) state: State,
    pub(super) head: Head,
    pub(super) keys: Keys,
    pub(super) covered: Option<Covered>,
    /// Over the events that the checkpoint covers.
    tree: Growing,
    _lock: File,
}

impl Mirror {
    /// Opens a mirror, or begins one.
    pub(super) fn open(directory: &Path, source: &str) -> Result<Self, MirrorError> {
        let (state, lock) = directory::open(directory, source)?;
        let ledger_path = directory.join("ledger.db");
        let ledger = open_ledger(&ledger_path).map_err(|source| MirrorError::Database { path: ledger_path, source })?;
        let head = Head { seq: 0, hash: GENESIS };
        let (keys, tree) = (Keys::default(), Growing::default());
        Ok(Self { directory: directory.to_owned(), ledger, state, head, keys, covered: None, tree, _lock: lock })
    }

    /// Where the log is.
    pub(super) fn location(&self) -> Location {
        Location { ledger: self.directory.join("ledger.db"), views: None }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Goes through all that is there: the chain, the keys, and the tree under the last checkpoint. What is not as it was written
    /// is told, and nothing may be followed then.
    pub(super) fn read(&mut self) -> Result<Option<Damage>, MirrorError> {
        if let Some(text) = &self.state.key {
            let key = LogKey::parse(text).map_err(|error| self.wrong_state("follow.json", error.to_string()))?;
            self.keys.pin(key);
        }
        self.keys.accept(self.state.last_told());
        let note_path = self.directory.join("checkpoint.txt");
        let note = files::read(&note_path).map_err(|source| MirrorError::File { path: note_path.clone(), source })?;
        let size = match &note {
            None => None,
            Some(note) => {
                let size = note.lines().nth(1).and_then(|size| size.parse().ok());
                Some(size.ok_or_else(|| self.wrong_state("checkpoint.txt", "it is no checkpoint".to_owned()))?)
            }
        };
        let damage = self.walk(size.unwrap_or(0)).map_err(|source| self.failed(source))?;
        if damage.is_some() {
            return Ok(damage);
        }
        let Some(note) = note else { return Ok(None) };
        let opened = match self.keys.open(&note) {
            Ok(opened) => opened,
            Err(error) => return Ok(Some(Damage { seq: None, sentence: format!("checkpoint.txt: {error}") })),
        };
        let checkpoint = opened.checkpoint;
        if (self.tree.leaves(), self.tree.root()) != (checkpoint.size, checkpoint.root) {
            let sentence = format!(
                "the mirror no longer has the root of the checkpoint of size {} under which it was verified",
                checkpoint.size
            );
            return Ok(Some(Damage { seq: None, sentence }));
        }
        self.covered = Some(Covered { note, checkpoint });
        Ok(None)
    }

    fn walk(&mut self, size: u64) -> rusqlite::Result<Option<Damage>> {
        let mut statement = self.ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
        let mut rows = statement.query([])?;
        let mut hasher = ChainHasher::default();
        while let Some(row) = rows.next()? {
            let event = match Event::read(row) {
                Ok(event) => event,
                Err(Malformed::Sqlite(error)) => return Err(error),
                Err(Malformed::Column { seq, column }) => {
                    let sentence = format!("column {column} does not hold what the format says");
                    return Ok(Some(Damage { seq: Some(seq), sentence }));
                }
            };
            if event.seq != self.head.seq + 1 || hasher.hash(&self.head.hash, &event) != event.hash {
                let sentence = "the event does not follow from the one before it".to_owned();
                return Ok(Some(Damage { seq: Some(event.seq), sentence }));
            }
            self.keys.learn(&event);
            if self.tree.leaves() < size {
                self.tree.push(leaf(&event.hash));
            }
            self.head = Head { seq: event.seq, hash: event.hash };
        }
        Ok(None)
    }

    /// Adds rows that follow from one another and from the end: all of them or none.
    pub(super) fn append(&mut self, rows: &[Row]) -> Result<(), MirrorError> {
        let Some(last) = rows.last() else { return Ok(()) };
        insert(&mut self.ledger, rows).map_err(|source| self.failed(source))?;
        rows.iter().for_each(|row| self.keys.learn(&row.event()));
        self.head = Head { seq: last.seq, hash: last.hash };
        Ok(())
    }

    /// The root over the first `size` events; none where there are not so many.
    pub(super) fn root_at(&self, size: u64) -> Result<Option<Hash>, MirrorError> {
        Ok(self.tree_at(size)?.map(|tree| tree.root()))
    }

    fn tree_at(&self, size: u64) -> Result<Option<Growing>, MirrorError> {
        let Some(wanted) = i64::try_from(size).ok().filter(|size| *size <= self.head.seq) else { return Ok(None) };
        let mut tree = if size >= self.tree.leaves() { self.tree.clone() } else { Growing::default() };
        let grow = |tree: &mut Growing| {
            let from = i64::try_from(tree.leaves()).unwrap_or(i64::MAX);
            let select = "SELECT hash FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
            let mut statement = self.ledger.prepare_cached(select)?;
            let mut rows = statement.query([from, wanted])?;
            while let Some(row) = rows.next()? {
                tree.push(leaf(&row.get(0)?));
            }
            Ok(())
        };
        grow(&mut tree).map_err(|source| self.failed(source))?;
        Ok(Some(tree))
    }

    /// Remembers that everything up to a checkpoint was verified, and which key is trusted.
    pub(super) fn cover(&mut self, covered: Covered) -> Result<(), MirrorError> {
        let tree = self.tree_at(covered.checkpoint.size)?;
        self.write("checkpoint.txt", covered.note.as_bytes())?;
        if let Some(tree) = tree {
            self.tree = tree;
        }
        self.covered = Some(covered);
        Ok(())
    }

    /// Remembers which key is trusted.
    pub(super) fn pin(&mut self, key: LogKey, named: bool) -> Result<(), MirrorError> {
        let mut state = self.state.clone();
        (state.key, state.named) = (Some(key.text()), named);
        self.remember(state)?;
        self.keys.pin(key);
        Ok(())
    }

    /// The keys that took the pinned one's place and were not told of.
    pub(super) fn untold(&self) -> Vec<Successor<'_>> {
        let mut chain = self.keys.chain();
        let told = Keys::told(&chain, self.state.last_told().as_ref());
        chain.drain(..told);
        chain
    }

    /// Remembers that every key up to this one was told of: from here on it is trusted, signed or not.
    pub(super) fn tell(&mut self, last: Told) -> Result<(), MirrorError> {
        let mut state = self.state.clone();
        (state.told, state.told_seq) = (Some(last.key), last.seq);
        self.remember(state)
    }

    fn remember(&mut self, state: State) -> Result<(), MirrorError> {
        self.write("follow.json", state.text().as_bytes())?;
        self.keys.accept(state.last_told());
        self.state = state;
        Ok(())
    }

    /// Writes a file into the directory.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), MirrorError> {
        let path = self.directory.join(name);
        files::replace(&path, bytes).map_err(|source| MirrorError::File { path, source })
    }

    /// An event as it stands here, handed over while it is borrowed.
    pub(super) fn with_event<T>(&self, seq: i64, take: impl FnOnce(&Event<'_>) -> T) -> Result<Option<T>, MirrorError> {
        let found = || {
            let mut statement = self.ledger.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE seq = ?1"))?;
            let read = |row: &rusqlite::Row<'_>| Ok(Event::read(row).ok().map(|event| take(&event)));
            statement.query_row([seq], read).optional()
        };
        found().map(Option::flatten).map_err(|source| self.failed(source))
    }

    /// The first event that no checkpoint covers and that is not about checkpoints: its seq and when it was recorded.
    pub(super) fn first_uncovered(&self) -> Result<Option<(i64, i64)>, MirrorError> {
        let after = i64::try_from(self.tree.leaves()).unwrap_or(i64::MAX);
        let select = "SELECT seq, recorded_at FROM events WHERE seq > ?1 \
                      AND kind NOT IN ('checkpoint.made', 'checkpoint.cosigned') ORDER BY seq LIMIT 1";
        let found = self.ledger.prepare_cached(select).and_then(|mut statement| {
            statement.query_row(params![after], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        });
        found.map_err(|source| self.failed(source))
    }

    fn wrong_state(&self, name: &str, why: String) -> MirrorError {
        MirrorError::State { path: self.directory.join(name), why }
    }

    fn failed(&self, source: rusqlite::Error) -> MirrorError {
        MirrorError::Database { path: self.directory.join("ledger.db"), source }
    }
}

fn open_ledger(path: &Path) -> rusqlite::Result<Connection> {
    let ledger = Connection::open(path)?;
    ledger.busy_timeout(std::time::Duration::from_secs(5))?;
    ledger.pragma_update(None, "journal_mode", "WAL")?;
    // What was verified survives a loss of power, too.
    ledger.pragma_update(None, "synchronous", "FULL")?;
    let made: bool =
        ledger.query_row("SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'events'", [], |row| row.get(0))?;
    if !made {
        ledger.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {MIGRATIONS}; COMMIT;"))?;
    }
    Ok(ledger)
}

fn insert(ledger: &mut Connection, rows: &[Row]) -> rusqlite::Result<()> {
    let transaction = ledger.transaction()?;
    {
        let places = vec!["?"; COLUMNS.split(',').count()].join(", ");
        let mut statement = transaction.prepare_cached(&format!("INSERT INTO events ({COLUMNS}) VALUES ({places})"))?;
        for row in rows {
            statement.execute(params![
                row.seq,
                row.command_seq,
                row.recorded_at,
                row.partner_id,
                row.stream,
                row.version,
                row.kind,
                row.schema,
                row.actor,
                row.idempotency_key,
                row.fingerprint,
                row.payload,
                row.hash,
            ])?;
        }
    }
    transaction.commit()
}
