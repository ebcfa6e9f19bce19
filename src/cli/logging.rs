//! The service's own log lines: text for people, JSON for machines, always on stderr. RUST_LOG chooses how much.
//!
//! No line carries a name, an email, a phone, a key or a secret; whoever writes one sees to that.

use clap::ValueEnum;
use std::io::{self, IsTerminal as _};
use tracing_subscriber::EnvFilter;

/// What is logged unless RUST_LOG says otherwise: the libraries' own comings and goings are of no use to an operator.
const USUAL: &str = "info,actix_server=warn,rusqlite_migration=warn";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

/// Begins to log. Later calls change nothing.
pub(super) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL));
    // Where nobody reads the lines any more, they are lost: to say so on the same stderr would be a panic in whoever wrote one.
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    let started = match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging had been started before");
    }
}
