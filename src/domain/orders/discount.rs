//! What redeemed points are worth.

use crate::domain::points::Points;
use crate::domain::programme::{TemplateRules, Terms};
use crate::domain::ratio::Ratio;
use crate::domain::{Money, Rejection, TemplateId, minor_places};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How much a client's own figure may exceed the exact one: clients round to the nearest cent, the ledger down.
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The discount that redeemed points bought, and the rules by which they did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// What was given: the client's own figure, else the exact one.
    pub amount: Money,
    /// What the points are worth, rounded down to the currency's smallest coin.
    pub exact: Money,
    /// ISO 4217.
    pub currency: String,
    pub template: TemplateId,
    /// The version of the template's stream whose rules applied.
    pub template_version: i64,
}

/// What so many points are worth, rounded down to the currency's smallest coin.
///
/// # Errors
/// [`Rejection::RuleOutOfBounds`] where the rates cannot be computed with, or the points are worth more than any amount.
pub fn worth(points: Points, rules: &TemplateRules, currency: &str) -> Result<Money, Rejection> {
    let rate = |number| Ratio::of(number);
    let exact = Ratio::of_points(points)
        .and_then(|points| points.over(rate(rules.points_per_currency_redemption)?))
        .and_then(|units| units.times(rate(rules.currency_amount_redemption)?))
        .and_then(|amount| amount.money_rounded_down(minor_places(currency)));
    exact.ok_or(Rejection::RuleOutOfBounds { rule: "points_per_currency_redemption" })
}

/// What so many points are worth, as [`worth`]; of sums that are more than one balance holds, too. None where they have no price.
#[must_use]
pub fn worth_of(points: i128, rules: &TemplateRules, currency: &str) -> Option<Decimal> {
    let points = Ratio::of(Decimal::try_from_i128_with_scale(points, 0).ok()?)?;
    let units = points.over(Ratio::of(rules.points_per_currency_redemption)?)?;
    units.times(Ratio::of(rules.currency_amount_redemption)?)?.decimal_rounded_down(minor_places(currency))
}

impl Discount {
    /// What the points buy by these terms, where the client's own figure, if it has one, is not above that.
    ///
    /// # Errors
    /// [`Rejection::DiscountTooLarge`], [`Rejection::RuleOutOfBounds`]
    pub fn of(points: Points, asked: Option<Money>, terms: &Terms<'_>) -> Result<Self, Rejection> {
        let exact = worth(points, terms.rules(), &terms.partner.currency)?;
        let amount = asked.unwrap_or(exact);
        if amount.get() > exact.get() + TOLERANCE {
            return Err(Rejection::DiscountTooLarge { asked: amount, exact });
        }
        Self::given(points, amount, terms)
    }

    /// What was given for the points, beside what they are worth by these terms.
    ///
    /// # Errors
    /// [`Rejection::RuleOutOfBounds`]
    pub fn given(points: Points, amount: Money, terms: &Terms<'_>) -> Result<Self, Rejection> {
        let currency = terms.partner.currency.clone();
        let exact = worth(points, terms.rules(), &currency)?;
        Ok(Self { amount, exact, currency, template: terms.template.id, template_version: terms.template.version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::programme;

    fn rules(points: &str, amount: &str) -> TemplateRules {
        TemplateRules {
            points_per_currency_redemption: points.parse().unwrap(),
            currency_amount_redemption: amount.parse().unwrap(),
            ..TemplateRules::default()
        }
    }

    fn money(text: &str) -> Money {
        Money::new(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn points_are_worth_their_rate_rounded_down_to_the_smallest_coin() {
        for (points, per, amount, currency, expected) in [
            (100, "100", "1", "EUR", "1.00"),
            (150, "100", "1.00", "EUR", "1.50"),
            (199, "100", "1", "EUR", "1.99"),
            (1, "3", "1", "EUR", "0.33"),
            (2, "3", "1", "EUR", "0.66"),
            (3, "3", "1", "EUR", "1.00"),
            (1, "1000", "1", "EUR", "0.00"),
            (199, "100", "1", "JPY", "1"),
            (1_234, "1000", "1", "KWD", "1.234"),
            (1_000_000_000, "0.01", "1", "EUR", "100000000000.00"),
        ] {
            let found = worth(Points::new(points), &rules(per, amount), currency).unwrap();
            assert_eq!(found.to_string(), expected, "{points} at {per} for {amount} {currency}");
        }
    }

    #[test]
    fn rates_that_cannot_be_computed_with_buy_nothing() {
        let refused = Err(Rejection::RuleOutOfBounds { rule: "points_per_currency_redemption" });
        assert_eq!(worth(Points::new(100), &rules("0", "1"), "EUR"), refused);
    }

    #[test]
    fn a_clients_own_figure_may_be_a_cent_above_and_anything_below() {
        let programme = programme(rules("3", "1"));
        for (asked, accepted) in [
            (None, Some("0.66")),
            (Some("0.67"), Some("0.67")),
            (Some("0.6700"), Some("0.6700")),
            (Some("0.6701"), None),
            (Some("0.68"), None),
            (Some("0"), Some("0")),
        ] {
            let found = Discount::of(Points::new(2), asked.map(money), &programme.terms());
            match accepted {
                Some(amount) => {
                    let found = found.unwrap();
                    assert_eq!((found.amount, found.exact), (money(amount), money("0.66")), "{asked:?}");
                }
                None => {
                    let (asked, exact) = (money(asked.unwrap()), money("0.66"));
                    assert_eq!(found, Err(Rejection::DiscountTooLarge { asked, exact }));
                }
            }
        }
    }
}
