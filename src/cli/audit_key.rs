//! `counterfoil audit-key`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, CheckpointKeyView, call};
use clap::{Args, Subcommand};

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
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  counterfoil audit-key rotate --data ./books\n  counterfoil audit-key rotate --lost --data ./books"
)]
struct Rotate {
    #[command(flatten)]
    data: Data,
    /// Without the old key's signature: its secret is lost, was stolen, or has signed another history than this one, because an older
    /// copy of the directory was put in its place. Whoever follows the log is alarmed: tell them the new key on another way
    #[arg(long)]
    lost: bool,
    /// Print an array of JSON objects, as list does
    #[arg(long)]
    json: bool,
}

impl AuditKey {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let (data, json, request) = match self.action {
            Action::List(List { data, json }) => (data, json, AdminRequest::ListCheckpointKeys),
            Action::Rotate(Rotate { data, lost, json }) => (data, json, AdminRequest::RotateCheckpointKey { lost }),
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
