//! What stands in one place of a table.

use serde::ser::{Serialize, Serializer};

/// What stands in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Does not apply: null in JSON, empty in CSV.
    Nothing,
    /// A whole number: points, a count or an id.
    Number(i128),
    /// Words, a time, or a decimal number such as an amount of money.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// The words of an event. Not shown in lines.
    Json(serde_json::Value),
}

impl Cell {
    /// A number, or nothing.
    #[must_use]
    pub fn id(number: Option<i64>) -> Self {
        number.map_or(Self::Nothing, |number| Self::Number(number.into()))
    }

    /// A text, or nothing.
    pub fn text(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Text(text.to_string()))
    }

    /// The cell as CSV has it.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Json(json) => json.to_string(),
        }
    }

    /// Whether people would miss it.
    pub(crate) const fn says_something(&self) -> bool {
        match self {
            Self::Nothing | Self::Number(0) | Self::Json(_) => false,
            Self::Number(_) | Self::Text(_) | Self::Flag(_) => true,
        }
    }
}

impl From<i128> for Cell {
    fn from(number: i128) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            // Sums that 64 bits hold are written as such: not every serializer knows wider ones.
            Self::Number(number) => match i64::try_from(*number) {
                Ok(number) => serializer.serialize_i64(number),
                Err(_) => serializer.serialize_i128(*number),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Json(json) => json.serialize(serializer),
        }
    }
}
