//! The languages that answers come in, and which of them a request asks for: the one that its path names, else English.
//!
//! One file holds all texts of a language, and Unicode's rules say which plural form a number takes in it. Another language is
//! one more file and its line in `LANGUAGES`.

mod message;
mod text;

pub(crate) use message::Message;

use super::errors::ApiError;
use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
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

    /// The language that the path of a request names; under `/api/partners`, whose paths have a form with a language, the
    /// one that the client accepts most.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let path = request.path();
        if path.starts_with("/api/partners/") {
            let accepted = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            return accepted.map_or(Self::ENGLISH, Self::accepted);
        }
        let first = path.strip_prefix('/').unwrap_or(path).split('/').next();
        let place = LANGUAGES.iter().position(|(code, _)| Some(*code) == first);
        place.map_or(Self::ENGLISH, Self)
    }

    // The spoken language of the highest weight, of equals the first: `lt, en;q=0.8`.
    fn accepted(header: &str) -> Self {
        let mut best = (Self::ENGLISH, 0);
        for range in header.split(',') {
            let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
            let tag = tag.trim();
            let primary = tag.split('-').next().unwrap_or(tag);
            let Some(place) = LANGUAGES.iter().position(|(code, _)| code.eq_ignore_ascii_case(primary)) else {
                continue;
            };
            let weight = weight.trim().strip_prefix("q=").map_or(Some(1_000), thousandths).unwrap_or(0);
            if weight > best.1 {
                best = (Self(place), weight);
            }
        }
        best.0
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

/// A weight from 0 to 1 with at most three places.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let valid = places.len() <= 3 && places.bytes().all(|byte| byte.is_ascii_digit());
    let places: u32 = format!("{places:0<3}").parse().ok().filter(|_| valid)?;
    match whole {
        "0" => Some(places),
        "1" if places == 0 => Some(1_000),
        _ => None,
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
