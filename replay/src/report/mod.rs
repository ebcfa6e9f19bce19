//! `report`: the books of a period, from the log alone, in one pass over it.
//!
//! The fold gives the cards and their lots; beside it stand sums, which know nothing of cards: what moved, by partner, shop, template and month.
//! At the ends of the period and of each month the two are compared, and with what the events themselves state. Memory holds the cards with
//! their open lots and last stated balances, the versions of rules in force over the period, eight bytes for each order that was refunded in part, and a row for whoever acted.
//!
//! | module | owns |
//! |---|---|
//! | `pass` | reading the log: before the period, in it, no further |
//! | `trial` | trial balances, and whether they close |
//! | `liability` | what may still be spent, its price and its ageing; breakage |
//! | `versions` | settings and rules in force |
//! | `acts` | who changed, corrected, blocked and refunded |
//! | `order` | gaps |
//! | `table` | JSON, CSV and lines |

mod acts;
mod liability;
mod order;
mod pass;
mod table;
mod trial;
mod versions;

pub use pass::report;
pub use table::{Cell, Table};

use crate::commands::CommandError;
use crate::instant::Instant;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// From one moment on and up to another, which is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Instant,
    to: Instant,
}

impl Period {
    /// A period; none where it would not end after it began.
    #[must_use]
    pub fn new(from: Instant, to: Instant) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }
}

/// The books of a period.
#[derive(Debug)]
pub struct Report {
    summary: Table,
    tables: Vec<Table>,
    closes: bool,
    whole: bool,
}

impl Report {
    /// Whether every trial balance closes, and the log has neither gaps nor times that go back.
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.closes && self.whole
    }

    /// Whether every trial balance closes.
    #[must_use]
    pub const fn closes(&self) -> bool {
        self.closes
    }

    /// The tables, in the order of the report.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The whole report as one JSON document.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_json(&self, out: impl Write) -> Result<(), serde_json::Error> {
        serde_json::to_writer_pretty(out, self)
    }

    /// Each table as a file of its own in a directory, which is made if it is not there; gives how many there are.
    ///
    /// # Errors
    /// One of the files exists, or cannot be written.
    pub fn write_csv(&self, directory: &Path) -> Result<usize, CommandError> {
        std::fs::create_dir_all(directory)?;
        let files: Vec<_> = std::iter::once(&self.summary)
            .chain(&self.tables)
            .map(|table| (directory.join(format!("{}.csv", table.name)), table))
            .collect();
        if let Some((file, _)) = files.iter().find(|(file, _)| file.exists()) {
            return Err(CommandError::Exists(file.clone()));
        }
        for (file, table) in &files {
            table.write_csv(BufWriter::new(File::create_new(file)?))?;
        }
        Ok(files.len())
    }

    /// The report in lines.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.summary.write(out)?;
        self.tables.iter().try_for_each(|table| table.write(out))?;
        writeln!(out, "\nColumns in which nothing stands are left out. `report --help` says what each line is.")?;
        self.write_statement(out)
    }

    /// Whether it closes, in a line or two.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_statement(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.whole {
            writeln!(out, "The log is NOT whole: events are missing or out of order in time.")?;
        }
        if self.closes {
            writeln!(out, "The books close: opening and movements are the closing, which is what the cards hold.")
        } else {
            writeln!(out, "The books do NOT close: where `closes` is no, sums, cards and lots part. Ask `verify`.")
        }
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for row in &self.summary.rows {
            for (name, cell) in self.summary.columns.iter().zip(row) {
                map.serialize_entry(name, cell)?;
            }
        }
        for table in &self.tables {
            map.serialize_entry(table.name, table)?;
        }
        map.end()
    }
}
