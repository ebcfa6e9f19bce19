//! Sealing balances: at a month's end every card's balance goes into a Merkle tree whose root is recorded, and later the balance of
//! one card is proved against it. Computes outside the writer, page by page; what is recorded goes through the writer like everything.
//!
//! Blocks: callers on a runtime hand it to a thread that may.

mod closing;
mod error;
mod leaf;
mod proof;

pub use error::SealingError;
pub use proof::{BalanceProof, prove};

use crate::clock::Clock;
use crate::domain::seals::{Period, RecordSeal, SealRecord};
use crate::domain::{Bytes, Event, PartnerId, Rejection};
use crate::notary::Notary;
use crate::queries::{MonthEnd, Queries};
use crate::writer::{Actor, Command, Refusal, Request, Writer};
use closing::Sealed;
use leaf::Salts;
use parking_lot::Mutex;
use std::sync::Arc;

/// Seals balances. Cheap to clone; clones take turns.
#[derive(Debug, Clone)]
pub struct Sealer {
    writer: Writer,
    queries: Queries,
    notary: Notary,
    clock: Clock,
    turn: Arc<Mutex<()>>,
}

/// A month of a partner that has been sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedPeriod {
    pub partner: PartnerId,
    pub period: Period,
    pub cards: i64,
}

impl Sealer {
    /// A sealer of a running engine.
    #[must_use]
    pub fn new(writer: Writer, queries: Queries, notary: Notary, clock: Clock) -> Self {
        Self { writer, queries, notary, clock, turn: Arc::default() }
    }

    /// The oldest month that is over and not sealed, of the partner with the lowest number among those who have it so.
    #[must_use]
    pub fn due(&self) -> Option<(PartnerId, Period)> {
        let directory = self.writer.live().directory();
        let now = self.writer.live().progress().time(self.clock.now());
        let next = directory.partners.values().map(|partner| (directory.seals.next_period(partner), partner.id));
        next.filter(|(period, _)| period.ends_at() <= now).min().map(|(period, partner)| (partner, period))
    }

    /// Seals what is due, the oldest month first, at most `most` of them; then has a checkpoint made that covers them. `go_on` is
    /// asked now and then; where it says no, what is in hand is left for the next time.
    ///
    /// # Errors
    /// When something cannot be read or recorded. What was sealed before that stays sealed.
    pub fn seal_due(
        &self,
        most: usize,
        actor: Actor,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Vec<SealedPeriod>, SealingError> {
        let mut sealed = Vec::new();
        while sealed.len() < most {
            // Anew for each month: whoever asks for one does not wait for a year of them.
            let _turn = self.turn.lock();
            let Some((partner, period)) = self.due() else { break };
            sealed.push(self.seal(partner, period, actor, go_on)?);
        }
        self.cover(actor)?;
        Ok(sealed)
    }

    fn seal(
        &self,
        partner: PartnerId,
        period: Period,
        actor: Actor,
        go_on: &dyn Fn() -> bool,
    ) -> Result<SealedPeriod, SealingError> {
        let as_of = self.queries.last_before(period.ends_at())?.ok_or(SealingError::Empty)?;
        let secret = leaf::draw_secret()?;
        let salts = Salts::new(&secret);
        let Sealed { root, cards, points, available, firsts, levels } =
            closing::seal(&self.queries, partner, MonthEnd { as_of, period }, &salts, go_on)?;
        let record = SealRecord { secret: Bytes(secret), firsts, levels };
        let command = RecordSeal { period, as_of, cards, points, available, root: Bytes(root), record };
        let request = Request { partner, actor, idempotency_key: None, command: Command::RecordSeal(command) };
        match self.writer.submit_blocking(request) {
            Ok(outcome) => {
                let recorded = outcome.events.iter().any(|recorded| matches!(recorded.event, Event::BalancesSealed(_)));
                if recorded { Ok(SealedPeriod { partner, period, cards }) } else { Err(SealingError::Unwritten) }
            }
            // Something of the month was recorded that views.db did not have yet, or the clock was set back meanwhile.
            Err(Refusal::Rejected(Rejection::NotLastOfPeriod { .. })) => Err(SealingError::Overtaken { period }),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// A seal without a checkpoint over it proves nothing yet. Also after a crash between the two.
    fn cover(&self, actor: Actor) -> Result<(), SealingError> {
        let Some(newest) = self.queries.newest_seal()? else { return Ok(()) };
        let covered =
            self.writer.live().directory().checkpoints.newest.as_ref().is_some_and(|made| made.size >= newest);
        if !covered {
            self.notary.checkpoint(actor)?;
        }
        Ok(())
    }
}
