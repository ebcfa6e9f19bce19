//! Fields of fields: objects and lists within a body, changes that may take a value away, and numbers that are no points.

use super::{Fields, Problem};
use crate::http::locales::Message;
use crate::http::numbers;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// What a request says of a value that can be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change<T> {
    Keep,
    /// An explicit null.
    Clear,
    Set(T),
}

impl<T> Change<T> {
    /// The value with the change applied.
    pub(crate) fn apply(self, place: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *place = None,
            Self::Set(value) => *place = Some(value),
        }
    }

    /// None where nothing changes; the inner none takes the value away.
    pub(crate) fn into_option(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

/// Whether a fraction stands anywhere in a value: then its digits are read from the text itself.
pub(crate) fn holds_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(list) => list.iter().any(holds_fraction),
        Value::Object(object) => object.values().any(holds_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// The values of an object as they were written.
pub(crate) fn digits_of(text: &str) -> HashMap<String, String> {
    let raw: HashMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    raw.into_iter().map(|(field, value)| (field, value.get().to_owned())).collect()
}

impl Fields {
    /// The fields of an object that stands within another.
    fn inner(object: Map<String, Value>, text: Option<&str>) -> Self {
        let with_fraction = object.values().any(holds_fraction);
        let digits = text.filter(|_| with_fraction).map(digits_of).unwrap_or_default();
        Self::new(object).with_digits(digits)
    }

    /// The object within a field; what is wrong with it is named `field.name`.
    pub(crate) fn within<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Value::Object(object) = self.take(field)? else {
            self.problems.push(Problem::format(field, Message::MustBeObject));
            return None;
        };
        let mut inner = Self::inner(object, self.digits.get(field).map(String::as_str));
        let read = read(&mut inner);
        self.adopt(field, inner);
        Some(read)
    }

    /// The list within a field, at most so many objects, each with its place; what is wrong with one is named `field.2.name`.
    pub(crate) fn objects(&mut self, field: &str, most: usize) -> Option<Vec<(usize, Self)>> {
        let raw = self.digits.get(field).cloned();
        let list = self.list(field, most)?;
        let texts: Vec<&RawValue> = raw.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let mut objects = Vec::with_capacity(list.len());
        for (place, value) in list.into_iter().enumerate() {
            if let Value::Object(object) = value {
                objects.push((place, Self::inner(object, texts.get(place).map(|text| text.get()))));
            } else {
                self.problems.push(Problem::format(&format!("{field}.{place}"), Message::MustBeObject));
            }
        }
        Some(objects)
    }

    /// [`Fields::objects`], each of them read at once.
    pub(crate) fn each<T>(
        &mut self,
        field: &str,
        most: usize,
        mut read: impl FnMut(usize, &mut Self) -> T,
    ) -> Option<Vec<T>> {
        let objects = self.objects(field, most)?;
        let mut all = Vec::with_capacity(objects.len());
        for (place, mut object) in objects {
            all.push(read(place, &mut object));
            self.adopt(&format!("{field}.{place}"), object);
        }
        Some(all)
    }

    fn adopt(&mut self, field: &str, inner: Self) {
        for mut problem in inner.finish().0 {
            problem.field = format!("{field}.{}", problem.field);
            self.problems.push(problem);
        }
    }

    /// A list of at most so many values.
    pub(crate) fn list(&mut self, field: &str, most: usize) -> Option<Vec<Value>> {
        let problem = match self.take(field)? {
            Value::Array(list) if list.len() <= most => return Some(list),
            Value::Array(_) => Problem::range(field, Message::TooManyEntries { most }),
            Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Problem::format(field, Message::MustBeList)
            }
        };
        self.problems.push(problem);
        None
    }

    /// A list of texts, each read as a field of its own named `field.2`.
    pub(crate) fn each_value<T>(
        &mut self,
        field: &str,
        most: usize,
        read: impl Fn(&mut Self, &str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let list = self.list(field, most)?;
        let mut all = Vec::with_capacity(list.len());
        for (place, value) in list.into_iter().enumerate() {
            let name = format!("{field}.{place}");
            if value.is_null() {
                self.problems.push(Problem::required(&name));
                continue;
            }
            self.left.insert(name.clone(), value);
            all.extend(read(self, &name));
        }
        Some(all)
    }

    /// A value that an explicit null takes away.
    pub(crate) fn change<T>(&mut self, field: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Change<T> {
        if self.left.get(field).is_some_and(Value::is_null) {
            self.left.remove(field);
            return Change::Clear;
        }
        read(self, field).map_or(Change::Keep, Change::Set)
    }

    /// Whether a field is there at all.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.left.contains_key(field)
    }

    /// How long the list within a field is, which stays to be taken.
    pub(crate) fn length(&self, field: &str) -> usize {
        self.left.get(field).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_sound(&self) -> bool {
        self.problems.0.is_empty()
    }

    /// Refuses fields that are shown but not written.
    pub(crate) fn read_only(&mut self, fields: &[&str]) {
        for field in fields {
            if self.left.remove(*field).is_some() {
                self.problems.push(Problem::value(field, Message::IsReadOnly));
            }
        }
    }

    /// Refuses fields that other services of this kind have and that nothing here goes by.
    pub(crate) fn without_rule(&mut self, fields: &[&str]) {
        for field in fields {
            if self.left.remove(*field).is_some() {
                self.problems.push(Problem::value(field, Message::NoRuleForIt));
            }
        }
    }

    /// Text as [`Fields::text`], but it may have several lines.
    pub(crate) fn prose(&mut self, field: &str, most: usize) -> Option<String> {
        let text = self.string(field)?;
        let text = text.trim();
        let problem = if text.is_empty() {
            Problem::value(field, Message::MustNotBeEmpty)
        } else if text.chars().count() > most {
            Problem::range(field, Message::TooManyCharacters { most })
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            Problem::format(field, Message::NoControlCharacters)
        } else {
            return Some(text.to_owned());
        };
        self.problems.push(problem);
        None
    }

    /// A web address.
    pub(crate) fn url(&mut self, field: &str, most: usize) -> Option<String> {
        let text = self.text(field, most)?;
        let valid = is_url(&text);
        if !valid {
            self.problems.push(Problem::format(field, Message::MustBeUrl));
        }
        valid.then_some(text)
    }

    /// A whole number within its bounds.
    pub(crate) fn whole(&mut self, field: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let number = self.take(field)?.as_i64().filter(|number| bounds.contains(number));
        if number.is_none() {
            let (least, most) = bounds.into_inner();
            self.problems.push(Problem::range(field, Message::NumberBetween { least, most }));
        }
        number
    }

    /// A number for which `holds`, as a number or as text; its digits are read from the body itself.
    pub(crate) fn decimal(
        &mut self,
        field: &str,
        holds: impl FnOnce(Decimal) -> bool,
        message: Message,
    ) -> Option<Decimal> {
        let text = match self.take(field)? {
            Value::Number(number) => self.digits.get(field).cloned().unwrap_or_else(|| number.to_string()),
            Value::String(text) => text.trim().to_owned(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        let Some(number) = numbers::decimal(&text) else {
            self.problems.push(Problem::format(field, Message::MustBeNumber));
            return None;
        };
        if holds(number) {
            return Some(number);
        }
        self.problems.push(Problem::range(field, message));
        None
    }

    /// One of a set of words.
    pub(crate) fn word<T>(
        &mut self,
        field: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        words: &'static str,
    ) -> Option<T> {
        let parsed = parse(&self.string(field)?);
        if parsed.is_none() {
            self.problems.push(Problem::value(field, Message::MustBeOneOf { words }));
        }
        parsed
    }
}

/// Whether a text is a web address: a host, and nothing that could leave the attribute that it will stand in.
pub(crate) fn is_url(text: &str) -> bool {
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    !host.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        let object: Map<String, Value> = serde_json::from_str(text).unwrap();
        Fields::inner(object, Some(text))
    }

    #[test]
    fn what_is_wrong_within_a_field_is_named_by_the_whole_way_to_it() {
        let mut fields = fields(r#"{"a": {"b": "x", "c": 1}, "list": [{"d": 5}, 7, {"d": -1}], "plain": ["x", 7]}"#);
        fields.within("a", |inner| inner.boolean("b"));
        fields.each("list", 3, |_, inner| inner.whole("d", 0..=9));
        fields.each_value("plain", 2, |inner, name| inner.text(name, 9));
        let named: Vec<_> = fields.finish().0.into_iter().map(|problem| problem.field).collect();
        assert_eq!(named, ["a.b", "a.c", "list.1", "list.2.d", "plain.1"]);
    }

    #[test]
    fn a_number_deep_inside_has_the_digits_that_were_written() {
        let mut fields = fields(r#"{"a": {"b": [{"c": 0.10000000000000000001}]}}"#);
        let read = fields
            .within("a", |inner| inner.each("b", 1, |_, inner| inner.decimal("c", |_| true, Message::OutOfBounds)));
        let expected = "0.10000000000000000001".parse().unwrap();
        assert_eq!(read, Some(Some(vec![Some(expected)])));
    }

    #[test]
    fn null_takes_away_what_may_be_absent_and_silence_keeps_it() {
        let mut fields = fields(r#"{"a": null, "b": 1}"#);
        let mut read = |name: &str| {
            let mut known = Some(7);
            fields.change(name, |fields, name| fields.whole(name, 0..=9)).apply(&mut known);
            known
        };
        assert_eq!((read("a"), read("b"), read("c")), (None, Some(1), Some(7)));
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for (text, expected) in [
            ("https://example.com", true),
            ("http://example.com/logo.png?x=1", true),
            ("https://", false),
            ("https:///path", false),
            ("javascript:alert(1)", false),
            ("https://example.com/\"onload", false),
            ("example.com", false),
        ] {
            assert_eq!(is_url(text), expected, "{text}");
        }
    }
}
