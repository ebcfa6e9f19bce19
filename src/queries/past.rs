//! Any read about one card or customer, as of any event or moment of the log.
//!
//! What happened to the customer, to their cards and to the partner's programme until then is folded into a database in memory that
//! looks like views.db, and whoever asks reads it through [`Queries`] as always: the same code that answered then answers now.

use super::{Queries, QueryError};
use crate::domain::cards::CardNumber;
use crate::domain::programme::Directory;
use crate::domain::{CardId, CustomerId, PartnerId, Seq, Stream, Timestamp};
use crate::live::Live;
use crate::projections::{self, PastError, fold_past};
use crate::storage::open_past;
use rusqlite::{Connection, OptionalExtension as _};
use std::sync::Arc;

/// A place in the history of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After this event, at the time when it was recorded.
    After(Seq),
    /// After the last event that was recorded at this time or before, at this time.
    At(Timestamp),
}

/// Whom a question about the past is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Card(CardId),
    Number(CardNumber),
    Customer(CustomerId),
    /// The card that a movement is of.
    Transaction(Seq),
}

/// What was known at a moment of one customer, their cards and the partner's programme. Of others it knows nothing.
#[derive(Debug, Clone)]
pub struct Past {
    pub queries: Queries,
    /// The last event that it reflects; zero before the first.
    pub seq: Seq,
    /// The time at which it is to be judged which lots are past theirs.
    pub at: Timestamp,
}

impl Queries {
    /// The past of a subject, who must be the partner's: of nobody but the programme, where there is no such subject.
    ///
    /// What people typed is read from the vault, as it was then; where it has been erased since, it stays erased.
    ///
    /// # Errors
    /// When the projector is too far behind, a file cannot be read, the event is beyond the log's head ([`QueryError::Beyond`]), or
    /// more than [`projections::PAST_EVENTS_MAX`] events are to be folded.
    pub async fn past(&self, partner: PartnerId, subject: Option<Subject>, moment: Moment) -> Result<Past, QueryError> {
        let head = self.live().progress().head();
        self.settled().await?;
        let (directory, dir) = (self.live().directory(), self.dir()?.clone());
        self.aside(move |now| {
            let (seq, at) = resolve(now, moment, head)?;
            let streams = streams(now, &directory, partner, subject)?;
            let past = open_past(&dir)?;
            let directory = fold_past(now, &past, &streams, seq)?;
            let live = Arc::new(Live::new(directory, seq, at, 0));
            Ok(Past { queries: Self::of_past(past, live), seq, at })
        })
        .await
    }
}

impl From<PastError> for QueryError {
    fn from(error: PastError) -> Self {
        match error {
            PastError::TooWide { most } => Self::TooWide { most: i64::try_from(most).unwrap_or(i64::MAX) },
            PastError::Storage(source) => Self::Read(source),
            PastError::Fold(story) => Self::Past(story),
        }
    }
}

fn resolve(connection: &Connection, moment: Moment, head: Seq) -> Result<(Seq, Timestamp), QueryError> {
    match moment {
        Moment::After(seq) if seq > head => Err(QueryError::Beyond { head }),
        Moment::After(seq) => Ok((seq, recorded_at(connection, seq)?)),
        Moment::At(at) => Ok((last_until(connection, at, head)?, at)),
    }
}

/// The last event that was recorded at `at` or before. Times never go back, and seqs have no gaps: it is found by halving.
fn last_until(connection: &Connection, at: Timestamp, head: Seq) -> Result<Seq, QueryError> {
    // All events up to `low` were recorded by then, none after `high`.
    let (mut low, mut high) = (0, head.get());
    while low < high {
        let middle = low + (high - low + 1) / 2;
        if recorded_at(connection, Seq::new(middle))? <= at { low = middle } else { high = middle - 1 }
    }
    Ok(Seq::new(low))
}

fn recorded_at(connection: &Connection, seq: Seq) -> Result<Timestamp, QueryError> {
    let mut statement = connection.prepare_cached("SELECT recorded_at FROM ledger.events WHERE seq = ?1")?;
    Ok(Timestamp::from_micros(statement.query_row([seq.get()], |row| row.get(0))?))
}

/// Everything whose events decide what is said of a subject. Who holds a card, and whose a shop or template is, never changes.
fn streams(
    now: &Connection,
    directory: &Directory,
    partner: PartnerId,
    subject: Option<Subject>,
) -> Result<Vec<Stream>, QueryError> {
    let mut streams = vec![Stream::Partner(partner)];
    streams.extend(directory.shops.values().filter(|shop| shop.partner == partner).map(|shop| Stream::Shop(shop.id)));
    let templates = directory.templates.values().filter(|template| template.partner == partner);
    streams.extend(templates.map(|template| Stream::Template(template.id)));
    if let Some(customer) = customer(now, partner, subject)? {
        streams.push(Stream::Customer(customer));
        streams.extend(projections::cards_of_customer(now, customer)?.into_iter().map(Stream::Card));
    }
    Ok(streams)
}

fn customer(now: &Connection, partner: PartnerId, subject: Option<Subject>) -> Result<Option<CustomerId>, QueryError> {
    let card = match subject {
        None => None,
        Some(Subject::Customer(customer)) => {
            let known = projections::load_customer(now, customer)?;
            return Ok(known.filter(|known| known.partner == partner).map(|known| known.id));
        }
        Some(Subject::Card(card)) => Some(card),
        Some(Subject::Number(number)) => projections::card_by_number(now, partner, &number)?,
        Some(Subject::Transaction(seq)) => {
            let mut statement = now.prepare_cached("SELECT card FROM movements WHERE seq = ?1")?;
            statement.query_row([seq.get()], |row| row.get(0).map(CardId::new)).optional()?
        }
    };
    let card = card.map(|card| projections::load_card(now, card)).transpose()?.flatten();
    Ok(card.filter(|card| card.partner == partner).map(|card| card.customer))
}
