//! Correcting a balance by hand.

use super::award::Deposit;
use super::moving::{balance_after, draft, ready, within_one_operation};
use super::{Particulars, Points, PointsAdjusted};
use crate::domain::cards::Card;
use crate::domain::programme::TemplateRules;
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Adds points to a card or takes some from it. Not an earning: lifetime points and tier stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjust {
    pub card: CardId,
    /// Not zero.
    pub points: Points,
    pub particulars: Particulars,
}

impl Adjust {
    /// The events of the correction, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, rules: &TemplateRules, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        let mut ready = ready(card, rules, now)?;
        within_one_operation(self.points)?;
        let balance = balance_after(ready.balance, self.points)?;
        let mut adjusted = PointsAdjusted {
            card: card.id,
            points: self.points,
            shop: self.particulars.shop,
            reference: self.particulars.reference().or_else(|| self.particulars.order()),
            debt_paid: None,
            lot: None,
            taken: Vec::new(),
            balance_before: ready.balance,
            balance,
            sealed: None,
        };
        if self.points.is_positive() {
            let expires_at = rules.points_expiration_days.map(|days| now.plus_days(days));
            let deposit = Deposit::new(card, self.points, expires_at);
            (adjusted.debt_paid, adjusted.lot) = (deposit.debt_paid, deposit.lot);
        } else {
            let needed = self.points.abs();
            if needed > ready.balance {
                return Err(Rejection::InsufficientPoints { needed, available: ready.balance });
            }
            adjusted.taken = card.slices(needed, now);
        }
        ready.drafts.push(draft(adjusted, self.particulars.note.secret(card)));
        Ok(ready.drafts)
    }
}
