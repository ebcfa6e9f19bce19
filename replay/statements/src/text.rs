//! A table in lines for people.

use crate::{Cell, Table};
use std::io::{self, Write};

/// Writes a table in lines. Columns in which nothing stands but noughts are left out.
pub(crate) fn write(table: &Table, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", table.title())?;
    if table.rows().is_empty() {
        return writeln!(out, "  none");
    }
    let kept: Vec<usize> = (0..table.columns().len()).filter(|column| keeps(table, *column)).collect();
    let header: Vec<String> = kept.iter().map(|column| table.columns()[*column].heading()).collect();
    let rows: Vec<Vec<String>> =
        table.rows().iter().map(|row| kept.iter().map(|column| shown(&row[*column])).collect()).collect();
    let wide = |place: usize| rows.iter().chain([&header]).map(|row| row[place].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..kept.len()).map(wide).collect();
    for row in std::iter::once(&header).chain(&rows) {
        let cells = kept.iter().zip(row).zip(&widths);
        let padded: Vec<String> = cells
            .map(
                |((column, cell), width)| {
                    if is_text(table, *column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                },
            )
            .collect();
        writeln!(out, "  {}", padded.join("  ").trim_end())?;
    }
    Ok(())
}

/// The cell as people read it.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => "-".to_owned(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Cell::Number(_) | Cell::Text(_) | Cell::Json(_) => crate::plain(&cell.plain()).into_owned(),
    }
}

/// Whether the column is shown.
fn keeps(table: &Table, column: usize) -> bool {
    matches!(table.columns()[column].name, "opening" | "closing")
        || table.rows().iter().any(|row| row[column].says_something())
}

/// Whether the column holds words: they stand at the left, numbers at the right.
fn is_text(table: &Table, column: usize) -> bool {
    table.rows().iter().any(|row| matches!(row[column], Cell::Text(_)))
}
