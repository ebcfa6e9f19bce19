//! Trial balances: what every partner, shop, template and month opened with, what moved, and what it closed with; and whether that is
//! what the open lots come to, less what is owed, which is summed up apart from the movements.

use super::kept::{Cards, Moves, OpenLots};
use super::terms::Terms;
use crate::books::{Lots, Month, Moved};
use crate::domain::{PartnerId, ShopId, TemplateId};
use counterfoil_statements::{Cell, Table, forms};
use std::collections::BTreeMap;

/// What the cards hold at one place of the log.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    pub(super) cards: Cards,
    pub(super) lots: OpenLots,
}

impl Held {
    /// Goes on.
    pub(super) fn add(&mut self, cards: &Cards, lots: &OpenLots) {
        for (key, more) in cards {
            self.cards.entry(*key).or_default().add(more);
        }
        for (key, more) in lots {
            self.lots.entry(*key).or_default().add(more);
        }
    }

    /// What remains in open lots, less what is owed, by template.
    pub(super) fn by_template(&self) -> BTreeMap<(PartnerId, TemplateId), i128> {
        let mut sums = BTreeMap::new();
        for ((partner, template, _), Lots { points, .. }) in &self.lots {
            *sums.entry((*partner, *template)).or_default() += points;
        }
        for (key, holders) in &self.cards {
            *sums.entry(*key).or_default() -= holders.debt;
        }
        sums
    }

    /// The same by partner.
    pub(super) fn by_partner(&self) -> BTreeMap<PartnerId, i128> {
        let mut sums = BTreeMap::new();
        for ((partner, _), points) in self.by_template() {
            *sums.entry(partner).or_default() += points;
        }
        sums
    }
}

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

/// All that trial balances are made of.
#[derive(Debug, Default)]
pub(super) struct Trial {
    pub(super) before: Moves,
    /// Each month of the period in which something was recorded: its movements, and what was held when it ended.
    pub(super) months: Vec<(Month, Moves, BTreeMap<PartnerId, i128>)>,
    pub(super) opened: Held,
    pub(super) closed: Held,
}

impl Trial {
    fn during(&self) -> impl Iterator<Item = (&(PartnerId, ShopId, TemplateId), &Moved)> {
        self.months.iter().flat_map(|(_, moves, _)| moves)
    }

    fn lines<K: Ord>(&self, key: impl Fn(&(PartnerId, ShopId, TemplateId)) -> K) -> BTreeMap<K, Line> {
        let mut lines: BTreeMap<K, Line> = BTreeMap::new();
        for (of, moved) in &self.before {
            lines.entry(key(of)).or_default().before.add(moved);
        }
        for (of, moved) in self.during() {
            lines.entry(key(of)).or_default().during.add(moved);
        }
        lines
    }

    /// What was redeemed and what expired in the period, by partner.
    pub(super) fn used(&self, terms: &Terms) -> Vec<(PartnerId, i128, i128)> {
        let lines = self.lines(|(partner, ..)| *partner);
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
        let mut lines = self.lines(|(partner, ..)| *partner);
        terms.partners().for_each(|partner| {
            lines.entry(partner).or_default();
        });
        let (opened, closed) = (self.opened.by_partner(), self.closed.by_partner());
        for (partner, line) in lines {
            let closes = held(&opened, &partner) == line.opening() && held(&closed, &partner) == line.closing();
            *all &= closes;
            table.push(line.row(vec![partner.get().into()], line.opening(), Some(closes)));
        }
        table
    }

    fn by_template(&self, all: &mut bool) -> Table {
        let mut table = Table::new(&forms::BY_TEMPLATE);
        let mut lines = self.lines(|(partner, _, template)| (*partner, *template));
        lines.retain(|_, line| line.is_any());
        for (key, _) in self.closed.cards.iter().filter(|(_, holders)| holders.cards > 0) {
            lines.entry(*key).or_default();
        }
        let (opened, closed) = (self.opened.by_template(), self.closed.by_template());
        for (key, line) in lines {
            let closes = held(&opened, &key) == line.opening() && held(&closed, &key) == line.closing();
            *all &= closes;
            table.push(line.row(vec![key.0.get().into(), key.1.get().into()], line.opening(), Some(closes)));
        }
        table
    }

    fn by_shop(&self) -> Table {
        let mut table = Table::new(&forms::BY_SHOP);
        for ((partner, shop), line) in self.lines(|(partner, shop, _)| (*partner, *shop)) {
            if line.is_any() {
                let shop = Cell::id(Some(shop.get()).filter(|shop| *shop != 0));
                table.push(line.row(vec![partner.get().into(), shop], line.opening(), None));
            }
        }
        table
    }

    fn by_month(&self, all: &mut bool) -> Table {
        let mut table = Table::new(&forms::BY_MONTH);
        let mut openings: BTreeMap<PartnerId, i128> =
            self.lines(|(partner, ..)| *partner).into_iter().map(|(partner, line)| (partner, line.opening())).collect();
        let mut rows = BTreeMap::new();
        for (month, moves, end) in &self.months {
            let mut lines: BTreeMap<PartnerId, Line> = BTreeMap::new();
            for ((partner, ..), moved) in moves {
                lines.entry(*partner).or_default().during.add(moved);
            }
            for (partner, line) in lines.into_iter().filter(|(_, line)| line.is_any()) {
                let opening = openings.entry(partner).or_default();
                let closing = *opening + line.during.net();
                let closes = held(end, &partner) == closing;
                *all &= closes;
                let name = vec![partner.get().into(), Cell::Text(month.to_string())];
                rows.insert((partner, *month), line.row(name, *opening, Some(closes)));
                *opening = closing;
            }
        }
        rows.into_values().for_each(|row| table.push(row));
        table
    }
}

fn held<K: Ord>(sums: &BTreeMap<K, i128>, key: &K) -> i128 {
    sums.get(key).copied().unwrap_or(0)
}
