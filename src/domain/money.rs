//! Amounts of money: exact decimals, never below zero, with at most four decimal places.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// An amount in some currency, as it was given: `15.50` stays `15.50`, and equals `15.5`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Money(Decimal);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// How many decimal places an amount may have.
    pub const MAX_PLACES: u32 = 4;
    /// The most that one amount may be.
    pub const MAX: Self = Self(Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0));

    /// The amount, or `None` where it is negative, finer than four decimal places or above [`Money::MAX`].
    #[must_use]
    pub fn new(amount: Decimal) -> Option<Self> {
        let fits = (amount.is_zero() || !amount.is_sign_negative())
            && amount.normalize().scale() <= Self::MAX_PLACES
            && amount <= Self::MAX.0;
        fits.then(|| Self(amount.abs()))
    }

    /// The bare number, for arithmetic and rendering.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// The number without the zeros that do not count: two spellings of one amount have one such text.
    #[must_use]
    pub fn plain(self) -> String {
        self.0.normalize().to_string()
    }

    /// The amount in ten-thousandths, which it is a whole number of.
    #[must_use]
    pub fn ten_thousandths(self) -> i64 {
        (self.0 * Decimal::from(10_000)).to_i64().unwrap_or(i64::MAX)
    }

    /// Nothing at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum. Two amounts within the bounds never overflow a decimal.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left when `other` is taken away; nothing where it is more.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(Decimal::ZERO))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount = <Decimal as Deserialize>::deserialize(deserializer)?;
        Self::new(amount).ok_or_else(|| de::Error::custom("not an amount of money"))
    }
}

/// How many decimal places the smallest coin of a currency has, after ISO 4217.
#[must_use]
pub fn minor_places(currency: &str) -> u32 {
    const WHOLE: [&str; 16] = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
    ];
    const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
    if WHOLE.contains(&currency) {
        0
    } else if THOUSANDTHS.contains(&currency) {
        3
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Option<Money> {
        Money::new(text.parse().unwrap())
    }

    #[test]
    fn an_amount_is_not_negative_and_has_at_most_four_decimal_places() {
        for (text, valid) in [
            ("0", true),
            ("-0", true),
            ("15.50", true),
            ("0.0001", true),
            ("0.00010", true),
            ("0.00001", false),
            ("-0.01", false),
            ("1000000000000", true),
            ("1000000000000.01", false),
        ] {
            assert_eq!(money(text).is_some(), valid, "{text}");
        }
    }

    #[test]
    fn an_amount_keeps_its_spelling_and_compares_by_its_value() {
        assert_eq!(serde_json::to_string(&money("15.50")).unwrap(), "\"15.50\"");
        assert_eq!(money("15.50"), money("15.5"));
        assert_eq!(
            ["15.50", "15.5", "0.00", "100"].map(|text| money(text).unwrap().plain()),
            ["15.5", "15.5", "0", "100"]
        );
        assert_eq!(serde_json::from_str::<Money>("\"15.50\"").unwrap().to_string(), "15.50");
        assert!(serde_json::from_str::<Money>("\"-1\"").is_err());
    }

    #[test]
    fn a_difference_is_never_below_nothing() {
        let (small, large) = (money("0.10").unwrap(), money("0.30").unwrap());
        assert_eq!((large.less(small), small.less(large)), (money("0.2").unwrap(), Money::ZERO));
    }

    #[test]
    fn the_smallest_coin_is_the_currencys_own() {
        assert_eq!(["EUR", "JPY", "KWD", "USD"].map(minor_places), [2, 0, 3, 2]);
    }
}
