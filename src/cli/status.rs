//! `counterfoil status`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, call, is_served};
use clap::Args;
use serde_json::json;

/// Say how far the log and the projections are, and whether a service runs
///
/// Exits with 1 where the service runs and cannot write the log.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil status --data ./books --json")]
pub(super) struct Status {
    #[command(flatten)]
    data: Data,
    /// Print {"served","events","projected","cards_in_memory","writable"} and nothing else
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        let served = is_served(&dir);
        let answer = call(&dir, &AdminRequest::Status)?;
        let AdminAnswer::Status { head, watermark, cards_held, failing } = answer else {
            return Err(Failure::unexpected());
        };
        if self.json {
            output.json(&json!({
                "served": served, "events": head, "projected": watermark, "cards_in_memory": cards_held,
                "writable": !failing,
            }))?;
        } else {
            let service = if served { "A service runs" } else { "No service runs" };
            output.line(format_args!("{service}; {head} events in the log, {watermark} of them in views.db."))?;
        }
        if failing {
            Err(Failure::CheckFailed("the log cannot be written: is the disk full?".to_owned()))
        } else {
            Ok(())
        }
    }
}
