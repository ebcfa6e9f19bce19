//! Reading query parameters. Unknown ones are ignored, as on every list of this API; known ones must make sense.

use super::fields::{Problem, Problems};
use super::limits;
use super::locales::Message;
use super::paging::Paging;
use crate::domain::MovementType;
use crate::domain::Timestamp;
use actix_web::{HttpRequest, web};
use rust_decimal::Decimal;

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

    /// Pairs that came otherwise than in a query.
    pub(crate) fn of_pairs(given: Vec<(String, String)>) -> Self {
        Self { given, problems: Problems::default() }
    }

    pub(crate) fn finish<T>(self, value: T) -> Result<T, super::errors::ApiError> {
        self.problems.none_or(value).map_err(super::errors::ApiError::Invalid)
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The value given under any of the names, which all mean the same; empty means absent. Given twice under one name, the
    /// last counts.
    pub(crate) fn text(&mut self, names: &[&'static str]) -> Option<(String, String)> {
        let mut found: Option<(&'static str, String)> = None;
        for name in names {
            let Some(value) = self.value(name) else { continue };
            match &found {
                Some((field, known)) if *known != value => {
                    self.problems.push(Problem::value(name, Message::NotTheSame { field }));
                }
                Some(_) => {}
                None => found = Some((name, value)),
            }
        }
        found.map(|(name, value)| (name.to_owned(), value))
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let found = self.given.iter().rev().find(|(given, value)| given == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
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

    pub(crate) fn since(&mut self, names: &[&'static str]) -> Option<Timestamp> {
        self.time(names, Timestamp::parse)
    }

    /// The end of a range: a bare date includes the whole day.
    pub(crate) fn until(&mut self, names: &[&'static str]) -> Option<Timestamp> {
        self.time(names, Timestamp::parse_range_end)
    }

    fn time(&mut self, names: &[&'static str], parse: fn(&str) -> Option<Timestamp>) -> Option<Timestamp> {
        let (name, value) = self.text(names)?;
        // In a query, a plus sign that was not escaped arrives as a blank.
        let parsed = parse(&value.replace(' ', "+"));
        if parsed.is_none() {
            self.problems.push(Problem::format(&name, Message::MustBeTime));
        }
        parsed
    }

    pub(crate) fn number(&mut self, names: &[&'static str], bounds: std::ops::RangeInclusive<i64>) -> Option<i64> {
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
        self.paging_up_to(default, limits::PAGE_ROWS_MAX)
    }

    /// The same with a cap of the list's own.
    pub(crate) fn paging_up_to(&mut self, default: i64, most: i64) -> Paging {
        let page = self.number(&["page"], 1..=limits::PAGE_NUMBER_MAX).unwrap_or(1);
        let size = self.number(&["limit", "per_page"], 1..=i64::MAX).unwrap_or(default).min(most);
        Paging { page, size }
    }

    /// A truth value, in any of the spellings that clients have for it.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        let truth = match value.as_str() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        };
        if truth.is_none() {
            self.problems.push(Problem::format(name, Message::MustBeTrueOrFalse));
        }
        truth
    }

    /// A decimal number within its bounds.
    pub(crate) fn decimal(&mut self, name: &str, bounds: std::ops::RangeInclusive<Decimal>) -> Option<Decimal> {
        let value = self.value(name)?;
        let number = value.parse::<Decimal>().ok();
        match number {
            None => self.problems.push(Problem::format(name, Message::MustBeNumber)),
            Some(number) if !bounds.contains(&number) => {
                self.problems.push(Problem::range(name, Message::OutOfBounds));
            }
            Some(_) => return number,
        }
        None
    }

    /// An id, as whoever reads it writes it.
    pub(crate) fn id<T>(&mut self, names: &[&'static str], parse: fn(&str) -> Option<T>) -> Option<T> {
        let (name, value) = self.text(names)?;
        let id = parse(&value);
        if id.is_none() {
            self.problems.push(Problem::format(&name, Message::MustBeId));
        }
        id
    }

    /// A text to search for, of bounded length.
    pub(crate) fn search(&mut self) -> Option<String> {
        let search = self.value("search")?;
        if search.chars().count() > limits::SEARCH_CHARS {
            self.problem(Problem::range("search", Message::TooManyCharacters { most: limits::SEARCH_CHARS }));
        }
        Some(search)
    }

    /// A field to sort by, in both ways of writing one: `field:desc` and `-field`. The answer says whether downwards.
    pub(crate) fn sort<T>(&mut self, parse: impl Fn(&str) -> Option<T>, known: &'static str) -> Option<(T, bool)> {
        self.word("sort", |word| sort_word(word).and_then(|(field, down)| Some((parse(field)?, down))), known)
    }

    /// The movement type, in any of the words that clients use; `all` means none.
    pub(crate) fn movement(&mut self, name: &str) -> Option<MovementType> {
        self.word(name, movement_word, "all, award, redeem, expire, adjust, order, refund, return").flatten()
    }
}

/// The field of a sort, and whether downwards.
pub(crate) fn sort_word(word: &str) -> Option<(&str, bool)> {
    match (word.split_once(':'), word.strip_prefix('-')) {
        (Some((field, "desc")), _) => Some((field, true)),
        (Some((field, "asc")), _) => Some((field, false)),
        (Some(_), _) => None,
        (None, Some(field)) => Some((field, true)),
        (None, None) => Some((word, false)),
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
