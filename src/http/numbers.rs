//! Decimals as JSON numbers, digit by digit: neither read nor written through a binary fraction.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A decimal that is written as a number, without the zeros that do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = Decimal, value_type = f64)]
pub(crate) struct Number(pub(crate) Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = RawValue::from_string(self.0.normalize().to_string()).map_err(ser::Error::custom)?;
        digits.serialize(serializer)
    }
}

/// Reads a number as it was written, with or without an exponent; none where it has more digits than can be held.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    // The library takes underscores between digits, which no format of numbers here has.
    if text.contains('_') {
        return None;
    }
    Decimal::from_str_exact(text).ok().or_else(|| Decimal::from_scientific(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_digits_of_the_decimal() {
        for (text, written) in [
            ("15.50", "15.5"),
            ("10", "10"),
            ("0.00", "0"),
            ("0.29", "0.29"),
            ("999999999999.9999", "999999999999.9999"),
            ("1e2", "100"),
            ("2.5E-1", "0.25"),
        ] {
            let number = Number(decimal(text).unwrap());
            assert_eq!(serde_json::to_string(&number).unwrap(), written, "{text}");
        }
        for text in ["much", "1_000", "", "0.99999999999999999999999999999999"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
