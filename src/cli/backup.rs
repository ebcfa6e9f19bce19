//! `counterfoil backup`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use super::staging::Staging;
use crate::backup::{LABEL, Label, SecretsHeld, Verified, copy_log, fill, to_the_end, verify_log};
use crate::clock::Clock;
use crate::storage::DataDir;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Copy the books to a fresh directory, verified, while the service runs or not
///
/// `counterfoil restore --from COPY` puts it in place. It holds personal data, the hashes of secrets and the secret that signs
/// checkpoints; keep it as you keep the original. `serve --backup-to` makes such copies by itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil backup --data ./books --to /mnt/backup/2026-01-31
  counterfoil backup --data ./books --to ./for-the-auditor --for-auditor

Exit codes: 0 copied and verified, 1 the copy does not verify (it is left in COPY/.unfinished), 2 anything else.")]
pub(super) struct Backup {
    #[command(flatten)]
    data: Data,
    /// Where to; a directory that holds a ledger is left as it is
    #[arg(long, value_name = "COPY")]
    to: PathBuf,
    /// Copy the log alone: no personal data, no secrets
    #[arg(long)]
    for_auditor: bool,
    /// Print {"events","head_hash","files","secrets"} and nothing else; "secrets" is null with --for-auditor, else {"keys","webhooks"}:
    /// how many have theirs
    #[arg(long)]
    json: bool,
}

/// What was copied: the log, the secrets beside it where they were copied, and the files.
type Copied = (Verified, Option<SecretsHeld>, &'static [&'static str]);

impl Backup {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let source = self.data.dir();
        source.expect_ledger()?;
        let target = DataDir::new(&self.to);
        let staging = Staging::begin(&target)?;
        let (verified, secrets, files) = self.fill(&source, &staging)?;
        staging.finish(files)?;
        self.report(&verified, secrets.as_ref(), files, output)
    }

    fn fill(&self, source: &DataDir, staging: &Staging) -> Result<Copied, Failure> {
        let copy = staging.dir();
        if self.for_auditor {
            copy_log(&source.ledger(), &copy.ledger())?;
            return Ok((verify_log(&copy.ledger(), &to_the_end())?, None, &["ledger.db"]));
        }
        let made_at = Clock::System.now();
        let filled = fill(source, &copy, &to_the_end())?;
        Label::of(&filled, made_at).write(copy.path())?;
        Ok((filled.verified, Some(filled.secrets), &[LABEL, "ops.db", "ledger.db"]))
    }

    fn report(
        &self,
        verified: &Verified,
        secrets: Option<&SecretsHeld>,
        files: &[&str],
        output: &mut Output,
    ) -> Result<(), Failure> {
        let Verified { events, head_hash, .. } = verified;
        if self.json {
            let secrets = secrets.map(|held| json!({ "keys": held.keys, "webhooks": held.webhooks }));
            let told = json!({ "events": events, "head_hash": head_hash, "files": files, "secrets": secrets });
            return output.json(&told);
        }
        output.line(format_args!("{} is a verified copy: {}.", self.to.display(), files.join(" and ")))?;
        if let Some(SecretsHeld { keys, webhooks, webhooks_without, .. }) = secrets {
            output.line(format_args!("It holds the secrets of {keys} keys and {webhooks} webhooks."))?;
            if *webhooks_without > 0 {
                output.line(format_args!(
                    "{webhooks_without} webhooks have no secret and send nothing: `counterfoil webhooks rotate` gives them one."
                ))?;
            }
        }
        output.line(format_args!("{events} events; the chain ends with {head_hash}"))
    }
}
