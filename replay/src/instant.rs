//! Moments as the log counts them: microseconds since 1970-01-01T00:00:00Z, and their one spelling in payloads.

use chrono::{DateTime, Datelike as _, Months, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// Wraps a number of microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The bare number, for storage.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This moment, by the system's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// The same time of day twelve months of the calendar before; on the last day of February where that day is missing.
    #[must_use]
    pub fn twelve_months_earlier(self) -> Self {
        self.months_earlier(12)
    }

    /// So many days of 24 hours before.
    #[must_use]
    pub fn days_earlier(self, days: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(days).saturating_mul(86_400_000_000)))
    }

    /// The same time of day so many months of the calendar before; on the month's last day where that day is missing, and the
    /// earliest of all instants where the calendar does not reach so far: nothing is older than that.
    #[must_use]
    pub fn months_earlier(self, months: u32) -> Self {
        let earlier = DateTime::from_timestamp_micros(self.0).and_then(|at| at.checked_sub_months(Months::new(months)));
        earlier.map_or(Self(i64::MIN), |earlier| Self(earlier.timestamp_micros()))
    }

    /// The calendar month that it is in, by UTC.
    #[must_use]
    pub fn month(self) -> Month {
        // What no calendar holds is put at the end of it, on the side where it is.
        let end = if self.0 < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        let at = DateTime::from_timestamp_micros(self.0).unwrap_or(end);
        Month { year: at.year(), month: at.month() }
    }

    /// What an auditor types: RFC 3339 with any offset, or a date, which means its first instant in UTC.
    #[must_use]
    pub fn parse_typed(text: &str) -> Option<Self> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Some(Self(moment.timestamp_micros()));
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Self(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros()))
    }

    /// The one spelling that payloads use: `2026-01-31T12:00:00.000000Z`.
    ///
    /// Written by hand: it runs for every lot of every event.
    #[must_use]
    pub fn parse_payload(text: &str) -> Option<Self> {
        let bytes: &[u8; 27] = text.as_bytes().try_into().ok()?;
        for (at, mark) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')] {
            if bytes[at] != mark {
                return None;
            }
        }
        let [year, month, day] = [digits(&bytes[0..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?];
        let [hour, minute, second] = [digits(&bytes[11..13])?, digits(&bytes[14..16])?, digits(&bytes[17..19])?];
        if !(1..=12).contains(&month)
            || day < 1
            || day > days_in(year, month)
            || hour > 23
            || minute > 59
            || second > 59
        {
            return None;
        }
        let seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        Some(Self(seconds * 1_000_000 + digits(&bytes[20..26])?))
    }
}

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// Twelve times the year, and the month from 0.
    #[must_use]
    pub fn number(self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }

    /// Reads `2026-10`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 7] = text.as_bytes().try_into().ok()?;
        let (year, month) = (digits(&bytes[..4])?, digits(&bytes[5..])?);
        let well_formed = bytes[4] == b'-' && (1..=12).contains(&month);
        well_formed.then_some(Self { year: i32::try_from(year).ok()?, month: u32::try_from(month).ok()? })
    }

    /// The first instant after it.
    #[must_use]
    pub fn end(self) -> Instant {
        let next = self.next();
        Instant(days_since_epoch(i64::from(next.year), i64::from(next.month), 1) * 86_400_000_000)
    }

    /// The month after it.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self { year, month: 12 } => Self { year: year + 1, month: 1 },
            Self { year, month } => Self { year, month: month + 1 },
        }
    }
}

impl fmt::Display for Month {
    /// `2026-01`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_micros(self.0) {
            Some(moment) => f.write_str(&moment.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(f, "{} microseconds since 1970", self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::payload::Text::deserialize(deserializer)?;
        Self::parse_payload(text.as_str()).ok_or_else(|| {
            de::Error::custom(format!("{:?} is not a time like 2026-01-31T12:00:00.000000Z", text.as_str()))
        })
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar. The year is counted from March, so that the leap day comes last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payloads_time_means_what_the_calendar_says() {
        for micros in (-2_000_000_000_000_000_i64..4_102_444_800_000_000).step_by(86_399_123_457_911) {
            let instant = Instant::from_micros(micros);
            assert_eq!(Instant::parse_payload(&instant.to_string()), Some(instant), "{instant}");
            assert_eq!(Instant::parse_typed(&instant.to_string()), Some(instant), "{instant}");
        }
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let month = |text| Instant::parse_typed(text).expect(text).month().to_string();
        assert_eq!(month("2026-01-31T23:59:59.999999Z"), "2026-01");
        assert_eq!(month("2026-02-01"), "2026-02");
        assert_eq!(month("2026-02-01T01:00:00+02:00"), "2026-01", "by UTC");
        assert!(Instant::from_micros(i64::MAX).month() > Instant::parse_typed("9999-12-31").expect("a day").month());
    }

    #[test]
    fn months_earlier_end_at_the_months_last_day_and_never_come_later() {
        let at = |text| Instant::parse_typed(text).expect(text);
        assert_eq!(at("2026-03-31T12:00:00Z").months_earlier(1), at("2026-02-28T12:00:00Z"));
        assert_eq!(at("2026-03-31").months_earlier(u32::MAX), Instant::from_micros(i64::MIN));
        assert_eq!(Instant::from_micros(i64::MAX).months_earlier(1), Instant::from_micros(i64::MIN));
    }

    #[test]
    fn only_the_one_spelling_is_a_payloads_time() {
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00.000Z",
            "2026-01-31T12:00:00.000000+00:00",
            "2026-02-30T12:00:00.000000Z",
            "2026-01-31T24:00:00.000000Z",
            "2026-01-31 12:00:00.000000Z",
        ] {
            assert_eq!(Instant::parse_payload(text), None, "{text}");
        }
        assert_eq!(Instant::parse_typed("1970-01-02"), Some(Instant::from_micros(86_400_000_000)));
    }
}
