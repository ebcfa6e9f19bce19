//! The balances of all cards as the log goes on, and nothing else of them: whether they may be so was checked before.

use crate::ledger::Event;
use crate::payload::{CardNumber, Moving, Payload, card_of_stream};
use crate::points::Points;
use crate::seal::Closing;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// What is kept of a card.
#[derive(Debug)]
struct Held {
    number: CardNumber,
    balance: Points,
    /// Open lots that expire: which, when, and what remains.
    expiring: Vec<(i64, i64, Points)>,
}

#[derive(Debug, Default)]
pub(super) struct Books {
    cards: FxHashMap<i64, Held>,
    /// The ids of each partner's cards: every seal asks for one partner's.
    of_partner: FxHashMap<i64, Vec<i64>>,
}

impl Books {
    /// Applies an event.
    pub(super) fn follow(&mut self, event: &Event<'_>) {
        if card_of_stream(event.stream).is_none() {
            return;
        }
        let Ok(payload) = Payload::read(event.kind, event.schema, event.payload) else { return };
        if let Payload::Issued(issued) = &payload {
            if let Entry::Vacant(place) = self.cards.entry(issued.card.get()) {
                place.insert(Held { number: issued.number, balance: Points::ZERO, expiring: Vec::new() });
                self.of_partner.entry(event.partner_id).or_default().push(issued.card.get());
            }
        } else if let Payload::Moved(moving) = &payload
            && let Some(held) = self.cards.get_mut(&moving.card.get())
        {
            held.moved(event.seq, moving);
        }
    }

    /// What a partner's cards have, by their ids; available is what is so at a moment, in microseconds.
    pub(super) fn closings(&self, partner: i64, moment: i64) -> Vec<Closing> {
        let own = self.of_partner.get(&partner).into_iter().flatten();
        let held = own.filter_map(|card| Some(self.cards.get(card)?.closing(*card, moment)));
        let mut closings: Vec<_> = held.collect();
        closings.sort_unstable_by_key(|closing| closing.card);
        closings
    }
}

impl Held {
    fn moved(&mut self, seq: i64, moving: &Moving<'_>) {
        self.balance = moving.balance;
        for taken in &moving.taken {
            if let Some((_, _, remaining)) = self.expiring.iter_mut().find(|(lot, ..)| *lot == taken.lot.get()) {
                *remaining = remaining.minus(taken.points);
            }
        }
        self.expiring.retain(|(_, _, remaining)| *remaining != Points::ZERO);
        if let Some(lot) = moving.lot
            && let Some(expires_at) = lot.expires_at
        {
            self.expiring.push((seq, expires_at.micros(), lot.points));
        }
    }

    fn closing(&self, card: i64, moment: i64) -> Closing {
        let due = self.expiring.iter().filter(|(_, expires_at, _)| *expires_at <= moment);
        let due: Points = due.map(|(_, _, remaining)| *remaining).sum();
        Closing {
            card,
            number: self.number.to_string(),
            balance: self.balance.get(),
            available: self.balance.minus(due).get(),
        }
    }
}
