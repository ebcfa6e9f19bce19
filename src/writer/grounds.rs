//! What a command is decided on, brought into the batch before: its card, its order, its holder's standing.

use super::batch::BatchError;
use super::memory::Memory;
use super::{BuyerId, Command, Request, orders};
use crate::domain::cards::Tier;
use crate::domain::orders::PlacedOrder;
use crate::domain::points::Points;
use crate::domain::programme::Standing;
use crate::domain::{CardId, Timestamp};
use rusqlite::Connection;

/// What was found for a command. Its cards are in the batch.
#[derive(Debug, Default)]
pub(super) struct Grounds {
    card: Option<CardId>,
    order: Option<PlacedOrder>,
    begun: Option<PlacedOrder>,
    counted: Option<Points>,
    others: Vec<(CardId, Tier)>,
}

impl Grounds {
    pub(super) fn gather(
        memory: &mut Memory,
        ledger: &Connection,
        request: &Request,
        now: Timestamp,
    ) -> Result<Self, BatchError> {
        let mut grounds = Self::default();
        if let Command::Refund { order_shop, refund } = &request.command {
            grounds.order = orders::placed(memory, ledger, request.partner, *order_shop, &refund.order)?;
        } else {
            grounds.begun = orders::begun_otherwise(memory, ledger, request)?;
        }
        grounds.card = match (&request.command, &grounds.order) {
            (Command::Purchase { buyer: BuyerId::Customer { customer, .. }, .. }, _) => memory.card_of(*customer)?,
            (_, Some(order)) => Some(order.card),
            (command, None) => command.card(),
        };
        if let Some(card) = grounds.card {
            memory.bring(card)?;
        }
        if let (Command::Award(_) | Command::Purchase { .. }, Some(card)) = (&request.command, grounds.card) {
            // The last twelve months of a movement of the past are those before it.
            grounds.count(memory, card, request.command.past().map_or(now, |past| past.at))?;
        }
        Ok(grounds)
    }

    /// The card that the command is about; none where it issues one or is about something else.
    pub(super) fn card(&self) -> Option<CardId> {
        self.card
    }

    /// The order to be refunded, if it exists.
    pub(super) fn order(&self) -> Option<&PlacedOrder> {
        self.order.as_ref()
    }

    /// The order that the command goes on with: what another command of the same order id began.
    pub(super) fn begun(&self) -> Option<&PlacedOrder> {
        self.begun.as_ref()
    }

    /// What counts towards the tier besides the card itself.
    pub(super) fn standing(&self) -> Standing<'_> {
        Standing { counted: self.counted, others: &self.others }
    }

    /// What counts towards the tier of a card that earns, where its partner counts more than the card's own lifetime.
    fn count(&mut self, memory: &mut Memory, card: CardId, at: Timestamp) -> rusqlite::Result<()> {
        let Some((partner, customer)) = memory.card(card).map(|card| (card.partner, card.customer)) else {
            return Ok(());
        };
        if !memory.tracks(partner) {
            return Ok(());
        }
        let directory = memory.directory();
        let Some(settings) = directory.partners.get(&partner).map(|partner| &partner.settings) else { return Ok(()) };
        if !settings.counts_more_than_the_card() {
            return Ok(());
        }
        let others = if settings.unified_tiers { memory.cards_of(customer)? } else { [].into() };
        let mut counted = Points::ZERO;
        for id in others.into_iter().filter(|other| *other != card).chain([card]) {
            memory.bring(id)?;
            let Some(found) = memory.card(id) else { continue };
            counted = counted.plus(match settings.tiers.basis.since(at) {
                Some(since) => memory.earned_since(id, since)?,
                None => found.lifetime,
            });
            if id != card {
                self.others.push((id, found.tier));
            }
        }
        self.counted = Some(counted);
        Ok(())
    }
}
