//! What stands in one column of one row.

use crate::domain::{Timestamp, minor_places};
use rust_decimal::Decimal;
use std::borrow::Cow;

/// A value, before it is written in any format.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'r> {
    Empty,
    Text(Cow<'r, str>),
    Integer(i64),
    Amount(Decimal),
    Time(Timestamp),
}

impl<'r> Cell<'r> {
    pub(super) fn text(text: impl Into<Cow<'r, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn maybe_text(text: Option<&'r str>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    pub(super) fn maybe_time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Empty, Self::Time)
    }

    pub(super) fn maybe_integer(number: Option<i64>) -> Self {
        number.map_or(Self::Empty, Self::Integer)
    }

    /// An amount with at least as many places as the currency's smallest coin has.
    pub(super) fn money(amount: Decimal, currency: &str) -> Self {
        let mut amount = amount.normalize();
        if amount.scale() < minor_places(currency) {
            amount.rescale(minor_places(currency));
        }
        Self::Amount(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_places_of_its_currency_or_as_many_as_it_needs() {
        let money = |text: &str, currency| {
            let cell = Cell::money(text.parse().unwrap(), currency);
            if let Cell::Amount(amount) = cell { amount.to_string() } else { panic!("{cell:?}") }
        };
        assert_eq!(money("15.5000", "EUR"), "15.50");
        assert_eq!(money("15.5025", "EUR"), "15.5025");
        assert_eq!(money("15.0000", "JPY"), "15");
        assert_eq!(money("999999999999.9999", "EUR"), "999999999999.9999");
        assert_eq!(money("1000000000000", "KWD"), "1000000000000.000");
    }
}
