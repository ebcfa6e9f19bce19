//! What the books of a period look like: JSON, a page to print, a workbook, a table as CSV, or all tables as an archive of CSV files.
//! The printer is that of the auditor's tool.

use counterfoil_statements::{Statement, forms};
use std::io::{self, Cursor, Write as _};
use std::sync::LazyLock;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The names of the tables that a service states, one after the other; what only a fold of every card can say is the auditor's
/// tool's.
pub static BOOK_TABLES: LazyLock<String> = LazyLock::new(|| {
    let own = forms::ALL.iter().filter(|form| **form != &forms::CHECKS);
    own.map(|form| form.name).collect::<Vec<_>>().join(", ")
});

/// The words for [`BooksForm::of`].
pub const BOOK_FORMATS: [&str; 4] = ["json", "csv", "xlsx", "html"];

/// What a statement of the books looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BooksForm {
    Json,
    /// All tables, each a file of its own.
    Zip,
    /// One table.
    Csv(&'static str),
    Xlsx,
    Html,
}

impl BooksForm {
    /// The form of a word of [`BOOK_FORMATS`], of all tables or of one, which only CSV has alone.
    #[must_use]
    pub fn of(word: &str, table: Option<&'static str>) -> Option<Self> {
        Some(match (word, table) {
            ("csv", table) => table.map_or(Self::Zip, Self::Csv),
            ("json", None) => Self::Json,
            ("xlsx", None) => Self::Xlsx,
            ("html", None) => Self::Html,
            (_, _) => return None,
        })
    }

    /// A table of that name.
    #[must_use]
    pub fn table(name: &str) -> Option<&'static str> {
        let own = forms::ALL.iter().find(|form| form.name == name && **form != &forms::CHECKS);
        own.map(|form| form.name)
    }

    /// The content type of an HTTP answer.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Zip => "application/zip",
            Self::Csv(_) => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// Whether it can be read as it is.
    #[must_use]
    pub const fn is_text(self) -> bool {
        match self {
            Self::Json | Self::Csv(_) | Self::Html => true,
            Self::Zip | Self::Xlsx => false,
        }
    }

    /// The whole file.
    ///
    /// # Errors
    /// When a table is none of the statement's, or holds what a workbook cannot.
    pub fn print(self, statement: &Statement) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Json => {
                statement.write_json(&mut bytes)?;
                bytes.push(b'\n');
            }
            Self::Zip => return zipped(statement),
            Self::Csv(name) => {
                let table = statement.table(name).ok_or(io::ErrorKind::NotFound)?;
                table.write_csv(&mut bytes).map_err(io::Error::other)?;
            }
            Self::Xlsx => return statement.to_xlsx().map_err(io::Error::other),
            Self::Html => statement.write_html(&mut bytes)?,
        }
        Ok(bytes)
    }
}

fn zipped(statement: &Statement) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for table in statement.tables() {
        zip.start_file(format!("{}.csv", table.name()), SimpleFileOptions::default())?;
        let mut bytes = Vec::new();
        table.write_csv(&mut bytes).map_err(io::Error::other)?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
