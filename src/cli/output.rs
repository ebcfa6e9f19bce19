//! What the command line prints: answers on stdout, complaints on stderr.

use super::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

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

    /// Prints one line on stderr, where stdout carries something else.
    pub(super) fn aside(&mut self, text: impl Display) -> Result<(), Failure> {
        writeln!(io::stderr().lock(), "{text}").map_err(Failure::Output)
    }

    /// Prints a value as one line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?;
        self.line(text)
    }
}

/// How far something is that takes its time, for whoever looks at a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    shown: Option<Instant>,
    written: bool,
}

impl Progress {
    const EVERY: Duration = Duration::from_millis(250);

    pub(super) fn new(what: &'static str) -> Self {
        Self { what, shown: io::stderr().is_terminal().then(Instant::now), written: false }
    }

    pub(super) fn reached(&mut self, count: u64) {
        if self.shown.is_some_and(|shown| shown.elapsed() >= Self::EVERY) {
            self.shown = Some(Instant::now());
            self.written = write!(io::stderr().lock(), "\r{count} {}", self.what).is_ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.written {
            let _cleared = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// Prints why something failed.
pub(super) fn complain(failure: &Failure) {
    // Nobody is left to tell when stderr is closed; the exit code still says it.
    let _written = writeln!(io::stderr().lock(), "error: {failure}");
}
