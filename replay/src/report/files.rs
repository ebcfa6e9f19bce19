//! Statements as files. None that exists is overwritten.

use crate::commands::CommandError;
use counterfoil_statements::Statement;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Writes each table as a CSV file of its own into a directory, which is made if it is not there; gives how many there are.
///
/// # Errors
/// One of the files exists, or cannot be written.
pub fn write_csv(statement: &Statement, directory: &Path) -> Result<usize, CommandError> {
    std::fs::create_dir_all(directory)?;
    let tables = statement.tables();
    let files: Vec<_> = tables.iter().map(|table| directory.join(format!("{}.csv", table.name()))).collect();
    if let Some(file) = files.iter().find(|file| file.exists()) {
        return Err(CommandError::Exists(file.clone()));
    }
    for (table, file) in tables.iter().zip(&files) {
        table.write_csv(BufWriter::new(File::create_new(file)?))?;
    }
    Ok(files.len())
}
