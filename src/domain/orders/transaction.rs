//! What a movement of points is to a shop: finer than the history's types, which every list of transactions filters by.

use super::RefundCause;
use crate::domain::points::{Origin, Points};
use crate::domain::{Event, Money};

/// What kind of transaction an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionKind {
    /// An award for an order, or an order that earned nothing.
    Purchase,
    /// Any other award.
    Award,
    /// The bonus of a new card.
    Welcome,
    Redemption,
    Expiry,
    Refund,
    Cancellation,
    /// What a refund gave back of what its order spent.
    Return,
    /// A correction upwards.
    Raise,
    /// A correction downwards.
    Cut,
}

impl TransactionKind {
    /// All of them. A place in this list is what views.db stores: new kinds go to its end.
    pub const ALL: [Self; 10] = [
        Self::Purchase,
        Self::Award,
        Self::Welcome,
        Self::Redemption,
        Self::Expiry,
        Self::Refund,
        Self::Cancellation,
        Self::Return,
        Self::Raise,
        Self::Cut,
    ];

    /// The kind of an event; none where it moves no points.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::PointsAwarded(event) if event.origin == Origin::Issue => Self::Welcome,
            Event::PointsAwarded(event) if event.order.is_some() => Self::Purchase,
            Event::PointsAwarded(_) => Self::Award,
            Event::OrderRecorded(_) => Self::Purchase,
            Event::PointsRedeemed(_) => Self::Redemption,
            Event::PointsAdjusted(event) if event.points < Points::ZERO => Self::Cut,
            Event::PointsAdjusted(_) => Self::Raise,
            Event::PointsExpired(_) => Self::Expiry,
            Event::PointsRefunded(event) => match event.cause {
                RefundCause::Refund => Self::Refund,
                RefundCause::Cancellation => Self::Cancellation,
            },
            Event::PointsReturned(_) => Self::Return,
            Event::PartnerCreated(_)
            | Event::PartnerSettingsChanged(_)
            | Event::ShopOpened(_)
            | Event::ShopUpdated(_)
            | Event::ShopRetired(_)
            | Event::TemplateCreated(_)
            | Event::TemplateUpdated(_)
            | Event::TemplateRetired(_)
            | Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::CustomerRegistered(_)
            | Event::CustomerUpdated(_)
            | Event::CustomerErased(_)
            | Event::CardIssued(_)
            | Event::CardUpdated(_)
            | Event::CardActivated(_)
            | Event::CardBlocked(_)
            | Event::CardUnblocked(_)
            | Event::CardTierChanged(_) => return None,
        })
    }

    /// Its place in [`TransactionKind::ALL`].
    #[must_use]
    pub fn place(self) -> i64 {
        let place = Self::ALL.iter().position(|kind| *kind == self);
        place.and_then(|place| i64::try_from(place).ok()).unwrap_or_default()
    }

    /// The kind at a place.
    #[must_use]
    pub fn at(place: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(place).ok()?).copied()
    }
}

/// The total of the order that an event states; nothing where it states none.
#[must_use]
pub fn order_total(event: &Event) -> Money {
    let purchase = if let Event::PointsAwarded(event) = event {
        event.purchase.as_ref()
    } else if let Event::OrderRecorded(event) = event {
        Some(&event.purchase)
    } else {
        None
    };
    purchase.map_or(Money::ZERO, |purchase| purchase.order_total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        for (place, kind) in (0..).zip(TransactionKind::ALL) {
            assert_eq!((kind.place(), TransactionKind::at(place)), (place, Some(kind)));
        }
        assert_eq!((TransactionKind::at(-1), TransactionKind::at(10)), (None, None));
    }
}
