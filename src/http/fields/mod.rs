//! Reading the fields of a JSON body one by one, collecting everything that is wrong with them.
//!
//! A field that nobody asked for is refused: a misspelt `reference` that was ignored would silently lose "exactly once".

mod nested;

pub(crate) use nested::{Change, digits_of, holds_fraction, is_url};

use super::locales::{Locale, Message};
use super::{limits, numbers};
use crate::domain::points::Points;
use crate::domain::{Metadata, Money, Timestamp};
use email_address::EmailAddress;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) field: String,
    pub(crate) message: Message,
    /// The word for the kind of problem.
    pub(crate) word: &'static str,
    pub(crate) meta: Map<String, Value>,
    /// The code of the whole answer, where this problem has one of its own.
    pub(crate) code: Option<&'static str>,
}

impl Problem {
    fn new(field: &str, word: &'static str, message: Message) -> Self {
        Self { field: field.to_owned(), message, word, meta: Map::new(), code: None }
    }

    pub(crate) fn required(field: &str) -> Self {
        Self::new(field, "REQUIRED_FIELD", Message::IsRequired)
    }

    pub(crate) fn value(field: &str, message: Message) -> Self {
        Self::new(field, "INVALID_VALUE", message)
    }

    pub(crate) fn format(field: &str, message: Message) -> Self {
        Self::new(field, "INVALID_FORMAT", message)
    }

    pub(crate) fn range(field: &str, message: Message) -> Self {
        Self::new(field, "OUT_OF_RANGE", message)
    }

    /// A question that would have to read too many rows, and the field that narrows it.
    pub(crate) fn too_wide(field: &str, most: i64) -> Self {
        Self::range(field, Message::TooWide { most })
    }

    fn points(field: &str, message: Message, provided: &Value) -> Self {
        let mut problem = Self::value(field, message);
        problem.meta.insert("provided_value".to_owned(), provided.clone());
        problem.code = Some("INVALID_POINTS");
        problem
    }

    fn email(field: &str) -> Self {
        Self { code: Some("INVALID_EMAIL"), ..Self::format(field, Message::NotAnEmail) }
    }

    /// The list form.
    pub(crate) fn listed(&self, locale: Locale) -> Value {
        json!({"field": self.field, "message": self.message.text(locale), "code": self.word, "meta": self.meta})
    }
}

/// Everything that is wrong with a request: never empty once it has become an error.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// The value, where nothing was wrong with any part of the request.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(self),
        }
    }

    pub(crate) fn none_or<T>(self, value: T) -> Result<T, Self> {
        self.or(Some(value))
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// The fields of a JSON object, taken out one by one.
#[derive(Debug)]
pub(crate) struct Fields {
    left: Map<String, Value>,
    /// Numbers with a fraction, as they were written.
    digits: HashMap<String, String>,
    problems: Problems,
}

impl Fields {
    pub(crate) fn new(object: Map<String, Value>) -> Self {
        Self { left: object, digits: HashMap::new(), problems: Problems::default() }
    }

    /// The same, where numbers with a fraction are known as they were written.
    pub(crate) fn with_digits(self, digits: HashMap<String, String>) -> Self {
        Self { digits, ..self }
    }

    /// Everything that was wrong, with the fields that nobody took.
    pub(crate) fn finish(mut self) -> Problems {
        for field in self.left.keys() {
            self.problems.push(Problem::value(field, Message::NotAField));
        }
        self.problems
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The value of a field, where it is there: null means absent, as clients drop nulls before sending.
    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    /// The text or number of a field, which stays to be taken.
    pub(crate) fn peek_text(&self, field: &str) -> Option<String> {
        let value = self.left.get(field)?;
        value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))
    }

    /// What stands under either of two names for the same field. Where both are there, they must say the same.
    pub(crate) fn either<T: PartialEq>(
        &mut self,
        [name, alias]: [&'static str; 2],
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        let (one, other) = (read(self, name), read(self, alias));
        if one.is_some() && other.is_some() && one != other {
            self.problems.push(Problem::value(alias, Message::NotTheSame { field: name }));
        }
        one.or(other)
    }

    pub(crate) fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        // A value that was refused has been reported already.
        if value.is_none() && !self.problems.iter().any(|problem| problem.field == field) {
            self.problems.push(Problem::required(field));
        }
        value
    }

    /// The same as [`Fields::text`], where blank is as good as absent: tills send the fields that nobody filled in.
    pub(crate) fn typed(&mut self, field: &str, most: usize) -> Option<String> {
        let blank = self.left.get(field).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty());
        if blank {
            self.left.remove(field);
        }
        self.text(field, most)
    }

    /// Text without control characters, not blank, of so many characters at most; blanks around it are dropped.
    pub(crate) fn text(&mut self, field: &str, most: usize) -> Option<String> {
        let text = self.string(field)?;
        let text = text.trim();
        let problem = if text.is_empty() {
            Problem::value(field, Message::MustNotBeEmpty)
        } else if text.chars().count() > most {
            Problem::range(field, Message::TooManyCharacters { most })
        } else if text.chars().any(char::is_control) {
            Problem::format(field, Message::NoControlCharacters)
        } else {
            return Some(text.to_owned());
        };
        self.problems.push(problem);
        None
    }

    pub(crate) fn required_text(&mut self, field: &str, most: usize) -> Option<String> {
        let text = self.text(field, most);
        self.required(field, text)
    }

    /// A name that the shop gives an order or a movement, kept as given. Empty means none.
    pub(crate) fn reference(&mut self, field: &str) -> Option<String> {
        let text = match self.take(field)? {
            Value::String(text) => text,
            // Shops number their orders: 1001 and "1001" name the same one.
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.problems.push(Problem::format(field, Message::MustBeText));
                return None;
            }
        };
        if text.trim().is_empty() {
            return None;
        }
        if text.len() > limits::REFERENCE_BYTES {
            let message = Message::TooManyBytes { most: limits::REFERENCE_BYTES };
            self.problems.push(Problem::range(field, message));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.problems.push(Problem::format(field, Message::NoControlCharacters));
            return None;
        }
        Some(text)
    }

    pub(crate) fn boolean(&mut self, field: &str) -> Option<bool> {
        let value = self.take(field)?;
        let boolean = value.as_bool();
        if boolean.is_none() {
            self.problems.push(Problem::format(field, Message::MustBeTrueOrFalse));
        }
        boolean
    }

    pub(crate) fn time(&mut self, field: &str) -> Option<Timestamp> {
        let text = self.string(field)?;
        let time = Timestamp::parse(&text);
        if time.is_none() {
            self.problems.push(Problem::format(field, Message::MustBeTime));
        }
        time
    }

    pub(crate) fn email(&mut self, field: &str) -> Option<String> {
        let Some(value) = self.take(field) else {
            self.problems.push(Problem::required(field));
            return None;
        };
        let text = value.as_str().map(str::trim).unwrap_or_default();
        let valid = text.len() <= limits::EMAIL_BYTES && !text.chars().any(char::is_control) && is_email(text);
        if !valid {
            self.problems.push(Problem::email(field));
        }
        valid.then(|| text.to_owned())
    }

    /// A phone number in E.164; the plus sign may be missing.
    pub(crate) fn phone(&mut self, field: &str) -> Option<String> {
        let text = self.string(field)?;
        let digits = text.trim();
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        let valid = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !valid {
            self.problems.push(Problem::format(field, Message::MustBePhone));
        }
        valid.then(|| format!("+{digits}"))
    }

    pub(crate) fn design(&mut self, field: &str) -> Option<String> {
        let text = self.text(field, limits::DESIGN_CHARS)?;
        let valid = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !valid {
            self.problems.push(Problem::format(field, Message::DesignCharacters));
        }
        valid.then_some(text)
    }

    pub(crate) fn metadata(&mut self, field: &str) -> Option<Metadata> {
        let problem = match self.take(field)? {
            Value::Object(object) => {
                let size = serde_json::to_vec(&object).map_or(usize::MAX, |bytes| bytes.len());
                if size <= limits::METADATA_BYTES {
                    return Some(object);
                }
                Problem::range(field, Message::TooLarge { most: limits::METADATA_BYTES })
            }
            // PHP writes an empty map as an empty list.
            Value::Array(list) if list.is_empty() => return Some(Metadata::new()),
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Problem::format(field, Message::MustBeObject)
            }
        };
        self.problems.push(problem);
        None
    }

    /// Whole points that must hold `rule`; the number is read from the text itself, never through a binary fraction.
    pub(crate) fn points(&mut self, field: &str, (rule, message): PointsRule) -> Option<Points> {
        let value = self.take(field)?;
        let points = value.as_i64().map(Points::new).filter(rule);
        if points.is_none() {
            self.problems.push(Problem::points(field, message, &value));
        }
        points
    }

    /// An amount of money, as a number or as text; its digits are read from the body itself, never through a binary fraction.
    pub(crate) fn money(&mut self, field: &str) -> Option<Money> {
        let text = match self.take(field)? {
            Value::Number(number) => self.digits.get(field).cloned().unwrap_or_else(|| number.to_string()),
            Value::String(text) => text.trim().to_owned(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        let money = numbers::decimal(&text).and_then(Money::new);
        if money.is_none() {
            self.problems.push(Problem::format(field, Message::MustBeAmount));
        }
        money
    }

    /// What was bought: a list of objects, opaque to the ledger.
    pub(crate) fn cart(&mut self, field: &str) -> Vec<Value> {
        let problem = match self.take(field) {
            None => return Vec::new(),
            Some(Value::Array(items)) => {
                let size = serde_json::to_vec(&items).map_or(usize::MAX, |bytes| bytes.len());
                if !items.iter().all(Value::is_object) {
                    Problem::format(field, Message::MustBeListOfObjects)
                } else if size > limits::CART_BYTES {
                    Problem::range(field, Message::TooLarge { most: limits::CART_BYTES })
                } else {
                    return items;
                }
            }
            Some(Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                Problem::format(field, Message::MustBeList)
            }
        };
        self.problems.push(problem);
        Vec::new()
    }

    /// Text or a whole number, as its text: how ids arrive.
    pub(crate) fn id(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
            Value::Number(number) if number.is_i64() => Some(number.to_string()),
            Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                self.problems.push(Problem::format(field, Message::MustBeId));
                None
            }
        }
    }

    pub(crate) fn string(&mut self, field: &str) -> Option<String> {
        if let Value::String(text) = self.take(field)? {
            return Some(text);
        }
        self.problems.push(Problem::format(field, Message::MustBeText));
        None
    }
}

/// What a number of points must be, and how to say so.
pub(crate) type PointsRule = (fn(&Points) -> bool, Message);

pub(crate) const POSITIVE: PointsRule = (|points| points.is_positive(), Message::PointsAboveZero);
pub(crate) const NOT_ZERO: PointsRule = (|points| !points.is_zero(), Message::PointsNotZero);
pub(crate) const NOT_NEGATIVE: PointsRule = (|points| *points >= Points::ZERO, Message::PointsNotNegative);

// A display name (`John <john@example.com>`) is valid in a header, not here; nor is a host without a dot.
fn is_email(text: &str) -> bool {
    let options = email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(text, options).is_ok()
}
