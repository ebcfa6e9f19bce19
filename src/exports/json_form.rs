//! JSON: an object for each row, with the columns as names; numbers digit for digit, null where nothing stands.

use super::Selection;
use super::cell::Cell;
use crate::queries::ExportRows;
use std::io::{self, Write as _};

/// The rows as elements of an array that `begun` says has some already.
pub(super) fn elements(selection: &Selection, rows: &ExportRows, begun: &mut bool) -> io::Result<Vec<u8>> {
    let names = names(selection)?;
    let mut bytes = Vec::new();
    selection.each_row(rows, |cells| {
        bytes.extend_from_slice(if *begun { b",\n" } else { b"\n" });
        *begun = true;
        object(&mut bytes, &names, cells)
    })?;
    Ok(bytes)
}

/// The rows as lines.
pub(super) fn lines(selection: &Selection, rows: &ExportRows) -> io::Result<Vec<u8>> {
    let names = names(selection)?;
    let mut bytes = Vec::new();
    selection.each_row(rows, |cells| {
        object(&mut bytes, &names, cells)?;
        bytes.push(b'\n');
        Ok(())
    })?;
    Ok(bytes)
}

fn names(selection: &Selection) -> io::Result<Vec<String>> {
    let names = selection.names().into_iter().map(serde_json::to_string);
    Ok(names.collect::<Result<_, _>>()?)
}

fn object(bytes: &mut Vec<u8>, names: &[String], cells: &[Cell<'_>]) -> io::Result<()> {
    for (place, (name, cell)) in names.iter().zip(cells).enumerate() {
        write!(bytes, "{}{name}:", if place == 0 { '{' } else { ',' })?;
        match cell {
            Cell::Empty => bytes.extend_from_slice(b"null"),
            Cell::Text(text) => serde_json::to_writer(&mut *bytes, text)?,
            Cell::Integer(number) => write!(bytes, "{number}")?,
            Cell::Amount(amount) => write!(bytes, "{amount}")?,
            Cell::Time(time) => write!(bytes, "\"{}\"", time.to_millis_text())?,
        }
    }
    bytes.push(b'}');
    Ok(())
}
