//! A text as a language's file has it: `{names}` stand where something is put into it, and one that counts has a form for each
//! of the language's plural categories.

use icu_locale_core::LanguageIdentifier;
use icu_plurals::{PluralCategory, PluralRules};
use serde::Deserialize;
use std::borrow::Cow;

/// The text of a message.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Single(String),
    Counted(Forms),
}

/// The forms of a text that counts; `of` names the number that decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forms {
    pub(super) of: String,
    zero: Option<String>,
    one: Option<String>,
    two: Option<String>,
    few: Option<String>,
    many: Option<String>,
    other: String,
}

/// Something to put into a text, under its name there.
pub(super) type Given = (&'static str, Value);

/// What is put into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    written: Cow<'static, str>,
    /// How many, where it is a number.
    count: Option<u64>,
}

impl Text {
    /// The text in the language of that code, with everything put in.
    pub(super) fn filled(&self, given: &[Given], language: &str) -> String {
        match self {
            Self::Single(pattern) => filled(pattern, given),
            Self::Counted(forms) => {
                let count = given.iter().find(|(name, _)| *name == forms.of).and_then(|(_, value)| value.count);
                filled(forms.form(count, language), given)
            }
        }
    }
}

impl Forms {
    /// The form that so many ask for.
    pub(super) fn form(&self, count: Option<u64>, language: &str) -> &str {
        let form = match count.and_then(|count| category(count, language)) {
            Some(PluralCategory::Zero) => &self.zero,
            Some(PluralCategory::One) => &self.one,
            Some(PluralCategory::Two) => &self.two,
            Some(PluralCategory::Few) => &self.few,
            Some(PluralCategory::Many) => &self.many,
            Some(PluralCategory::Other) | None => &None,
        };
        form.as_ref().unwrap_or(&self.other)
    }
}

// The rules are compiled in, and cannot be shared between threads: they are looked up for the few texts that count.
pub(super) fn category(count: u64, language: &str) -> Option<PluralCategory> {
    let language: LanguageIdentifier = language.parse().ok()?;
    Some(PluralRules::try_new_cardinal((&language).into()).ok()?.category_for(count))
}

// In one pass, so that braces in what is put in are left alone.
fn filled(pattern: &str, given: &[Given]) -> String {
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (named, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(given.iter().find(|(name, _)| *name == named).map_or(named, |(_, value)| &value.written));
        rest = after;
    }
    text.push_str(rest);
    text
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self { written: Cow::Borrowed(text), count: None }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self { written: Cow::Owned(text), count: None }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self { written: Cow::Owned(number.to_string()), count: Some(number.unsigned_abs()) }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self { written: Cow::Owned(number.to_string()), count: Some(number) }
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self { written: Cow::Owned(number.to_string()), count: u64::try_from(number).ok() }
    }
}
