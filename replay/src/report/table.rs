//! The one form in which every part of the books is held, and its three renderings: JSON, CSV and lines for people.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use std::io::{self, Write};

/// What stands in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Does not apply: null in JSON, empty in CSV.
    Nothing,
    Number(i128),
    Text(String),
    Flag(bool),
    /// The words of an event. Not shown to people.
    Json(serde_json::Value),
}

impl Cell {
    /// A number, or nothing.
    pub(super) fn id(number: Option<i64>) -> Self {
        number.map_or(Self::Nothing, |number| Self::Number(number.into()))
    }

    /// A text, or nothing.
    pub(super) fn text(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Text(text.to_string()))
    }

    /// The cell as CSV has it.
    fn plain(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Json(json) => json.to_string(),
        }
    }

    /// The cell as people read it.
    fn shown(&self) -> String {
        match self {
            Self::Nothing => "-".to_owned(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::Number(_) | Self::Text(_) | Self::Json(_) => self.plain(),
        }
    }

    const fn says_something(&self) -> bool {
        match self {
            Self::Nothing | Self::Number(0) | Self::Json(_) => false,
            Self::Number(_) | Self::Text(_) | Self::Flag(_) => true,
        }
    }
}

impl From<i128> for Cell {
    fn from(number: i128) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            // Sums that 64 bits hold are written as such: not every serializer knows wider ones.
            Self::Number(number) => match i64::try_from(*number) {
                Ok(number) => serializer.serialize_i64(number),
                Err(_) => serializer.serialize_i128(*number),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Json(json) => json.serialize(serializer),
        }
    }
}

/// A part of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its key in JSON, and its file in CSV.
    pub name: &'static str,
    /// Its heading for people.
    pub title: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    pub(super) fn new(name: &'static str, title: &'static str, columns: &[&'static str]) -> Self {
        Self { name, title, columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has a cell for each column.
    pub(super) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.name);
        self.rows.push(row);
    }

    /// Writes the table as CSV, with its header.
    pub(super) fn write_csv(&self, out: impl Write) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::plain))?;
        }
        writer.flush()?;
        Ok(())
    }

    /// Writes the table in lines. Columns in which nothing stands but noughts are left out.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n{}", self.title)?;
        if self.rows.is_empty() {
            return writeln!(out, "  none");
        }
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|at| matches!(self.columns[*at], "opening" | "closing") || self.says_something(*at))
            .collect();
        let shown = |row: &[Cell]| kept.iter().map(|at| row[*at].shown()).collect::<Vec<_>>();
        let header: Vec<String> = kept.iter().map(|at| self.columns[*at].replace('_', " ")).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| shown(row)).collect();
        let wide = |place: usize| rows.iter().chain([&header]).map(|row| row[place].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..kept.len()).map(wide).collect();
        for row in std::iter::once(&header).chain(&rows) {
            let cells = kept.iter().zip(row).zip(&widths);
            let padded: Vec<String> = cells
                .map(
                    |((column, cell), width)| {
                        if self.is_text(*column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                    },
                )
                .collect();
            writeln!(out, "  {}", padded.join("  ").trim_end())?;
        }
        Ok(())
    }

    /// Whether the column holds words: they stand at the left, numbers at the right.
    fn is_text(&self, column: usize) -> bool {
        self.rows.iter().any(|row| matches!(row[column], Cell::Text(_)))
    }

    fn says_something(&self, column: usize) -> bool {
        self.rows.iter().any(|row| row[column].says_something())
    }
}

impl Serialize for Table {
    /// A list of objects, whose keys are in the order of the columns.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| Object { columns: &self.columns, row }))
    }
}

/// One row as an object.
pub(super) struct Object<'a> {
    pub(super) columns: &'a [&'static str],
    pub(super) row: &'a [Cell],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for (column, cell) in self.columns.iter().zip(self.row) {
            map.serialize_entry(column, cell)?;
        }
        map.end()
    }
}
