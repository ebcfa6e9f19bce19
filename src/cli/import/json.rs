//! A line of JSON Lines as a row. Numbers are taken as they are written: an amount never passes through a binary fraction.

use super::columns::{Column, Meaning, meaning};
use super::source::Row;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Reads one line.
pub(super) fn row<C: Column>(bytes: &[u8], ignore_unknown: bool) -> Row {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Row::Unreadable("the line is not UTF-8 text: save the file as UTF-8".to_owned());
    };
    match serde_json::from_str::<Object<'_, C>>(text) {
        Err(error) => Row::Unreadable(format!("the line is not a JSON object: {error}")),
        Ok(object) if !object.unknown.is_empty() && !ignore_unknown => {
            let known: Vec<&str> = C::ALL.iter().map(|(_, name, _)| *name).collect();
            Row::Unreadable(format!("no such fields: {}. Known are {}", object.unknown.join(", "), known.join(", ")))
        }
        Ok(object) => match object.wrong {
            Some(wrong) => Row::Unreadable(wrong),
            None => Row::Values(object.values),
        },
    }
}

struct Object<'a, C> {
    values: Vec<Option<String>>,
    unknown: Vec<String>,
    wrong: Option<String>,
    columns: PhantomData<(C, &'a str)>,
}

impl<'de: 'a, 'a, C: Column> Deserialize<'de> for Object<'a, C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<'a, C>(PhantomData<(C, &'a str)>);

impl<'de: 'a, 'a, C: Column> Visitor<'de> for Fields<'a, C> {
    type Value = Object<'a, C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut object =
            Object { values: vec![None; C::ALL.len()], unknown: Vec::new(), wrong: None, columns: PhantomData };
        while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            match meaning::<C>(&name) {
                Meaning::Ignored => {}
                Meaning::Unknown => object.unknown.push(format!("{name:?}")),
                Meaning::Column(place) => match text(value.get()) {
                    Ok(None) => {}
                    Ok(Some(_)) if object.values[place].is_some() => {
                        object.wrong = Some(format!("two fields mean {}", C::ALL[place].1));
                    }
                    Ok(text) => object.values[place] = text,
                    Err(wrong) => object.wrong = Some(format!("{name} {wrong}")),
                },
            }
        }
        Ok(object)
    }
}

/// A value as the text that a CSV file would hold; none where it is null or blank.
fn text(raw: &str) -> Result<Option<String>, &'static str> {
    let text = match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw).map_err(|_| "is no text")?,
        Some(b'n') => return Ok(None),
        Some(b'{' | b'[') => return Err("must be a text or a number"),
        Some(_) | None => raw.to_owned(),
    };
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::columns::TransactionColumn;
    use super::*;

    fn values(line: &str) -> Result<Vec<(&'static str, String)>, String> {
        match row::<TransactionColumn>(line.as_bytes(), false) {
            Row::Unreadable(why) => Err(why),
            Row::Values(values) => {
                let named = values.into_iter().zip(TransactionColumn::ALL);
                Ok(named.filter_map(|(value, (_, name, _))| Some((*name, value?))).collect())
            }
        }
    }

    #[test]
    fn a_number_is_its_own_text() {
        let line = r#"{"Order ID":1001,"amount":0.10000000000000000001,"reason":" \u0105\n ","customer_name":"Ona"}"#;
        let expected = [("order_id", "1001"), ("amount", "0.10000000000000000001"), ("reason", "ą")];
        assert_eq!(values(line), Ok(expected.map(|(name, value)| (name, value.to_owned())).into()));
    }

    #[test]
    fn what_is_no_row_says_why() {
        for (line, why) in [
            ("[1]", "not a JSON object"),
            (r#"{"amount":1"#, "not a JSON object"),
            (r#"{"amount":{}}"#, "amount must be a text or a number"),
            (r#"{"amount":1,"total":2}"#, "two fields mean amount"),
            (r#"{"shoe_size":43}"#, "no such fields: \"shoe_size\""),
        ] {
            assert!(values(line).unwrap_err().contains(why), "{line}: {:?}", values(line));
        }
        assert_eq!(values(r#"{"amount":null,"id":""}"#), Ok(Vec::new()));
    }
}
