//! The files against the code: the same names everywhere, the same things put into each text, and nothing left over.

use super::*;
use std::collections::BTreeSet;

fn texts(place: usize) -> impl Iterator<Item = (&'static str, &'static [&'static str], &'static Text)> {
    let texts = MESSAGES.iter().zip(&SPOKEN[place].texts);
    texts.map(|((name, given), text)| (name.as_str(), *given, text.as_ref().expect("every text is there")))
}

/// Every form that a whole number asks for.
fn forms(place: usize, text: &'static Text) -> Vec<&'static str> {
    match text {
        Text::Single(text) => vec![text],
        Text::Counted(forms) => (0..200).map(|count| forms.form(Some(count), LANGUAGES[place].0)).collect(),
    }
}

fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<_> = text.split('{').skip(1).map(|part| part.split_once('}').expect("a pair").0).collect();
    names.sort_unstable();
    names
}

#[test]
fn every_file_has_every_text_once_and_in_the_same_order() {
    let wanted: Vec<_> = MESSAGES.iter().map(|(name, _)| name.as_str()).collect();
    for (code, file) in LANGUAGES {
        // Read by line: a parser would hide a name that stands twice.
        let names = file.lines().filter_map(|line| line.strip_prefix("  \"")?.split_once('"'));
        assert_eq!(names.map(|(name, _)| name).collect::<Vec<_>>(), wanted, "{code}");
    }
}

#[test]
fn every_form_of_every_text_says_what_is_given_to_it_and_nothing_else() {
    for (place, (code, _)) in LANGUAGES.iter().enumerate() {
        for (name, given, text) in texts(place) {
            let mut given = given.to_vec();
            given.sort_unstable();
            for form in forms(place, text) {
                assert_eq!(placeholders(form), given, "{code}: {name}");
                assert_eq!(form.trim(), form, "{code}: {name}");
                assert!(!form.is_empty(), "{code}: {name}");
            }
            if let Text::Counted(forms) = text {
                assert!(given.contains(&forms.of.as_str()), "{code}: {name} counts what it is not given");
            }
        }
    }
}

#[test]
fn a_text_that_counts_has_the_forms_of_its_language_and_no_other() {
    for (code, file) in LANGUAGES {
        let categories = (0..200).filter_map(|count| text::category(count, code));
        let mut wanted: BTreeSet<_> = categories.map(|category| format!("{category:?}").to_lowercase()).collect();
        wanted.insert("of".to_owned());
        let texts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(file).unwrap();
        for (name, forms) in texts.iter().filter_map(|(name, text)| Some((name, text.as_object()?))) {
            assert_eq!(forms.keys().cloned().collect::<BTreeSet<_>>(), wanted, "{code}: {name}");
        }
    }
}

#[test]
fn a_text_into_which_nothing_is_put_is_not_copied() {
    for place in 0..LANGUAGES.len() {
        let borrowed = matches!(Message::PointsAwarded.text(Locale(place)), Cow::Borrowed(_));
        assert!(borrowed);
        for (name, given, text) in texts(place) {
            assert!(!given.is_empty() || matches!(text, Text::Single(_)), "{name} counts nothing");
        }
    }
    assert_eq!(Message::PointsAwarded.text(Locale::ENGLISH), "Points awarded");
}

#[test]
fn lithuanian_counts_in_three_forms() {
    let lithuanian = Locale(LANGUAGES.iter().position(|(code, _)| *code == "lt").unwrap());
    for (count, form) in [
        (0, "simbolių"),
        (1, "simbolis"),
        (2, "simboliai"),
        (9, "simboliai"),
        (10, "simbolių"),
        (11, "simbolių"),
        (12, "simbolių"),
        (19, "simbolių"),
        (20, "simbolių"),
        (21, "simbolis"),
        (22, "simboliai"),
        (111, "simbolių"),
        (112, "simbolių"),
        (121, "simbolis"),
        (122, "simboliai"),
        (1_000, "simbolių"),
        (1_000_002, "simboliai"),
    ] {
        let text = Message::TooManyCharacters { most: count }.text(lithuanian);
        assert_eq!(text, format!("negali būti ilgesnis nei {count} {form}"));
    }
}

#[test]
fn a_number_is_said_to_its_last_digit() {
    for most in [0, -7, 9_007_199_254_740_993, i64::MAX, i64::MIN] {
        let text = Message::NumberBetween { least: 1, most }.text(Locale::ENGLISH);
        assert_eq!(text, format!("must be a whole number from 1 to {most}"));
    }
}

#[test]
fn braces_in_what_is_put_in_are_left_alone() {
    let text = Message::MustBeOneOf { words: "{words}, {of}, {" }.text(Locale::ENGLISH);
    assert_eq!(text, "must be one of: {words}, {of}, {");
}

#[test]
fn the_first_segment_of_a_path_names_the_language() {
    let of = |path: &str| Locale::of(&actix_web::test::TestRequest::with_uri(path).to_http_request());
    let code = |path: &str| LANGUAGES[of(path).0].0;
    for path in ["/lt", "/lt/shop/health", "/lt/shop/shop/health?locale=en", "/lt/nothing"] {
        assert_eq!(code(path), "lt", "{path}");
    }
    for path in ["/", "/en/shop", "/api/points/award", "/xx/shop/health", "/LT/shop", "/shop/lt", "/ltx", "/health"] {
        assert_eq!(code(path), "en", "{path}");
    }
}
