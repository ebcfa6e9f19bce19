//! Where settings come from: a flag, else the environment, else the file that `--config` names, else the default.
//!
//! Each setting is declared once, as a flag of `serve`. Its name in the environment and in the file follows from that of the flag:
//! `--card-memory` is `COUNTERFOIL_CARD_MEMORY` and `card-memory`. What the file says is put before the words that were typed, as if
//! it had been typed, unless these or the environment say it otherwise: so the file is held to the same rules, in the same words.

mod file;

pub(super) use file::SettingsFile;
#[cfg(test)]
pub(super) use file::values;

use super::Failure;
use clap::{Arg, Command};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The environment's name for the file.
const FILE_VARIABLE: &str = "COUNTERFOIL_CONFIG";
/// The flags of `serve` that are no settings.
const NO_SETTINGS: [&str; 5] = ["config", "help", "version", "json", "bench-echo"];

/// The words of the command line with those of the file among them.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) words: Vec<OsString>,
    pub(super) file: Option<SettingsFile>,
    /// The settings whose value is the file's.
    pub(super) from_file: Vec<String>,
}

/// The name of a setting in the environment.
pub(super) fn variable(name: &str) -> String {
    format!("COUNTERFOIL_{}", name.to_uppercase().replace('-', "_"))
}

/// The settings, by their names.
pub(super) fn names(command: &Command) -> Vec<String> {
    let serve = command.find_subcommand("serve").into_iter();
    let flags = serve.flat_map(Command::get_arguments).filter_map(Arg::get_long).filter(|name| is_setting(name));
    flags.map(str::to_owned).collect()
}

fn is_setting(name: &str) -> bool {
    !NO_SETTINGS.contains(&name)
}

/// Gives each setting its name in the environment, wherever a subcommand takes it.
pub(super) fn with_variables(command: Command) -> Command {
    let takes_file = command.get_arguments().any(|arg| arg.get_long() == Some("config"));
    let command = command.mut_subcommands(with_variables);
    if !takes_file {
        return command;
    }
    let serves = command.get_arguments().any(|arg| arg.get_long() == Some("listen"));
    command.mut_args(|arg| match arg.get_long() {
        Some("config") => arg.env(FILE_VARIABLE),
        Some(name) if name == "data" || (serves && is_setting(name)) => {
            let variable = variable(name);
            arg.env(variable)
        }
        Some(_) | None => arg,
    })
}

/// Puts the file's settings among the words that were typed.
///
/// # Errors
/// When the file cannot be read, or names a setting that there is none of.
pub(super) fn layered(command: &Command, typed: Vec<OsString>) -> Result<Words, Failure> {
    let (leaf, at) = subcommand(command, &typed);
    let takes_file = leaf.get_arguments().any(|arg| arg.get_long() == Some("config"));
    let Some(path) = file_named(&typed).filter(|_| takes_file) else {
        return Ok(Words { words: typed, file: None, from_file: Vec::new() });
    };
    let file = SettingsFile::read(path, &names(command))?;
    let (mut words, mut from_file) = (typed[..at].to_vec(), Vec::new());
    for (name, values) in &file.values {
        let taken = leaf.get_arguments().any(|arg| arg.get_long() == Some(name) && arg.get_env().is_some());
        if !taken || is_typed(&typed, name) || std::env::var_os(variable(name)).is_some() {
            continue;
        }
        words.extend(values.iter().map(|value| OsString::from(format!("--{name}={value}"))));
        from_file.push(name.clone());
    }
    words.extend_from_slice(&typed[at..]);
    Ok(Words { words, file: Some(file), from_file })
}

/// The subcommand that the words name, and where its own words begin.
fn subcommand<'c>(command: &'c Command, words: &[OsString]) -> (&'c Command, usize) {
    let (mut found, mut at) = (command, 1);
    while let Some(deeper) = words.get(at).and_then(|word| found.find_subcommand(word)) {
        (found, at) = (deeper, at + 1);
    }
    (found, at.min(words.len()))
}

fn is_typed(words: &[OsString], name: &str) -> bool {
    let flag = format!("--{name}");
    words.iter().filter_map(|word| word.to_str()).any(|word| word.split('=').next() == Some(flag.as_str()))
}

fn file_named(words: &[OsString]) -> Option<PathBuf> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == OsStr::new("--config") {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}
