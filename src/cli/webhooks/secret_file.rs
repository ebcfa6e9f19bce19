//! A secret that somebody chose, from a file: an argument would be seen by others.

use crate::cli::Failure;
use crate::control::ChosenSecret;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// More than any secret has, with the end of its line.
const BYTES_MAX: u64 = 1_024;

/// Reads the one line of a file, or of the standard input.
pub(super) fn read(path: &Path) -> Result<ChosenSecret, Failure> {
    let read = || if path == Path::new("-") { text_of(io::stdin().lock()) } else { text_of(File::open(path)?) };
    let text = read().map_err(|source| Failure::File { path: path.display().to_string(), source })?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(ChosenSecret::from(line.to_owned()))
}

fn text_of(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
