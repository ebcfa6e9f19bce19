//! Who did what in the period: changes of rules, corrections, blocks, and what was refunded.

use crate::decimal::Decimal;
use crate::fold::Programme;
use crate::ledger::Event;
use crate::payload::{About, Moving, MovingKind, Payload, RefundCause};
use crate::points::{PartnerId, Points};
use counterfoil_statements::{Cell, Table, forms};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Corrections by hand.
#[derive(Debug, Default)]
struct Adjusted {
    movements: u64,
    up: i128,
    down: i128,
    /// Of those downwards, the ones that name no order.
    orderless: u64,
    orderless_points: i128,
}

/// Cards blocked and unblocked.
#[derive(Debug, Default)]
struct Blocks {
    blocked: u64,
    unblocked: u64,
}

/// What refunds came to.
#[derive(Debug)]
struct Refunds {
    refunds: u64,
    cancellations: u64,
    orders: u64,
    completed: u64,
    taken_back: i128,
    debt: i128,
    let_go: i128,
    given_back: i128,
    /// None where no number holds the sum.
    amount: Option<Decimal>,
    without_amount: u64,
}

impl Default for Refunds {
    fn default() -> Self {
        let (refunds, cancellations, orders, completed, without_amount) = (0, 0, 0, 0, 0);
        let (taken_back, debt, let_go, given_back) = (0, 0, 0, 0);
        let amount = Some(Decimal::ZERO);
        Self { refunds, cancellations, orders, completed, taken_back, debt, let_go, given_back, amount, without_amount }
    }
}

/// An actor at a partner.
type Who = (PartnerId, String);

/// What was done in the period, as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Acts {
    rules: BTreeMap<(Who, String), u64>,
    adjusted: BTreeMap<Who, Adjusted>,
    blocks: BTreeMap<Who, Blocks>,
    refunds: BTreeMap<PartnerId, Refunds>,
    /// Orders of which a part was refunded and a part is left, by their first event.
    begun: FxHashSet<i64>,
}

impl Acts {
    /// Notes an event, of the period or of the time before.
    pub(super) fn note(&mut self, event: &Event<'_>, payload: &Payload<'_>, during: bool) {
        let partner = PartnerId::new(event.partner_id);
        if let Payload::Moved(moving) = payload {
            return self.moved(partner, event, moving, during);
        }
        if !during {
            return;
        }
        let who = || (partner, event.actor.to_owned());
        if let Payload::Blocked(_) = payload {
            self.blocks.entry(who()).or_default().blocked += 1;
        } else if let Payload::Unblocked(_) = payload {
            self.blocks.entry(who()).or_default().unblocked += 1;
        } else if Programme::concerns(event.kind) {
            *self.rules.entry((who(), event.kind.to_owned())).or_default() += 1;
        }
    }

    fn moved(&mut self, partner: PartnerId, event: &Event<'_>, moving: &Moving<'_>, during: bool) {
        match moving.kind {
            MovingKind::Adjust if during => {
                let it = self.adjusted.entry((partner, event.actor.to_owned())).or_default();
                let points = i128::from(moving.points.get());
                it.movements += 1;
                it.up += points.max(0);
                it.down += (-points).max(0);
                if points < 0 && moving.order.is_none() {
                    it.orderless += 1;
                    it.orderless_points -= points;
                }
            }
            MovingKind::Refund { debt, .. } => self.refunded(partner, moving, debt, during),
            MovingKind::Return if during => {
                self.refunds.entry(partner).or_default().given_back += i128::from(moving.points.get());
            }
            MovingKind::Award { .. }
            | MovingKind::Redeem
            | MovingKind::Adjust
            | MovingKind::Expire { .. }
            | MovingKind::Order
            | MovingKind::Return => {}
        }
    }

    fn refunded(&mut self, partner: PartnerId, moving: &Moving<'_>, debt: Points, during: bool) {
        let About::Refund(refund) = moving.about else { return };
        let known = if refund.completes { self.begun.remove(&refund.of) } else { !self.begun.insert(refund.of) };
        if !during {
            return;
        }
        let it = self.refunds.entry(partner).or_default();
        match refund.cause {
            RefundCause::Refund => it.refunds += 1,
            RefundCause::Cancellation => it.cancellations += 1,
        }
        it.orders += u64::from(!known);
        it.completed += u64::from(refund.completes);
        it.taken_back -= i128::from(moving.points.get());
        it.debt += i128::from(debt.get());
        it.let_go += i128::from(refund.let_go.get());
        match refund.amount {
            Some(amount) => it.amount = it.amount.and_then(|sum| sum.plus(amount.0)),
            None => it.without_amount += 1,
        }
    }

    /// The tables.
    pub(super) fn tables(&self, programme: &Programme) -> [Table; 5] {
        [self.rule_changes(), self.adjustments(), self.orderless(), self.blocks(), self.refunds(programme)]
    }

    fn rule_changes(&self) -> Table {
        let mut table = Table::new(&forms::RULE_CHANGES);
        for (((partner, actor), kind), changes) in &self.rules {
            table.push(vec![partner.get().into(), actor.as_str().into(), kind.as_str().into(), (*changes).into()]);
        }
        table
    }

    fn adjustments(&self) -> Table {
        let mut table = Table::new(&forms::ADJUSTMENTS_BY_ACTOR);
        for ((partner, actor), it) in &self.adjusted {
            let sums = [it.movements.into(), it.up.into(), it.down.into()];
            table.push([partner.get().into(), actor.as_str().into()].into_iter().chain(sums).collect());
        }
        table
    }

    fn orderless(&self) -> Table {
        let mut table = Table::new(&forms::REFUNDS_WITHOUT_ORDERS);
        for ((partner, actor), it) in self.adjusted.iter().filter(|(_, it)| it.orderless > 0) {
            let cells = [actor.as_str().into(), it.orderless.into(), it.orderless_points.into()];
            table.push(std::iter::once(partner.get().into()).chain(cells).collect());
        }
        table
    }

    fn blocks(&self) -> Table {
        let mut table = Table::new(&forms::CARD_BLOCKS);
        for ((partner, actor), it) in &self.blocks {
            table.push(vec![partner.get().into(), actor.as_str().into(), it.blocked.into(), it.unblocked.into()]);
        }
        table
    }

    fn refunds(&self, programme: &Programme) -> Table {
        let mut table = Table::new(&forms::ORDERS_REFUNDED);
        for (partner, it) in &self.refunds {
            let counts = [it.orders, it.completed, it.refunds, it.cancellations].map(Cell::from);
            let points = [it.taken_back, it.debt, it.let_go, it.given_back].map(Cell::from);
            let money = [Cell::text(it.amount), Cell::text(programme.currency(*partner)), it.without_amount.into()];
            table.push(std::iter::once(partner.get().into()).chain(counts).chain(points).chain(money).collect());
        }
        table
    }
}
