//! A part of the books: rows under the columns of a form. As JSON, and as CSV.

use crate::{Cell, Column, Form};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use std::io::Write;

/// A part of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    form: &'static Form,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub const fn new(form: &'static Form) -> Self {
        Self { form, rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// It has not one cell for each column.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.form.columns.len(), "a row of {} has a cell for each column", self.form.name);
        self.rows.push(row);
    }

    /// Its key in JSON, the name of its file in CSV and of its sheet.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.form.name
    }

    /// Its heading for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.form.title
    }

    /// What it is, in a sentence or two.
    #[must_use]
    pub const fn meaning(&self) -> &'static str {
        self.form.meaning
    }

    /// Its columns.
    #[must_use]
    pub const fn columns(&self) -> &'static [Column] {
        self.form.columns
    }

    /// The names of its columns: keys in JSON, the header in CSV.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.form.columns.iter().map(|column| column.name)
    }

    /// The place of a column.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.names().position(|column| column == name)
    }

    /// Its rows, each with a cell for each column.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// Writes the table as CSV (RFC 4180, but lines end with LF), with its header. A word that begins with `=`, `+`, `-`, `@`, a tab
    /// or a carriage return has a `'` before it, so that no spreadsheet runs it.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_csv(&self, out: impl Write) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(self.names())?;
        for row in &self.rows {
            writer.write_record(self.columns().iter().zip(row).map(|(column, cell)| guarded(*column, cell)))?;
        }
        writer.flush()?;
        Ok(())
    }
}

/// The cell as CSV has it. A number may begin with a minus sign; nobody typed that one.
fn guarded(column: Column, cell: &Cell) -> String {
    let plain = cell.plain();
    match cell {
        Cell::Text(text) if !column.unit.is_number() && text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{plain}")
        }
        Cell::Text(_) | Cell::Nothing | Cell::Number(_) | Cell::Flag(_) | Cell::Json(_) => plain,
    }
}

impl Serialize for Table {
    /// A list of objects, whose keys are in the order of the columns.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| Object { columns: self.columns(), row }))
    }
}

/// One row as an object.
struct Object<'a> {
    columns: &'static [Column],
    row: &'a [Cell],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for (column, cell) in self.columns.iter().zip(self.row) {
            map.serialize_entry(column.name, cell)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Unit, forms};

    #[test]
    fn no_word_of_a_csv_file_is_a_formula() {
        let form = forms::ALL.iter().find(|form| form.columns.iter().any(|column| column.name == "actor"));
        let form = form.expect("a table of who did what");
        let actors = ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "key:1"];
        let mut table = Table::new(form);
        for actor in actors {
            let cell = |column: &Column| match column.unit {
                Unit::Word => Cell::from(actor),
                Unit::Points => Cell::Number(-5),
                Unit::Money | Unit::Rate | Unit::Percent => Cell::from("-1.5"),
                Unit::Count | Unit::Id | Unit::Time | Unit::Flag | Unit::Terms => Cell::Nothing,
            };
            table.push(form.columns.iter().map(cell).collect());
        }
        let mut written = Vec::new();
        table.write_csv(&mut written).expect("a CSV file");
        let mut reader = csv::Reader::from_reader(&*written);
        let place = table.place("actor").expect("a column");
        for (record, actor) in reader.records().zip(actors) {
            let record = record.expect("a row");
            let wanted = if actor == "key:1" { actor.to_owned() } else { format!("'{actor}") };
            assert_eq!(&record[place], wanted);
            for (column, text) in form.columns.iter().zip(&record) {
                assert!(column.unit != Unit::Points || text == "-5", "{}: {text}", column.name);
            }
        }
    }
}
