//! `counterfoil status`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, BackupStanding, call, is_served};
use clap::Args;
use serde_json::{Value, json};

/// Say how far the log and the projections are, and whether a service runs
///
/// Exits with 1 where the service runs and cannot write the log.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil status --data ./books --json")]
pub(super) struct Status {
    #[command(flatten)]
    data: Data,
    /// Print {"served","dormant","environment","events","projected","cards_in_memory","writable","backups"} and nothing else; "backups"
    /// is null where the service makes none, else {"failing","made_at","events"} of the newest good one
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        let served = is_served(&dir);
        let answer = call(&dir, &AdminRequest::Status)?;
        let AdminAnswer::Status { head, watermark, cards_held, failing, environment, backups, dormant } = answer else {
            return Err(Failure::unexpected());
        };
        if self.json {
            output.json(&json!({
                "served": served, "dormant": dormant, "environment": environment, "events": head, "projected": watermark,
                "cards_in_memory": cards_held, "writable": !failing, "backups": backups.as_ref().map(shown),
            }))?;
        } else {
            let service = match (served, dormant) {
                (true, true) => "A dormant service runs",
                (true, false) => "A service runs",
                (false, _) => "No service runs",
            };
            output.line(format_args!(
                "{service}, for {environment}; {head} events in the log, {watermark} of them in views.db."
            ))?;
            if let Some(backups) = backups {
                output.line(told(&backups))?;
            }
        }
        if failing {
            Err(Failure::CheckFailed("the log cannot be written: is the disk full?".to_owned()))
        } else {
            Ok(())
        }
    }
}

fn shown(backups: &BackupStanding) -> Value {
    let (made_at, events) = backups.newest.unzip();
    json!({ "failing": backups.failing, "made_at": made_at, "events": events })
}

fn told(backups: &BackupStanding) -> String {
    let newest = backups
        .newest
        .map(|(at, events)| format!("The newest backup is of {} and holds {events} events", at.to_seconds_text()));
    let newest = newest.unwrap_or_else(|| "No backup has been made".to_owned());
    let last = if backups.failing { "; the last attempt failed, the log says why." } else { "." };
    newest + last
}
