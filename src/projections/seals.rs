//! Seals of balances: the table `seals`, one row for each partner and month.

use crate::domain::seals::{BalancesSealed, Period, Seals};
use crate::domain::{Event, PartnerId, RecordId, SealId, Seq, Timestamp};
use crate::event_log::Stored;
use rusqlite::Connection;
use rusqlite::types::Type;

/// A row of `seals`.
#[derive(Debug)]
pub(super) struct SealRow {
    seq: Seq,
    at: Timestamp,
    partner: PartnerId,
    event: BalancesSealed,
}

impl SealRow {
    /// The row that an event adds, where it is a seal.
    pub(super) fn of(stored: &Stored) -> Option<Self> {
        let Event::BalancesSealed(event) = &stored.event else { return None };
        Some(Self { seq: stored.seq, at: stored.at, partner: stored.partner, event: event.clone() })
    }

    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let event = &self.event;
        let mut statement = connection.prepare_cached(
            "INSERT INTO seals (seal, seq, at, partner, period, ends_at, up_to, cards, points, available, root, record) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        statement
            .execute(rusqlite::params![
                event.seal.get(),
                self.seq.get(),
                self.at.micros(),
                self.partner.get(),
                event.period.to_string(),
                event.ends_at.micros(),
                event.as_of.get(),
                event.cards,
                event.points.get(),
                event.available.get(),
                event.root.0,
                event.sealed.map_or(RecordId::new(0), |sealed| sealed.record).get(),
            ])
            .map(|_| ())
    }
}

/// The newest seal of each partner.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<Seals> {
    let last: Option<i64> = connection.query_row("SELECT max(seal) FROM seals", [], |row| row.get(0))?;
    // Months as texts have the order that they have in time.
    let mut statement = connection.prepare("SELECT partner, max(period) FROM seals GROUP BY partner")?;
    let newest = statement.query_map([], |row| Ok((PartnerId::new(row.get(0)?), row.get::<_, String>(1)?)))?;
    let mut seals = Seals { last: last.map(SealId::new), ..Seals::default() };
    for row in newest {
        let (partner, period) = row?;
        let wrong = || rusqlite::Error::InvalidColumnType(1, "period".to_owned(), Type::Text);
        seals.newest.insert(partner, Period::parse(&period).ok_or_else(wrong)?);
    }
    Ok(seals)
}
