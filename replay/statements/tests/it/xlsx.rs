//! The workbook, read by another library.

use crate::samples;
use calamine::{Data, Reader as _, Xlsx};
use counterfoil_statements::{Cell, Statement, Unit};
use std::io::Cursor;

fn read(statement: &Statement) -> Xlsx<Cursor<Vec<u8>>> {
    calamine::open_workbook_from_rs(Cursor::new(statement.to_xlsx().expect("a workbook"))).expect("a workbook")
}

/// Whether a cell of the workbook is the one of the table: a number where a spreadsheet keeps every digit of it, the same text otherwise.
fn is_same(found: Option<&Data>, cell: &Cell, unit: Unit) -> bool {
    let number = |text: &str| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        match found {
            Some(Data::Float(found)) => digits <= 15 && found.to_string() == text,
            Some(Data::Int(found)) => digits <= 15 && found.to_string() == text,
            Some(Data::String(found)) => digits > 15 && found == text,
            _ => false,
        }
    };
    match cell {
        Cell::Nothing => matches!(found, None | Some(Data::Empty)),
        Cell::Number(points) => number(&points.to_string()),
        Cell::Text(text) if matches!(unit, Unit::Money | Unit::Rate | Unit::Percent) => number(text),
        Cell::Text(text) => matches!(found, Some(Data::String(found)) if found == text),
        Cell::Flag(flag) => found == Some(&Data::Bool(*flag)),
        Cell::Json(json) => {
            matches!(found, Some(Data::String(found)) if serde_json::from_str(found).is_ok_and(|found: serde_json::Value| found == *json))
        }
    }
}

fn compare(statement: &Statement) -> usize {
    let mut workbook = read(statement);
    let tables = statement.tables().iter().map(|table| table.name().to_owned());
    let names: Vec<String> = std::iter::once("about".to_owned()).chain(tables).chain(["charts".to_owned()]).collect();
    assert_eq!(workbook.sheet_names(), names);
    let mut compared = 0;
    for table in statement.tables() {
        let sheet = workbook.worksheet_range(table.name()).expect("a sheet");
        for (column, at) in table.columns().iter().zip(0..) {
            assert_eq!(sheet.get_value((0, at)), Some(&Data::String(column.heading())), "{}", table.name());
            for (row, line) in table.rows().iter().zip(1..) {
                let (found, cell) = (sheet.get_value((line, at)), &row[at as usize]);
                assert!(
                    is_same(found, cell, column.unit),
                    "{} {}: {found:?} is not {cell:?}",
                    table.name(),
                    column.name
                );
                compared += 1;
            }
        }
        let rows = sheet.end().expect("cells").0;
        assert_eq!(usize::try_from(rows).expect("few"), table.rows().len(), "{}", table.name());
    }
    compared
}

#[test]
fn every_cell_of_every_table_is_in_the_workbook() {
    assert!(compare(&samples::full()) > 1_000);
    assert!(compare(&samples::empty()) > 0);
}

#[test]
fn the_first_sheet_says_what_the_others_are() {
    let statement = samples::full();
    let sheet = read(&statement).worksheet_range("about").expect("a sheet");
    let said: Vec<String> = sheet.rows().flatten().map(ToString::to_string).collect();
    for table in statement.tables() {
        assert!(said.iter().any(|cell| cell == table.meaning()), "{}", table.name());
    }
    assert!(said.iter().any(|cell| cell.contains("do NOT close")));
}

#[test]
fn equal_statements_are_equal_workbooks() {
    let workbook = samples::full().to_xlsx().expect("a workbook");
    for _ in 0..3 {
        assert!(samples::full().to_xlsx().expect("a workbook") == workbook);
    }
}

#[test]
fn the_figures_of_the_charts_stand_below_them() {
    let sheet = read(&samples::full()).worksheet_range("charts").expect("a sheet");
    let rows: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let month = rows.iter().find(|row| row.first().is_some_and(|cell| cell == "2026-02")).expect("a month");
    assert_eq!(month[1..9], ["0", "0", "0", "-250000", "-30000", "0", "0", "-162345"]);
}
