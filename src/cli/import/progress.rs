//! How far an import has come, on stderr: a bar where a person looks, else a line now and then.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// The progress through one file.
pub(super) struct Progress {
    what: &'static str,
    size: u64,
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Progress {
    /// Begins with a file of so many bytes.
    pub(super) fn begin(what: &'static str, size: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(size).with_prefix(what);
            let style = "{prefix:>12} [{bar:32}] {bytes}/{total_bytes} {msg}, {eta} left";
            bar.with_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { what, size, bar, told: Instant::now() }
    }

    /// So many rows were read, up to this byte.
    pub(super) fn at(&mut self, byte: u64, rows: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(byte.min(self.size));
            bar.set_message(format!("{rows} rows"));
        } else if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            let percent = u128::from(byte.min(self.size)) * 100 / u128::from(self.size.max(1));
            self.say(&format!("{rows} rows, {percent} %"));
        }
    }

    /// The file is through.
    pub(super) fn end(self, rows: u64) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => self.say(&format!("{rows} rows, all sent")),
        }
    }

    fn say(&self, text: &str) {
        // Nobody is left to tell when stderr is closed.
        let _written = writeln!(io::stderr().lock(), "{}: {text}", self.what);
    }
}
