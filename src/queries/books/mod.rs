//! The books of a period, from the sums that the projector keeps: what the auditor's tool reads a log for, without reading it.
//!
//! A period begins and ends at any moment. Up to the last whole span before it the sums are kept; the rest of the way, less than a
//! span, is read from the log and summed up by the same code.
//!
//! | module | owns |
//! |---|---|
//! | `position` | where in the log a moment is |
//! | `kept` | reading the kept sums between two places |
//! | `room` | how much may be gathered |
//! | `held` | what the cards hold at a place |
//! | `trial` | trial balances, and whether they close |
//! | `liability`, `due`, `window` | what may still be spent, its price and its ageing; breakage |
//! | `terms` | settings and rules in force |
//! | `acts` | who changed, corrected, blocked and refunded |
//! | `order` | gaps |

mod acts;
mod due;
mod held;
mod kept;
mod liability;
mod order;
mod position;
mod room;
mod terms;
#[cfg(test)]
mod tests;
mod trial;
mod window;

use super::connections::on_snapshot;
use super::{Queries, QueryError};
use crate::domain::{PartnerId, Seq, Timestamp};
use crate::projections::BookError;
use crate::storage::{DataDir, open_reader};
use acts::Done;
use counterfoil_statements::{Statement, Summary, Table};
use kept::Kept;
use order::Order;
use position::Position;
use room::Room;
use rusqlite::Connection;
use terms::Terms;
use trial::Trial;

/// How many movements may have to be read to tell which lots were open: where the period begins, where it ends, and for what is due
/// then. A wider question is refused.
const TAKINGS_MAX: i64 = 200_000;

/// How many rows may be gathered for the tables, and how many these may have together: the answer is made in memory.
const ROWS_MAX: i64 = 200_000;

/// Whose books of which period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BooksQuestion {
    pub from: Timestamp,
    /// No part of the period; after `from`.
    pub to: Timestamp,
    /// What was recorded after this event is left out, as if the log ended with it.
    pub as_of: Option<Seq>,
    /// One partner's; none: everybody's.
    pub partner: Option<PartnerId>,
}

impl Queries {
    /// The books of a period; none where the partner that is asked about did not exist before its end.
    ///
    /// Costs what the kept sums of the days up to its end cost to read. Where it begins or ends within a day (UTC), or the event as
    /// of which it is asked for lies before its end, less than a span of events is read at each of both, of the cards that spent
    /// there other movements, and those that took from lots that end on its last day: of each at most 200,000. Where the log lacks
    /// an event or its times go back, the seqs and times of those spans are read besides.
    ///
    /// # Errors
    /// When the projector is too far behind, a file cannot be read, the event as of which they are asked for is beyond the log's
    /// head ([`QueryError::Beyond`]), or more movements would have to be read than may be ([`QueryError::TooWide`]): never where the
    /// period begins and ends with days, and the event does not lie before its end. [`QueryError::TooLong`] where more
    /// than 200,000 rows would have to be gathered, which is told without reading further, or the tables would have more together.
    pub async fn books(&self, question: BooksQuestion) -> Result<Option<Statement>, QueryError> {
        self.settled().await?;
        self.aside(move |connection| books(connection, question, ROWS_MAX)).await
    }
}

/// The books of a period as [`Queries::books`] tells them, read on a connection of its own, by whoever is not in the service's
/// process. They reflect what views.db does.
///
/// # Errors
/// Those of [`Queries::books`], but for a projector that is behind.
pub fn books_of(dir: &DataDir, question: BooksQuestion) -> Result<Option<Statement>, QueryError> {
    on_snapshot(&open_reader(dir)?, |connection| books(connection, question, ROWS_MAX))
}

impl From<BookError> for QueryError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Views(source) => Self::Read(source),
            BookError::Log(source) => Self::Past(source.to_string()),
            BookError::TooWide { most } => Self::TooWide { most },
        }
    }
}

fn books(connection: &Connection, question: BooksQuestion, most: i64) -> Result<Option<Statement>, QueryError> {
    let BooksQuestion { from, to, as_of, partner } = question;
    let stretches = position::stretches(connection)?;
    let head = stretches.last().map_or(0, |last| last.last);
    if as_of.is_some_and(|seq| seq.get() > head) {
        return Err(QueryError::Beyond { head: Seq::new(head) });
    }
    let last = as_of.map_or(i64::MAX, Seq::get);
    let begin = Position::before(connection, &stretches, from, last)?;
    let end = Position::before(connection, &stretches, to, last)?;
    let room = Room::of(most);
    let kept = Kept { connection, only: partner, room: &room };
    let terms = Terms::read(&kept, end.seq, from)?;
    if partner.is_some_and(|partner| terms.currency(partner).is_none()) {
        return Ok(None);
    }
    let mut order = Order::new();
    end.follow(connection, &stretches, &mut order)?;
    let trial = Trial::read(&kept, &stretches, &begin, &end)?;
    let due = due::due(&kept, &stretches, &end, to)?;
    let (balances, closes) = trial.tables(&terms);
    let mut tables = Vec::from(balances);
    tables.extend(liability::tables(&trial.closed, &due, &terms));
    tables.push(liability::breakage(&trial.used(&terms)));
    let acts = Done::read(&kept, (&begin, &end))?.tables(&terms);
    tables.push(terms.into_table());
    tables.extend(acts);
    tables.extend(order.tables());
    bounded(&tables, most)?;
    let summary = Summary {
        from: from.to_string(),
        to: to.to_string(),
        partner: partner.map(PartnerId::get),
        as_of_seq: end.seq,
        first_seq: kept.first(&begin, &end)?,
        events: u64::try_from(kept.events(&begin, &end)?).unwrap_or(0),
        closes,
        whole: order.is_whole(),
        gaps_found: order.gaps_found,
    };
    Ok(Some(Statement::new(summary, tables)))
}

fn bounded(tables: &[Table], most: i64) -> Result<(), QueryError> {
    let rows: usize = tables.iter().map(|table| table.rows().len()).sum();
    if i64::try_from(rows).map_or(true, |rows| rows > most) { Err(QueryError::TooLong { most }) } else { Ok(()) }
}
