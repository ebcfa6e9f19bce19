//! Statements to print.

use counterfoil_statements::{Cell, Form, Statement, Summary, Table, Unit, forms};

pub(crate) fn summary() -> Summary {
    Summary {
        from: "2025-11-01T00:00:00Z".to_owned(),
        to: "2026-03-01T00:00:00Z".to_owned(),
        partner: None,
        as_of_seq: 48_211,
        first_seq: Some(1),
        events: 48_211,
        closes: true,
        whole: true,
        gaps_found: 0,
    }
}

/// Nothing moved, and nothing is there.
pub(crate) fn empty() -> Statement {
    let summary = Summary { as_of_seq: 0, first_seq: None, events: 0, ..summary() };
    Statement::new(summary, forms::ALL.iter().skip(1).map(|form| Table::new(form)).collect())
}

/// A row of a form: these cells by the names of their columns, and in the others what nobody asked for.
pub(crate) fn row(form: &Form, cells: &[(&str, Cell)]) -> Vec<Cell> {
    for (name, _) in cells {
        assert!(form.columns.iter().any(|column| column.name == *name), "{} has a column {name}", form.name);
    }
    let filler = |unit: Unit| match unit {
        Unit::Points | Unit::Count | Unit::Id => Cell::Number(0),
        Unit::Money => Cell::Text("0".to_owned()),
        Unit::Rate => Cell::Text("100".to_owned()),
        Unit::Percent => Cell::Text("72.97".to_owned()),
        Unit::Time => Cell::Text("2026-01".to_owned()),
        Unit::Word => Cell::Text("key:1".to_owned()),
        Unit::Flag => Cell::Flag(true),
        Unit::Terms => Cell::Json(serde_json::json!({"currency": "EUR"})),
    };
    let cell = |name: &str| cells.iter().find(|(of, _)| *of == name).map(|(_, cell)| cell.clone());
    form.columns.iter().map(|column| cell(column.name).unwrap_or_else(|| filler(column.unit))).collect()
}

fn table(form: &'static Form, rows: &[&[(&str, Cell)]]) -> Table {
    let mut table = Table::new(form);
    rows.iter().for_each(|cells| table.push(row(form, cells)));
    table
}

fn number(number: i128) -> Cell {
    Cell::Number(number)
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn month(partner: i128, month: &str, awarded: i128, redeemed: i128, expired: i128, closing: i128) -> Vec<Cell> {
    let moved = [("awarded", awarded), ("redeemed", redeemed), ("expired", expired), ("closing", closing)];
    let cells = moved.map(|(name, points)| (name, number(points)));
    row(&forms::BY_MONTH, &[&cells[..], &[("partner", number(partner)), ("month", text(month))]].concat())
}

/// Books with all that is hard to print: a hostile name, numbers that no double holds, a closing below nought, a month without a row, and more templates than a
/// chart tells apart.
pub(crate) fn full() -> Statement {
    let mut months = Table::new(&forms::BY_MONTH);
    months.push(month(1, "2025-11", 120_000, 20_000, 0, 100_000));
    months.push(month(1, "2026-01", 90_000, 60_000, 12_345, 117_655));
    months.push(month(1, "2026-02", 0, 250_000, 30_000, -162_345));
    months.push(month(2, "2026-01", 9_000_000_000_000_000, 8_999_999_999_999_999, 0, 1));
    let mut ageing = Table::new(&forms::AGEING);
    let mut liability = Table::new(&forms::LIABILITY_BY_TEMPLATE);
    for template in 1..=30_i128 {
        for (expires, due) in [("2026-02", true), ("2026-03", false), ("2026-07", false), ("never", false)] {
            let cells = [("template", number(template)), ("expires", text(expires)), ("due", Cell::Flag(due))];
            let points = [("partner", number(1)), ("lots", number(3)), ("points", number(template * 1_000))];
            ageing.push(row(&forms::AGEING, &[&cells[..], &points].concat()));
        }
        let cells =
            [("template", number(template)), ("open", number(template * 4_000)), ("due", number(template * 1_000))];
        let price = [("available", number(template * 3_000)), ("value", text("30.5")), ("partner", number(1))];
        liability.push(row(&forms::LIABILITY_BY_TEMPLATE, &[&cells[..], &price].concat()));
    }
    let hostile = "<script>alert('x')</script>&\"\u{1}\u{202e}";
    let moved = |partner: i128, closing: i128| {
        row(
            &forms::TRIAL_BALANCE,
            &[("partner", number(partner)), ("closing", number(closing)), ("closes", Cell::Flag(false))],
        )
    };
    let mut balance = Table::new(&forms::TRIAL_BALANCE);
    balance.push(moved(1, -162_345));
    balance.push(moved(2, i128::MAX));
    balance.push(moved(3, i128::MIN));
    let shares = |partner: i128, redeemed: i128, expired: i128| {
        row(
            &forms::BREAKAGE,
            &[("partner", number(partner)), ("redeemed", number(redeemed)), ("expired", number(expired))],
        )
    };
    let mut breakage = Table::new(&forms::BREAKAGE);
    breakage.push(shares(1, 330_000, 42_345));
    breakage.push(shares(2, 8_999_999_999_999_999, 0));
    breakage.push(row(
        &forms::BREAKAGE,
        &[("partner", number(3)), ("fraction", Cell::Nothing), ("percent", Cell::Nothing)],
    ));
    let filled = ["trial_balance", "by_month", "liability_by_template", "ageing", "breakage"];
    let mut tables: Vec<Table> = forms::ALL
        .iter()
        .skip(1)
        .filter(|form| !filled.contains(&form.name))
        .map(|form| {
            let actor = form.columns.iter().any(|column| column.name == "actor");
            let hostile = [("actor", text(hostile))];
            table(form, &[if actor { &hostile[..] } else { &[] }, &[]])
        })
        .collect();
    tables.splice(0..0, [balance, months, liability, ageing, breakage]);
    Statement::new(Summary { closes: false, ..summary() }, tables)
}
