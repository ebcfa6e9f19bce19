//! What the cards may still spend at the end of the period: what it is worth, and when it ends. And how much of what left was never used.

use crate::decimal::{Decimal, Fraction};
use crate::fold::{Card, Cards, Totals, worth};
use crate::instant::{Instant, Month};
use crate::points::{PartnerId, TemplateId};
use counterfoil_statements::{Cell, Table, forms};
use std::collections::BTreeMap;

/// The open lots and the debt of some cards.
#[derive(Debug, Clone, Copy, Default)]
struct Owed {
    cards: u64,
    lots: u64,
    open: i128,
    due: i128,
    debt: i128,
}

impl Owed {
    fn note(&mut self, card: &Card, to: Instant) {
        self.cards += 1;
        self.debt += i128::from(card.debt.get());
        for lot in &card.lots {
            let points = i128::from(lot.remaining.get());
            self.lots += 1;
            self.open += points;
            if lot.is_due(to) {
                self.due += points;
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.cards += other.cards;
        self.lots += other.lots;
        self.open += other.open;
        self.due += other.due;
        self.debt += other.debt;
    }

    const fn available(&self) -> i128 {
        self.open - self.due
    }

    fn cells(&self) -> [Cell; 7] {
        let sums = [self.open, self.due, self.available(), self.debt, self.open - self.debt].map(Cell::from);
        let [open, due, available, debt, balance] = sums;
        [self.cards.into(), self.lots.into(), open, due, available, debt, balance]
    }
}

/// When lots end: in what order they stand in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Due(Month),
    In(Month),
    Never,
}

/// The liability by partner and by template, and its ageing.
pub(super) fn tables(cards: &Cards, only: Option<PartnerId>, to: Instant) -> [Table; 3] {
    let mut templates: BTreeMap<(PartnerId, TemplateId), Owed> = BTreeMap::new();
    let mut ages: BTreeMap<(PartnerId, TemplateId, End), (u64, i128)> = BTreeMap::new();
    for (_, card) in cards.iter().filter(|(_, card)| only.is_none_or(|only| only == card.partner)) {
        templates.entry((card.partner, card.template)).or_default().note(card, to);
        for lot in &card.lots {
            let end = match lot.expires_at {
                Some(time) if lot.is_due(to) => End::Due(time.month()),
                Some(time) => End::In(time.month()),
                None => End::Never,
            };
            let age = ages.entry((card.partner, card.template, end)).or_default();
            age.0 += 1;
            age.1 += i128::from(lot.remaining.get());
        }
    }
    let (by_template, by_partner) = priced(cards, &templates);
    [by_partner, by_template, ageing(&ages)]
}

/// The money that some points are worth; nothing where any of them have no price.
#[derive(Debug, Clone, Copy)]
struct Value {
    available: Option<Decimal>,
    due: Option<Decimal>,
}

impl Value {
    fn plus(self, other: Self) -> Self {
        let sum = |one: Option<Decimal>, other: Option<Decimal>| one?.plus(other?);
        Self { available: sum(self.available, other.available), due: sum(self.due, other.due) }
    }

    fn cells(self) -> [Cell; 2] {
        [Cell::text(self.available), Cell::text(self.due)]
    }
}

fn priced(cards: &Cards, templates: &BTreeMap<(PartnerId, TemplateId), Owed>) -> (Table, Table) {
    let mut table = Table::new(&forms::LIABILITY_BY_TEMPLATE);
    let mut partners: BTreeMap<PartnerId, (Owed, Value)> = BTreeMap::new();
    for ((partner, template), owed) in templates {
        let currency = cards.programme.currency(*partner);
        let rules = cards.programme.rules_in_force(*template);
        let price = |points: i128| worth(u128::try_from(points).ok()?, rules?.1, currency?);
        let value = Value { available: price(owed.available()), due: price(owed.due) };
        let nothing = Value { available: Some(Decimal::ZERO), due: Some(Decimal::ZERO) };
        let sum = partners.entry(*partner).or_insert((Owed::default(), nothing));
        sum.0.add(owed);
        sum.1 = sum.1.plus(value);
        let mut row = vec![partner.get().into(), template.get().into()];
        row.extend(owed.cells());
        row.push(Cell::id(rules.map(|(version, _)| version)));
        row.push(rules.map_or(Cell::Nothing, |(_, rules)| rules.points_redemption_enabled.into()));
        row.push(Cell::text(rules.map(|(_, rules)| rules.points_per_currency_redemption)));
        row.push(Cell::text(rules.map(|(_, rules)| rules.currency_amount_redemption)));
        row.push(Cell::text(currency));
        row.extend(value.cells());
        table.push(row);
    }
    let mut whole = Table::new(&forms::LIABILITY);
    for (partner, (owed, value)) in partners {
        let mut row = vec![partner.get().into()];
        row.extend(owed.cells());
        row.push(Cell::text(cards.programme.currency(partner)));
        row.extend(value.cells());
        whole.push(row);
    }
    (table, whole)
}

fn ageing(ages: &BTreeMap<(PartnerId, TemplateId, End), (u64, i128)>) -> Table {
    let mut table = Table::new(&forms::AGEING);
    for ((partner, template, end), (lots, points)) in ages {
        let (expires, due) = match end {
            End::Due(month) => (month.to_string(), true),
            End::In(month) => (month.to_string(), false),
            End::Never => ("never".to_owned(), false),
        };
        let ids = [partner.get().into(), template.get().into()];
        let [partner, template] = ids;
        table.push(vec![partner, template, Cell::Text(expires), due.into(), (*lots).into(), (*points).into()]);
    }
    table
}

/// The share of what left by use or expiry that expired.
pub(super) fn breakage<'a>(partners: impl Iterator<Item = (PartnerId, &'a Totals)>) -> Table {
    let mut table = Table::new(&forms::BREAKAGE);
    for (partner, totals) in partners {
        let (fraction, percent) = share(totals.expired, totals.redeemed + totals.expired);
        let cells = [totals.redeemed.into(), totals.expired.into(), fraction, percent];
        table.push(std::iter::once(partner.get().into()).chain(cells).collect());
    }
    table
}

/// A part of a whole: exactly, and in percent to two places, halves rounded up. Nothing of nothing is no share.
fn share(part: i128, whole: i128) -> (Cell, Cell) {
    let exact = || {
        let (part, whole) = (u128::try_from(part).ok()?, u128::try_from(whole).ok()?);
        let [part, whole] = [part, whole].map(|number| Decimal::new(number, 0));
        let doubled = Fraction::of([part, Decimal::new(20_000, 0)], [whole])?.down();
        let hundredths = doubled.div_ceil(2);
        let percent = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        Some((Fraction::of([part], [whole])?, percent))
    };
    exact().map_or((Cell::Nothing, Cell::Nothing), |(fraction, percent)| {
        (Cell::Text(fraction.to_string()), Cell::Text(percent))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_and_its_percent_rounds_halves_up() {
        let text = |text: &str| Cell::Text(text.to_owned());
        for (part, whole, fraction, percent) in [
            (270, 370, "27/37", "72.97"),
            (1, 3, "1/3", "33.33"),
            (2, 3, "2/3", "66.67"),
            (1, 20_000, "1/20000", "0.01"),
            (1, 20_001, "1/20001", "0.00"),
            (0, 5, "0/1", "0.00"),
            (5, 5, "1/1", "100.00"),
        ] {
            assert_eq!(share(part, whole), (text(fraction), text(percent)), "{part} of {whole}");
        }
        assert_eq!(share(0, 0), (Cell::Nothing, Cell::Nothing));
    }
}
