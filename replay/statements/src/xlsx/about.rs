//! The first sheet: what this is, whether it closes, what each sheet is, and what the columns mean.

use super::cells::Formats;
use super::sheet;
use crate::{Statement, Table};
use rust_xlsxwriter::{Worksheet, XlsxError};

const NOTES: [&str; 3] = [
    "Points are whole numbers; money is exact, in the currency of its row; times are UTC. A number of more than 15 digits is written as text, because a \
     spreadsheet would round it. A table of more than 1,048,575 rows goes on in another sheet.",
    "Whoever holds the log can make this statement anew, from the log alone (counterfoil-replay report --ledger FILE --from … --to …), and check the log \
     itself (counterfoil-replay verify --ledger FILE). Every table has to be the same; checks is the auditor's alone.",
    "The sheet charts holds the figures that its charts are drawn from.",
];

pub(super) fn write(
    worksheet: &mut Worksheet,
    statement: &Statement,
    formats: &Formats,
    parts: impl Fn(&Table) -> usize,
) -> Result<(), XlsxError> {
    let summary = statement.summary();
    worksheet.set_name("about")?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    for (at, width) in [28_u16, 30, 16, 90].into_iter().enumerate() {
        worksheet.set_column_width(u16::try_from(at).unwrap_or(0), width)?;
    }
    worksheet.write_string_with_format(0, 0, "Statement of points", &formats.title)?;
    let partner = summary.partner.map_or("all".to_owned(), |partner| partner.to_string());
    let mut row = 1;
    for (name, value) in [
        ("from", summary.from.clone()),
        ("up to", summary.to.clone()),
        ("partner", partner),
        ("as of event", summary.as_of_seq.to_string()),
        ("verdict", statement.verdict().join(" ")),
    ] {
        worksheet.write_string_with_format(row, 0, name, &formats.bold)?;
        worksheet.write_string(row, 1, value)?;
        row += 1;
    }
    row += 1;
    for note in NOTES {
        worksheet.merge_range(row, 0, row, 3, note, &formats.wrapped)?;
        worksheet.set_row_height(row, 32)?;
        row += 1;
    }
    row += 1;
    row = line(worksheet, row, ["sheet", "title", "rows", "what it is"], formats)?;
    for table in statement.tables() {
        let names: Vec<String> = (0..parts(table)).map(|part| sheet(table, part)).collect();
        let rows = table.rows().len().to_string();
        row = entry(worksheet, row, [&names.join(", "), table.title(), &rows, table.meaning()], formats)?;
    }
    row = line(worksheet, row + 1, ["column", "in", "unit", "what stands in it"], formats)?;
    for table in statement.tables() {
        for column in table.columns() {
            let cells = [&column.heading(), table.name(), column.unit.name(), column.meaning];
            row = entry(worksheet, row, cells, formats)?;
        }
    }
    Ok(())
}

fn line(worksheet: &mut Worksheet, row: u32, cells: [&str; 4], formats: &Formats) -> Result<u32, XlsxError> {
    for (cell, at) in cells.into_iter().zip(0..) {
        worksheet.write_string_with_format(row, at, cell, &formats.header)?;
    }
    Ok(row + 1)
}

fn entry(worksheet: &mut Worksheet, row: u32, cells: [&str; 4], formats: &Formats) -> Result<u32, XlsxError> {
    for (cell, at) in cells.into_iter().zip(0..) {
        worksheet.write_string_with_format(row, at, cell, &formats.wrapped)?;
    }
    Ok(row + 1)
}
