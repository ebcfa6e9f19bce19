//! The movements that took points, found in the history and read from the log one by one: what tells which lots were open at a
//! moment of the past.

use super::BookError;
use crate::domain::{CardId, Movement, PartnerId, Seq, Stated};
use crate::event_log::{Stored, event};
use rusqlite::{Connection, Params};

/// Which of the movements that took points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Those that may have taken from a lot past its time: not what is spent or corrected, which takes of what can be spent, unless
    /// it happened before it was recorded.
    OfPastTheirTime,
}

const BETWEEN: &str = "SELECT seq FROM movements WHERE seq > ?1 AND seq <= ?2 AND points < 0 AND (?3 IS NULL OR partner = ?3) \
     AND (?4 OR type NOT IN ('redeem', 'adjust') OR happened_at IS NOT NULL) ORDER BY seq LIMIT ?5";
const OF_CARD: &str = "SELECT seq FROM card_movements WHERE card = ?1 AND seq >= ?2 AND seq <= ?3 \
     AND (points < 0 OR ?4) ORDER BY era, seq LIMIT ?5";
const COUNTED: &str = "SELECT count(*) FROM card_movements WHERE card = ?1 AND seq >= ?2 AND seq <= ?3";

/// Reads takings for one question, and no more than so many.
#[derive(Debug)]
pub struct Takings<'c> {
    connection: &'c Connection,
    most: i64,
    left: i64,
}

impl<'c> Takings<'c> {
    /// On a reader's connection, views.db with ledger.db attached; at most `most` movements altogether.
    #[must_use]
    pub const fn new(connection: &'c Connection, most: i64) -> Self {
        Self { connection, most, left: most }
    }

    /// Those from `after` (exclusive) to `until` (inclusive): of one partner, or of everybody.
    ///
    /// # Errors
    /// When a file cannot be read, or more would have to be read than may be.
    pub fn between(
        &mut self,
        (after, until): (Seq, Seq),
        partner: Option<PartnerId>,
        which: Which,
        each: impl FnMut(&Stored, &Stated<'_>),
    ) -> Result<(), BookError> {
        let only = partner.map(PartnerId::get);
        self.read(BETWEEN, (after.get(), until.get(), only, which == Which::All, self.left + 1), each)
    }

    /// Those of a card from `first` to `last`, both included; its other movements there too where `all` says so.
    pub(super) fn of_card(
        &mut self,
        card: CardId,
        (first, last): (Seq, Seq),
        all: bool,
        each: impl FnMut(&Stored, &Stated<'_>),
    ) -> Result<(), BookError> {
        self.read(OF_CARD, (card.get(), first.get(), last.get(), all, self.left + 1), each)
    }

    /// How many movements a card has from `first` to `last`, both included.
    pub(super) fn count(&self, card: CardId, (first, last): (Seq, Seq)) -> rusqlite::Result<i64> {
        let mut statement = self.connection.prepare_cached(COUNTED)?;
        statement.query_row((card.get(), first.get(), last.get()), |row| row.get(0))
    }

    fn read(
        &mut self,
        sql: &str,
        of: impl Params,
        mut each: impl FnMut(&Stored, &Stated<'_>),
    ) -> Result<(), BookError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let seqs = statement.query_map(of, |row| row.get(0).map(Seq::new))?.collect::<rusqlite::Result<Vec<_>>>()?;
        self.left -= i64::try_from(seqs.len()).unwrap_or(i64::MAX);
        if self.left < 0 {
            return Err(BookError::TooWide { most: self.most });
        }
        for seq in seqs {
            let Some(stored) = event(self.connection, seq)? else { continue };
            if let Some(stated) = Movement::of(&stored.event).map(Movement::stated) {
                each(&stored, &stated);
            }
        }
        Ok(())
    }
}
