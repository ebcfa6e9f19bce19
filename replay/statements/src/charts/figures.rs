//! From tables to figures.

use super::months::without_holes;
use super::{BARS_MAX, CATEGORIES_MAX, Chart, PARTNERS_MAX, SERIES_MAX, Series};
use crate::{Cell, Statement, Table};
use std::collections::BTreeMap;

const IN: [&str; 3] = ["awarded", "given_back", "adjusted_up"];
const OUT: [&str; 4] = ["redeemed", "expired", "refunded", "adjusted_down"];

/// What moved by month, and what each month closed with: a chart for each partner.
pub(crate) fn movements(statement: &Statement) -> Vec<Chart> {
    let Some(table) = statement.table("by_month") else { return Vec::new() };
    let chart = |(partner, rows): (String, Vec<&[Cell]>)| {
        let text = |row: &&[Cell]| of(table, row, "month").map(Cell::plain).unwrap_or_default();
        let most = rows.len().max(CATEGORIES_MAX);
        let mut months = without_holes(rows.iter().map(text).collect(), most);
        // The last ones: what is earlier is in the opening of the first.
        months.drain(..months.len().saturating_sub(CATEGORIES_MAX));
        let by_month: BTreeMap<String, &[Cell]> = rows.iter().map(|row| (text(row), *row)).collect();
        let figures = |column: &str, sign: i128| {
            let figure = |month: &String| by_month.get(month).map_or(0, |row| points(table, row, column));
            months.iter().map(|month| figure(month).saturating_mul(sign)).collect()
        };
        let series = |columns: &[&str], sign: i128| -> Vec<Series> {
            columns.iter().map(|column| Series { name: heading(column), points: figures(column, sign) }).collect()
        };
        // A month in which nothing moved closes with what the one before it closed with.
        let mut last = 0;
        let mut carried = |month: &String| {
            last = by_month.get(month).map_or(last, |row| points(table, row, "closing"));
            last
        };
        let closing = months.iter().map(&mut carried).collect();
        Chart {
            title: format!("Movements by month, partner {partner} (points)"),
            about: "For each month, what came in as a stack upwards and what went out as a stack downwards; above it, as a line, what the month \
                    closed with. The table by_month has the figures."
                .to_owned(),
            series: [series(&IN, 1), series(&OUT, -1)].concat(),
            line: Some(Series { name: heading("closing"), points: closing }),
            categories: months,
            shares: false,
        }
    };
    by_partner(table).into_iter().map(chart).collect()
}

/// When what is open expires: a chart for each partner, with a series for each template.
pub(crate) fn ageing(statement: &Statement) -> Vec<Chart> {
    let Some(table) = statement.table("ageing") else { return Vec::new() };
    let chart = |(partner, rows): (String, Vec<&[Cell]>)| {
        let (mut due, mut ahead, mut never) = (Vec::new(), Vec::new(), Vec::new());
        let mut figures: BTreeMap<(String, String), i128> = BTreeMap::new();
        let mut templates: BTreeMap<i128, String> = BTreeMap::new();
        for row in &rows {
            let month = of(table, row, "expires").map(Cell::plain).unwrap_or_default();
            let is_due = of(table, row, "due") == Some(&Cell::Flag(true));
            let (list, label) = match (is_due, month.as_str()) {
                (true, _) => (&mut due, format!("{month} due")),
                (false, "never") => (&mut never, month.clone()),
                (false, _) => (&mut ahead, month.clone()),
            };
            list.push(if is_due { label.clone() } else { month });
            let template = points(table, row, "template");
            templates.entry(template).or_insert_with(|| template.to_string());
            let figure = figures.entry((template.to_string(), label)).or_default();
            *figure = figure.saturating_add(points(table, row, "points"));
        }
        for list in [&mut due, &mut ahead, &mut never] {
            list.sort();
            list.dedup();
        }
        let categories = [due, without_holes(ahead, CATEGORIES_MAX), never].concat();
        let series = templates.into_values().map(|template| Series {
            points: categories
                .iter()
                .map(|label| figures.get(&(template.clone(), label.clone())).copied().unwrap_or_default())
                .collect(),
            name: format!("template {template}"),
        });
        let series = series.collect();
        let title = format!("Open points by the month in which they expire, partner {partner}");
        let about = "For each month, what is open and expires in it, as a stack by template; first what is due already, last what never expires. \
                     The table ageing has the figures.";
        fit(
            Chart { title, about: about.to_owned(), categories, series, line: None, shares: false },
            CATEGORIES_MAX,
            "later",
        )
    };
    by_partner(table).into_iter().map(chart).collect()
}

/// What is open by template: a chart for each partner, the largest first.
pub(crate) fn liability(statement: &Statement) -> Vec<Chart> {
    let Some(table) = statement.table("liability_by_template") else { return Vec::new() };
    let chart = |(partner, mut rows): (String, Vec<&[Cell]>)| {
        rows.sort_by_key(|row| std::cmp::Reverse(points(table, row, "open")));
        let name = |row: &&[Cell]| of(table, row, "template").map(Cell::plain).unwrap_or_default();
        let series = ["available", "due"].map(|column| Series {
            name: heading(column),
            points: rows.iter().map(|row| points(table, row, column)).collect(),
        });
        let title = format!("Open points by template, partner {partner}");
        let about = "For each template of cards, the largest first, what may still be spent and what is due. \
                     The table liability_by_template has the figures.";
        let categories = rows.iter().map(|row| format!("template {}", name(row))).collect();
        fit(
            Chart { title, about: about.to_owned(), categories, series: series.into(), line: None, shares: false },
            BARS_MAX,
            "others",
        )
    };
    by_partner(table).into_iter().map(chart).collect()
}

/// What was used and what was not: one chart, with a bar for each partner of which anything left.
pub(crate) fn breakage(statement: &Statement) -> Option<Chart> {
    let table = statement.table("breakage")?;
    let left = |row: &&Vec<Cell>| points(table, row, "redeemed") != 0 || points(table, row, "expired") != 0;
    let rows: Vec<&Vec<Cell>> = table.rows().iter().filter(left).take(PARTNERS_MAX).collect();
    let name = |row: &&Vec<Cell>| {
        let text = |column| of(table, row, column).map(Cell::plain).unwrap_or_default();
        format!("partner {}: {} %", text("partner"), text("percent"))
    };
    let series = ["redeemed", "expired"].map(|column| Series {
        name: heading(column),
        points: rows.iter().map(|row| points(table, row, column)).collect(),
    });
    let about = "For each partner, what was redeemed and what expired in the period as parts of both, and how many percent of both expired. \
                 The table breakage has the figures.";
    (!rows.is_empty()).then(|| Chart {
        title: "Breakage: what expired of what left (points)".to_owned(),
        about: about.to_owned(),
        categories: rows.iter().map(name).collect(),
        series: series.into(),
        line: None,
        shares: true,
    })
}

/// The rows of each partner, of as many as charts are drawn for.
fn by_partner(table: &Table) -> Vec<(String, Vec<&[Cell]>)> {
    let mut found: Vec<(String, Vec<&[Cell]>)> = Vec::new();
    for row in table.rows() {
        let partner = of(table, row, "partner").map(Cell::plain).unwrap_or_default();
        match found.last_mut() {
            Some((last, rows)) if *last == partner => rows.push(row),
            Some(_) | None => found.push((partner, vec![row])),
        }
    }
    found.truncate(PARTNERS_MAX);
    found
}

/// Draws what is too much as one: categories at the end, and the smaller series.
fn fit(mut chart: Chart, most: usize, rest: &str) -> Chart {
    if chart.categories.len() > most {
        chart.categories.truncate(most - 1);
        chart.categories.push(rest.to_owned());
        for series in &mut chart.series {
            let over = sum(&series.points.split_off(most - 1));
            series.points.push(over);
        }
    }
    if chart.series.len() > SERIES_MAX {
        chart.series.sort_by_key(|series| std::cmp::Reverse(sum(&series.points)));
        let over = chart.series.split_off(SERIES_MAX);
        let points = (0..chart.categories.len())
            .map(|at| over.iter().fold(0, |sum: i128, series| sum.saturating_add(series.points[at])))
            .collect();
        chart.series.push(Series { name: format!("{} others", over.len()), points });
    }
    chart
}

fn sum(points: &[i128]) -> i128 {
    points.iter().fold(0, |sum, points| sum.saturating_add(*points))
}

fn of<'a>(table: &Table, row: &'a [Cell], column: &str) -> Option<&'a Cell> {
    table.place(column).map(|place| &row[place])
}

/// A number; nought where none stands.
fn points(table: &Table, row: &[Cell], column: &str) -> i128 {
    match of(table, row, column) {
        Some(Cell::Number(points)) => *points,
        Some(Cell::Nothing | Cell::Text(_) | Cell::Flag(_) | Cell::Json(_)) | None => 0,
    }
}

fn heading(column: &str) -> String {
    column.replace('_', " ")
}
