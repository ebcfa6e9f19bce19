//! Reading query parameters. Unknown ones are ignored, as on every list of this API; known ones must make sense.

use super::fields::{Problem, Problems};
use super::limits;
use super::locales::Message;
use super::paging::Paging;
use crate::domain::Timestamp;
use crate::domain::cards::MovementType;
use actix_web::{HttpRequest, web};

/// The query of a request, with everything that is wrong with it so far.
#[derive(Debug)]
pub(crate) struct Params {
    given: Vec<(String, String)>,
    problems: Problems,
}

impl Params {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let given = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        match given {
            Ok(given) => Self { given: given.into_inner(), problems: Problems::default() },
            Err(_) => Self { given: Vec::new(), problems: Problem::format("query", Message::QueryCannotBeRead).into() },
        }
    }

    pub(crate) fn finish<T>(self, value: T) -> Result<T, super::errors::ApiError> {
        self.problems.none_or(value).map_err(super::errors::ApiError::Invalid)
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The last value given under any of the names; empty means absent.
    pub(crate) fn text(&self, names: &[&str]) -> Option<(String, String)> {
        let found = self.given.iter().rev().find(|(name, value)| names.contains(&name.as_str()) && !value.is_empty());
        found.cloned()
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.text(&[name]).map(|(_, value)| value)
    }

    /// One of a set of words.
    pub(crate) fn word<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>, known: &'static str) -> Option<T> {
        let value = self.value(name)?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.problems.push(Problem::value(name, Message::MustBeOneOf { words: known }));
        }
        parsed
    }

    pub(crate) fn since(&mut self, names: &[&str]) -> Option<Timestamp> {
        self.time(names, Timestamp::parse)
    }

    /// The end of a range: a bare date includes the whole day.
    pub(crate) fn until(&mut self, names: &[&str]) -> Option<Timestamp> {
        self.time(names, Timestamp::parse_range_end)
    }

    fn time(&mut self, names: &[&str], parse: fn(&str) -> Option<Timestamp>) -> Option<Timestamp> {
        let (name, value) = self.text(names)?;
        // In a query, a plus sign that was not escaped arrives as a blank.
        let parsed = parse(&value.replace(' ', "+"));
        if parsed.is_none() {
            self.problems.push(Problem::format(&name, Message::MustBeTime));
        }
        parsed
    }

    pub(crate) fn number(&mut self, names: &[&str], bounds: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let (name, value) = self.text(names)?;
        let number = value.parse::<i64>().ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            let (least, most) = bounds.into_inner();
            self.problems.push(Problem::range(&name, Message::NumberBetween { least, most }));
        }
        number
    }

    /// `page` and `limit` (or `per_page`); sizes above the cap are cut to it.
    pub(crate) fn paging(&mut self, default: i64) -> Paging {
        let page = self.number(&["page"], 1..=limits::PAGE_NUMBER_MAX).unwrap_or(1);
        let size = self.number(&["limit", "per_page"], 1..=i64::MAX).unwrap_or(default).min(limits::PAGE_ROWS_MAX);
        Paging { page, size }
    }

    /// The movement type, in any of the words that clients use; `all` means none.
    pub(crate) fn movement(&mut self, name: &str) -> Option<MovementType> {
        self.word(name, movement_word, "all, award, redeem, expire, adjust, order, refund, return").flatten()
    }
}

fn movement_word(word: &str) -> Option<Option<MovementType>> {
    Some(match word {
        "all" | "points" => None,
        "award" | "awarded" | "earn" | "earned" | "bonus" => Some(MovementType::Award),
        "redeem" | "redeemed" | "spend" | "spent" | "deduct" => Some(MovementType::Redeem),
        "expire" | "expired" => Some(MovementType::Expire),
        "order" => Some(MovementType::Order),
        "refund" | "refunded" => Some(MovementType::Refund),
        "return" | "returned" => Some(MovementType::Return),
        "adjust" | "adjusted" | "adjustment" => Some(MovementType::Adjust),
        _ => return None,
    })
}
