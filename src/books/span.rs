//! How finely the sums are kept: the spans of the log, and when lots end.

use crate::domain::{Seq, Timestamp};
use std::fmt;

/// How many seqs a span holds at most: what a question that ends within a span has to read.
pub const SPAN_SEQS: i64 = 16_384;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Events of one day (UTC) and one block of seqs. In the log they follow each other in their own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Days since 1970-01-01.
    pub day: i64,
    /// The seq divided by [`SPAN_SEQS`], rounded down.
    pub block: i64,
}

impl Span {
    /// After every span.
    pub const END: Self = Self { day: i64::MAX, block: i64::MAX };
    /// Before every span.
    pub const START: Self = Self { day: i64::MIN, block: i64::MIN };

    /// The month that it is in.
    #[must_use]
    pub fn month(self) -> Month {
        Month::of(Timestamp::from_micros(self.day.saturating_mul(MICROS_PER_DAY)))
    }

    /// The span of an event.
    #[must_use]
    pub const fn of(seq: Seq, at: Timestamp) -> Self {
        Self { day: day_of(at), block: seq.get().div_euclid(SPAN_SEQS) }
    }
}

/// Days since 1970-01-01.
pub(super) const fn day_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(MICROS_PER_DAY)
}

/// When a lot ends, as finely as the kept sums tell it: at the first moment of a day, or later on that day. The ends that are due
/// at the first moment of a day are therefore those up to [`Ending::at_start_of`] it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ending(i64);

impl Ending {
    /// The ending of a lot that expires then.
    #[must_use]
    pub const fn of(expires_at: Timestamp) -> Self {
        let later = expires_at.micros().rem_euclid(MICROS_PER_DAY) != 0;
        Self(day_of(expires_at) * 2 + later as i64)
    }

    /// At the first moment of the day that a moment is in.
    #[must_use]
    pub const fn at_start_of(at: Timestamp) -> Self {
        Self(day_of(at) * 2)
    }

    /// At the last moment of a day.
    #[must_use]
    pub const fn at_end_of(day: i64) -> Self {
        Self(day * 2 + 1)
    }

    /// From its number in storage.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Twice the day, and one more where it is not the day's first moment.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The day.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(2)
    }

    /// The day's first moment.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_micros(self.day().saturating_mul(MICROS_PER_DAY))
    }

    /// Where its sums are kept: what happens to lots before the day on which they end is one sum, whenever it happens. Who asks
    /// what is due on that day counts all of it.
    pub(super) fn span(self, span: Span) -> Span {
        if span.day < self.day() { Span { day: self.day(), block: -1 } } else { span }
    }
}

/// A month of the calendar, or none: that in which a lot ends, which may be never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i64);

impl Month {
    /// Of what never ends.
    pub const NEVER: Self = Self(-1);

    /// The month that a moment is in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let (year, month) = at.year_and_month();
        Self(i64::from(year) * 12 + i64::from(month) - 1)
    }

    /// The month in which a lot ends.
    #[must_use]
    pub fn of_end(expires_at: Option<Timestamp>) -> Self {
        expires_at.map_or(Self::NEVER, Self::of)
    }

    /// From its number in storage.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Twelve times the year, and the month from 0; -1 for never.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is none.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Month {
    /// `2026-01`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            return f.write_str("never");
        }
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn what_ends_at_midnight_is_due_at_midnight_and_what_ends_later_is_not() {
        let midnight = at("2026-03-01");
        let due = |text: &str| Ending::of(at(text)) <= Ending::at_start_of(midnight);
        assert!(due("2026-03-01T00:00:00Z") && due("2026-02-28T23:59:59.999999Z") && due("1960-01-01T12:00:00Z"));
        assert!(!due("2026-03-01T00:00:00.000001Z") && !due("2026-03-02"));
        assert!(Ending::of(at("2026-03-01T23:59:59Z")) <= Ending::at_end_of(day_of(midnight)));
    }

    #[test]
    fn a_month_is_the_one_that_the_calendar_says() {
        for (text, month) in
            [("2026-01-01", "2026-01"), ("2026-12-31T23:59:59.999999Z", "2026-12"), ("1969-12-31", "1969-12")]
        {
            assert_eq!(Month::of(at(text)).to_string(), month);
        }
        assert_eq!(Month::of_end(None).to_string(), "never");
    }

    #[test]
    fn what_happens_to_lots_before_their_last_day_is_one_sum() {
        let ending = Ending::of(at("2026-03-05T12:00:00Z"));
        let span = |text: &str| ending.span(Span::of(Seq::new(20_000), at(text)));
        assert_eq!(span("2025-03-05T12:00:00Z"), span("2026-03-04T23:59:59Z"));
        assert_eq!(span("2026-03-05"), Span { day: ending.day(), block: 1 });
        assert!(span("2026-03-04") < span("2026-03-05") && span("2026-03-05") < span("2026-03-06"));
    }
}
