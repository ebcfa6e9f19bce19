//! What each of the commands takes.

use crate::cli::arguments::{self, Data, Switch};
use crate::domain::webhooks::EventName;
use clap::Args;
use std::path::PathBuf;

/// Make a webhook; its secret is shown once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil webhooks create --data ./books --url https://shop.example.com/hooks --events points.awarded,points.redeemed
  counterfoil webhooks create --data ./books --url https://shop.example.com/hooks --events '*' --shops 1,2
  openssl rand -base64 32 | counterfoil webhooks create --data ./books --url https://shop.example.com/hooks --events '*' --secret-file -")]
pub(super) struct Create {
    #[command(flatten)]
    pub(super) data: Data,
    /// Where it leads: https, a public host
    #[arg(long, value_name = "URL")]
    pub(super) url: String,
    /// What to tell: names of events, separated by commas; `*` is everything
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true, value_parser = event_name)]
    pub(super) events: Vec<EventName>,
    /// Only what happens in these shops
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) shops: Vec<i64>,
    /// What to remember about it
    #[arg(long, value_name = "TEXT", value_parser = arguments::name)]
    pub(super) description: Option<String>,
    /// Send nothing until `webhooks update --active on`; what happens meanwhile is sent then
    #[arg(long)]
    pub(super) inactive: bool,
    /// A secret of your own instead of a drawn one: a file that holds 16 to 128 visible ASCII characters, `-` is the standard input. No flag
    /// takes the secret itself: it would stand in the list of processes and in the shell's history
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
    /// Whose it is, where there are several partners
    #[arg(long, value_name = "ID")]
    pub(super) partner: Option<i64>,
    /// Print it as JSON and nothing else
    #[arg(long)]
    pub(super) json: bool,
}

/// List webhooks, and how they fare
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    pub(super) data: Data,
    /// Of this partner only
    #[arg(long, value_name = "ID")]
    pub(super) partner: Option<i64>,
    /// Print an array of JSON objects
    #[arg(long)]
    pub(super) json: bool,
}

/// Change a webhook; one that was disabled goes on where it was with --active on
#[derive(Debug, Args)]
pub(super) struct Update {
    #[command(flatten)]
    pub(super) which: Which,
    /// Where it leads
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// What to tell
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = event_name)]
    pub(super) events: Option<Vec<EventName>>,
    /// Only what happens in these shops; `all` for every shop
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) shops: Option<Vec<String>>,
    /// Whether to send; what happens meanwhile is sent afterwards
    #[arg(long, value_name = "SWITCH")]
    pub(super) active: Option<Switch>,
    /// What to remember about it
    #[arg(long, value_name = "TEXT", value_parser = arguments::name)]
    pub(super) description: Option<String>,
}

/// End a webhook for good
#[derive(Debug, Args)]
pub(super) struct Remove {
    #[command(flatten)]
    pub(super) which: Which,
}

/// Leave out what has not been delivered: tell the receiver of what comes from here on
///
/// The log says so. What was left out can be sent again with `counterfoil webhooks redeliver`.
#[derive(Debug, Args)]
pub(super) struct Skip {
    #[command(flatten)]
    pub(super) which: Which,
}

/// Have another secret sign; both sign for a while
#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    pub(super) which: Which,
    /// For how many hours the secret before signs too
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(i64).range(0..=168))]
    pub(super) overlap_hours: i64,
    /// The new secret, of your own: a file that holds 16 to 128 visible ASCII characters, `-` is the standard input. No flag takes the
    /// secret itself: it would stand in the list of processes and in the shell's history
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: Option<PathBuf>,
}

/// Send a sample now, and print what the receiver answered; exits with 1 where it did not take it
#[derive(Debug, Args)]
pub(super) struct Test {
    #[command(flatten)]
    pub(super) which: Which,
    /// Which event it shall look like
    #[arg(long, value_name = "NAME", value_parser = event_name)]
    pub(super) event: Option<EventName>,
}

/// Print the newest attempts, or what is pending
#[derive(Debug, Args)]
pub(super) struct Deliveries {
    #[command(flatten)]
    pub(super) which: Which,
    /// Only these: pending, delivered, failed or abandoned
    #[arg(long, value_name = "STATUS")]
    pub(super) status: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1_000))]
    pub(super) limit: i64,
}

/// Send a part of the log again
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil webhooks redeliver --data ./books --webhook 1 --from 2040 --to 2100")]
pub(super) struct Redeliver {
    #[command(flatten)]
    pub(super) which: Which,
    /// The first event, by its place in the log
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
    pub(super) from: i64,
    /// The last one; the end of the log if not given
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
    pub(super) to: Option<i64>,
}

#[derive(Debug, Args)]
pub(super) struct Which {
    #[command(flatten)]
    pub(super) data: Data,
    /// Which webhook, by its number
    #[arg(long, value_name = "ID")]
    pub(super) webhook: i64,
    /// Print JSON and nothing else
    #[arg(long)]
    pub(super) json: bool,
}

fn event_name(text: &str) -> Result<EventName, String> {
    EventName::from_text(text).ok_or_else(|| {
        let names: Vec<&str> = EventName::canonical().map(EventName::as_str).collect();
        format!("one of {}", names.join(", "))
    })
}
