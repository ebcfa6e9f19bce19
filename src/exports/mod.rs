//! Exports: all that is held about one person as a document; the books of a period as files; which columns a data set has, and how its
//! rows become CSV, JSON, JSON Lines or a workbook, a page at a time.
//!
//! Pure: rows go in, bytes come out. Whoever reads the pages and sends the bytes decides how fast; nothing here keeps more than
//! what the page at hand makes, but the books, which have a bound and are printed whole.

mod books;
mod cell;
mod columns;
mod csv_form;
mod customer_data;
mod json_form;
mod workbook;

pub use books::{BOOK_FORMATS, BOOK_TABLES, BooksForm};
pub use columns::{ColumnsError, Selection};
pub use customer_data::PersonDocument;

use crate::queries::ExportRows;
use std::fmt;
use std::io;
use workbook::Workbook;

/// What an export looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header.
    Csv,
    /// One array of objects.
    Json,
    /// An object on each line.
    JsonLines,
    /// An Office Open XML workbook.
    Xlsx,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::JsonLines, Self::Xlsx];

    /// Its name in the API, and what the names of its files end with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "excel" => Some(Self::Xlsx),
            "ndjson" => Some(Self::JsonLines),
            name => Self::ALL.into_iter().find(|format| format.name() == name),
        }
    }

    /// The content type of an HTTP answer.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::JsonLines => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Writes one export: its beginning, its pages in their order, its end.
pub struct Encoder {
    selection: Selection,
    form: Form,
}

enum Form {
    Csv,
    /// Whether a row was written already.
    Json(bool),
    JsonLines,
    Xlsx(Box<Workbook>),
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("selection", &self.selection).finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder that has written nothing yet.
    #[must_use]
    pub fn new(format: Format, selection: Selection) -> Self {
        let form = match format {
            Format::Csv => Form::Csv,
            Format::Json => Form::Json(false),
            Format::JsonLines => Form::JsonLines,
            Format::Xlsx => Form::Xlsx(Box::new(Workbook::new(&selection))),
        };
        Self { selection, form }
    }

    /// What stands before the first row.
    ///
    /// # Errors
    /// When a workbook cannot be packed.
    pub fn begin(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.form {
            Form::Csv => csv_form::header(&self.selection),
            Form::Json(_) => Ok(b"[".to_vec()),
            Form::JsonLines => Ok(Vec::new()),
            Form::Xlsx(workbook) => workbook.begin(),
        }
    }

    /// The rows of a page.
    ///
    /// # Errors
    /// When a workbook cannot be packed.
    pub fn page(&mut self, rows: &ExportRows) -> io::Result<Vec<u8>> {
        match &mut self.form {
            Form::Csv => csv_form::rows(&self.selection, rows),
            Form::Json(begun) => json_form::elements(&self.selection, rows, begun),
            Form::JsonLines => json_form::lines(&self.selection, rows),
            Form::Xlsx(workbook) => workbook.rows(&self.selection, rows),
        }
    }

    /// What stands after the last row.
    ///
    /// # Errors
    /// When a workbook cannot be packed.
    pub fn end(self) -> io::Result<Vec<u8>> {
        match self.form {
            Form::Csv | Form::JsonLines => Ok(Vec::new()),
            Form::Json(_) => Ok(b"]\n".to_vec()),
            Form::Xlsx(workbook) => workbook.end(),
        }
    }
}
