//! The past: what views.db held of a few things after any event of the log, folded anew from their own events alone.
//!
//! Whoever reads it reads it as they read views.db, so that what is told of the past is told by the same code as it was then.

use super::fold::{Fold, FoldError, Sources};
use super::layout;
use super::movements;
use super::tiles::Growth;
use crate::domain::programme::Directory;
use crate::domain::{RecordId, Seq, Stream};
use crate::event_log::event;
use crate::vault;
use rusqlite::Connection;

/// How many events a question about the past may have to fold. A wider one is refused, not cut short.
pub const PAST_EVENTS_MAX: usize = 100_000;

/// How many history rows wait in memory before they are written.
const WAITING_MAX: usize = 10_000;

/// Why the past could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    #[error("more than {most} events would have to be folded")]
    TooWide { most: usize },
    #[error("the events could not be found: {0}")]
    Storage(#[from] rusqlite::Error),
    #[error("the events could not be folded: {0}")]
    Fold(String),
}

impl From<FoldError> for PastError {
    fn from(source: FoldError) -> Self {
        Self::Fold(source.to_string())
    }
}

/// Folds what happened to `streams` up to and with `until` into `past`, an empty database; answers the programme as of then. `now` is
/// views.db with ledger.db attached, and has to reflect `until`.
///
/// # Errors
/// When a file cannot be read, or more than [`PAST_EVENTS_MAX`] events happened to the streams.
pub fn fold_past(now: &Connection, past: &Connection, streams: &[Stream], until: Seq) -> Result<Directory, PastError> {
    let mut seqs = Vec::new();
    for stream in streams {
        events_of(now, *stream, until, &mut seqs)?;
    }
    seqs.sort_unstable();
    past.execute_batch("BEGIN")?;
    layout::create_tables(past)?;
    let mut fold = Fold::new(Directory::default(), Growth::default(), Seq::ZERO, None);
    let sources = Sources { views: None, ledger: now };
    for seq in seqs {
        let stored = event(now, seq).map_err(FoldError::from)?;
        let stored = stored.ok_or_else(|| PastError::Fold(format!("event {seq} is not in the log")))?;
        fold.change(stored, &sources)?;
        if fold.movements_waiting() >= WAITING_MAX {
            movements::insert(past, &fold.take_movements())?;
        }
    }
    fold.write(past)?;
    stand_in(now, past)?;
    layout::create_indexes(past)?;
    past.execute_batch("COMMIT")?;
    Ok(fold.directory().clone())
}

/// What was said of a person or a card and has been corrected since is in no vault any more: what is said now stands in for it.
fn stand_in(now: &Connection, past: &Connection) -> Result<(), PastError> {
    for (table, id, record) in [("customers", "customer", "record"), ("cards", "card", "metadata_record")] {
        let mut of_then = past.prepare(&format!("SELECT {id}, {record} FROM {table} WHERE {record} IS NOT NULL"))?;
        let mut of_now = now.prepare_cached(&format!("SELECT {record} FROM {table} WHERE {id} = ?1"))?;
        let mut change = past.prepare(&format!("UPDATE {table} SET {record} = ?2 WHERE {id} = ?1"))?;
        let rows = of_then.query_map([], |row| Ok((row.get(0)?, row.get(1).map(RecordId::new)?)))?;
        for (id, record) in rows.collect::<rusqlite::Result<Vec<(i64, RecordId)>>>()? {
            if vault::body(now, record)?.is_none() {
                let record: Option<i64> = of_now.query_row([id], |row| row.get(0))?;
                change.execute((id, record))?;
            }
        }
    }
    Ok(())
}

/// What other than movements happened to a thing, and the movements of a card, in no order.
const LISTED: &str = "SELECT seq FROM stream_events WHERE stream = ?1 AND id = ?2 AND seq <= ?3 LIMIT ?4";
const MOVED: &str = "SELECT seq FROM card_movements WHERE card = ?1 AND seq <= ?2 LIMIT ?3";

fn events_of(now: &Connection, stream: Stream, until: Seq, seqs: &mut Vec<Seq>) -> Result<(), PastError> {
    let room = |seqs: &Vec<Seq>| i64::try_from(PAST_EVENTS_MAX + 1 - seqs.len()).unwrap_or(0);
    let (kind, id) = stream.parts();
    let mut listed = now.prepare_cached(LISTED)?;
    for seq in listed.query_map((kind, id, until.get(), room(seqs)), |row| row.get(0).map(Seq::new))? {
        seqs.push(seq?);
    }
    if let Stream::Card(card) = stream {
        let mut moved = now.prepare_cached(MOVED)?;
        for seq in moved.query_map((card.get(), until.get(), room(seqs)), |row| row.get(0).map(Seq::new))? {
            seqs.push(seq?);
        }
    }
    if seqs.len() > PAST_EVENTS_MAX { Err(PastError::TooWide { most: PAST_EVENTS_MAX }) } else { Ok(()) }
}

/// The statements that find events, for the test that reads their query plans.
#[must_use]
pub fn past_statements() -> Vec<(&'static str, String)> {
    vec![("events of a thing", LISTED.to_owned()), ("movements of a card up to an event", MOVED.to_owned())]
}
