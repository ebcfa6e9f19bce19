//! `counterfoil backup`

mod copy;
mod verify;

pub(super) use copy::whole as copy_database;

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use super::staging::Staging;
use crate::storage::DataDir;
use clap::Args;
use serde_json::json;
use std::io;
use std::path::PathBuf;
use verify::Verified;

/// Copy the books to a fresh directory, verified, while the service runs or not
///
/// The copy is a data directory: `counterfoil serve --data COPY` continues from it (views.db is made anew). It holds personal
/// data and the hashes of secrets; keep it as you keep the original.
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

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "the copy does not verify: {0}. It is left in .unfinished; run `counterfoil-replay verify` on the original"
    )]
    Finding(String),
}

impl BackupError {
    /// Whether a check found something, in contrast to the machine failing.
    pub(super) fn is_a_finding(&self) -> bool {
        match self {
            Self::Finding(_) => true,
            Self::Database { .. } | Self::File { .. } => false,
        }
    }
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
            copy::log_alone(&source.ledger(), &copy.ledger())?;
            return Ok((verify::log(&copy.ledger())?, &["ledger.db"]));
        }
        // A secret's hash is older than its key's event: copied in this order, no key of the copy lacks its hash.
        copy::whole(&source.ledger(), &copy.ledger())?;
        copy::whole(&source.ops(), &copy.ops())?;
        let verified = verify::log(&copy.ledger())?;
        verify::secrets(&copy.ledger(), &copy.ops())?;
        Ok((verified, &["ops.db", "ledger.db"]))
    }

    fn report(&self, verified: &Verified, files: &[&str], output: &mut Output) -> Result<(), Failure> {
        let Verified { events, head_hash } = verified;
        if self.json {
            return output.json(&json!({ "events": events, "head_hash": head_hash, "files": files }));
        }
        output.line(format_args!("{} is a verified copy: {}.", self.to.display(), files.join(" and ")))?;
        output.line(format_args!("{events} events; the chain ends with {head_hash}"))
    }
}
