//! `diff`: where two ledgers part. Equal hashes mean equal pasts, so a binary search finds the place; then every column up to it is compared,
//! because a row may have been changed and its hash left as it was.

use super::CommandError;
use crate::ledger::{COLUMNS, Event, hash_at, head, require_ledger};
use crate::progress::Progress;
use counterfoil_statements::plain;
use rusqlite::{Connection, OptionalExtension};
use std::io::{self, Write};
use std::path::Path;

/// What two ledgers are to each other.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Identical {
        head: i64,
    },
    /// The one named first ends where the other goes on.
    Prefix {
        shorter: &'static str,
        ends: i64,
        longer: &'static str,
        head: i64,
    },
    Parted {
        seq: i64,
        columns: Vec<&'static str>,
        a: Option<String>,
        b: Option<String>,
    },
}

impl Outcome {
    /// Whether there is no difference at all.
    #[must_use]
    pub const fn identical(&self) -> bool {
        matches!(self, Self::Identical { .. })
    }

    /// The outcome in lines.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Identical { head } => writeln!(out, "The ledgers are identical: {head} events."),
            Self::Prefix { shorter, ends, longer, head } => {
                writeln!(
                    out,
                    "{shorter} is a prefix of {longer}: it ends at event {ends}, {longer} goes on to event {head}."
                )
            }
            Self::Parted { seq, columns, a, b } => {
                writeln!(out, "The ledgers part at event {seq}: they differ in {}.", columns.join(", "))?;
                writeln!(out, "A: {}", plain(a.as_deref().unwrap_or("has no such event")))?;
                writeln!(out, "B: {}", plain(b.as_deref().unwrap_or("has no such event")))
            }
        }
    }
}

/// Compares two ledgers.
///
/// # Errors
/// One of them cannot be read.
pub fn diff(a: &Path, b: &Path, progress: &Progress) -> Result<Outcome, CommandError> {
    let (a, b) = (require_ledger(a)?, require_ledger(b)?);
    let (head_a, head_b) = (head(&a)?, head(&b)?);
    let common = head_a.min(head_b);
    let parted = first_other_hash(&a, &b, common)?;
    let compared = parted.unwrap_or(common);
    progress.begin("comparing", compared);
    let differing = first_other_row(&a, &b, compared, progress)?;
    progress.end();
    if let Some(seq) = differing {
        let (row_a, row_b) = (describe(&a, seq)?, describe(&b, seq)?);
        let columns = differing_columns(&a, &b, seq)?;
        return Ok(Outcome::Parted { seq, columns, a: row_a, b: row_b });
    }
    Ok(match head_a.cmp(&head_b) {
        std::cmp::Ordering::Equal => Outcome::Identical { head: head_a },
        std::cmp::Ordering::Less => Outcome::Prefix { shorter: "A", ends: head_a, longer: "B", head: head_b },
        std::cmp::Ordering::Greater => Outcome::Prefix { shorter: "B", ends: head_b, longer: "A", head: head_a },
    })
}

/// The first seq whose stored hashes differ, by binary search.
fn first_other_hash(a: &Connection, b: &Connection, common: i64) -> Result<Option<i64>, CommandError> {
    let same = |seq| -> Result<bool, CommandError> { Ok(hash_at(a, seq)? == hash_at(b, seq)?) };
    if common == 0 || same(common)? {
        return Ok(None);
    }
    let (mut agreed, mut differs) = (0, common);
    while differs - agreed > 1 {
        let middle = agreed + (differs - agreed) / 2;
        if same(middle)? { agreed = middle } else { differs = middle }
    }
    Ok(Some(differs))
}

fn first_other_row(
    a: &Connection,
    b: &Connection,
    last: i64,
    progress: &Progress,
) -> Result<Option<i64>, CommandError> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE seq <= ?1 ORDER BY seq");
    let (mut statement_a, mut statement_b) = (a.prepare(&sql)?, b.prepare(&sql)?);
    let (mut rows_a, mut rows_b) = (statement_a.query([last])?, statement_b.query([last])?);
    loop {
        let (row_a, row_b) = (rows_a.next()?, rows_b.next()?);
        let (event_a, event_b) = (row_a.map(Event::read).transpose()?, row_b.map(Event::read).transpose()?);
        match (event_a, event_b) {
            (None, None) => return Ok(None),
            (Some(one), Some(other)) if one == other => progress.at(one.seq),
            (Some(one), Some(other)) => return Ok(Some(one.seq.min(other.seq))),
            (Some(one), None) | (None, Some(one)) => return Ok(Some(one.seq)),
        }
    }
}

fn differing_columns(a: &Connection, b: &Connection, seq: i64) -> Result<Vec<&'static str>, CommandError> {
    let mut columns = Vec::new();
    for column in COLUMNS.split(',').map(str::trim) {
        let sql = format!("SELECT {column} FROM events WHERE seq = ?1");
        let read = |ledger: &Connection| {
            ledger.query_row(&sql, [seq], |row| row.get::<_, rusqlite::types::Value>(0)).optional()
        };
        if read(a)? != read(b)? {
            columns.push(column);
        }
    }
    Ok(columns)
}

fn describe(ledger: &Connection, seq: i64) -> Result<Option<String>, CommandError> {
    let mut statement = ledger.prepare(&format!("SELECT {COLUMNS} FROM events WHERE seq = ?1"))?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let event = Event::read(row)?;
    Ok(Some(format!(
        "seq {seq}, command {}, at {}, partner {}, {} version {}, {} schema {}, by {}, key {}, fingerprint {}, {} (hash {})",
        event.command_seq,
        crate::instant::Instant::from_micros(event.recorded_at),
        event.partner_id,
        event.stream,
        event.version,
        event.kind,
        event.schema,
        event.actor,
        event.idempotency_key.unwrap_or("none"),
        event.fingerprint.map_or_else(|| "none".to_owned(), hex::encode),
        event.payload,
        hex::encode(event.hash)
    )))
}
