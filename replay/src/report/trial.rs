//! Trial balances: what every partner, shop, template and month opened with, what moved, and what it closed with.

use super::table::{Cell, Table};
use crate::fold::{Cards, Totals};
use crate::instant::Month;
use crate::payload::{Moving, MovingKind};
use crate::points::{CardId, PartnerId, Points, ShopId, TemplateId};
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

    fn moved(&self, opening: i128) -> Vec<Cell> {
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
        sums.into_iter().map(Cell::from).collect()
    }

    fn counted(&self) -> [Cell; 4] {
        let it = &self.imported;
        [self.movements.into(), it.movements.into(), it.points_in.into(), it.points_out.into()]
    }
}

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

type ByTemplate = BTreeMap<(PartnerId, Option<TemplateId>), Held>;

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

const MOVED: [&str; 9] =
    ["opening", "awarded", "given_back", "redeemed", "expired", "refunded", "adjusted_up", "adjusted_down", "closing"];
const HELD: [&str; 5] = ["balances", "lots_less_debt", "stated", "cards_amiss", "closes"];
const COUNTED: [&str; 4] = ["movements", "imported_movements", "imported_in", "imported_out"];

fn columns(of: &[&'static str], checked: bool) -> Vec<&'static str> {
    let held: &[&str] = if checked { &HELD } else { &[] };
    [of, &MOVED, held, &COUNTED].concat()
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
            let held = Held {
                balances: card.balance.get().into(),
                lots_less_debt: in_lots.get().into(),
                stated: stated.get().into(),
                amiss: u64::from(card.balance != in_lots || card.balance != stated),
            };
            sums.entry((card.partner, Some(card.template))).or_default().add(&held);
        }
        sums
    }

    /// The partners, with what moved in the period.
    pub(super) fn partners(&self) -> impl Iterator<Item = (PartnerId, &Totals)> {
        self.partners.iter().map(|(partner, line)| (*partner, &line.during))
    }

    /// The four tables, and whether every row of them closes.
    pub(super) fn tables(&self) -> ([Table; 4], bool) {
        let (partners, partners_close) = self.by_partner();
        let (templates, templates_close) = self.by_template();
        let (months, months_close) = self.by_month();
        let closes = partners_close && templates_close && months_close;
        ([partners, self.by_shop(), templates, months], closes)
    }

    fn by_partner(&self) -> (Table, bool) {
        let mut table = Table::new("trial_balance", "Trial balance by partner (points)", &columns(&["partner"], true));
        let (opened, closed) = (of_partners(&self.opened), of_partners(&self.closed));
        let mut all = true;
        for (partner, line) in &self.partners {
            let (opened, closed) = (opened.get(partner), closed.get(partner));
            all &= checked_row(&mut table, vec![partner.get().into()], line, opened, closed);
        }
        (table, all)
    }

    fn by_template(&self) -> (Table, bool) {
        let columns = columns(&["partner", "template"], true);
        let mut table = Table::new("by_template", "Trial balance by the cards' template (points)", &columns);
        let mut rows = self.templates.clone();
        for key in self.closed.keys() {
            rows.entry(*key).or_default();
        }
        let mut all = true;
        for (key, line) in &rows {
            let name = vec![key.0.get().into(), Cell::id(key.1.map(TemplateId::get))];
            all &= checked_row(&mut table, name, line, self.opened.get(key), self.closed.get(key));
        }
        (table, all)
    }

    fn by_shop(&self) -> Table {
        let columns = columns(&["partner", "shop"], false);
        let mut table = Table::new("by_shop", "Trial balance by the movements' shop (points)", &columns);
        for ((partner, shop), line) in &self.shops {
            let mut row = vec![partner.get().into(), Cell::id(shop.map(ShopId::get))];
            row.extend(line.moved(line.before.net()));
            row.extend(line.counted());
            table.push(row);
        }
        table
    }

    fn by_month(&self) -> (Table, bool) {
        let columns = columns(&["partner", "month"], true);
        let mut table = Table::new("by_month", "Trial balance by calendar month (points)", &columns);
        let mut all = true;
        let mut before: Option<(PartnerId, i128)> = None;
        for ((partner, month), (line, end)) in &self.months {
            let carried = before.filter(|(of, _)| of == partner).map(|(_, closing)| closing);
            let opening = carried.unwrap_or_else(|| self.partners.get(partner).map_or(0, |line| line.before.net()));
            let closing = opening + line.during.net();
            before = Some((*partner, closing));
            let mut row = vec![partner.get().into(), Cell::Text(month.to_string())];
            row.extend(line.moved(opening));
            row.extend(end.cells());
            row.push(end.is(closing).into());
            row.extend(line.counted());
            all &= end.is(closing);
            table.push(row);
        }
        (table, all)
    }
}

/// Adds a row whose ends are checked; gives whether it closes.
fn checked_row(
    table: &mut Table,
    mut row: Vec<Cell>,
    line: &Line,
    opened: Option<&Held>,
    closed: Option<&Held>,
) -> bool {
    let opening = line.before.net();
    let opened = opened.copied().unwrap_or_default();
    let closed = closed.copied().unwrap_or_default();
    let closes = opened.is(opening) && closed.is(opening + line.during.net());
    row.extend(line.moved(opening));
    row.extend(closed.cells());
    row.push(closes.into());
    row.extend(line.counted());
    table.push(row);
    closes
}

fn of_partners(held: &ByTemplate) -> BTreeMap<PartnerId, Held> {
    let mut sums: BTreeMap<PartnerId, Held> = BTreeMap::new();
    for ((partner, _), held) in held {
        sums.entry(*partner).or_default().add(held);
    }
    sums
}
