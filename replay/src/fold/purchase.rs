//! What a purchase earns and what redeemed points are worth, computed again from the terms that their events state.

use super::movement::Scene;
use super::programme::{Partner, Programme};
use crate::decimal::{Decimal, Fraction, Money, coin_places};
use crate::findings::{Check, Findings};
use crate::ledger::Event;
use crate::payload::{About, Bound, Discount, Formula, Moving, MovingKind, Purchase, Rules, Text};
use crate::points::{CardId, Points, TemplateId};

/// By how much a discount may exceed what the points are worth.
const TOLERANCE: Decimal = Decimal::new(1, 2);
/// How many decimal places of the base are shown.
const BASE_PLACES: u32 = 8;

/// Follows commands: a redemption with a discount is part of a purchase, whose terms follow it, and which has one of them.
#[derive(Debug, Default)]
pub(super) struct Tills {
    redeemed: Option<Redeemed>,
    /// The last command that stated terms.
    terms: i64,
}

/// A redemption with a discount, whose purchase has yet to state its terms.
#[derive(Debug)]
struct Redeemed {
    seq: i64,
    command_seq: i64,
    card: CardId,
    order: Option<Box<str>>,
}

impl Tills {
    /// Checks a movement against those before it in its command.
    pub(super) fn follow(&mut self, event: &Event<'_>, moving: &Moving<'_>, findings: &mut Findings) {
        let order = moving.order.as_ref().map(Text::as_str);
        match (moving.kind, &moving.about) {
            (MovingKind::Redeem, About::Spending(spending)) if spending.discount.is_some() => {
                if self.terms == event.command_seq {
                    findings.event(Check::Orders, event.seq, "a purchase redeems before it earns, not after");
                } else {
                    let (seq, command_seq, card) = (event.seq, event.command_seq, moving.card);
                    self.redeemed = Some(Redeemed { seq, command_seq, card, order: order.map(Into::into) });
                }
            }
            (_, About::Purchase(_)) => {
                if self.terms == event.command_seq {
                    findings.event(
                        Check::Orders,
                        event.seq,
                        "a second event of one command states the terms of a purchase",
                    );
                }
                self.terms = event.command_seq;
                if let Some(redeemed) = self.redeemed.take_if(|redeemed| redeemed.command_seq == event.command_seq)
                    && (redeemed.card, redeemed.order.as_deref()) != (moving.card, order)
                {
                    let sentence = format!("event {} of the same purchase names another card or order", redeemed.seq);
                    findings.event(Check::Orders, event.seq, sentence);
                }
            }
            _ => {}
        }
    }

    /// Complains about a purchase that ended without its terms, once another command has begun or the log has ended.
    pub(super) fn expect_terms(&mut self, command_seq: Option<i64>, findings: &mut Findings) {
        if let Some(redeemed) = self.redeemed.take_if(|redeemed| Some(redeemed.command_seq) != command_seq) {
            let sentence = "points buy a discount, but no event of the command states the terms of the purchase";
            findings.event(Check::Orders, redeemed.seq, sentence);
        }
    }
}

impl Scene<'_> {
    /// Checks what a movement says of its purchase by the terms that it states.
    pub(super) fn check_terms(&mut self, moving: &Moving<'_>, programme: &Programme) {
        let Some(partner) = programme.partner(self.card.partner) else { return };
        let checked = match &moving.about {
            About::Purchase(purchase) => self.check_purchase(moving, purchase, partner, programme),
            About::Spending(spending) => match &spending.discount {
                Some(discount) => self.check_discount(moving, discount, partner, programme),
                None => Ok(()),
            },
            About::Nothing | About::Refund(_) | About::Return { .. } => Ok(()),
        };
        if let Err(sentence) = checked {
            self.findings.event(Check::Orders, self.seq, sentence);
        }
    }

    fn check_purchase(
        &self,
        moving: &Moving<'_>,
        purchase: &Purchase<'_>,
        partner: &Partner,
        programme: &Programme,
    ) -> Result<(), String> {
        if moving.order.is_none() {
            return Err("a purchase without an order id".into());
        }
        let stated = (purchase.template, purchase.template_version);
        let rules = self.rules_of(stated, &purchase.currency, partner, programme)?;
        let total = purchase.order_total.0;
        let Some(formula) = purchase.formula else {
            // The request stated the points; then only whether there may be any is known.
            return if rules.points_enabled || moving.points == Points::ZERO || moving.is_past() {
                Ok(())
            } else {
                Err(format!("{} points for a purchase, but template {} earns none", moving.points, purchase.template))
            };
        };
        if moving.is_past() {
            return Err("states a formula, but a purchase of the past states its points".into());
        }
        if !rules.points_enabled || total.is_zero() {
            return Err("states a formula, but nothing was to be earned".into());
        }
        let multiplier = partner.settings.tiers.multiplier(self.card.tier);
        if formula.multiplier != multiplier {
            let (stated, tier) = (formula.multiplier, self.card.tier.name());
            return Err(format!("states the multiplier {stated}, but the tier {tier} has {multiplier}"));
        }
        let (points, expected) = earned(total, rules, multiplier)
            .ok_or_else(|| format!("no number holds what a purchase of {total} earns by its terms"))?;
        let steps = |it: &Formula| {
            let bound = match it.bound {
                None => "no bound",
                Some(Bound::Minimum) => "the minimum",
                Some(Bound::Maximum) => "the maximum",
            };
            format!("base {}, whole {}, visit bonus {}, {bound}", it.base, it.whole, it.visit_bonus)
        };
        if formula != expected {
            let (stated, expected) = (steps(&formula), steps(&expected));
            return Err(format!("a purchase of {total} gives {expected} by its terms, but the event states {stated}"));
        }
        if moving.points != points {
            return Err(format!("a purchase of {total} earns {points} points by its terms, not {}", moving.points));
        }
        Ok(())
    }

    fn check_discount(
        &self,
        moving: &Moving<'_>,
        discount: &Discount<'_>,
        partner: &Partner,
        programme: &Programme,
    ) -> Result<(), String> {
        if moving.order.is_none() {
            return Err("a discount without an order id".into());
        }
        let stated = (discount.template, discount.template_version);
        let rules = self.rules_of(stated, &discount.currency, partner, programme)?;
        let points = moving.points.negated();
        let exact = u128::try_from(points.get())
            .ok()
            .and_then(|points| worth(points, rules, &partner.currency))
            .ok_or_else(|| format!("no number holds what {points} points are worth by their terms"))?;
        if discount.exact.0 != exact {
            return Err(format!("{points} points are worth {exact} by their terms, not {}", discount.exact.0));
        }
        // What was given then is a fact.
        if !moving.is_past() && !exact.plus(TOLERANCE).is_some_and(|most| discount.amount.0 <= most) {
            let Money(amount) = discount.amount;
            return Err(format!("a discount of {amount} for {points} points, which are worth {exact}"));
        }
        Ok(())
    }

    /// The rules by the template and version that an event states, which have to be the card's and the newest.
    fn rules_of<'p>(
        &self,
        (template, version): (TemplateId, i64),
        currency: &Text<'_>,
        partner: &Partner,
        programme: &'p Programme,
    ) -> Result<&'p Rules, String> {
        if currency.as_str() != &*partner.currency {
            return Err(format!("states {}, but the partner's currency is {}", currency.as_str(), partner.currency));
        }
        if template != self.card.template {
            let own = self.card.template;
            return Err(format!("states the terms of template {template}, but card {} has template {own}", self.id));
        }
        let known = programme.template(template).ok_or_else(|| format!("template:{template} does not exist"))?;
        if known.version != version {
            let newest = known.version;
            return Err(format!("states version {version} of template {template}, which is at version {newest}"));
        }
        known.rules(version).ok_or_else(|| format!("template {template} has no rules as of version {version}"))
    }
}

/// What a purchase earns, with the steps.
fn earned(total: Decimal, rules: &Rules, multiplier: Decimal) -> Option<(Points, Formula)> {
    let (rate, amount) = (rules.points_per_currency, rules.currency_amount);
    let scale = Decimal::new(10_u128.pow(BASE_PLACES), 0);
    let base = Decimal::new(Fraction::of([total, rate, scale], [amount])?.down(), BASE_PLACES);
    let multiplied = Fraction::of([total, rate, multiplier], [amount])?;
    let whole = points(if rules.round_points_up { multiplied.up() } else { multiplied.down() })?;
    let visit_bonus = rules.points_per_visit;
    let sum = whole.plus(visit_bonus);
    let maximum = rules.max_points_per_purchase.filter(|maximum| *maximum > Points::ZERO);
    let (points, bound) = match maximum {
        Some(maximum) if sum > maximum => (maximum, Some(Bound::Maximum)),
        Some(_) | None if sum < rules.min_points_per_purchase => (rules.min_points_per_purchase, Some(Bound::Minimum)),
        Some(_) | None => (sum, None),
    };
    Some((points, Formula { base, multiplier, whole, visit_bonus, bound }))
}

/// What so many points are worth by a template's rules, rounded down to the currency's smallest coin; none where the rules give them no
/// price or no number holds it.
#[must_use]
pub fn worth(points: u128, rules: &Rules, currency: &str) -> Option<Decimal> {
    let places = coin_places(currency);
    let scale = Decimal::new(10_u128.pow(places), 0);
    let above = [Decimal::new(points, 0), rules.currency_amount_redemption, scale];
    let coins = Fraction::of(above, [rules.points_per_currency_redemption])?.down();
    Some(Decimal::new(coins, places))
}

fn points(number: u128) -> Option<Points> {
    i64::try_from(number).ok().map(Points::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        let mut rules = serde_json::json!({
            "auto_assign": true, "activation": "first_use", "points_enabled": true, "initial_bonus_points": 0,
            "points_expiration_days": null, "points_per_currency": "10", "currency_amount": "1.00", "round_points_up": false,
            "min_points_per_purchase": 0, "max_points_per_purchase": null, "points_per_visit": 0,
            "points_redemption_enabled": true, "points_per_currency_redemption": "100", "currency_amount_redemption": "1.00",
            "min_points_for_redemption": 0, "max_points_per_redemption": null,
        });
        let changed: serde_json::Map<_, _> = serde_json::from_str(text).expect("JSON");
        changed.into_iter().for_each(|(name, value)| rules[name] = value);
        serde_json::from_str(&rules.to_string()).expect("rules")
    }

    #[test]
    fn a_purchase_earns_what_the_published_examples_say() {
        for (total, changed, multiplier, expected) in [
            ("15.50", r#"{"points_per_visit": 5, "round_points_up": true}"#, "1", 160),
            ("0.29", r#"{"points_per_currency": "100"}"#, "1", 29),
            ("12.30", r#"{"points_per_currency": "4", "points_per_visit": 2, "round_points_up": true}"#, "1", 52),
            ("12.30", r#"{"points_per_currency": "4", "points_per_visit": 2}"#, "1", 51),
            ("20", r#"{"points_per_currency": "1", "currency_amount": "3"}"#, "1.5", 10),
            ("15.50", r#"{"points_per_visit": 5}"#, "1.1", 175),
            ("0.01", r#"{"min_points_per_purchase": 50, "max_points_per_purchase": 500}"#, "1", 50),
            ("1000000", r#"{"min_points_per_purchase": 50, "max_points_per_purchase": 500}"#, "1", 500),
            ("10", r#"{"max_points_per_purchase": 0}"#, "1", 100),
        ] {
            let number = |text| Decimal::parse(text).expect("a number");
            let (points, _) = earned(number(total), &rules(changed), number(multiplier)).expect("points");
            assert_eq!(points.get(), expected, "{total} {changed} × {multiplier}");
        }
    }

    #[test]
    fn points_are_worth_their_rate_rounded_down_to_the_smallest_coin() {
        for (points, changed, currency, expected) in [
            (199, "{}", "EUR", "1.99"),
            (2, r#"{"points_per_currency_redemption": "3"}"#, "EUR", "0.66"),
            (3, r#"{"points_per_currency_redemption": "3"}"#, "EUR", "1"),
            (199, "{}", "JPY", "1"),
            (1234, r#"{"points_per_currency_redemption": "1000"}"#, "KWD", "1.234"),
        ] {
            let found = worth(points, &rules(changed), currency).expect("an amount");
            assert_eq!(found.to_string(), expected, "{points} {changed} {currency}");
        }
    }
}
