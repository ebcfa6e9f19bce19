//! Trial balances: what every partner, shop, template and month opened with, what moved, and what it closed with.

use super::checks::{ByTemplate, Checks, Held, Of, of_partners};
use crate::fold::{Cards, Totals};
use crate::instant::Month;
use crate::payload::{Moving, MovingKind};
use crate::points::{CardId, PartnerId, Points, ShopId, TemplateId};
use counterfoil_statements::{Cell, Table, forms};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Movements of one row, before the period and in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line {
    before: Totals,
    pub(super) during: Totals,
    movements: u64,
    /// Of the movements of the period, those that happened before they were recorded.
    imported: Imported,
}

#[derive(Debug, Clone, Copy, Default)]
struct Imported {
    movements: u64,
    points_in: i128,
    points_out: i128,
}

impl Line {
    fn note(&mut self, moving: &Moving<'_>, during: bool) {
        if !during {
            return self.before.note(moving);
        }
        self.during.note(moving);
        // A purchase that earned nothing moves no points.
        if moving.kind == MovingKind::Order {
            return;
        }
        self.movements += 1;
        if moving.is_past() {
            let points = i128::from(moving.points.get());
            self.imported.movements += 1;
            self.imported.points_in += points.max(0);
            self.imported.points_out += (-points).max(0);
        }
    }

    /// What it opens and closes with.
    fn ends(&self) -> (i128, i128) {
        let opening = self.before.net();
        (opening, opening + self.during.net())
    }

    /// The cells of its row, after those that name it.
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
        let imported = &self.imported;
        row.extend([self.movements.into(), imported.movements.into()]);
        row.extend([imported.points_in.into(), imported.points_out.into()]);
        row
    }
}

/// All rows, and what was held when they began and ended.
#[derive(Debug, Default)]
pub(super) struct Trial {
    partners: BTreeMap<PartnerId, Line>,
    shops: BTreeMap<(PartnerId, Option<ShopId>), Line>,
    templates: BTreeMap<(PartnerId, Option<TemplateId>), Line>,
    months: BTreeMap<(PartnerId, Month), (Line, Held)>,
    /// The balance that the last event of each card states.
    stated: FxHashMap<CardId, Points>,
    opened: ByTemplate,
    closed: ByTemplate,
}

impl Trial {
    /// A partner exists, whether anything moves or not.
    pub(super) fn admit(&mut self, partner: PartnerId) {
        self.partners.entry(partner).or_default();
    }

    /// Notes a movement: before the period, or in a month of it.
    pub(super) fn note(
        &mut self,
        partner: PartnerId,
        template: Option<TemplateId>,
        moving: &Moving<'_>,
        month: Option<Month>,
    ) {
        self.stated.insert(moving.card, moving.balance);
        let during = month.is_some();
        self.partners.entry(partner).or_default().note(moving, during);
        self.shops.entry((partner, moving.shop)).or_default().note(moving, during);
        self.templates.entry((partner, template)).or_default().note(moving, during);
        if let Some(month) = month {
            self.months.entry((partner, month)).or_default().0.note(moving, during);
        }
    }

    /// The period begins.
    pub(super) fn open(&mut self, cards: &Cards, only: Option<PartnerId>) {
        self.opened = self.held(cards, only);
    }

    /// A month of the period has ended.
    pub(super) fn end_month(&mut self, cards: &Cards, only: Option<PartnerId>, month: Month) {
        let held = of_partners(&self.held(cards, only));
        for ((partner, at), (_, end)) in &mut self.months {
            if *at == month {
                *end = held.get(partner).copied().unwrap_or_default();
            }
        }
    }

    /// The period has ended.
    pub(super) fn close(&mut self, cards: &Cards, only: Option<PartnerId>) {
        self.closed = self.held(cards, only);
    }

    fn held(&self, cards: &Cards, only: Option<PartnerId>) -> ByTemplate {
        let mut sums = ByTemplate::new();
        for (id, card) in cards.iter().filter(|(_, card)| only.is_none_or(|only| only == card.partner)) {
            let in_lots = card.in_lots().minus(card.debt);
            let stated = self.stated.get(&id).copied().unwrap_or_default();
            sums.entry((card.partner, Some(card.template))).or_default().note(card.balance, in_lots, stated);
        }
        sums
    }

    /// The partners, with what moved in the period.
    pub(super) fn partners(&self) -> impl Iterator<Item = (PartnerId, &Totals)> {
        self.partners.iter().map(|(partner, line)| (*partner, &line.during))
    }

    /// The four trial balances, and what the cards say of their closings.
    pub(super) fn tables(&self) -> ([Table; 4], Checks) {
        let mut checks = Checks::new();
        let partners = self.by_partner(&mut checks);
        let templates = self.by_template(&mut checks);
        let months = self.by_month(&mut checks);
        ([partners, self.by_shop(), templates, months], checks)
    }

    fn by_partner(&self, checks: &mut Checks) -> Table {
        let mut table = Table::new(&forms::TRIAL_BALANCE);
        let (opened, closed) = (of_partners(&self.opened), of_partners(&self.closed));
        for (partner, line) in &self.partners {
            let closes = checks.ends(Of::partner(*partner), line.ends(), opened.get(partner), closed.get(partner));
            table.push(line.row(vec![partner.get().into()], line.before.net(), Some(closes)));
        }
        table
    }

    fn by_template(&self, checks: &mut Checks) -> Table {
        let mut table = Table::new(&forms::BY_TEMPLATE);
        let mut rows = self.templates.clone();
        for key in self.closed.keys() {
            rows.entry(*key).or_default();
        }
        for (key, line) in &rows {
            let of = Of::template(key.0, key.1);
            let closes = checks.ends(of, line.ends(), self.opened.get(key), self.closed.get(key));
            let name = vec![key.0.get().into(), Cell::id(key.1.map(TemplateId::get))];
            table.push(line.row(name, line.before.net(), Some(closes)));
        }
        table
    }

    fn by_shop(&self) -> Table {
        let mut table = Table::new(&forms::BY_SHOP);
        for ((partner, shop), line) in &self.shops {
            let name = vec![partner.get().into(), Cell::id(shop.map(ShopId::get))];
            table.push(line.row(name, line.before.net(), None));
        }
        table
    }

    fn by_month(&self, checks: &mut Checks) -> Table {
        let mut table = Table::new(&forms::BY_MONTH);
        let mut before: Option<(PartnerId, i128)> = None;
        for ((partner, month), (line, end)) in &self.months {
            let carried = before.filter(|(of, _)| of == partner).map(|(_, closing)| closing);
            let opening = carried.unwrap_or_else(|| self.partners.get(partner).map_or(0, |line| line.before.net()));
            let closing = opening + line.during.net();
            before = Some((*partner, closing));
            let closes = checks.end(Of::month(*partner, *month), closing, end);
            let name = vec![partner.get().into(), Cell::Text(month.to_string())];
            table.push(line.row(name, opening, Some(closes)));
        }
        table
    }
}
