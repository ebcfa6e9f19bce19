//! The words of `follow`.

use clap::Args;
use counterfoil_replay::follow::parse_duration;
use std::path::PathBuf;
use std::time::Duration;

/// What `follow` does, what it leaves behind, and what each alarm means.
pub(super) const FOLLOWS: &str = "\
Keep a copy of a running service's log, verified as it grows, and alarm where the source contradicts what it showed or signed before.

Each step asks for the newest checkpoint and for the events after the mirror's end, and checks that
  the checkpoint is signed by the key that is trusted, and is no smaller than the one before
  the last event of the mirror is still what it was, and each new one follows from the one before it
  the mirror's own tree has the root that was signed, and the log records the checkpoint
  the source proves to others, too, that its tree continues the one before
Old events are compared with the source again, --recheck of them a step, in an order that is drawn by chance and leaves none out. \
What `verify` checks without a vault (every rule of every movement) is checked on the whole mirror at the start and every --verify-every.

The mirror, DIR, holds
  ledger.db       the log, as a service keeps it, without its vault: no personal data. Give DIR to verify --data, report, balance …
  checkpoint.txt  the last checkpoint under which it was verified, a signed note; events beyond its size are not yet covered
  status.json     how far it is; key_named tells whether the key was named or taken from the log itself
  alarms/         the evidence of each alarm; nothing is followed until every one is named with --acknowledge
  notices/        rotations of the key, which stop nothing
Whatever stops the command, kill -9 or a loss of power, the next start continues. Nothing that is in ledger.db is ever changed.

The key is pinned at the first checkpoint. Later keys are trusted where the log retires the trusted one and creates the next in the \
same command, and the old key has signed that; each such change is told on stderr and to --on-alarm, with a file in notices/. A new key that \
the old one has not signed for is an alarm, and is trusted once that is acknowledged.

Alarms
  rollback    the source shows or has signed less than before: an older copy was restored, or the log's end was cut off
  fork        the source has signed two histories; both notes are in the file, and anybody can check them with the log's key
  rewrite     the source shows an event otherwise than before; the file has both
  chain       a new event does not follow from the one before it
  key         the checkpoint is not signed by a key that is trusted: another key, or another log; or the old key did not sign for a new one
  unrecorded  a checkpoint was signed that its log does not record
  proof       no valid proof of consistency, although the events are consistent
  rules       an event breaks a rule, as `verify` tells it
  stale       the source refuses the credential for --stale-after; with --stale-alarm: it is silent, grows and signs nothing, or shows no old event
  hidden      the source shows an event without its content, and showed everything before
  rotation    with --rotation-alarm: the log's key was rotated
  mirror      the mirror itself was changed

Exit codes: 0 followed (--once), 2 wrong use, or the source refuses or cannot be read, 3 there is an alarm.";

pub(super) const EXAMPLES: &str = "\
Examples:
  counterfoil-replay follow https://books.example.com --into /var/lib/audit/books --token-file token \\
      --key example.com/books+9f7b8ce9+AW66Qmz9616QnUqc7iQqlKIlc1HTJ6AkvzjgdfjVrqQS --on-alarm ./page-me
  counterfoil-replay follow http://127.0.0.1:8787 --into ./mirror --once --recheck all     # from cron; the token in the environment
  counterfoil-replay follow https://books.example.com --into ./mirror --acknowledge 0001-rollback";

#[derive(Debug, Args)]
pub(crate) struct Follow {
    /// The service's address; plain http only to this machine
    pub(crate) url: String,
    /// The mirror: a directory of its own, which is made where it is absent
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
    /// The log's key, as `counterfoil audit-key list` shows it. Without it the key that the log states first is trusted
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// A file with the credential of `counterfoil keys create --audit-all`: a bearer token, or a key and its secret. Otherwise the
    /// environment variable COUNTERFOIL_AUDIT_TOKEN has it
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// How long to wait between steps (500ms, 10s, 5m, 1h). A step is about three requests; a service allows a bearer token 1,000
    /// and a pair 2,000 an hour
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    pub(crate) every: Duration,
    /// Take one step and end
    #[arg(long)]
    pub(crate) once: bool,
    /// How often to run all of `verify` on the mirror where it has grown; 0 for once, after the first step
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) verify_every: Duration,
    /// How many old events to compare with the source in a step, in pages of 1,000; 0 for none, `all` for the whole history
    #[arg(long, value_name = "EVENTS", default_value = "1000", value_parser = recheck)]
    pub(crate) recheck: Recheck,
    /// How long the source may be silent, leave what happened unsigned, or let no old event be compared again, before that is told
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) stale_after: Duration,
    /// Make that an alarm and not a warning
    #[arg(long)]
    pub(crate) stale_alarm: bool,
    /// Make a rotation of the log's key an alarm: nothing is followed on until it is acknowledged
    #[arg(long)]
    pub(crate) rotation_alarm: bool,
    /// A program to run with the file of an alarm, or of a notice that the key was rotated, as its argument; it has 60 seconds
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) on_alarm: Option<PathBuf>,
    /// An alarm that was looked at, as in 0001-rollback. May be given several times
    #[arg(long, value_name = "ALARM")]
    pub(crate) acknowledge: Vec<String>,
    /// Allow plain http to other machines: whoever is on the way reads the credential, and can show another log
    #[arg(long)]
    pub(crate) allow_http: bool,
}

/// How many old events are compared in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recheck {
    All,
    Events(u64),
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a time is a whole number with ms, s, m, h or d, as in 10s".to_owned())
}

fn recheck(text: &str) -> Result<Recheck, String> {
    match text {
        "all" => Ok(Recheck::All),
        number => number.parse().map(Recheck::Events).map_err(|_| "a number of events, or `all`".to_owned()),
    }
}
