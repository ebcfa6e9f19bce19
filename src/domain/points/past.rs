//! Movements of the past: what another system recorded when it happened, and an import states now.

use super::Points;
use crate::domain::programme::TemplateRules;
use crate::domain::{Rejection, ShopId, Timestamp};

/// When a movement of another system's history happened.
///
/// It is decided as of then: lots whose time had come by then are written off first, lots whose time came later still count. The
/// rules of today refuse nothing of it (whether and where a card earns and spends, the bounds of a redemption, what points are
/// worth, whether the card is blocked): it is a fact. Points that were not there are refused, for they cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Not later than the moment of recording.
    pub at: Timestamp,
    /// A lot that states no expiry of its own lasts for ever, whatever the template says.
    pub endless: bool,
}

/// The moment as of which a movement is decided.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct When {
    now: Timestamp,
    past: Option<Past>,
}

impl When {
    /// Now, or as of the past that the command states.
    pub(in crate::domain) fn of(past: Option<Past>, now: Timestamp) -> Result<Self, Rejection> {
        happened_by(past.map(|past| past.at), now)?;
        Ok(Self { now, past })
    }

    /// Decided as of this moment.
    pub(in crate::domain) fn at(self) -> Timestamp {
        self.past.map_or(self.now, |past| past.at)
    }

    /// Whether it is a fact of the past, which the rules of today do not refuse.
    pub(in crate::domain) const fn is_past(self) -> bool {
        self.past.is_some()
    }

    /// What the events state beside the time of their recording.
    pub(in crate::domain) fn happened_at(self) -> Option<Timestamp> {
        self.past.map(|past| past.at)
    }

    /// The shop whose rules of earning and spending apply; none where none do.
    pub(in crate::domain) fn judged_at(self, shop: Option<ShopId>) -> Option<ShopId> {
        shop.filter(|_| !self.is_past())
    }

    /// When a lot opened by the movement expires, unless it says so itself.
    pub(in crate::domain) fn lot_expiry(self, rules: &TemplateRules) -> Option<Timestamp> {
        if self.past.is_some_and(|past| past.endless) { None } else { rules.lot_expiry(self.at()) }
    }

    /// Refuses a lot that expires before it is opened.
    pub(in crate::domain) fn check_expiry(self, expires_at: Option<Timestamp>) -> Result<(), Rejection> {
        match expires_at {
            Some(time) if time <= self.at() => Err(Rejection::ExpiryNotInFuture),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses what a switch of the rules forbids today.
    pub(in crate::domain) fn needs(self, allowed: bool, rejection: Rejection) -> Result<(), Rejection> {
        if allowed || self.is_past() { Ok(()) } else { Err(rejection) }
    }
}

/// Refuses what is said to have happened after it is recorded.
pub(in crate::domain) fn happened_by(happened_at: Option<Timestamp>, now: Timestamp) -> Result<(), Rejection> {
    match happened_at {
        Some(happened_at) if happened_at > now => Err(Rejection::HappenedInFuture { happened_at }),
        Some(_) | None => Ok(()),
    }
}

/// Refuses fewer points than one redemption must have, or more than it may, where today's bounds apply.
pub(in crate::domain) fn within_bounds_of(when: When, points: Points, rules: &TemplateRules) -> Result<(), Rejection> {
    if when.is_past() { Ok(()) } else { super::redeem::within_redemption_bounds(points, rules) }
}
