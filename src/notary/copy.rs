//! The newest checkpoint in a file of the operator's, outside the data directory: what a log that was put back to an older copy is
//! held against.

use super::NotaryError;
use crate::note::Checkpoint;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointCopy(PathBuf);

impl CheckpointCopy {
    /// The file of that name, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The checkpoint that it holds; none where there is no file.
    ///
    /// # Errors
    /// When it cannot be read or holds something else.
    pub fn read(&self) -> Result<Option<Checkpoint>, NotaryError> {
        let file = |source| NotaryError::CopyFile { path: self.0.clone(), source };
        match fs::read_to_string(&self.0) {
            Ok(note) => Checkpoint::parse(&note).map(Some).ok_or_else(|| NotaryError::CopyForm(self.0.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file(error)),
        }
    }

    /// Writes a note, whole or not at all. A larger checkpoint is never replaced by a smaller one.
    ///
    /// # Errors
    /// When it cannot be written, or the file holds a larger checkpoint.
    pub fn write(&self, note: &str) -> Result<(), NotaryError> {
        let size = Checkpoint::parse(note).map_or(0, |checkpoint| checkpoint.size);
        match self.read()? {
            Some(held) if held.size > size => {
                return Err(NotaryError::CopyAhead { path: self.0.clone(), held: held.size });
            }
            Some(held) if held.size == size => return Ok(()),
            Some(_) | None => {}
        }
        self.replace(note).map_err(|source| NotaryError::CopyFile { path: self.0.clone(), source })
    }

    /// Tries whether it could be written.
    ///
    /// # Errors
    /// When it could not.
    pub fn expect_writable(&self) -> Result<(), NotaryError> {
        let unfinished = self.unfinished();
        let tried = File::create(&unfinished).and_then(|_| fs::remove_file(&unfinished));
        tried.map_err(|source| NotaryError::CopyFile { path: self.0.clone(), source })
    }

    fn unfinished(&self) -> PathBuf {
        let mut unfinished = self.0.clone().into_os_string();
        unfinished.push(".unfinished");
        unfinished.into()
    }

    /// Puts a note in the place of the one before, which stays beside it as `FILE.before-SIZE`: for a log that was put back.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn begin_anew(&self, note: &str) -> Result<(), NotaryError> {
        if let Some(held) = self.read()? {
            let mut before = self.0.clone().into_os_string();
            before.push(format!(".before-{}", held.size));
            let kept = fs::copy(&self.0, before).map(|_| ());
            kept.map_err(|source| NotaryError::CopyFile { path: self.0.clone(), source })?;
        }
        self.replace(note).map_err(|source| NotaryError::CopyFile { path: self.0.clone(), source })
    }

    fn replace(&self, note: &str) -> io::Result<()> {
        let unfinished = self.unfinished();
        let mut file = File::create(&unfinished)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.0)?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}
