//! How long the follower waits, and for what: after trouble, and until a source that says nothing is told of.

use super::alarm::{Alarm, Kind};
use super::follower::Follower;
use super::source::Trouble;
use super::{FollowError, Halt, pace, say};
use std::time::{Duration, Instant};

/// How often `--once` tries to reach a source.
const ATTEMPTS: u32 = 3;
/// How often in a row `--once` lets a source put it off that has no time (429), and how long altogether.
const PUT_OFF_TIMES: u32 = 10;
const PUT_OFF_FOR: Duration = Duration::from_secs(3_600);

/// How a source that has no time has put the follower off, since it last got on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PutOff {
    times: u32,
    waited: Duration,
    /// How far the mirror went when that began.
    head: i64,
}

impl PutOff {
    /// The source had time.
    pub(super) fn ends(&mut self) {
        *self = Self::default();
    }

    /// Once more, with the mirror at `head`; gives up where that is too often or too long.
    fn again(&mut self, head: i64, wait: Duration) -> Result<(), FollowError> {
        if head > self.head {
            *self = Self { head, ..Self::default() };
        }
        let Self { times, waited, .. } = *self;
        if times >= PUT_OFF_TIMES || waited + wait > PUT_OFF_FOR {
            return Err(FollowError::PutOff { times: times + 1, waited, asked: wait });
        }
        (self.times, self.waited) = (times + 1, waited + wait);
        Ok(())
    }
}

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
            Trouble::TooMany(asked) => {
                let wait = pace::granted(*asked);
                if once {
                    self.put_off.again(self.mirror.head.seq, wait.max(*asked))?;
                }
                wait
            }
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
        let (silent, unread) = (self.contact.elapsed(), self.rechecked.elapsed());
        let sentence = if silent >= patience && self.refused {
            format!(
                "the source refuses the credential with which it was followed, and could not be read for {silent:.0?}"
            )
        } else if silent >= patience {
            format!("the source is silent: it could not be read to its end for {silent:.0?}")
        } else if let Some((seq, waiting)) = unsigned.filter(|(_, waiting)| *waiting >= patience) {
            format!("the source grew and signs no checkpoint of it: event {seq} has waited for {waiting:.0?}")
        } else if unread >= patience.max(self.settings.every.saturating_mul(2)) {
            format!(
                "the source shows new events and none of the old ones: nothing could be compared again for {unread:.0?}"
            )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_has_no_time_is_waited_for_ten_times_or_an_hour_in_a_row() {
        let mut put_off = PutOff::default();
        let wait = Duration::from_secs(1);
        (0..10).for_each(|_| put_off.again(5, wait).unwrap());
        let refused = put_off.again(5, wait).unwrap_err().to_string();
        assert!(
            refused.contains("11 times in a row, 10 seconds") && refused.contains("again in 1 seconds"),
            "{refused}"
        );
        put_off.again(6, wait).expect("events came in between");
        put_off.ends();
        put_off.again(6, Duration::from_secs(3_000)).expect("less than an hour");
        assert!(put_off.again(6, Duration::from_secs(3_000)).is_err(), "more than an hour in a row");
    }
}
