//! `counterfoil config`: what `serve` would go by, and where each of it comes from.

use super::Failure;
use super::output::Output;
use super::serve::Serve;
use super::settings::{self, Words};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Subcommand};
use serde::Serialize;

/// Check or show the settings that `serve` would go by
///
/// A setting comes from its flag, else from the environment (COUNTERFOIL_ and the flag's name), else from the TOML file that --config
/// or COUNTERFOIL_CONFIG names, else it is the default. Both subcommands take what `serve` takes. No setting is a secret: keys are
/// named by the paths of their files.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil config check --config /etc/counterfoil.toml
  counterfoil config show --config /etc/counterfoil.toml --json")]
pub(super) struct Config {
    #[command(subcommand)]
    subcommand: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Say whether `serve` would take these settings; exits with 2 and names the first that it would not
    Check(Box<Serve>),
    /// Print every setting with its value and where it comes from, as a file of settings
    Show(Show),
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    serve: Box<Serve>,
    /// Print [{"name","value","source"}] and nothing else
    #[arg(long)]
    json: bool,
}

/// One setting.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    /// Several of what may be repeated; none where it is not set.
    value: Vec<String>,
    source: String,
}

impl Config {
    /// `matches` are those of this subcommand.
    pub(super) fn run(self, output: &mut Output, matches: &ArgMatches, words: &Words) -> Result<(), Failure> {
        match self.subcommand {
            Sub::Check(serve) => {
                serve.check()?;
                output.line("The settings are sound.")
            }
            Sub::Show(Show { serve: _, json }) => {
                let matches = matches.subcommand_matches("show").ok_or_else(Failure::unexpected)?;
                let names = settings::names(&super::command());
                let settings: Vec<_> = names.into_iter().map(|name| shown(name, matches, words)).collect();
                if json {
                    return output.json(&settings);
                }
                settings.iter().try_for_each(|setting| output.line(line(setting)))
            }
        }
    }
}

fn shown(name: String, matches: &ArgMatches, words: &Words) -> Shown {
    let id = name.replace('-', "_");
    let raw = matches.try_get_raw(&id).ok().flatten();
    let value = raw.into_iter().flatten().map(|value| value.to_string_lossy().into_owned()).collect();
    let source = match matches.value_source(&id) {
        Some(ValueSource::EnvVariable) => settings::variable(&name),
        Some(ValueSource::CommandLine) if words.from_file.contains(&name) => {
            words.file.as_ref().map(|file| file.path.display().to_string()).unwrap_or_default()
        }
        Some(ValueSource::CommandLine) => format!("--{name}"),
        Some(_) | None => "default".to_owned(),
    };
    Shown { name, value, source }
}

// A line that the file could hold.
fn line(setting: &Shown) -> String {
    let Shown { name, value, source } = setting;
    let text = |value: &String| match value.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => toml::Value::String(value.clone()).to_string(),
    };
    match value.as_slice() {
        [] => format!("# {name} is not set"),
        [one] => format!("{name} = {}  # {source}", text(one)),
        several => format!("{name} = [{}]  # {source}", several.iter().map(text).collect::<Vec<_>>().join(", ")),
    }
}
