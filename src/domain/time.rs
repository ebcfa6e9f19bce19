//! Time as the log counts it: UTC with microseconds. The domain never asks what time it is; it is told.

use chrono::{DateTime, Datelike as _, Duration, NaiveDate, NaiveTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Wraps a number of microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch, for storage.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This moment and so many days of 24 hours; the far future where the calendar ends.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        const MICROS_PER_DAY: i64 = 86_400_000_000;
        Self(self.0.saturating_add(i64::from(days).saturating_mul(MICROS_PER_DAY))).clamped()
    }

    /// So many days of 24 hours before this moment.
    #[must_use]
    pub fn minus_days(self, days: u32) -> Self {
        const MICROS_PER_DAY: i64 = 86_400_000_000;
        Self(self.0.saturating_sub(i64::from(days).saturating_mul(MICROS_PER_DAY))).clamped()
    }

    /// The first instant of this moment's day, in UTC.
    #[must_use]
    pub fn day_start(self) -> Self {
        self.date_start(Some)
    }

    /// The first instant of this moment's month, or of the one so many months before it, in UTC; the first of year 0 where that is
    /// earlier still.
    #[must_use]
    pub fn month_start(self, before: u32) -> Self {
        self.date_start(|date| date.with_day(1)?.checked_sub_months(chrono::Months::new(before)))
    }

    /// The year and the month (from 1) of this moment, in UTC.
    #[must_use]
    pub fn year_and_month(self) -> (i32, u32) {
        let utc = self.utc();
        (utc.year(), utc.month())
    }

    /// The first instant of this moment's year, in UTC.
    #[must_use]
    pub fn year_start(self) -> Self {
        self.date_start(|date| date.with_ordinal(1))
    }

    fn date_start(self, of: impl FnOnce(NaiveDate) -> Option<NaiveDate>) -> Self {
        let start = of(self.utc().date_naive()).map(|date| date.and_time(NaiveTime::MIN).and_utc());
        // Only what is before the calendar's beginning has no date.
        start.map_or(Self(i64::MIN), |start| Self(start.timestamp_micros())).clamped()
    }

    /// The same time of day twelve months of the calendar before; on the last day of February where that day is missing.
    #[must_use]
    pub fn twelve_months_earlier(self) -> Self {
        self.months_earlier(12)
    }

    /// The same time of day so many months of the calendar before; on the month's last day where that day is missing, and the
    /// beginning of year 0 where the calendar does not reach so far.
    #[must_use]
    pub fn months_earlier(self, months: u32) -> Self {
        let earlier = self.utc().checked_sub_months(chrono::Months::new(months));
        earlier.map_or(Self(i64::MIN), |earlier| Self(earlier.timestamp_micros())).clamped()
    }

    /// Whole days from `earlier` to this moment, rounded up; 0 when it has passed.
    #[must_use]
    pub fn days_after_rounded_up(self, earlier: Self) -> i64 {
        const MICROS_PER_DAY: i64 = 86_400_000_000;
        let micros = self.0.saturating_sub(earlier.0).max(0);
        micros / MICROS_PER_DAY + i64::from(micros % MICROS_PER_DAY != 0)
    }

    /// Parses RFC 3339 with any offset, or a bare date, which means its first instant in UTC. Years 0 to 9999.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_moment(text).or_else(|| Self::parse_day(text))
    }

    /// Like [`Timestamp::parse`], but a bare date means its last microsecond: the end of a range includes the whole day.
    #[must_use]
    pub fn parse_range_end(text: &str) -> Option<Self> {
        Self::parse_moment(text).or_else(|| Some(Self(Self::parse_day(text)?.plus_days(1).0 - 1)))
    }

    /// Parses RFC 3339 with any offset, and nothing else. Years 0 to 9999.
    #[must_use]
    pub fn parse_moment(text: &str) -> Option<Self> {
        let moment = Self(DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros());
        (moment == moment.clamped()).then_some(moment)
    }

    fn parse_day(text: &str) -> Option<Self> {
        let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        let start = Self(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros());
        (start == start.clamped()).then_some(start)
    }

    /// RFC 3339 with seconds, as `/api/*` shows times.
    #[must_use]
    pub fn to_seconds_text(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// RFC 3339 with milliseconds, as `/{locale}/shop` shows times.
    #[must_use]
    pub fn to_millis_text(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// RFC 3339 with microseconds, as the log writes times.
    #[must_use]
    pub fn to_micros_text(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::microseconds(self.clamped().0)
    }

    // Outside years 0 to 9999 RFC 3339 has no text; the log never holds such a time.
    fn clamped(self) -> Self {
        const YEAR_0: i64 = -62_167_219_200_000_000;
        const YEAR_9999_END: i64 = 253_402_300_799_999_999;
        Self(self.0.clamp(YEAR_0, YEAR_9999_END))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_micros_text())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_micros_text())
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_months_and_years_begin_at_midnight_in_utc() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2024-03-31T23:59:59.5Z");
        assert_eq!(now.day_start(), at("2024-03-31"));
        assert_eq!((now.month_start(0), now.month_start(1)), (at("2024-03-01"), at("2024-02-01")));
        assert_eq!(at("2024-01-15").month_start(1), at("2023-12-01"));
        let months_of_2024_years = 2024 * 12 + 2;
        assert_eq!(now.month_start(months_of_2024_years), at("0000-01-01"));
        for beyond in [months_of_2024_years + 1, 12 * 300_000, u32::MAX] {
            assert_eq!(now.month_start(beyond), at("0000-01-01"), "never later than the month itself");
        }
        assert_eq!(Timestamp::from_micros(i64::MAX).month_start(0), at("9999-12-01"));
        assert_eq!(now.year_start(), at("2024-01-01"));
        assert_eq!(now.minus_days(31), at("2024-02-29T23:59:59.5Z"));
        assert_eq!(now.months_earlier(1), at("2024-02-29T23:59:59.5Z"));
        assert_eq!(now.months_earlier(u32::MAX), at("0000-01-01"), "nothing was typed before that");
    }

    #[test]
    fn a_time_survives_its_text_to_the_microsecond() {
        let moment = Timestamp::from_micros(1_735_293_600_123_456);
        assert_eq!(moment.to_micros_text(), "2024-12-27T10:00:00.123456Z");
        assert_eq!(Timestamp::parse(&moment.to_micros_text()), Some(moment));
        assert_eq!(moment.to_seconds_text(), "2024-12-27T10:00:00Z");
    }

    #[test]
    fn an_offset_is_converted_to_utc() {
        assert_eq!(Timestamp::parse("2024-12-27T12:00:00+02:00"), Timestamp::parse("2024-12-27T10:00:00Z"));
    }

    #[test]
    fn a_bare_date_is_a_day_from_its_first_to_its_last_microsecond() {
        let start = Timestamp::parse("2024-02-29").unwrap();
        let end = Timestamp::parse_range_end("2024-02-29").unwrap();
        assert_eq!(end.micros() - start.micros(), 86_400_000_000 - 1);
        assert_eq!(Timestamp::parse("2023-02-29"), None);
    }

    #[test]
    fn days_left_count_a_begun_day_as_one() {
        let now = Timestamp::from_micros(0);
        assert_eq!(Timestamp::from_micros(1).days_after_rounded_up(now), 1);
        assert_eq!(now.plus_days(30).days_after_rounded_up(now), 30);
        assert_eq!(now.days_after_rounded_up(now.plus_days(1)), 0);
    }
}
