//! A statement as one HTML page to print: no script, nothing from elsewhere. It is well-formed XML, too, so that strict readers read it.

mod scale;
mod style;
mod svg;

use crate::charts::{self, Chart, PARTNERS_MAX};
use crate::number::{decimal, decimals, whole};
use crate::{Cell, Column, Statement, Table, Unit};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the page.
pub(crate) fn write(statement: &Statement, out: &mut impl Write) -> io::Result<()> {
    let summary = statement.summary();
    let whose = summary.partner.map_or("all partners".to_owned(), |partner| format!("partner {partner}"));
    let (from, to) = (escape(&summary.from), escape(&summary.to));
    writeln!(
        out,
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n<title>Statement of points, {whose}, {from} to {to}</title>\n\
         <style>{}</style>\n</head>\n<body>\n<header>\n<h1>Statement of points</h1>\n\
         <p class=\"period\">From <strong>{from}</strong> up to <strong>{to}</strong>, which is no part of it · {whose} · as of event \
         <strong>{}</strong> of the log</p>",
        style::CSS,
        whole(summary.as_of_seq.into()),
    )?;
    let class = if statement.ok() { "verdict" } else { "verdict amiss" };
    writeln!(
        out,
        "<p class=\"{class}\" role=\"status\">{}</p>",
        escape(&statement.verdict().join(" ").replace('`', "\""))
    )?;
    verifying(statement, out)?;
    contents(statement, out)?;
    writeln!(out, "</header>\n<main>")?;
    let (summary, tables) = statement.tables().split_at(1);
    summary.iter().try_for_each(|table| write_table(table, out))?;
    write_charts(statement, out)?;
    tables.iter().try_for_each(|table| write_table(table, out))?;
    glossary(statement, out)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// How to find out that it is true.
fn verifying(statement: &Statement, out: &mut impl Write) -> io::Result<()> {
    let summary = statement.summary();
    let partner = summary.partner.map_or(String::new(), |partner| format!(" --partner {partner}"));
    let (from, to) = (escape(&summary.from), escape(&summary.to));
    writeln!(
        out,
        "<p>Points are whole numbers; money is exact, in the currency of its row; times are UTC. Whoever holds the log can make this \
         statement anew, from the log alone, and check the log itself:</p>\n\
         <pre>counterfoil-replay report --ledger ledger.db --from {from} --to {to}{partner} --html again.html\n\
         counterfoil-replay verify --ledger ledger.db</pre>\n\
         <p>Every table has to be the same; <q>checks</q> is the auditor's alone.</p>"
    )
}

fn contents(statement: &Statement, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#charts\">Charts</a></li>")?;
    for table in statement.tables() {
        writeln!(out, "<li><a href=\"#t-{}\">{}</a></li>", table.name(), escape(table.title()))?;
    }
    writeln!(out, "<li><a href=\"#glossary\">What the columns mean</a></li>\n</ul></nav>")
}

fn write_charts(statement: &Statement, out: &mut impl Write) -> io::Result<()> {
    let standing = [charts::movements(statement), charts::ageing(statement)].concat();
    let lying = charts::liability(statement).into_iter().chain(charts::breakage(statement));
    let all: Vec<(Chart, bool)> =
        standing.into_iter().map(|chart| (chart, false)).chain(lying.map(|chart| (chart, true))).collect();
    writeln!(out, "<section id=\"charts\">\n<h2>Charts</h2>")?;
    if all.is_empty() {
        writeln!(out, "<p>Nothing to draw: nothing moved, and nothing is open.</p>")?;
    } else {
        writeln!(
            out,
            "<p>They show what the tables state, for the first {PARTNERS_MAX} partners of each, with what there is too much of drawn as one. \
             The tables leave nothing out.</p>"
        )?;
    }
    for (number, (chart, lying)) in all.iter().enumerate() {
        let title = escape(&chart.title);
        writeln!(out, "<figure>\n<figcaption>{title}</figcaption>\n{}</figure>", svg::draw(chart, number, *lying))?;
    }
    writeln!(out, "</section>")
}

fn write_table(table: &Table, out: &mut impl Write) -> io::Result<()> {
    let (name, title) = (table.name(), escape(table.title()));
    // A short table stays on one page, with its heading.
    let short = if table.rows().len() <= 12 { " class=\"short\"" } else { "" };
    writeln!(out, "<section id=\"t-{name}\"{short}>\n<h2>{title}</h2>\n<p>{}</p>", escape(table.meaning()))?;
    if table.rows().is_empty() {
        return writeln!(out, "<p class=\"none\">None.</p>\n</section>");
    }
    let wide = if table.columns().len() > 11 { " class=\"wide\"" } else { "" };
    writeln!(out, "<table{wide}>\n<caption>{title}</caption>\n<thead><tr>")?;
    for column in table.columns() {
        let class = if column.unit.is_number() { " class=\"n\"" } else { "" };
        writeln!(out, "<th scope=\"col\"{class}>{}</th>", column.heading())?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    let places: Vec<usize> = (0..table.columns().len()).map(|at| places(table, at)).collect();
    for row in table.rows() {
        write!(out, "<tr>")?;
        for ((column, cell), places) in table.columns().iter().zip(row).zip(&places) {
            write_cell(column, cell, *places, out)?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>\n</section>")
}

/// How many decimals money in a column is written with: as many as any of it has, and not one alone.
fn places(table: &Table, at: usize) -> usize {
    let decimals = |row: &Vec<Cell>| match &row[at] {
        Cell::Text(text) => decimals(text),
        Cell::Nothing | Cell::Number(_) | Cell::Flag(_) | Cell::Json(_) => None,
    };
    let most = table.rows().iter().filter_map(decimals).max().unwrap_or(0);
    match table.columns()[at].unit {
        Unit::Money if most == 1 => 2,
        Unit::Money => most,
        Unit::Points
        | Unit::Count
        | Unit::Id
        | Unit::Rate
        | Unit::Percent
        | Unit::Time
        | Unit::Word
        | Unit::Flag
        | Unit::Terms => 0,
    }
}

/// A cell; with its exact value for machines, where people read it otherwise.
fn write_cell(column: &Column, cell: &Cell, places: usize, out: &mut impl Write) -> io::Result<()> {
    let plain = cell.plain();
    let shown = match cell {
        Cell::Nothing => "–".to_owned(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Cell::Number(number) if column.unit != Unit::Id => whole(*number),
        Cell::Text(text) if matches!(column.unit, Unit::Money | Unit::Rate) => decimal(text, places),
        Cell::Number(_) | Cell::Text(_) | Cell::Json(_) => plain.clone(),
    };
    let class = match (cell, column.unit) {
        (Cell::Flag(false), _) if matches!(column.name, "closes" | "whole") => " class=\"amiss\"",
        (Cell::Json(_), _) => " class=\"j\"",
        (Cell::Number(0), _) => " class=\"n z\"",
        // Wider than the largest balance that a card may have: it takes lines of its own rather than the page.
        (Cell::Number(_), _) if plain.len() > 18 => " class=\"n w\"",
        (Cell::Text(_), Unit::Time) => " class=\"t\"",
        (Cell::Nothing | Cell::Number(_) | Cell::Text(_) | Cell::Flag(_), unit) if unit.is_number() => " class=\"n\"",
        (Cell::Nothing | Cell::Number(_) | Cell::Text(_) | Cell::Flag(_), _) => "",
    };
    let (plain, shown) = (escape(&plain), escape(&shown));
    if plain == shown {
        write!(out, "<td{class}>{shown}</td>")
    } else {
        write!(out, "<td{class}><data value=\"{plain}\">{shown}</data></td>")
    }
}

/// What each column means, once for each meaning, with the tables that have it.
fn glossary(statement: &Statement, out: &mut impl Write) -> io::Result<()> {
    let mut entries: BTreeMap<(&str, &str), (Unit, Vec<&str>)> = BTreeMap::new();
    for table in statement.tables() {
        for column in table.columns() {
            let entry = entries.entry((column.name, column.meaning)).or_insert((column.unit, Vec::new()));
            entry.1.push(table.name());
        }
    }
    writeln!(
        out,
        "<section id=\"glossary\">\n<h2>What the columns mean</h2>\n<p>The same names stand in the JSON, CSV and XLSX forms, with an underscore \
         for a space.</p>\n<table>\n<caption>What the columns mean</caption>\n<thead><tr><th scope=\"col\">column</th><th scope=\"col\">unit</th>\
         <th scope=\"col\">what stands in it</th><th scope=\"col\">tables</th></tr></thead>\n<tbody>"
    )?;
    for ((name, meaning), (unit, tables)) in entries {
        let (name, unit, meaning) = (name.replace('_', " "), unit.name(), escape(meaning));
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{unit}</td><td>{meaning}</td><td>{}</td></tr>",
            tables.join(", ")
        )?;
    }
    writeln!(out, "</tbody>\n</table>\n</section>")
}

/// Text that may stand anywhere in the page, between quotation marks too. What no XML may hold is shown as what it is.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // The pictures of control characters stand in their order.
            '\0'..='\u{1f}' => escaped.push(char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}')),
            '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            // What turns the direction of all that follows.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
