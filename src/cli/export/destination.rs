//! Where an export goes: the standard output, or a file that appears under its name when it is complete.

use super::Failure;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

pub(in crate::cli) enum Destination {
    Output(io::Stdout),
    File { unfinished: BufWriter<NamedTempFile>, path: PathBuf },
}

impl Destination {
    /// `is_text` says whether it can be read as it is.
    pub(in crate::cli) fn open(path: &Path, is_text: bool) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let stdout = io::stdout();
            if !is_text && stdout.is_terminal() {
                return Err(Failure::WrongUse(
                    "a workbook or an archive is no text: name a file with --output".to_owned(),
                ));
            }
            return Ok(Self::Output(stdout));
        }
        // In the same folder, so that it can be renamed; readable by its owner alone.
        let unfinished = tempfile::Builder::new().prefix(".counterfoil-export-").tempfile_in(folder(path));
        let unfinished = unfinished.map_err(|source| at(path, source))?;
        Ok(Self::File { unfinished: BufWriter::new(unfinished), path: path.to_owned() })
    }

    pub(in crate::cli) const fn is_output(&self) -> bool {
        matches!(self, Self::Output(_))
    }

    pub(in crate::cli) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Output(stdout) => stdout.write_all(bytes).map_err(Failure::Output),
            Self::File { unfinished, path } => unfinished.write_all(bytes).map_err(|source| at(path, source)),
        }
    }

    /// Nothing is left of a file that does not come this far.
    pub(in crate::cli) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Output(mut stdout) => stdout.flush().map_err(Failure::Output),
            Self::File { unfinished, path } => {
                let settle = || {
                    let unfinished = unfinished.into_inner().map_err(io::IntoInnerError::into_error)?;
                    unfinished.as_file().sync_all()?;
                    unfinished.persist(&path).map_err(|error| error.error)?;
                    File::open(folder(&path))?.sync_all()
                };
                settle().map_err(|source| at(&path, source))
            }
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn at(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.display().to_string(), source }
}
