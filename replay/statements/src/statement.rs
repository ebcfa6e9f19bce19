//! The books of a period: a summary, and tables in order.

use crate::{Cell, Table, XlsxError, forms, html, text, xlsx};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use std::io::{self, Write};

/// Of what a statement is, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The first moment of the period (RFC 3339, UTC).
    pub from: String,
    /// The moment with which it has ended, which is no part of it (RFC 3339, UTC).
    pub to: String,
    /// The one partner whose books these are; none: all partners.
    pub partner: Option<i64>,
    /// The last event of the log before the end of the period; 0 where there is none.
    pub as_of_seq: i64,
    /// The first event of the period that is in these books.
    pub first_seq: Option<i64>,
    /// How many events of the period are in them.
    pub events: u64,
    /// Whether every trial balance closes.
    pub closes: bool,
    /// Whether the log has neither gaps nor times that go back, up to the end of the period.
    pub whole: bool,
    /// How many gaps it has. The table of gaps may list fewer.
    pub gaps_found: u64,
}

impl Summary {
    /// The same as a table of one row.
    fn table(&self) -> Table {
        let mut table = Table::new(&forms::SUMMARY);
        table.push(vec![
            Cell::Text(self.from.clone()),
            Cell::Text(self.to.clone()),
            Cell::id(self.partner),
            self.as_of_seq.into(),
            Cell::id(self.first_seq),
            self.events.into(),
            self.closes.into(),
            self.whole.into(),
            self.gaps_found.into(),
        ]);
        table
    }
}

/// The books of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    summary: Summary,
    /// The summary, and what it sums up.
    tables: Vec<Table>,
}

impl Statement {
    /// A statement: its tables are printed in the order given here.
    #[must_use]
    pub fn new(summary: Summary, tables: Vec<Table>) -> Self {
        let tables = std::iter::once(summary.table()).chain(tables).collect();
        Self { summary, tables }
    }

    /// Of what it is, and what it came to.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Whether every trial balance closes, and the log has neither gaps nor times that go back.
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.summary.closes && self.summary.whole
    }

    /// Whether every trial balance closes.
    #[must_use]
    pub const fn closes(&self) -> bool {
        self.summary.closes
    }

    /// All tables, the summary first.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The table of a name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name() == name)
    }

    /// Writes it as one JSON document, indented, without a newline at its end.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_json(&self, out: impl Write) -> Result<(), serde_json::Error> {
        serde_json::to_writer_pretty(out, self)
    }

    /// Writes it in lines.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        self.tables.iter().try_for_each(|table| text::write(table, out))?;
        writeln!(out, "\nColumns in which nothing stands are left out.")?;
        self.write_verdict(out)
    }

    /// Writes it as one HTML page to print, which needs nothing from elsewhere: charts, all tables, and what the columns mean. It may be of any size.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_html(&self, out: &mut impl Write) -> io::Result<()> {
        html::write(self, out)
    }

    /// The same as an Excel workbook, held in memory whole: a sheet that says what the others are, a sheet for each table, and charts.
    ///
    /// A number of more than 15 digits is text there, a table of more than 1,048,575 rows goes on in another sheet, and a text of more than 32,767
    /// characters is cut.
    ///
    /// # Errors
    /// None that a statement could cause is known.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        xlsx::write(self, xlsx::ROWS_MAX)
    }

    /// Writes whether it closes, in a line or two.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_verdict(&self, out: &mut impl Write) -> io::Result<()> {
        self.verdict().into_iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// Whether it closes, in a sentence or two.
    pub(crate) fn verdict(&self) -> Vec<&'static str> {
        let torn = "The log is NOT whole: events are missing or out of order in time.";
        let closes = "The books close: opening and movements are the closing, which is what the cards hold.";
        let open =
            "The books do NOT close: where `closes` is no, sums, cards and lots part. Ask `counterfoil-replay verify`.";
        let verdict = if self.summary.closes { closes } else { open };
        if self.summary.whole { vec![verdict] } else { vec![torn, verdict] }
    }
}

impl Serialize for Statement {
    /// One object: the fields of the summary, then each table by its name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let (summary, tables) = self.tables.split_at(1);
        for table in summary {
            for (name, cell) in table.rows().iter().flat_map(|row| table.names().zip(row)) {
                map.serialize_entry(name, cell)?;
            }
        }
        for table in tables {
            map.serialize_entry(table.name(), table)?;
        }
        map.end()
    }
}
