//! What the cards themselves come to, beside the sums of the movements: the part of the books that takes a fold of every card.

use crate::instant::Month;
use crate::points::{PartnerId, Points, TemplateId};
use counterfoil_statements::{Cell, Table, forms};
use std::collections::BTreeMap;

/// What cards hold at one moment, found in three ways that have to agree.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    /// The sum of the balances that the fold gives.
    balances: i128,
    /// What remains in open lots, less what is owed.
    lots_less_debt: i128,
    /// The sum of the balances that the cards' last events state.
    stated: i128,
    /// The cards for which the three differ.
    amiss: u64,
}

impl Held {
    /// Notes a card: its balance, what is in its lots less its debt, and the balance that its last event states.
    pub(super) fn note(&mut self, balance: Points, in_lots: Points, stated: Points) {
        self.balances += i128::from(balance.get());
        self.lots_less_debt += i128::from(in_lots.get());
        self.stated += i128::from(stated.get());
        self.amiss += u64::from(balance != in_lots || balance != stated);
    }

    fn add(&mut self, other: &Self) {
        self.balances += other.balances;
        self.lots_less_debt += other.lots_less_debt;
        self.stated += other.stated;
        self.amiss += other.amiss;
    }

    const fn is(&self, points: i128) -> bool {
        self.amiss == 0 && self.balances == points && self.lots_less_debt == points && self.stated == points
    }

    fn cells(&self) -> [Cell; 4] {
        [self.balances.into(), self.lots_less_debt.into(), self.stated.into(), self.amiss.into()]
    }
}

/// What the cards of each template hold.
pub(super) type ByTemplate = BTreeMap<(PartnerId, Option<TemplateId>), Held>;

/// The same by partner.
pub(super) fn of_partners(held: &ByTemplate) -> BTreeMap<PartnerId, Held> {
    let mut sums: BTreeMap<PartnerId, Held> = BTreeMap::new();
    for ((partner, _), held) in held {
        sums.entry(*partner).or_default().add(held);
    }
    sums
}

/// The row of a trial balance that is checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of {
    table: &'static str,
    partner: PartnerId,
    template: Option<TemplateId>,
    month: Option<Month>,
}

impl Of {
    pub(super) fn partner(partner: PartnerId) -> Self {
        Self { table: forms::TRIAL_BALANCE.name, partner, template: None, month: None }
    }

    pub(super) fn template(partner: PartnerId, template: Option<TemplateId>) -> Self {
        Self { table: forms::BY_TEMPLATE.name, partner, template, month: None }
    }

    pub(super) fn month(partner: PartnerId, month: Month) -> Self {
        Self { table: forms::BY_MONTH.name, partner, template: None, month: Some(month) }
    }
}

/// What was checked so far.
#[derive(Debug)]
pub(super) struct Checks {
    table: Table,
    closes: bool,
}

impl Checks {
    /// Before the first check.
    pub(super) const fn new() -> Self {
        Self { table: Table::new(&forms::CHECKS), closes: true }
    }

    /// Checks what a row opens and closes with; gives whether it closes.
    pub(super) fn ends(
        &mut self,
        of: Of,
        (opening, closing): (i128, i128),
        opened: Option<&Held>,
        closed: Option<&Held>,
    ) -> bool {
        let opened = opened.copied().unwrap_or_default();
        self.check(of, closing, &closed.copied().unwrap_or_default(), opened.is(opening))
    }

    /// Checks what a row closes with, which is what the next one opens with.
    pub(super) fn end(&mut self, of: Of, closing: i128, closed: &Held) -> bool {
        self.check(of, closing, closed, true)
    }

    fn check(&mut self, of: Of, closing: i128, closed: &Held, opens: bool) -> bool {
        let closes = opens && closed.is(closing);
        let mut row: Vec<Cell> = vec![of.table.into(), of.partner.get().into()];
        row.extend([Cell::id(of.template.map(TemplateId::get)), Cell::text(of.month), closing.into()]);
        row.extend(closed.cells());
        row.push(closes.into());
        self.table.push(row);
        self.closes &= closes;
        closes
    }

    /// Whether every row closes.
    pub(super) const fn closes(&self) -> bool {
        self.closes
    }

    /// The table, in the order of the trial balances.
    pub(super) fn into_table(self) -> Table {
        self.table
    }
}
