//! Awarding points.

use super::moving::{balance_after, draft, ready, within_one_operation};
use super::{OpenedLot, Origin, Particulars, Points, PointsAwarded};
use crate::domain::cards::{Card, CardTierChanged, Tier};
use crate::domain::programme::TemplateRules;
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Gives a card points, as a lot of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    pub card: CardId,
    /// More than zero.
    pub points: Points,
    /// Overrides the template's expiry.
    pub expires_at: Option<Timestamp>,
    pub particulars: Particulars,
}

impl Award {
    /// The events of the award, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, rules: &TemplateRules, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        let mut ready = ready(card, rules, now)?;
        if !rules.points_enabled {
            return Err(Rejection::EarningDisabled);
        }
        within_one_operation(self.points)?;
        let expires_at = match self.expires_at {
            Some(time) if time <= now => return Err(Rejection::ExpiryNotInFuture),
            Some(time) => Some(time),
            None => rules.points_expiration_days.map(|days| now.plus_days(days)),
        };
        let deposit = Deposit::new(card, self.points, expires_at);
        let awarded = PointsAwarded {
            card: card.id,
            points: self.points,
            origin: Origin::Award,
            shop: self.particulars.shop,
            order: self.particulars.order(),
            reference: self.particulars.reference(),
            debt_paid: deposit.debt_paid,
            lot: deposit.lot,
            balance_before: ready.balance,
            balance: balance_after(ready.balance, self.points)?,
            lifetime: card.lifetime.plus(self.points),
            sealed: None,
        };
        let lifetime = awarded.lifetime;
        ready.drafts.push(draft(awarded, self.particulars.note.secret(card)));
        ready.drafts.extend(promotion(card.id, card.tier, lifetime));
        Ok(ready.drafts)
    }
}

/// Where arriving points go: to the debt first, the rest into a lot.
#[derive(Debug)]
pub(super) struct Deposit {
    pub(super) debt_paid: Option<Points>,
    pub(super) lot: Option<OpenedLot>,
}

impl Deposit {
    pub(super) fn new(card: &Card, points: Points, expires_at: Option<Timestamp>) -> Self {
        let debt_paid = card.debt.min(points);
        let rest = points.minus(debt_paid);
        Self {
            debt_paid: debt_paid.is_positive().then_some(debt_paid),
            lot: rest.is_positive().then_some(OpenedLot { points: rest, expires_at }),
        }
    }
}

/// The tier change that reaching `lifetime` brings, if it does.
pub(in crate::domain) fn promotion(card: CardId, from: Tier, lifetime: Points) -> Option<Draft> {
    let to = Tier::of(lifetime);
    (to > from).then(|| Draft::open(CardTierChanged { card, from, to, lifetime }))
}
