//! Months of the calendar in UTC.

use crate::domain::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A month of the calendar, in UTC; known by its first instant, written as `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Timestamp);

impl Period {
    /// The month in which a moment lies.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        Self(moment.month_start(0))
    }

    /// Reads `2026-10`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let month = Timestamp::parse(&format!("{text}-01")).map(Self::of)?;
        // The text of a month is one only: chrono takes `2026-1` and signs too.
        (month.to_string() == text).then_some(month)
    }

    /// The first instant that is no longer in it.
    #[must_use]
    pub fn ends_at(self) -> Timestamp {
        self.next().0
    }

    /// Its last microsecond: the moment whose balances are sealed.
    #[must_use]
    pub fn last_moment(self) -> Timestamp {
        Timestamp::from_micros(self.ends_at().micros() - 1)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        // No month is longer than 31 days, and no two together are shorter than 59.
        Self::of(self.0.plus_days(32))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_seconds_text().get(..7).unwrap_or_default())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a month such as 2026-10"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_across_years_and_leap_days() {
        let mut period = Period::parse("2023-11").unwrap();
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(period.to_string());
            assert_eq!(Period::of(period.last_moment()), period);
            assert_eq!(Period::of(period.ends_at()), period.next());
            period = period.next();
        }
        assert_eq!(seen, ["2023-11", "2023-12", "2024-01", "2024-02", "2024-03"]);
        assert_eq!(Period::parse("2024-02").unwrap().last_moment().to_micros_text(), "2024-02-29T23:59:59.999999Z");
    }

    #[test]
    fn a_month_is_written_in_one_way_only() {
        for wrong in ["2026-1", "2026-13", "2026-00", "26-01", "2026-01-01", "+2026-01", " 2026-01", "2026-1 ", ""] {
            assert_eq!(Period::parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(serde_json::to_string(&Period::parse("2026-10").unwrap()).unwrap(), "\"2026-10\"");
    }
}
