//! Expiry: of lots whose time has come, and of points that somebody asks to expire.

use super::moving::{balance_after, draft, within_one_operation};
use super::{ExpiryCause, Particulars, Points, PointsExpired, Slice};
use crate::domain::cards::Card;
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Takes points off a card before their time. A blocked card's points expire too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expire {
    pub card: CardId,
    /// At most so many; none means all that match.
    pub points: Option<Points>,
    /// Only lots that expire before this moment; none means any lot.
    pub expires_before: Option<Timestamp>,
    pub particulars: Particulars,
}

impl Expire {
    /// The events of the expiry, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        self.points.map_or(Ok(()), within_one_operation)?;
        let mut drafts = Vec::from_iter(expire_due(card, now));
        let balance_before = card.available(now);
        if let (Some(needed), None) = (self.points, self.expires_before)
            && needed > balance_before
        {
            return Err(Rejection::InsufficientPoints { needed, available: balance_before });
        }
        let taken = self.chosen(card, now);
        let points = taken.iter().map(|slice| slice.points).sum::<Points>().negated();
        if points.is_zero() {
            return Err(Rejection::NothingToExpire { card: card.id });
        }
        let expired = PointsExpired {
            card: card.id,
            points,
            cause: ExpiryCause::Requested,
            shop: self.particulars.shop,
            reference: self.particulars.reference().or_else(|| self.particulars.order()),
            taken,
            balance_before,
            balance: balance_after(balance_before, points)?,
            sealed: None,
        };
        drafts.push(draft(expired, self.particulars.note.secret(card)));
        Ok(drafts)
    }

    fn chosen(&self, card: &Card, now: Timestamp) -> Vec<Slice> {
        let limit = self.points.unwrap_or(Points::MAX_BALANCE);
        card.lots.slices(limit, |lot| {
            let live = lot.expires_at.is_none_or(|time| time > now);
            let matches = self.expires_before.is_none_or(|end| lot.expires_at.is_some_and(|time| time < end));
            live && matches
        })
    }
}

/// Writes off the lots whose time has come, where there are any.
///
/// Every command that moves points does this first, so that the balance it states is the one available at that moment.
#[must_use]
pub fn expire_due(card: &Card, now: Timestamp) -> Option<Draft> {
    let taken = card.lots.slices_due(now);
    let points = taken.iter().map(|slice| slice.points).sum::<Points>().negated();
    let balance_before = card.balance();
    (!taken.is_empty()).then(|| {
        Draft::open(PointsExpired {
            card: card.id,
            points,
            cause: ExpiryCause::Due,
            shop: None,
            reference: None,
            taken,
            balance_before,
            balance: balance_before.plus(points),
            sealed: None,
        })
    })
}
