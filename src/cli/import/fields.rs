//! Reading the values of a row: texts within their bounds, whole points, exact money, times. The first problem of a row is kept.

use super::columns::Column;
use crate::control::RowRefusal;
use crate::domain::points::Points;
use crate::domain::{Money, ShopId, Timestamp};
use chrono::{FixedOffset, NaiveDate, NaiveDateTime};
use std::marker::PhantomData;

/// How texts of a row are read where their own words do not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conventions {
    /// Of times without an offset.
    pub(super) offset: FixedOffset,
}

/// The values of a row.
pub(super) struct Fields<C> {
    values: Vec<Option<String>>,
    conventions: Conventions,
    problem: Option<RowRefusal>,
    columns: PhantomData<C>,
}

impl<C: Column> Fields<C> {
    pub(super) fn new(values: Vec<Option<String>>, conventions: Conventions) -> Self {
        Self { values, conventions, problem: None, columns: PhantomData }
    }

    /// The value, or the first problem of the row.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, RowRefusal> {
        match (self.problem, value) {
            (None, Some(value)) => Ok(value),
            (Some(problem), _) => Err(problem),
            (None, None) => Err(problem("INVALID", None, "the row says nothing")),
        }
    }

    /// Notes what is wrong with a column.
    pub(super) fn wrong(&mut self, code: &str, column: C, message: impl Into<String>) {
        self.problem.get_or_insert_with(|| problem(code, Some(column.name()), message));
    }

    /// Notes that a column that has to say something is empty.
    pub(super) fn missing(&mut self, column: C, message: &str) {
        self.wrong("REQUIRED", column, message);
    }

    /// A text as it stands.
    pub(super) fn raw(&mut self, column: C) -> Option<String> {
        self.values[column.place()].take()
    }

    /// Whether a column says something.
    pub(super) fn has(&self, column: C) -> bool {
        self.values[column.place()].is_some()
    }

    /// A text of at most so many characters, none of them a control character.
    pub(super) fn text(&mut self, column: C, most: usize) -> Option<String> {
        let text = self.raw(column)?;
        if text.chars().count() > most {
            self.wrong("TOO_LONG", column, format!("more than {most} characters"));
            return None;
        }
        if text.chars().any(|character| character.is_control() && character != '\n' && character != '\t') {
            self.wrong("INVALID", column, "must not hold control characters");
            return None;
        }
        Some(text)
    }

    /// A name that stands in the log for ever.
    pub(super) fn key(&mut self, column: C) -> Option<String> {
        const BYTES: usize = 255;
        let text = self.text(column, BYTES)?;
        if text.len() > BYTES {
            self.wrong("TOO_LONG", column, format!("more than {BYTES} bytes"));
            return None;
        }
        Some(text)
    }

    /// Whole points, signed; `12.00` is whole too.
    pub(super) fn points(&mut self, column: C) -> Option<Points> {
        let text = self.raw(column)?;
        let whole = match text.split_once('.') {
            Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
            Some(_) | None => text.as_str(),
        };
        let points = whole.parse::<i64>().ok().filter(|points| points.unsigned_abs() <= 1_000_000_000);
        if points.is_none() {
            self.wrong("INVALID", column, format!("{text:?} is no whole number of points within a billion"));
        }
        points.map(Points::new)
    }

    /// Points that are not negative.
    pub(super) fn count(&mut self, column: C) -> Option<Points> {
        let points = self.points(column)?;
        if points < Points::ZERO {
            self.wrong("INVALID", column, "must not be negative");
            return None;
        }
        Some(points)
    }

    /// Money, exactly as it is written; its sign aside where `signed`.
    pub(super) fn money(&mut self, column: C, signed: bool) -> Option<Money> {
        let text = self.raw(column)?;
        let plain = text.strip_prefix('-').filter(|_| signed).unwrap_or(&text);
        let digits = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let money = digits.then(|| plain.parse().ok()).flatten().and_then(Money::new);
        if money.is_none() {
            let message = format!("{text:?} is no amount such as 12.50, with at most four decimal places");
            self.wrong("INVALID", column, message);
        }
        money
    }

    /// A moment: RFC 3339, or a date with or without a time, which is then of the given offset.
    pub(super) fn time(&mut self, column: C) -> Option<Timestamp> {
        let text = self.raw(column)?;
        let time = moment(&text, self.conventions.offset);
        if time.is_none() {
            let message =
                format!("{text:?} is no time such as 2024-01-31T12:00:00Z, 2024-01-31 12:00:00 or 2024-01-31");
            self.wrong("INVALID", column, message);
        }
        time
    }

    /// A shop of the ledger.
    pub(super) fn shop(&mut self, column: C) -> Option<ShopId> {
        let number = self.id(column, "shop_")?;
        Some(ShopId::new(number))
    }

    /// A number of the ledger, with or without its prefix.
    pub(super) fn id(&mut self, column: C, prefix: &str) -> Option<i64> {
        let text = self.raw(column)?;
        let digits = text.strip_prefix(prefix).unwrap_or(&text);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = plain.then(|| digits.parse::<i64>().ok()).flatten().filter(|number| *number > 0);
        if number.is_none() {
            self.wrong("INVALID", column, format!("{text:?} is no number of the ledger, such as {prefix}2"));
        }
        number
    }

    /// An email address.
    pub(super) fn email(&mut self, column: C) -> Option<String> {
        const BYTES: usize = 254;
        let text = self.text(column, BYTES)?;
        let valid = text.len() <= BYTES && email_address::EmailAddress::is_valid(&text);
        if !valid {
            self.wrong("INVALID", column, "is no email address");
        }
        valid.then_some(text)
    }

    /// A phone number with at least three digits.
    pub(super) fn phone(&mut self, column: C) -> Option<String> {
        let text = self.text(column, 50)?;
        if text.bytes().filter(u8::is_ascii_digit).count() < 3 {
            self.wrong("INVALID", column, "is no phone number");
            return None;
        }
        Some(text)
    }
}

/// What is wrong with a row.
pub(super) fn problem(code: &str, field: Option<&str>, message: impl Into<String>) -> RowRefusal {
    RowRefusal { code: code.to_owned(), field: field.map(str::to_owned), message: message.into() }
}

fn moment(text: &str, offset: FixedOffset) -> Option<Timestamp> {
    // A date alone is a day of the shop, not of UTC.
    if text.len() == 10 {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        return local(day.and_hms_opt(0, 0, 0)?, offset);
    }
    if let Some(moment) = Timestamp::parse(text) {
        return Some(moment);
    }
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .and_then(|time| local(time, offset))
}

fn local(time: NaiveDateTime, offset: FixedOffset) -> Option<Timestamp> {
    let moment = Timestamp::from_micros(time.and_local_timezone(offset).single()?.timestamp_micros());
    // Within the years that the log can write.
    (Timestamp::parse(&moment.to_micros_text()) == Some(moment)).then_some(moment)
}

#[cfg(test)]
mod tests {
    use super::super::columns::TransactionColumn as T;
    use super::*;

    fn fields(column: T, value: &str) -> Fields<T> {
        let mut values = vec![None; T::ALL.len()];
        values[column.place()] = Some(value.to_owned());
        Fields::new(values, Conventions { offset: FixedOffset::east_opt(7_200).unwrap() })
    }

    #[test]
    fn a_time_without_an_offset_is_the_shops() {
        for (text, utc) in [
            ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00.000000Z"),
            ("2024-05-01T12:00:00+03:00", "2024-05-01T09:00:00.000000Z"),
            ("2024-05-01 12:00:00", "2024-05-01T10:00:00.000000Z"),
            ("2024-05-01T12:00:00.25", "2024-05-01T10:00:00.250000Z"),
            ("2024-05-01 12:00", "2024-05-01T10:00:00.000000Z"),
            ("2024-05-01", "2024-04-30T22:00:00.000000Z"),
        ] {
            let time = fields(T::HappenedAt, text).time(T::HappenedAt);
            assert_eq!(time.map(Timestamp::to_micros_text).as_deref(), Some(utc), "{text}");
        }
        for text in ["yesterday", "01.05.2024", "2024-02-30", "1714550400"] {
            let mut fields = fields(T::HappenedAt, text);
            assert_eq!(fields.time(T::HappenedAt), None, "{text}");
            assert_eq!(fields.finish(Some(())).unwrap_err().field.as_deref(), Some("happened_at"));
        }
    }

    #[test]
    fn points_are_whole_and_money_is_exact() {
        for (text, points) in [
            ("12", Some(12)),
            ("-7", Some(-7)),
            ("12.00", Some(12)),
            ("12.5", None),
            ("1e3", None),
            ("1000000001", None),
        ] {
            assert_eq!(fields(T::Points, text).points(T::Points).map(Points::get), points, "{text}");
        }
        for (text, money) in [("15.50", Some("15.5")), ("0", Some("0")), ("12,50", None), ("1e3", None), ("-1", None)] {
            let read = fields(T::Amount, text).money(T::Amount, false).map(Money::plain);
            assert_eq!(read.as_deref(), money, "{text}");
        }
        assert_eq!(fields(T::Amount, "-1.20").money(T::Amount, true).map(Money::plain).as_deref(), Some("1.2"));
    }
}
