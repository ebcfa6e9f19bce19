//! The command line: one file for each subcommand, which reads its arguments, has the work done and prints what came of it.
//!
//! Exit codes: 0 done, 1 a check failed, 2 wrong use or the machine's fault.

mod arguments;
mod audit_key;
mod backup;
mod backups;
mod books;
mod checkpoint;
mod config;
mod customer_data;
mod demo;
mod descriptors;
mod erase;
mod export;
mod failure;
mod hangup;
mod import;
mod init;
mod keys;
mod limits;
mod listen;
mod logging;
mod output;
#[cfg(test)]
mod parsers;
mod programme;
mod rebuild;
mod reset;
mod restore;
mod retention;
mod seal;
mod serve;
mod server;
mod service;
mod settings;
mod staging;
mod status;
mod timeouts;
mod webhooks;

pub use failure::Failure;

use clap::{Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use output::Output;
use std::ffi::OsString;
use std::process::ExitCode;

/// A loyalty ledger: cards and points kept the way a bank keeps books.
#[derive(Debug, Parser)]
#[command(name = "counterfoil", version, about, after_help = AFTER_HELP, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    subcommand: Sub,
}

const AFTER_HELP: &str = "\
Start here:
  counterfoil demo

Exit codes: 0 done, 1 a check failed, 2 wrong use or an I/O error.";

#[derive(Debug, Subcommand)]
enum Sub {
    Demo(demo::Demo),
    Init(init::Init),
    Serve(Box<serve::Serve>),
    Config(config::Config),
    Status(status::Status),
    Keys(keys::Keys),
    Erase(erase::Erase),
    CustomerData(customer_data::CustomerData),
    Export(Box<export::Export>),
    Books(books::Books),
    Import(import::Import),
    Retention(retention::RetentionDue),
    Rebuild(rebuild::Rebuild),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Reset(reset::Reset),
    Checkpoint(checkpoint::Checkpoint),
    Seal(seal::Seal),
    AuditKey(audit_key::AuditKey),
    Webhooks(webhooks::Webhooks),
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let done = execute(std::env::args_os().collect());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            failure.exit_code()
        }
    }
}

/// The command line as it is declared, with the names of settings in the environment.
fn command() -> Command {
    settings::with_variables(Arguments::command())
}

// What is wrong may stand in the file, not among the words that were typed.
fn refuse(error: &clap::Error, words: &settings::Words) -> ! {
    let _printed = error.print();
    if let Some(file) = words.file.as_ref().filter(|_| error.use_stderr() && !words.from_file.is_empty()) {
        let path = file.path.display();
        let told = format!("{path} says: {}", words.from_file.join(", "));
        let _printed = Output::new().aside(told);
    }
    std::process::exit(error.exit_code())
}

fn execute(typed: Vec<OsString>) -> Result<(), Failure> {
    let words = settings::layered(&command(), typed)?;
    let matches = command().try_get_matches_from(&words.words).unwrap_or_else(|error| refuse(&error, &words));
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let mut output = Output::new();
    match arguments.subcommand {
        Sub::Demo(demo) => demo.run(&mut output),
        Sub::Init(init) => init.run(&mut output),
        Sub::Serve(serve) => serve.run(&mut output),
        Sub::Config(config) => {
            let matches = matches.subcommand_matches("config").ok_or_else(Failure::unexpected)?;
            config.run(&mut output, matches, &words)
        }
        Sub::Status(status) => status.run(&mut output),
        Sub::Keys(keys) => keys.run(&mut output),
        Sub::Erase(erase) => erase.run(&mut output),
        Sub::CustomerData(data) => data.run(&mut output),
        Sub::Export(export) => export.run(&mut output),
        Sub::Books(books) => books.run(&mut output),
        Sub::Import(import) => import.run(&mut output),
        Sub::Retention(retention) => retention.run(&mut output),
        Sub::Rebuild(rebuild) => rebuild.run(&mut output),
        Sub::Backup(backup) => backup.run(&mut output),
        Sub::Restore(restore) => restore.run(&mut output),
        Sub::Reset(reset) => reset.run(&mut output),
        Sub::Checkpoint(checkpoint) => checkpoint.run(&mut output),
        Sub::Seal(seal) => seal.run(&mut output),
        Sub::AuditKey(key) => key.run(&mut output),
        Sub::Webhooks(webhooks) => webhooks.run(&mut output),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        command().debug_assert();
    }
}
