//! `counterfoil audit-key`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, CheckpointKeyView, RotationCause, call};
use crate::domain::Seq;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// List or change the key that signs checkpoints
#[derive(Debug, Args)]
pub(super) struct AuditKey {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Rotate(Rotate),
}

/// List the keys that have signed checkpoints, the one in force last
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    data: Data,
    /// Print an array of JSON objects
    #[arg(long)]
    json: bool,
}

/// Retire the key in force and make another
///
/// Both is recorded in the log, with the old key's signature that the new one takes its place: whoever follows the log trusts the
/// new key by that. What the old key signed stays valid; witnesses need the new key from now on. The secret stays in ops.db.
/// Where an older copy was put in the place of the log, `--lost` says that this one is meant.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  counterfoil audit-key rotate --data ./books\n  counterfoil audit-key rotate --key-lost --data ./books"
)]
struct Rotate {
    #[command(flatten)]
    data: Data,
    /// Without the old key's signature: its secret is lost or was stolen. Whoever follows the log is alarmed: tell them the new key on
    /// another way
    #[arg(long, conflicts_with = "lost")]
    key_lost: bool,
    /// Say in the log that it was put back to an older copy: the size of the largest checkpoint that it does not continue, as the
    /// refusal names it. The old key signs nothing of it, and whoever follows the log is alarmed
    #[arg(long, value_name = "SIZE", value_parser = clap::value_parser!(i64).range(1..))]
    lost: Option<i64>,
    /// With --lost: the file of `serve --checkpoint-copy`, in which a checkpoint of the new key then takes the place of the one that is there
    #[arg(long, value_name = "FILE", requires = "lost")]
    checkpoint: Option<PathBuf>,
    /// Print an array of JSON objects, as list does
    #[arg(long)]
    json: bool,
}

impl AuditKey {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let (data, json, request) = match self.action {
            Action::List(List { data, json }) => (data, json, AdminRequest::ListCheckpointKeys),
            Action::Rotate(Rotate { data, json, key_lost, lost, checkpoint }) => {
                // A running service need not have the same working directory.
                let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
                let why = match lost {
                    Some(signed) => {
                        RotationCause::LogRestored { signed: Seq::new(signed), copy: checkpoint.map(absolute) }
                    }
                    None if key_lost => RotationCause::KeyLost,
                    None => RotationCause::Planned,
                };
                (data, json, AdminRequest::RotateCheckpointKey { why })
            }
        };
        let answer = call(&data.dir(), &request)?;
        let AdminAnswer::CheckpointKeys { keys } = answer else { return Err(Failure::unexpected()) };
        if json {
            return output.json(&keys);
        }
        keys.iter().try_for_each(|key| output.line(line(key)))
    }
}

fn line(key: &CheckpointKeyView) -> String {
    let state = match key.retired_at {
        Some(at) => format!("retired {}", at.to_seconds_text()),
        None => "in force".to_owned(),
    };
    format!("{}\t{}\tsince {}\t{state}", key.key, key.verifier_key, key.created_at.to_seconds_text())
}
