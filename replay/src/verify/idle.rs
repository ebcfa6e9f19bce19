//! Customers who were erased because nothing happened for long: whether nothing did on the cards of this worker.

use crate::findings::{Check, Findings};
use crate::fold::{Card, Cards};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{CustomerErased, Payload};
use crate::points::{CardId, CustomerId, PartnerId, Points};
use rustc_hash::FxHashMap;

/// Whose cards these are, from the first such erasure on: most logs have none.
#[derive(Debug, Default)]
pub(super) struct Idle {
    cards: Option<FxHashMap<CustomerId, Vec<CardId>>>,
}

impl Idle {
    /// Notes a card that was issued.
    pub(super) fn note(&mut self, payload: &Payload<'_>) {
        if let (Some(cards), Payload::Issued(issued)) = (&mut self.cards, payload) {
            cards.entry(issued.customer).or_default().push(issued.card);
        }
    }

    /// Checks an erasure by such a rule against the cards as they are.
    pub(super) fn check(&mut self, event: &Event<'_>, erased: &CustomerErased, cards: &Cards, findings: &mut Findings) {
        let (Some(_), Some(months)) = (erased.rule, erased.value) else { return };
        let held = self.cards.get_or_insert_with(|| {
            let mut held: FxHashMap<CustomerId, Vec<CardId>> = FxHashMap::default();
            for (id, card) in cards.iter() {
                held.entry(card.customer).or_default().push(id);
            }
            held
        });
        let at = Instant::from_micros(event.recorded_at);
        let with_points = cards.programme.retention(PartnerId::new(event.partner_id)).inactive_customers_with_points;
        for id in held.get(&erased.customer).into_iter().flatten() {
            let Some(card) = cards.get(*id) else { continue };
            if card.last_activity.max(card.updated_at) > at.months_earlier(months) {
                let sentence = format!("erases customer {} as inactive, but card {id} was not", erased.customer);
                findings.event(Check::Vault, event.seq, sentence);
            }
            if !with_points && available(card, at) > Points::ZERO {
                let sentence = format!("erases customer {} as inactive, but card {id} has points", erased.customer);
                findings.event(Check::Vault, event.seq, sentence);
            }
        }
    }
}

fn available(card: &Card, at: Instant) -> Points {
    let due: Points = card.lots.iter().filter(|lot| lot.is_due(at)).map(|lot| lot.remaining).sum();
    card.balance.minus(due)
}
