//! The file of settings: TOML, a line for each, named as its flag is.

use crate::cli::Failure;
use std::path::PathBuf;
use toml::{Table, Value};

/// A file, read.
#[derive(Debug)]
pub(in crate::cli) struct SettingsFile {
    pub(in crate::cli) path: PathBuf,
    /// Each setting with its values as a flag takes them; more than one only of what may be repeated.
    pub(in crate::cli) values: Vec<(String, Vec<String>)>,
}

impl SettingsFile {
    /// Reads a file whose settings are among those `known`.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or names a setting that there is none of.
    pub(super) fn read(path: PathBuf, known: &[String]) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(&path)
            .map_err(|source| Failure::File { path: path.display().to_string(), source })?;
        match values(&text, known) {
            Ok(values) => Ok(Self { path, values }),
            Err(problem) => Err(Failure::WrongUse(format!("{}: {problem}", path.display()))),
        }
    }
}

pub(in crate::cli) fn values(text: &str, known: &[String]) -> Result<Vec<(String, Vec<String>)>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())?;
    let mut values = Vec::with_capacity(table.len());
    for (name, value) in &table {
        if !known.contains(name) {
            return Err(unknown(name, known));
        }
        let list = match value {
            Value::Array(list) => list.iter().map(single).collect::<Option<Vec<_>>>(),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Table(_) => single(value).map(|one| vec![one]),
        };
        let list =
            list.ok_or_else(|| format!("{name}: must be a text, a whole number, true or false, or a list of texts"))?;
        values.push((name.clone(), list));
    }
    Ok(values)
}

fn single(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        // What is switched says so in two words.
        Value::Boolean(true) => Some("on".to_owned()),
        Value::Boolean(false) => Some("off".to_owned()),
        Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

fn unknown(name: &str, known: &[String]) -> String {
    // Whoever writes `card_memory` means the same word.
    let wanted = name.replace('_', "-");
    let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, &wanted));
    let hint = nearest.map(|nearest| format!("; the nearest one is {nearest}")).unwrap_or_default();
    format!("there is no setting {name}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
        values(text, &["listen", "card-memory", "witness", "rate-limit"].map(str::to_owned))
    }

    #[test]
    fn each_setting_is_read_as_its_flag_takes_it() {
        let read =
            read("listen = \"[::1]:1\"\ncard-memory = 64\nwitness = [\"a\", \"b\"]\nrate-limit = false").unwrap();
        let find = |name: &str| read.iter().find(|(known, _)| known == name).unwrap().1.join(" ");
        assert_eq!(["listen", "card-memory", "witness", "rate-limit"].map(find), ["[::1]:1", "64", "a b", "off"]);
    }

    #[test]
    fn what_is_not_known_or_not_understood_is_named() {
        for (text, part) in [
            ("lisen = \"x\"", "there is no setting lisen; the nearest one is listen"),
            ("card_memory = 1", "there is no setting card_memory; the nearest one is card-memory"),
            ("[listen]\nport = 1", "listen: must be a text"),
            ("card-memory = 1.5", "card-memory: must be a text"),
            ("witness = [[\"a\"]]", "witness: must be a text"),
            ("listen = ", "line 1"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }
}
