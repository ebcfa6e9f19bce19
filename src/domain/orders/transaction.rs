//! What a movement of points is to a shop: finer than the history's types, which every list of transactions filters by.

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
