//! How far a long pass has come: a bar where somebody watches a terminal, a line at the start otherwise. Always on stderr.

use counterfoil_statements::{Plain, plain};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};

/// Tells how far a pass has come.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// A bar on a terminal, plain lines otherwise.
    #[must_use]
    pub fn on_stderr() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden(), quiet: false };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} events, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar, quiet: false }
    }

    /// Says nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self { bar: ProgressBar::hidden(), quiet: true }
    }

    /// A pass over so many events begins.
    pub fn begin(&self, what: &'static str, events: i64) {
        self.bar.set_length(u64::try_from(events).unwrap_or(0));
        self.bar.set_message(what);
        if self.bar.is_hidden() {
            self.line(&format!("{what} {events} events"));
        }
    }

    /// The pass has come to an event.
    pub fn at(&self, seq: i64) {
        self.bar.set_position(u64::try_from(seq).unwrap_or(0));
    }

    /// The pass is over.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Says what is done now.
    pub fn say(&self, what: &str) {
        if self.bar.is_hidden() {
            self.line(what);
        } else {
            self.bar.println(plain(what));
        }
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            // Nobody may be there to read it, which is no reason to stop.
            let _ = writeln!(Plain(std::io::stderr().lock()), "{text}");
        }
    }
}
