//! CSV as RFC 4180 has it: a header, commas, CRLF, UTF-8.

use super::Selection;
use super::cell::Cell;
use crate::queries::ExportRows;
use csv::{Terminator, Writer, WriterBuilder};
use std::io;

pub(super) fn header(selection: &Selection) -> io::Result<Vec<u8>> {
    let mut writer = writer();
    writer.write_record(selection.names())?;
    finished(writer)
}

pub(super) fn rows(selection: &Selection, rows: &ExportRows) -> io::Result<Vec<u8>> {
    let mut writer = writer();
    selection.each_row(rows, |cells| {
        for cell in cells {
            match cell {
                Cell::Empty => writer.write_field("")?,
                Cell::Text(text) if starts_a_formula(text) => writer.write_field(format!("'{text}"))?,
                Cell::Text(text) => writer.write_field(text.as_bytes())?,
                Cell::Integer(number) => writer.write_field(number.to_string())?,
                Cell::Amount(amount) => writer.write_field(amount.to_string())?,
                Cell::Time(time) => writer.write_field(time.to_millis_text())?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
        Ok(())
    })?;
    finished(writer)
}

// What a spreadsheet that opens the file would run. A number may begin with a minus sign; nobody typed that one.
fn starts_a_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new())
}

fn finished(writer: Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    writer.into_inner().map_err(|error| error.into_error())
}
