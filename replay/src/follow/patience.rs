//! How long the follower waits, and for what: after trouble, and until a source that says nothing is told of.

use super::alarm::{Alarm, Kind};
use super::follower::Follower;
use super::source::Trouble;
use super::{Halt, pace, say};
use std::time::{Duration, Instant};

/// How often `--once` tries to reach a source.
const ATTEMPTS: u32 = 3;

impl Follower<'_> {
    /// How long to wait after a source could not be asked; gives up where waiting changes nothing.
    pub(super) fn wait_after(&mut self, trouble: Trouble, failures: u32) -> Result<Duration, Halt> {
        let once = self.settings.once;
        let back_off = || pace::back_off(self.settings.every.min(Duration::from_secs(60)), failures);
        let wait = match &trouble {
            // Wrong from the beginning: a person is there to read it. Later a source could send its watcher away with it.
            Trouble::Refused(_) | Trouble::Redacted { .. } if once || self.mirror.head.seq == 0 => {
                return Err(trouble.into());
            }
            Trouble::Passing(_) if once && failures >= ATTEMPTS => return Err(trouble.into()),
            Trouble::Refused(_) | Trouble::Redacted { .. } | Trouble::Passing(_) => back_off(),
            Trouble::TooMany(asked) => pace::granted(*asked),
        };
        let refused = matches!(trouble, Trouble::Refused(_) | Trouble::Redacted { .. });
        let warning = if refused { "WARNING: " } else { "" };
        say(&format!("{warning}the source: {trouble}. Asked again in {wait:.1?}"));
        self.refused |= refused;
        Ok(wait)
    }

    /// A source may also lie by saying nothing: by not answering, by sending its watcher away, or by signing nothing of what happens.
    pub(super) fn watch_the_clock(&mut self) -> Result<(), Halt> {
        let first = self.mirror.first_uncovered()?;
        self.uncovered = first.map(|(seq, _)| match self.uncovered {
            Some((before, since)) if before == seq => (seq, since),
            Some(_) | None => (seq, Instant::now()),
        });
        let patience = self.settings.stale_after;
        let now = crate::instant::Instant::now().micros();
        let recorded = |at: i64| u64::try_from(now.saturating_sub(at)).map_or(Duration::ZERO, Duration::from_micros);
        let unsigned = match (first, self.uncovered) {
            (Some((seq, at)), Some((_, since))) => Some((seq, since.elapsed().max(recorded(at)))),
            (None, _) | (_, None) => None,
        };
        let silent = self.contact.elapsed();
        let sentence = if silent >= patience && self.refused {
            format!(
                "the source refuses the credential with which it was followed, and could not be read for {silent:.0?}"
            )
        } else if silent >= patience {
            format!("the source is silent: it could not be read to its end for {silent:.0?}")
        } else if let Some((seq, waiting)) = unsigned.filter(|(_, waiting)| *waiting >= patience) {
            format!("the source grew and signs no checkpoint of it: event {seq} has waited for {waiting:.0?}")
        } else {
            self.warned = None;
            return Ok(());
        };
        // An outage ends by itself; that somebody took the watcher's leave to see does not.
        if self.settings.stale_alarm || (self.refused && silent >= patience) {
            return Err(Alarm::new(Kind::Stale, unsigned.map(|(seq, _)| seq), sentence).into());
        }
        if self.warned.is_none_or(|at| at.elapsed() >= patience) {
            say(&format!("WARNING: {sentence}"));
            self.warned = Some(Instant::now());
        }
        Ok(())
    }
}
