//! Trial balances: what every partner, shop, template and month opened with, what moved, and what it closed with; and whether that is
//! what the open lots come to, less what is owed, which is summed up apart from the movements.

use super::held::{Held, by_partner};
use super::kept::{CardsOf, Kept};
use super::position::{Position, Stretch};
use super::terms::Terms;
use crate::books::{Month, Moved, Span};
use crate::domain::{PartnerId, ShopId, TemplateId};
use crate::queries::QueryError;
use counterfoil_statements::{Cell, Table, forms};
use std::collections::BTreeMap;

/// Movements of one row, before the period and in it.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    before: Moved,
    during: Moved,
}

impl Line {
    fn opening(&self) -> i128 {
        self.before.net()
    }

    fn closing(&self) -> i128 {
        self.opening() + self.during.net()
    }

    fn is_any(&self) -> bool {
        self.before.is_any() || self.during.is_any()
    }

    fn row(&self, mut row: Vec<Cell>, opening: i128, closes: Option<bool>) -> Vec<Cell> {
        let it = &self.during;
        let sums = [
            opening,
            it.awarded,
            it.given_back,
            it.redeemed,
            it.expired,
            it.refunded,
            it.adjusted_up,
            it.adjusted_down,
            opening + it.net(),
        ];
        row.extend(sums.map(Cell::from));
        row.extend(closes.map(Cell::from));
        row.extend([it.movements, it.imported, it.imported_in, it.imported_out].map(Cell::from));
        row
    }
}

/// A month of the period: what was recorded in it, and what was held when it ended.
#[derive(Debug, Clone, Copy)]
struct InMonth {
    during: Moved,
    held: i128,
}

/// All that trial balances are made of.
#[derive(Debug, Default)]
pub(super) struct Trial {
    shops: BTreeMap<(PartnerId, ShopId), Line>,
    templates: BTreeMap<(PartnerId, TemplateId), Line>,
    months: BTreeMap<(PartnerId, Month), InMonth>,
    /// What was held when the period began, by template.
    opened: BTreeMap<CardsOf, i128>,
    pub(super) closed: Held,
}

impl Trial {
    /// Reads the kept sums of a period, and of all that came before it.
    pub(super) fn read(
        kept: &Kept<'_>,
        stretches: &[Stretch],
        begin: &Position,
        end: &Position,
    ) -> Result<Self, QueryError> {
        let start = Position::start();
        let (mut trial, mut held) = (Self::default(), Held::default());
        kept.moves((&start, begin), |(partner, shop, template), moved| {
            kept.room.at(&mut trial.shops, (partner, shop))?.before.add(moved);
            kept.room.at(&mut trial.templates, (partner, template))?.before.add(moved);
            Ok(())
        })?;
        held.go_on(kept, (&start, begin))?;
        trial.opened = held.by_template();
        let ends = month_ends(stretches, begin, end);
        let places: Vec<&Position> =
            std::iter::once(begin).chain(ends.iter().map(|(_, place)| place.as_ref().unwrap_or(end))).collect();
        for ((month, _), pair) in ends.iter().zip(places.windows(2)) {
            let &[from, to] = pair else { continue };
            trial.month(kept, *month, (from, to), &mut held)?;
        }
        trial.closed = held;
        Ok(trial)
    }

    fn month(
        &mut self,
        kept: &Kept<'_>,
        month: Month,
        between: (&Position, &Position),
        held: &mut Held,
    ) -> Result<(), QueryError> {
        let mut partners: BTreeMap<PartnerId, Moved> = BTreeMap::new();
        kept.moves(between, |(partner, shop, template), moved| {
            kept.room.at(&mut self.shops, (partner, shop))?.during.add(moved);
            kept.room.at(&mut self.templates, (partner, template))?.during.add(moved);
            kept.room.at(&mut partners, partner)?.add(moved);
            Ok(())
        })?;
        held.go_on(kept, between)?;
        let ends = held.by_partner();
        self.months.extend(
            partners
                .into_iter()
                .map(|(partner, during)| ((partner, month), InMonth { during, held: held_by(&ends, &partner) })),
        );
        Ok(())
    }

    fn by_partner_lines(&self) -> BTreeMap<PartnerId, Line> {
        let mut lines: BTreeMap<PartnerId, Line> = BTreeMap::new();
        for ((partner, _), line) in &self.templates {
            let sum = lines.entry(*partner).or_default();
            sum.before.add(&line.before);
            sum.during.add(&line.during);
        }
        lines
    }

    /// What was redeemed and what expired in the period, by partner.
    pub(super) fn used(&self, terms: &Terms) -> Vec<(PartnerId, i128, i128)> {
        let lines = self.by_partner_lines();
        let during = |partner| lines.get(&partner).map(|line| line.during).unwrap_or_default();
        terms.partners().map(|partner| (partner, during(partner).redeemed, during(partner).expired)).collect()
    }

    /// The four tables, and whether every row of them closes.
    pub(super) fn tables(&self, terms: &Terms) -> ([Table; 4], bool) {
        let mut closes = true;
        let partners = self.by_partner(terms, &mut closes);
        let templates = self.by_template(&mut closes);
        let months = self.by_month(&mut closes);
        ([partners, self.by_shop(), templates, months], closes)
    }

    fn by_partner(&self, terms: &Terms, all: &mut bool) -> Table {
        let mut table = Table::new(&forms::TRIAL_BALANCE);
        let mut lines = self.by_partner_lines();
        terms.partners().for_each(|partner| {
            lines.entry(partner).or_default();
        });
        let (opened, closed) = (by_partner(&self.opened), self.closed.by_partner());
        for (partner, line) in lines {
            let closes = held_by(&opened, &partner) == line.opening() && held_by(&closed, &partner) == line.closing();
            *all &= closes;
            table.push(line.row(vec![partner.get().into()], line.opening(), Some(closes)));
        }
        table
    }

    fn by_template(&self, all: &mut bool) -> Table {
        let mut table = Table::new(&forms::BY_TEMPLATE);
        let stated = self.templates.iter().filter(|(_, line)| line.is_any());
        let mut lines: BTreeMap<_, _> = stated.map(|(of, line)| (*of, *line)).collect();
        for (of, _) in self.closed.cards.iter().filter(|(_, holders)| holders.cards > 0) {
            lines.entry(*of).or_default();
        }
        let closed = self.closed.by_template();
        for (of, line) in lines {
            let closes = held_by(&self.opened, &of) == line.opening() && held_by(&closed, &of) == line.closing();
            *all &= closes;
            table.push(line.row(vec![of.0.get().into(), of.1.get().into()], line.opening(), Some(closes)));
        }
        table
    }

    fn by_shop(&self) -> Table {
        let mut table = Table::new(&forms::BY_SHOP);
        for ((partner, shop), line) in self.shops.iter().filter(|(_, line)| line.is_any()) {
            let shop = Cell::id(Some(shop.get()).filter(|shop| *shop != 0));
            table.push(line.row(vec![partner.get().into(), shop], line.opening(), None));
        }
        table
    }

    fn by_month(&self, all: &mut bool) -> Table {
        let mut table = Table::new(&forms::BY_MONTH);
        let mut balances: BTreeMap<PartnerId, i128> =
            self.by_partner_lines().into_iter().map(|(partner, line)| (partner, line.opening())).collect();
        for ((partner, month), it) in self.months.iter().filter(|(_, it)| it.during.is_any()) {
            let balance = balances.entry(*partner).or_default();
            let opening = *balance;
            *balance += it.during.net();
            let closes = it.held == *balance;
            *all &= closes;
            let line = Line { before: Moved::default(), during: it.during };
            let name = vec![partner.get().into(), Cell::Text(month.to_string())];
            table.push(line.row(name, opening, Some(closes)));
        }
        table
    }
}

/// The months of which the period has something, and where each ends; the last one with the period.
fn month_ends(stretches: &[Stretch], begin: &Position, end: &Position) -> Vec<(Month, Option<Position>)> {
    let spans = stretches.iter().map(|it| it.span).filter(|span| {
        let in_part = *span == end.bound && end.part.is_some();
        *span >= begin.bound && (*span < end.bound || in_part)
    });
    let mut months: Vec<(Month, Span)> = spans.map(|span| (span.month(), span)).collect();
    months.dedup_by_key(|(month, _)| *month);
    let next = months.iter().skip(1).map(|(_, first)| Some(Position::day(first.day))).chain(std::iter::once(None));
    months.iter().map(|(month, _)| *month).zip(next).collect()
}

fn held_by<K: Ord>(sums: &BTreeMap<K, i128>, of: &K) -> i128 {
    sums.get(of).copied().unwrap_or(0)
}
