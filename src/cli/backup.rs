//! `counterfoil backup`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use super::staging::Staging;
use crate::backup::{LABEL, Label, Verified, copy_log, fill, to_the_end, verify_log};
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
    /// Print {"events","head_hash","files"} and nothing else
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let source = self.data.dir();
        source.expect_ledger()?;
        let target = DataDir::new(&self.to);
        let staging = Staging::begin(&target)?;
        let (verified, files) = self.fill(&source, &staging)?;
        staging.finish(files)?;
        self.report(&verified, files, output)
    }

    fn fill(&self, source: &DataDir, staging: &Staging) -> Result<(Verified, &'static [&'static str]), Failure> {
        let copy = staging.dir();
        if self.for_auditor {
            copy_log(&source.ledger(), &copy.ledger())?;
            return Ok((verify_log(&copy.ledger(), &to_the_end())?, &["ledger.db"]));
        }
        let made_at = Clock::System.now();
        let filled = fill(source, &copy, &to_the_end())?;
        Label::of(&filled, made_at).write(copy.path())?;
        Ok((filled.verified, &[LABEL, "ops.db", "ledger.db"]))
    }

    fn report(&self, verified: &Verified, files: &[&str], output: &mut Output) -> Result<(), Failure> {
        let Verified { events, head_hash, .. } = verified;
        if self.json {
            return output.json(&json!({ "events": events, "head_hash": head_hash, "files": files }));
        }
        output.line(format_args!("{} is a verified copy: {}.", self.to.display(), files.join(" and ")))?;
        output.line(format_args!("{events} events; the chain ends with {head_hash}"))
    }
}
