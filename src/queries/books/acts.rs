//! Who did what in the period: changes of rules, corrections, blocks, and what was refunded.

use super::kept::{ActsOf, Between, Kept};
use super::liability::plain;
use super::terms::Terms;
use crate::books::{Acts, Refunds};
use crate::domain::PartnerId;
use crate::queries::QueryError;
use counterfoil_statements::{Cell, Form, Table, forms};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const CORRECTED: &str = "points.adjusted";
const BLOCKED: &str = "card.blocked";
const UNBLOCKED: &str = "card.unblocked";

type ActsDone = BTreeMap<ActsOf, Acts>;

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    acts: ActsDone,
    refunds: BTreeMap<PartnerId, Refunds>,
}

impl Done {
    /// Reads what was done in a period.
    pub(super) fn read(kept: &Kept<'_>, period: Between<'_>) -> Result<Self, QueryError> {
        let mut done = Self::default();
        kept.acts(period, |of, more| {
            kept.room.at(&mut done.acts, of)?.add(more);
            Ok(())
        })?;
        kept.refunds(period, |of, more| {
            kept.room.at(&mut done.refunds, of)?.add(more);
            Ok(())
        })?;
        Ok(done)
    }

    /// The tables.
    pub(super) fn tables(&self, terms: &Terms) -> [Table; 5] {
        let acts = &self.acts;
        [rule_changes(acts), adjustments(acts), orderless(acts), blocks(acts), refunded(&self.refunds, terms)]
    }
}

fn rule_changes(acts: &ActsDone) -> Table {
    let changes = acts.iter().filter(|((.., act), _)| ![CORRECTED, BLOCKED, UNBLOCKED].contains(&act.as_str()));
    let rows = changes.filter(|(_, it)| it.acts > 0).map(|((partner, actor, act), it)| {
        vec![partner.get().into(), actor.as_str().into(), act.as_str().into(), it.acts.into()]
    });
    filled(&forms::RULE_CHANGES, rows)
}

fn adjustments(acts: &ActsDone) -> Table {
    let corrections = acts.iter().filter(|((.., act), it)| act == CORRECTED && it.acts > 0);
    let rows = corrections.map(|((partner, actor, _), it)| {
        vec![partner.get().into(), actor.as_str().into(), it.acts.into(), it.up.into(), it.down.into()]
    });
    filled(&forms::ADJUSTMENTS_BY_ACTOR, rows)
}

// A correction never names an order: what has one is a refund.
fn orderless(acts: &ActsDone) -> Table {
    let corrections = acts.iter().filter(|((.., act), it)| act == CORRECTED && it.downs > 0);
    let rows = corrections.map(|((partner, actor, _), it)| {
        vec![partner.get().into(), actor.as_str().into(), it.downs.into(), it.down.into()]
    });
    filled(&forms::REFUNDS_WITHOUT_ORDERS, rows)
}

fn blocks(acts: &ActsDone) -> Table {
    let mut blocks: BTreeMap<(PartnerId, &str), [i128; 2]> = BTreeMap::new();
    for ((partner, actor, act), it) in acts.iter().filter(|(_, it)| it.acts > 0) {
        let place = match act.as_str() {
            BLOCKED => 0,
            UNBLOCKED => 1,
            _ => continue,
        };
        blocks.entry((*partner, actor)).or_default()[place] += it.acts;
    }
    let rows = blocks.into_iter().map(|((partner, actor), [blocked, unblocked])| {
        vec![partner.get().into(), actor.into(), blocked.into(), unblocked.into()]
    });
    filled(&forms::CARD_BLOCKS, rows)
}

fn refunded(refunds: &BTreeMap<PartnerId, Refunds>, terms: &Terms) -> Table {
    let rows = refunds.iter().filter(|(_, it)| it.is_any()).map(|(partner, it)| {
        let amount = Decimal::try_from_i128_with_scale(it.amount, 4).ok();
        let counts = [it.orders, it.completed, it.refunds, it.cancellations].map(Cell::from);
        let points = [it.taken_back, it.debt, it.let_go, it.given_back].map(Cell::from);
        let money = [plain(amount), Cell::text(terms.currency(*partner)), it.without_amount.into()];
        std::iter::once(partner.get().into()).chain(counts).chain(points).chain(money).collect()
    });
    filled(&forms::ORDERS_REFUNDED, rows)
}

fn filled(form: &'static Form, rows: impl Iterator<Item = Vec<Cell>>) -> Table {
    let mut table = Table::new(form);
    rows.for_each(|row| table.push(row));
    table
}
