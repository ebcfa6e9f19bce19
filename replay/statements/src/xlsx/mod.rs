//! A statement as an Excel workbook: a first sheet that says what the others are, a sheet for each table, and one of charts with the figures that they
//! are drawn from. Nothing of the machine or of the time of day is in it.
//!
//! A number of more than fifteen digits is written as text, because a spreadsheet would round it. A table of more than 1,048,575 rows goes on in another
//! sheet. A text of more than 32,767 characters is cut, and says so: JSON and CSV have it whole.

mod about;
mod cells;
mod drawn;

use crate::{Statement, Table};
use cells::Formats;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

/// The rows of a sheet below its header.
pub(crate) const ROWS_MAX: usize = 1_048_575;

/// The workbook, with so many rows in a sheet at most.
pub(crate) fn write(statement: &Statement, rows_max: usize) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // One moment for all statements: when it was printed is no part of the books.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let title = "Statement of points";
    workbook.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(&created));
    let formats = Formats::new();
    let parts = |table: &Table| table.rows().len().div_ceil(rows_max).max(1);
    about::write(workbook.add_worksheet(), statement, &formats, parts)?;
    for table in statement.tables() {
        for part in 0..parts(table) {
            let rows = table.rows().iter().skip(part * rows_max).take(rows_max);
            write_table(workbook.add_worksheet(), &sheet(table, part), table, rows, &formats)?;
        }
    }
    drawn::write(workbook.add_worksheet(), statement, &formats)?;
    workbook.save_to_buffer()
}

/// The name of a part's sheet.
fn sheet(table: &Table, part: usize) -> String {
    if part == 0 { table.name().to_owned() } else { format!("{} ({})", table.name(), part + 1) }
}

fn write_table<'a>(
    worksheet: &mut Worksheet,
    name: &str,
    table: &Table,
    rows: impl Iterator<Item = &'a Vec<crate::Cell>>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    worksheet.set_name(name)?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    let mut widths = Vec::new();
    for (column, at) in table.columns().iter().zip(0_u16..) {
        let heading = column.heading();
        worksheet.write_string_with_format(0, at, &heading, &formats.header)?;
        // Room for the button of the filter.
        widths.push(heading.chars().count() + 4);
    }
    let mut last = 0;
    for (row, line) in rows.zip(1_u32..) {
        for (((column, cell), width), at) in table.columns().iter().zip(row).zip(&mut widths).zip(0_u16..) {
            cells::write(worksheet, (line, at), column, cell, formats)?;
            *width = (*width).max(cells::width(cell));
        }
        last = line;
    }
    for (width, at) in widths.into_iter().zip(0_u16..) {
        worksheet.set_column_width(at, u16::try_from(width.min(60)).unwrap_or(60))?;
    }
    worksheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    let columns = u16::try_from(table.columns().len()).unwrap_or(u16::MAX);
    worksheet.autofilter(0, 0, last, columns.saturating_sub(1))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, Summary, forms};
    use calamine::{Data, Reader as _, Xlsx};
    use std::io::Cursor;

    #[test]
    fn a_table_that_is_too_long_goes_on_in_another_sheet() {
        let mut table = Table::new(&forms::TIME_BACK);
        for seq in 0..7_i64 {
            table.push(vec![seq.into()]);
        }
        let summary = Summary {
            from: String::new(),
            to: String::new(),
            partner: None,
            as_of_seq: 0,
            first_seq: None,
            events: 0,
            closes: true,
            whole: false,
            gaps_found: 0,
        };
        let workbook = write(&Statement::new(summary, vec![table]), 3).expect("a workbook");
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(workbook)).expect("a workbook");
        assert_eq!(read.sheet_names(), ["about", "summary", "time_back", "time_back (2)", "time_back (3)", "charts"]);
        let mut seqs = Vec::new();
        for sheet in ["time_back", "time_back (2)", "time_back (3)"] {
            let cells = read.worksheet_range(sheet).expect("a sheet");
            assert_eq!(cells.get_value((0, 0)), Some(&Data::String("seq".to_owned())), "{sheet}");
            seqs.extend(cells.rows().skip(1).map(|row| row[0].to_string()));
        }
        assert_eq!(seqs, ["0", "1", "2", "3", "4", "5", "6"]);
    }

    #[test]
    fn every_tables_name_is_a_name_for_sheets() {
        for form in forms::ALL {
            let name = sheet(&Table::new(form), 999);
            assert!(name.chars().count() <= 31 && !["about", "charts"].contains(&form.name), "{name}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_says_so() {
        let mut table = Table::new(&forms::ADJUSTMENTS_BY_ACTOR);
        let long = "\u{1f600}".repeat(20_000);
        table.push(vec![1_i64.into(), Cell::Text(long.clone()), 1_i64.into(), 0_i64.into(), 0_i64.into()]);
        let mut sheet = Worksheet::new();
        write_table(&mut sheet, "long", &table, table.rows().iter(), &Formats::new()).expect("a sheet");
        let cut = cells::cut(&long);
        assert!(cut.encode_utf16().count() <= 32_767 && cut.ends_with("the rest]"), "{}", cut.len());
        assert_eq!(cells::cut("short"), "short");
    }
}
