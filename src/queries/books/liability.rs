//! What the cards may still spend at the end of the period: what it is worth, and when it ends. And how much of what left was never used.

use super::due::Due;
use super::held::Held;
use super::terms::Terms;
use crate::books::{Lots, Month};
use crate::domain::{PartnerId, TemplateId};
use counterfoil_statements::{Cell, Table, forms};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The open lots and the debt of some cards.
#[derive(Debug, Clone, Copy, Default)]
struct Owed {
    cards: i128,
    lots: i128,
    open: i128,
    due: i128,
    debt: i128,
}

impl Owed {
    const fn add(&mut self, other: &Self) {
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
        let balance = self.open - self.debt;
        [self.cards, self.lots, self.open, self.due, self.available(), self.debt, balance].map(Cell::from)
    }
}

/// The money that some points are worth; nothing where any of them have no price.
#[derive(Debug, Clone, Copy)]
struct Value {
    available: Option<Decimal>,
    due: Option<Decimal>,
}

impl Value {
    const NOTHING: Self = Self { available: Some(Decimal::ZERO), due: Some(Decimal::ZERO) };

    fn plus(self, other: Self) -> Self {
        let sum = |one: Option<Decimal>, other: Option<Decimal>| one?.checked_add(other?);
        Self { available: sum(self.available, other.available), due: sum(self.due, other.due) }
    }

    fn cells(self) -> [Cell; 2] {
        [plain(self.available), plain(self.due)]
    }
}

/// A decimal number without the zeros that do not count.
pub(super) fn plain(number: Option<Decimal>) -> Cell {
    Cell::text(number.map(|number| number.normalize()))
}

/// The liability by partner and by template, and its ageing.
pub(super) fn tables(held: &Held, due: &Due, terms: &Terms) -> [Table; 3] {
    let mut templates: BTreeMap<(PartnerId, TemplateId), Owed> = BTreeMap::new();
    for (key, holders) in &held.cards {
        let owed = templates.entry(*key).or_default();
        (owed.cards, owed.debt) = (holders.cards, holders.debt);
    }
    for ((partner, template, _), Lots { lots, points }) in &held.lots {
        let owed = templates.entry((*partner, *template)).or_default();
        owed.lots += lots;
        owed.open += points;
    }
    for ((partner, template, _), Lots { points, .. }) in due {
        templates.entry((*partner, *template)).or_default().due += points;
    }
    templates.retain(|_, owed| owed.cards > 0);
    let (by_template, by_partner) = priced(&templates, terms);
    [by_partner, by_template, ageing(held, due)]
}

fn priced(templates: &BTreeMap<(PartnerId, TemplateId), Owed>, terms: &Terms) -> (Table, Table) {
    let mut table = Table::new(&forms::LIABILITY_BY_TEMPLATE);
    let mut partners: BTreeMap<PartnerId, (Owed, Value)> = BTreeMap::new();
    for ((partner, template), owed) in templates {
        let price = |points| terms.worth(*partner, *template, points);
        let value = Value { available: price(owed.available()), due: price(owed.due) };
        let sum = partners.entry(*partner).or_insert((Owed::default(), Value::NOTHING));
        sum.0.add(owed);
        sum.1 = sum.1.plus(value);
        let rules = terms.rules(*template);
        let mut row = vec![partner.get().into(), template.get().into()];
        row.extend(owed.cells());
        row.push(Cell::id(rules.map(|(version, _)| *version)));
        row.push(rules.map_or(Cell::Nothing, |(_, rules)| rules.points_redemption_enabled.into()));
        row.push(plain(rules.map(|(_, rules)| rules.points_per_currency_redemption)));
        row.push(plain(rules.map(|(_, rules)| rules.currency_amount_redemption)));
        row.push(Cell::text(terms.currency(*partner)));
        row.extend(value.cells());
        table.push(row);
    }
    let mut whole = Table::new(&forms::LIABILITY);
    for (partner, (owed, value)) in partners {
        let mut row = vec![partner.get().into()];
        row.extend(owed.cells());
        row.push(Cell::text(terms.currency(partner)));
        row.extend(value.cells());
        whole.push(row);
    }
    (table, whole)
}

/// When lots end: in what order they stand in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Due(Month),
    In(Month),
    Never,
}

fn ageing(held: &Held, due: &Due) -> Table {
    let mut ages: BTreeMap<(PartnerId, TemplateId, End), Lots> = BTreeMap::new();
    for ((partner, template, month), lots) in &held.lots {
        let end = if month.is_never() { End::Never } else { End::In(*month) };
        ages.entry((*partner, *template, end)).or_default().add(lots);
    }
    for ((partner, template, month), lots) in due {
        ages.entry((*partner, *template, End::In(*month))).or_default().add(&-*lots);
        ages.entry((*partner, *template, End::Due(*month))).or_default().add(lots);
    }
    let mut table = Table::new(&forms::AGEING);
    for ((partner, template, end), Lots { lots, points }) in ages {
        if (lots, points) == (0, 0) {
            continue;
        }
        let (expires, due) = match end {
            End::Due(month) => (month, true),
            End::In(month) => (month, false),
            End::Never => (Month::NEVER, false),
        };
        let expires = Cell::Text(expires.to_string());
        table.push(vec![partner.get().into(), template.get().into(), expires, due.into(), lots.into(), points.into()]);
    }
    table
}

/// The share of what left by use or expiry that expired.
pub(super) fn breakage(used: &[(PartnerId, i128, i128)]) -> Table {
    let mut table = Table::new(&forms::BREAKAGE);
    for (partner, redeemed, expired) in used {
        let (fraction, percent) = share(*expired, redeemed + expired);
        table.push(vec![partner.get().into(), (*redeemed).into(), (*expired).into(), fraction, percent]);
    }
    table
}

/// A part of a whole: in lowest terms, and in percent to two places, halves rounded up. Nothing of nothing is no share.
fn share(part: i128, whole: i128) -> (Cell, Cell) {
    let exact = || {
        let hundredths = part.checked_mul(20_000)?.checked_add(whole)? / whole.checked_mul(2)?;
        let percent = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let common = divisor(part, whole);
        Some((format!("{}/{}", part / common, whole / common), percent))
    };
    let found = if whole > 0 { exact() } else { None };
    found.map_or((Cell::Nothing, Cell::Nothing), |(fraction, percent)| (Cell::Text(fraction), Cell::Text(percent)))
}

// Euclid's: the greatest number that divides both, of which the second is more than zero.
const fn divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
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
