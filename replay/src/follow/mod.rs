//! `follow`: the auditor's own copy of a running service's log, verified as it grows, and an alarm where the source contradicts what
//! it showed or signed before.
//!
//! A step asks for the newest checkpoint, reads on from the mirror's end, and holds the checkpoint against the mirror's own tree.
//! Between steps old pages are compared with the source again, in rounds whose order is drawn by chance, and the whole of `verify`
//! runs on the mirror. Nothing that was verified is ever written again.

mod address;
mod alarm;
mod directory;
mod feed;
mod files;
mod follower;
mod judge;
mod mirror;
mod pace;
mod patience;
mod rotations;
mod source;
mod status;
mod step;
mod telling;
mod trust;

pub use address::{Credential, Unusable};
pub use alarm::{Alarm, Kind};
pub use directory::MirrorError;
pub use pace::parse_duration;
pub use source::Trouble;

use crate::ledger::Row;
use crate::note::LogKey;
use crate::verify::VerifyError;
use alarm::Alarms;
use counterfoil_statements::Plain;
use follower::Follower;
use mirror::Mirror;
use source::Source;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// The environment variable that holds the credential where no file does.
pub const TOKEN_VARIABLE: &str = "COUNTERFOIL_AUDIT_TOKEN";

/// What to follow, and how.
#[derive(Debug)]
pub struct Settings {
    pub url: String,
    pub into: PathBuf,
    pub key: Option<LogKey>,
    pub credential: Credential,
    pub every: Duration,
    pub once: bool,
    /// How often the whole of `verify` runs on the mirror; never after the first time where it is no time at all.
    pub verify_every: Duration,
    /// How many old events are compared with the source in a step; all of them where it is none.
    pub recheck: Option<u64>,
    pub stale_after: Duration,
    pub stale_alarm: bool,
    /// Whether a rotation of the log's key is an alarm, and not a notice alone.
    pub rotation_alarm: bool,
    pub on_alarm: Option<PathBuf>,
    pub acknowledge: Vec<String>,
    pub allow_http: bool,
}

/// How following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing contradicts.
    Followed,
    /// There is an alarm, of now or of before.
    Alarmed,
}

/// Why following could not go on. What a source did wrong is no error but an [`Alarm`].
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("the source")]
    Source(#[from] Trouble),
    #[error(
        "the mirror trusts the key {pinned}, which {given} never took the place of: name another directory for another log"
    )]
    OtherKey { pinned: String, given: String },
    #[error(
        "the source has put this off {times} times in a row, {} seconds altogether, and wants to be asked again in {} seconds (too many \
         requests). What was mirrored stays; raise the service's limit for this credential, or come later", waited.as_secs(), asked.as_secs()
    )]
    PutOff { times: u32, waited: Duration, asked: Duration },
    #[error("there is no alarm {0:?} in the mirror's alarms/")]
    NoSuchAlarm(String),
    #[error("{path}")]
    File { path: String, source: io::Error },
    #[error(
        "the source's checkpoint is not signed with the key {key} ({why}). Either this is not that log's key, or this is not that \
         log: it states the key {stated}. Nothing was verified: for another address name another directory"
    )]
    Stranger { key: String, why: String, stated: String },
}

/// Why a step ended early.
#[derive(Debug)]
enum Halt {
    Trouble(Trouble),
    Alarm(Box<Alarm>),
    /// The source no longer shows the mirror's last event. What this is called may take many questions.
    Parted(Box<Parted>),
    Error(FollowError),
}

/// What was seen where the source no longer showed the mirror's last event.
#[derive(Debug)]
struct Parted {
    /// The newest checkpoint, as it was answered just before.
    note: Option<String>,
    /// What it shows in that place.
    row: Option<Row>,
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Alarm> for Halt {
    fn from(alarm: Alarm) -> Self {
        Self::Alarm(Box::new(alarm))
    }
}

impl From<FollowError> for Halt {
    fn from(error: FollowError) -> Self {
        Self::Error(error)
    }
}

impl From<MirrorError> for Halt {
    fn from(error: MirrorError) -> Self {
        Self::Error(error.into())
    }
}

/// Follows a service's log until there is an alarm, or once.
///
/// # Errors
/// Wrong use, a source that refuses the credential or, with `once`, cannot be reached, and files that cannot be read or written.
pub fn follow(settings: &Settings, out: &mut impl Write) -> Result<Outcome, FollowError> {
    let source = Source::new(&settings.url, settings.credential.clone(), settings.allow_http, settings.stale_after)?;
    let mirror = Mirror::open(&settings.into, &source.url)?;
    let alarms = Alarms::of(mirror.directory());
    let failed = |source| FollowError::File { path: settings.into.join("alarms").display().to_string(), source };
    let mut follower = Follower::new(settings, source, mirror, alarms);
    for name in &settings.acknowledge {
        follower.accept_key_of(name)?;
        if !follower.alarms.acknowledge(name).map_err(failed)? {
            return Err(FollowError::NoSuchAlarm(name.clone()));
        }
    }
    let open = follower.alarms.open().map_err(failed)?;
    follower.tell_again(&open).map_err(failed)?;
    if !open.is_empty() {
        say(&format!(
            "nothing is followed into {} while its alarms are not acknowledged: look at alarms/{}.json, then --acknowledge {}",
            settings.into.display(),
            open.join(".json, alarms/"),
            open.join(" --acknowledge "),
        ));
        return Ok(Outcome::Alarmed);
    }
    follower.run(out)
}

/// A line for whoever watches the output. That nobody does any more is no reason to stop watching the log.
fn line(out: &mut impl Write, text: &str) {
    let _ = writeln!(Plain(&mut *out), "{text}").and_then(|()| out.flush());
}

/// What a person should see, if there is one. Some of it was said by a source, which has no business with the terminal.
fn say(text: &str) {
    let _ = writeln!(Plain(io::stderr().lock()), "counterfoil-replay: {text}");
}
