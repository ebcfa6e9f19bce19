//! Statements as files. None that exists is overwritten.

use crate::commands::CommandError;
use counterfoil_statements::Statement;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Where a statement is written to, in which forms.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// A directory for a CSV file of each table. It is made if it is not there.
    pub csv: Option<PathBuf>,
    /// An Excel workbook.
    pub xlsx: Option<PathBuf>,
    /// A page to print.
    pub html: Option<PathBuf>,
}

impl Files {
    /// Whether none was named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.csv.is_none() && self.xlsx.is_none() && self.html.is_none()
    }

    /// Finds a file that exists already, before anything is reckoned. What stands in the directory of CSV files is looked at when they are written.
    ///
    /// # Errors
    /// One of the files exists.
    pub fn must_be_new(&self) -> Result<(), CommandError> {
        self.xlsx.iter().chain(&self.html).try_for_each(|file| must_be_new(file))
    }

    /// Writes the statement; gives a line for each form.
    ///
    /// # Errors
    /// One of the files exists, or cannot be written.
    pub fn write(&self, statement: &Statement) -> Result<Vec<String>, CommandError> {
        self.must_be_new()?;
        let mut lines = Vec::new();
        if let Some(directory) = &self.csv {
            let files = write_csv(statement, directory)?;
            lines.push(format!("{}: {files} tables", directory.display()));
        }
        if let Some(file) = &self.xlsx {
            let workbook = statement.to_xlsx()?;
            File::create_new(file)?.write_all(&workbook)?;
            lines.push(format!("{}: a workbook", file.display()));
        }
        if let Some(file) = &self.html {
            let mut out = BufWriter::new(File::create_new(file)?);
            statement.write_html(&mut out)?;
            out.flush()?;
            lines.push(format!("{}: a page to print", file.display()));
        }
        Ok(lines)
    }
}

fn write_csv(statement: &Statement, directory: &Path) -> Result<usize, CommandError> {
    std::fs::create_dir_all(directory)?;
    let tables = statement.tables();
    let files: Vec<_> = tables.iter().map(|table| directory.join(format!("{}.csv", table.name()))).collect();
    files.iter().try_for_each(|file| must_be_new(file))?;
    for (table, file) in tables.iter().zip(&files) {
        table.write_csv(BufWriter::new(File::create_new(file)?))?;
    }
    Ok(files.len())
}

fn must_be_new(file: &Path) -> Result<(), CommandError> {
    if file.exists() { Err(CommandError::Exists(file.to_owned())) } else { Ok(()) }
}
