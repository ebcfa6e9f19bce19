//! Redeeming points.

use super::moving::{balance_after, draft, ready, within_one_operation};
use super::{Particulars, Points, PointsRedeemed};
use crate::domain::cards::Card;
use crate::domain::programme::TemplateRules;
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Spends points of a card: the lots that expire soonest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeem {
    pub card: CardId,
    /// More than zero.
    pub points: Points,
    pub particulars: Particulars,
}

impl Redeem {
    /// The events of the redemption, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, rules: &TemplateRules, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        let mut ready = ready(card, rules, now)?;
        self.check_rules(rules)?;
        if self.points > ready.balance {
            return Err(Rejection::InsufficientPoints { needed: self.points, available: ready.balance });
        }
        let moved = self.points.negated();
        let redeemed = PointsRedeemed {
            card: card.id,
            points: moved,
            shop: self.particulars.shop,
            order: self.particulars.order(),
            reference: self.particulars.reference(),
            taken: card.slices(self.points, now),
            balance_before: ready.balance,
            balance: balance_after(ready.balance, moved)?,
            sealed: None,
        };
        ready.drafts.push(draft(redeemed, self.particulars.note.secret(card)));
        Ok(ready.drafts)
    }

    fn check_rules(&self, rules: &TemplateRules) -> Result<(), Rejection> {
        if !rules.points_redemption_enabled {
            return Err(Rejection::RedemptionDisabled);
        }
        within_one_operation(self.points)?;
        let points = self.points;
        if points < rules.min_points_for_redemption {
            return Err(Rejection::BelowRedemptionMinimum { points, minimum: rules.min_points_for_redemption });
        }
        match rules.max_points_per_redemption {
            Some(maximum) if maximum.is_positive() && points > maximum => {
                Err(Rejection::AboveRedemptionMaximum { points, maximum })
            }
            Some(_) | None => Ok(()),
        }
    }
}
