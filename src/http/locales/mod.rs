//! The languages that answers come in, and which of them a request asks for: the one that its path names, else English.
//!
//! One file holds all texts of a language, and Unicode's rules say which plural form a number takes in it. Another language is
//! one more file and its line in `LANGUAGES`.

mod message;
mod text;

pub(crate) use message::Message;

use super::errors::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use message::MESSAGES;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::future::{Ready, ready};
use std::sync::LazyLock;
use text::Text;

/// What stands in a path, and the texts. The first language is the one to fall back to.
const LANGUAGES: &[(&str, &str)] = &[("en", include_str!("en.json")), ("lt", include_str!("lt.json"))];

static SPOKEN: LazyLock<Vec<Language>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, file)| Language::read(code, file)).collect());

/// A language as its file gives it.
struct Language {
    code: &'static str,
    /// In the order of `MESSAGES`.
    texts: Vec<Option<Text>>,
}

/// The language of an answer: its place among the languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Locale(usize);

impl Locale {
    /// The language of paths that name none, or one that is not spoken here.
    pub(crate) const ENGLISH: Self = Self(0);

    /// The language that the path of a request names.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let path = request.path();
        let first = path.strip_prefix('/').unwrap_or(path).split('/').next();
        let place = LANGUAGES.iter().position(|(code, _)| Some(*code) == first);
        place.map_or(Self::ENGLISH, Self)
    }

    /// The text of this language among texts by language; where it has none, the English or any other.
    pub(crate) fn of_texts(self, texts: &BTreeMap<String, String>) -> Option<String> {
        let codes = [self, Self::ENGLISH].into_iter().filter_map(|Self(place)| Some(LANGUAGES.get(place)?.0));
        codes.into_iter().find_map(|code| texts.get(code)).or_else(|| texts.values().next()).cloned()
    }

    /// The segment of a route that takes any of the languages.
    pub(crate) fn segment() -> String {
        let codes: Vec<_> = LANGUAGES.iter().map(|(code, _)| *code).collect();
        format!("{{locale:{}}}", codes.join("|"))
    }
}

impl FromRequest for Locale {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

impl Message {
    /// The message in a language. Nothing is allocated where nothing is put into the text.
    pub(crate) fn text(&self, locale: Locale) -> Cow<'static, str> {
        let name = self.name();
        // A text that a language does not have yet is said in English.
        let said = [locale, Locale::ENGLISH].into_iter().find_map(|Locale(place)| {
            let language = SPOKEN.get(place)?;
            Some((language, language.texts.get(name.place())?.as_ref()?))
        });
        match said {
            Some((_, Text::Single(text))) if MESSAGES[name.place()].1.is_empty() => Cow::Borrowed(text),
            Some((language, text)) => Cow::Owned(text.filled(&self.given(), language.code)),
            None => Cow::Borrowed(name.as_str()),
        }
    }
}

impl Language {
    fn read(code: &'static str, file: &str) -> Self {
        let texts: Result<HashMap<String, Text>, _> = serde_json::from_str(file);
        let mut texts = texts.unwrap_or_else(|error| panic!("the texts of {code} cannot be read: {error}"));
        let texts = MESSAGES.iter().map(|(name, _)| texts.remove(name.as_str())).collect();
        Self { code, texts }
    }
}

#[cfg(test)]
mod tests;
