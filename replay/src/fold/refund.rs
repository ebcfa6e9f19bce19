//! What refunds do to a card. What an order allows them is checked when the whole log is known: see [`RefundNote`].

use super::movement::Scene;
use crate::findings::{Check, Findings};
use crate::ledger::Event;
use crate::payload::{About, Moving, MovingKind, Shortfall};
use crate::points::{CardId, LotId, PartnerId, Points};

/// A refund as it was on its card. The order is looked up later, so that no order that nobody refunds costs memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundNote {
    pub seq: i64,
    /// The order's first event, as the refund states it.
    pub of: i64,
    pub card: CardId,
    pub partner: PartnerId,
    /// The partner's policy at that moment, where it is known.
    pub policy: Option<Shortfall>,
    /// The lots that were open and are no older than the order: one of them may be its own.
    pub young: Vec<LotId>,
    /// The lot that was taken from before its turn.
    pub ahead: Option<LotId>,
}

/// The refund of the command that is going on, which points given back have to follow.
#[derive(Debug, Default)]
pub(super) struct Refunding {
    command_seq: i64,
    of: i64,
}

impl Refunding {
    /// Checks that points are given back by the refund before them.
    pub(super) fn follow(&mut self, event: &Event<'_>, moving: &Moving<'_>, findings: &mut Findings) {
        match moving.about {
            About::Refund(refund) => {
                if self.command_seq == event.command_seq {
                    findings.event(Check::Orders, event.seq, "a second refund in one command");
                }
                (self.command_seq, self.of) = (event.command_seq, refund.of);
            }
            About::Return { of } => {
                if (self.command_seq, self.of) != (event.command_seq, of) {
                    let sentence =
                        format!("gives back points of order {of}, but no refund of it comes before in its command");
                    findings.event(Check::Orders, event.seq, sentence);
                }
            }
            About::Nothing | About::Purchase(_) | About::Spending(_) => {}
        }
    }
}

impl Scene<'_> {
    /// What has to be kept of a refund until its order is known.
    pub(super) fn note_refund(&self, moving: &Moving<'_>) -> Option<RefundNote> {
        let About::Refund(refund) = moving.about else { return None };
        let mut live: Vec<_> = self.card.lots.iter().filter(|lot| !lot.is_due(self.at)).collect();
        live.sort_unstable_by(|one, other| one.order_of_taking(other));
        let turn = live.first().map(|lot| lot.lot);
        let first = moving.taken.first().map(|slice| slice.lot);
        Some(RefundNote {
            seq: self.seq,
            of: refund.of,
            card: self.id,
            partner: self.card.partner,
            policy: self.settings.map(|settings| settings.refund_shortfall),
            young: live.iter().map(|lot| lot.lot).filter(|lot| lot.get() >= refund.of).collect(),
            ahead: first.filter(|first| Some(*first) != turn),
        })
    }

    /// A refund takes points from lots, and what they do not hold becomes debt.
    pub(super) fn take_back(&mut self, moving: &Moving<'_>, lifetime: Points, debt: Points) {
        if moving.points > Points::ZERO {
            self.wrong(format!("points {} of a movement that takes points", moving.points));
        }
        if debt < Points::ZERO {
            self.wrong(format!("{debt} points become debt"));
        }
        let taken: Points = moving.taken.iter().map(|slice| slice.points).sum();
        if taken.plus(debt) != moving.points.negated() {
            let out = moving.points.negated();
            self.wrong(format!("{out} points go out, but {taken} are taken from lots and {debt} become debt"));
        }
        for (place, slice) in moving.taken.iter().enumerate() {
            self.take(slice, None, place == 0);
        }
        let left = self.card.in_lots();
        if debt > Points::ZERO && left > Points::ZERO {
            self.wrong(format!("{debt} points become debt while the card's lots hold {left}"));
        }
        self.card.debt = self.card.debt.plus(debt);
        let expected = self.card.lifetime.plus(moving.points);
        if lifetime != expected {
            let id = self.id;
            self.wrong(format!("lifetime is stated as {lifetime}, but card {id} has {expected} after the refund"));
        }
        self.card.lifetime = lifetime;
    }

    /// Points that were spent are the card's again.
    pub(super) fn give_back(&mut self, moving: &Moving<'_>) {
        debug_assert_eq!(moving.kind, MovingKind::Return, "only returns give back");
        if moving.points <= Points::ZERO {
            self.wrong(format!("gives back {} points", moving.points));
        }
        self.deposit(moving);
        self.card.redeemed = self.card.redeemed.minus(moving.points);
    }
}
