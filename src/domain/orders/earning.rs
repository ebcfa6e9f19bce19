//! What a purchase earns: the formula, exactly, and the breakdown that the event keeps of it.

use crate::domain::points::Points;
use crate::domain::programme::{TemplateRules, Terms};
use crate::domain::ratio::Ratio;
use crate::domain::{Money, Rejection, TemplateId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How many decimal places of the base an event shows. The points are computed from the base itself.
const BASE_PLACES: u32 = 8;

/// What a purchase was and how its points came about, so that an auditor can compute them again from the log alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breakdown {
    /// The amount that earns, as the client sent it.
    pub order_total: Money,
    /// ISO 4217.
    pub currency: String,
    pub template: TemplateId,
    /// The version of the template's stream whose rules applied.
    pub template_version: i64,
    /// Absent where the request stated the points, or nothing was to be earned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<Formula>,
}

/// The steps of the formula.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    /// Order total / `currency_amount` × `points_per_currency`, cut after eight decimal places.
    pub base: Decimal,
    /// The tier's.
    pub multiplier: Decimal,
    /// Base × multiplier in whole points.
    pub whole: Points,
    /// Added after rounding.
    pub visit_bonus: Points,
    /// The bound that decided, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
}

/// A bound on what one purchase earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// `min_points_per_purchase`
    Minimum,
    /// `max_points_per_purchase`
    Maximum,
}

/// What an order of so much earns by the rules, with the steps; nothing for an order of nothing.
///
/// # Errors
/// [`Rejection::RuleOutOfBounds`] where a rule cannot be computed with, [`Rejection::TooManyPoints`] where the result is not
/// within the bounds of one operation, or not within those of the numbers themselves.
pub fn earned(
    order_total: Money,
    rules: &TemplateRules,
    multiplier: Decimal,
) -> Result<(Points, Option<Formula>), Rejection> {
    if order_total.is_zero() {
        return Ok((Points::ZERO, None));
    }
    let formula = Formula::of(order_total, rules, multiplier)?;
    let sum = formula.whole.plus(formula.visit_bonus);
    let points = match formula.bound {
        Some(Bound::Minimum) => rules.min_points_per_purchase,
        Some(Bound::Maximum) => rules.purchase_maximum().unwrap_or(sum),
        None => sum,
    };
    Ok((points, Some(formula)))
}

impl Breakdown {
    /// A purchase by these terms whose points the request states.
    #[must_use]
    pub fn stated(order_total: Money, terms: &Terms<'_>) -> Self {
        Self {
            order_total,
            currency: terms.partner.currency.clone(),
            template: terms.template.id,
            template_version: terms.template.version,
            formula: None,
        }
    }
}

impl Formula {
    fn of(order_total: Money, rules: &TemplateRules, multiplier: Decimal) -> Result<Self, Rejection> {
        let rate = |rule, number| Ratio::of(number).ok_or(Rejection::RuleOutOfBounds { rule });
        let per_currency = rate("points_per_currency", rules.points_per_currency)?;
        let currency_amount = rate("currency_amount", rules.currency_amount)?;
        let times = rate("tiers.multiplier", multiplier)?;
        if rules.currency_amount.is_zero() {
            return Err(Rejection::RuleOutOfBounds { rule: "currency_amount" });
        }
        let too_many = Rejection::TooManyPoints { points: Points::MAX_BALANCE };
        let base = rate("order_total", order_total.get())?.over(currency_amount).and_then(|x| x.times(per_currency));
        let base = base.ok_or_else(|| too_many.clone())?;
        let multiplied = base.times(times).ok_or_else(|| too_many.clone())?;
        let rounded =
            if rules.round_points_up { multiplied.points_rounded_up() } else { multiplied.points_rounded_down() };
        let whole = rounded.ok_or_else(|| too_many.clone())?;
        let base = base.decimal_rounded_down(BASE_PLACES).ok_or(too_many)?.normalize();
        let visit_bonus = rules.points_per_visit;
        Ok(Self { base, multiplier, whole, visit_bonus, bound: bound(whole.plus(visit_bonus), rules) })
    }
}

fn bound(sum: Points, rules: &TemplateRules) -> Option<Bound> {
    if rules.purchase_maximum().is_some_and(|maximum| sum > maximum) {
        Some(Bound::Maximum)
    } else {
        (sum < rules.min_points_per_purchase).then_some(Bound::Minimum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        Money::new(text.parse().unwrap()).unwrap()
    }

    /// So many points for each so much, and a bonus for each visit.
    fn rules(points: &str, amount: &str, visit: i64, up: bool) -> TemplateRules {
        TemplateRules {
            points_per_currency: points.parse().unwrap(),
            currency_amount: amount.parse().unwrap(),
            points_per_visit: Points::new(visit),
            round_points_up: up,
            ..TemplateRules::default()
        }
    }

    fn points(total: &str, rules: &TemplateRules, multiplier: &str) -> i64 {
        earned(money(total), rules, multiplier.parse().unwrap()).unwrap().0.get()
    }

    #[test]
    fn a_purchase_earns_what_the_published_examples_say() {
        for (total, per, amount, visit, up, expected) in [
            // The seed's example, the one that binary fractions get wrong, and the specification's.
            ("15.50", "10", "1.00", 5, true, 160),
            ("0.29", "100", "1.00", 0, false, 29),
            ("12.30", "4", "1.00", 2, true, 52),
            ("12.30", "4", "1.00", 2, false, 51),
            ("0.57", "100", "1.00", 0, false, 57),
            ("1.15", "100", "1", 0, false, 115),
            // A third of a point thrice over is one point, not 0.999….
            ("3", "1", "3", 0, false, 1),
            ("10", "3", "10", 0, true, 3),
            ("9.99", "1", "10", 0, false, 0),
            ("9.99", "1", "10", 0, true, 1),
            // Large and tiny rates.
            ("0.0001", "1000000000", "1", 0, false, 100_000),
            ("1000000000000", "0.001", "1", 0, false, 1_000_000_000),
            ("1000000", "0.00000001", "1", 0, false, 0),
            ("1000000", "0.00000001", "1", 0, true, 1),
            ("100000000", "0.00000001", "1", 0, true, 1),
            ("0.01", "1", "1000000000", 0, true, 1),
        ] {
            assert_eq!(points(total, &rules(per, amount, visit, up), "1"), expected, "{total} at {per} for {amount}");
        }
    }

    #[test]
    fn the_multiplier_applies_before_rounding_and_not_to_the_visit_bonus() {
        for (total, multiplier, up, expected) in [
            ("15.50", "1", false, 160),
            ("15.50", "1.1", false, 175),
            ("15.50", "1.1", true, 176),
            ("15.50", "1.5", false, 237),
            ("15.50", "0", true, 5),
            ("15.50", "2", false, 315),
        ] {
            assert_eq!(points(total, &rules("10", "1", 5, up), multiplier), expected, "{total} × {multiplier}");
        }
    }

    #[test]
    fn what_is_earned_is_held_to_the_bounds_and_the_breakdown_says_which_decided() {
        for (total, minimum, maximum, expected, bound) in [
            ("10", 0, None, 105, None),
            ("10", 105, Some(105), 105, None),
            ("10", 106, None, 106, Some(Bound::Minimum)),
            ("10", 0, Some(104), 104, Some(Bound::Maximum)),
            ("10", 0, Some(0), 105, None),
            ("0.01", 50, Some(500), 50, Some(Bound::Minimum)),
            ("1000000", 0, Some(500), 500, Some(Bound::Maximum)),
        ] {
            let rules = TemplateRules {
                min_points_per_purchase: Points::new(minimum),
                max_points_per_purchase: maximum.map(Points::new),
                ..rules("10", "1", 5, false)
            };
            let (points, formula) = earned(money(total), &rules, Decimal::ONE).unwrap();
            assert_eq!((points.get(), formula.unwrap().bound), (expected, bound), "{total} {minimum} {maximum:?}");
        }
    }

    #[test]
    fn an_order_of_nothing_earns_nothing_not_even_the_visit_or_the_minimum() {
        let rules = TemplateRules { min_points_per_purchase: Points::new(50), ..rules("10", "1", 5, true) };
        for total in ["0", "0.00", "0.0000"] {
            assert_eq!(earned(money(total), &rules, Decimal::ONE), Ok((Points::ZERO, None)));
        }
    }

    #[test]
    fn the_steps_lead_to_the_points() {
        let (_, formula) = earned(money("20"), &rules("1", "3", 2, true), "1.5".parse().unwrap()).unwrap();
        let text = serde_json::to_string(&formula).unwrap();
        assert_eq!(
            text, r#"{"base":"6.66666666","multiplier":"1.5","whole":10,"visit_bonus":2}"#,
            "10, not 9.99999999"
        );
    }

    #[test]
    fn what_no_number_holds_is_refused_and_no_rate_divides_by_nothing() {
        let many = rules("1000000000", "0.00000001", 0, false);
        let refused = earned(money("1000000000000"), &many, Decimal::ONE);
        assert_eq!(refused, Err(Rejection::TooManyPoints { points: Points::MAX_BALANCE }));
        let huge = earned(money("1"), &rules("79228162514264337593543950335", "1", 0, false), Decimal::MAX);
        assert_eq!(huge, Err(Rejection::TooManyPoints { points: Points::MAX_BALANCE }));
        let zero = earned(money("1"), &rules("1", "0", 0, false), Decimal::ONE);
        assert_eq!(zero, Err(Rejection::RuleOutOfBounds { rule: "currency_amount" }));
    }
}
