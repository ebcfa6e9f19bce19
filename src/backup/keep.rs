//! Which backups are kept, by their times.

use crate::domain::Timestamp;
use chrono::{DateTime, Datelike as _, Utc};

/// How many backups are kept: the newest ones, and the newest of each of the last days, weeks and months that have one (UTC, weeks
/// from Monday). A backup that any of the four keeps stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// At least 1: the newest backup always stays.
    pub newest: usize,
    pub daily: usize,
    pub weekly: usize,
    pub monthly: usize,
}

impl Keep {
    /// For each of these times, the newest first, whether its backup stays.
    #[must_use]
    pub fn of(&self, newest_first: &[Timestamp]) -> Vec<bool> {
        let mut stays: Vec<bool> = (0..newest_first.len()).map(|place| place < self.newest.max(1)).collect();
        let day = |time: DateTime<Utc>| (time.year(), time.ordinal());
        let week = |time: DateTime<Utc>| (time.iso_week().year(), time.iso_week().week());
        let month = |time: DateTime<Utc>| (time.year(), time.month());
        for (most, span) in [(self.daily, day as fn(_) -> _), (self.weekly, week), (self.monthly, month)] {
            let (mut seen, mut last) = (0, None);
            for (place, time) in newest_first.iter().enumerate() {
                let span = DateTime::from_timestamp_micros(time.micros()).map(span);
                if seen < most && span != last {
                    (seen, last) = (seen + 1, span);
                    stays[place] = true;
                }
            }
        }
        stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(keep: Keep, times: &[&str]) -> Vec<String> {
        let times: Vec<_> = times.iter().map(|text| Timestamp::parse(text).unwrap()).collect();
        let stays = keep.of(&times);
        times.iter().zip(stays).filter(|(_, stays)| *stays).map(|(time, _)| time.to_seconds_text()).collect()
    }

    const NONE: Keep = Keep { newest: 1, daily: 0, weekly: 0, monthly: 0 };
    const TIMES: [&str; 6] = [
        "2026-11-23T12:00:00Z", // a Monday
        "2026-11-23T00:00:00Z",
        "2026-11-22T23:59:59Z",
        "2026-11-22T01:00:00Z",
        "2026-10-31T01:00:00Z",
        "2025-10-30T01:00:00Z",
    ];

    #[test]
    fn the_newest_ones_stay_and_the_very_newest_always() {
        assert_eq!(kept(NONE, &TIMES), TIMES[..1]);
        assert_eq!(kept(Keep { newest: 0, ..NONE }, &TIMES), TIMES[..1]);
        assert_eq!(kept(Keep { newest: 3, ..NONE }, &TIMES), TIMES[..3]);
        assert_eq!(kept(Keep { newest: 9, ..NONE }, &TIMES), TIMES);
    }

    #[test]
    fn of_each_day_week_and_month_that_has_one_the_newest_stays() {
        assert_eq!(kept(Keep { daily: 3, ..NONE }, &TIMES), [TIMES[0], TIMES[2], TIMES[4]]);
        assert_eq!(kept(Keep { weekly: 2, ..NONE }, &TIMES), [TIMES[0], TIMES[2]]);
        assert_eq!(kept(Keep { monthly: 2, ..NONE }, &TIMES), [TIMES[0], TIMES[4]]);
        assert_eq!(
            kept(Keep { newest: 2, daily: 2, monthly: 3, ..NONE }, &TIMES),
            [TIMES[0], TIMES[1], TIMES[2], TIMES[4], TIMES[5]]
        );
    }
}
