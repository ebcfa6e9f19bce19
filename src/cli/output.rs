//! What the command line prints: answers on stdout, complaints on stderr.

use super::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write as _};

/// The standard output.
#[derive(Debug)]
pub(super) struct Output(io::Stdout);

impl Output {
    pub(super) fn new() -> Self {
        Self(io::stdout())
    }

    /// Prints one line, at once: somebody may be waiting for it at the other end of a pipe.
    pub(super) fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        let mut stdout = self.0.lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Failure::Output)
    }

    /// Prints a value as one line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?;
        self.line(text)
    }
}

/// Prints why something failed.
pub(super) fn complain(failure: &Failure) {
    // Nobody is left to tell when stderr is closed; the exit code still says it.
    let _written = writeln!(io::stderr().lock(), "error: {failure}");
}
