//! Lots: what remains of each award, in the order in which it is spent.

use super::Points;
use crate::domain::{LotId, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

/// What remains of one award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    pub id: LotId,
    /// As opened.
    pub points: Points,
    pub remaining: Points,
    pub shop: Option<ShopId>,
    pub expires_at: Option<Timestamp>,
}

impl Lot {
    /// A lot counts strictly before its time.
    fn is_due(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|time| time <= now)
    }

    // Soonest expiry first, older first among equals, what never expires last.
    fn spending_order(&self) -> (bool, Option<Timestamp>, LotId) {
        (self.expires_at.is_none(), self.expires_at, self.id)
    }
}

/// How much a movement took from one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    pub lot: LotId,
    /// More than zero.
    pub points: Points,
    /// The lot's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// The open lots of a card, kept in spending order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lots(Vec<Lot>);

impl Lots {
    /// Puts lots in spending order.
    #[must_use]
    pub fn new(mut lots: Vec<Lot>) -> Self {
        lots.sort_by_key(Lot::spending_order);
        Self(lots)
    }

    /// The open lots in spending order.
    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.0.iter()
    }

    /// How many lots are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no lot is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What remains in all of them, by the books.
    #[must_use]
    pub fn total(&self) -> Points {
        self.0.iter().map(|lot| lot.remaining).sum()
    }

    /// What remains in lots whose time has come, whether or not the log says so yet.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Points {
        self.0.iter().take_while(|lot| lot.is_due(now)).map(|lot| lot.remaining).sum()
    }

    /// Everything in lots whose time has come.
    #[must_use]
    pub fn slices_due(&self, now: Timestamp) -> Vec<Slice> {
        self.0.iter().take_while(|lot| lot.is_due(now)).map(|lot| slice(lot, lot.remaining)).collect()
    }

    /// The slices that spend `points`, or as much as the chosen lots hold.
    #[must_use]
    pub fn slices(&self, points: Points, choose: impl Fn(&Lot) -> bool) -> Vec<Slice> {
        let mut wanted = points;
        let mut slices = Vec::new();
        for lot in self.0.iter().filter(|lot| choose(lot)) {
            if !wanted.is_positive() {
                break;
            }
            let part = wanted.min(lot.remaining);
            slices.push(slice(lot, part));
            wanted = wanted.minus(part);
        }
        slices
    }

    /// Where the lots of these slices were opened, in the same order; empty where none of them has a shop.
    #[must_use]
    pub fn shops(&self, slices: &[Slice]) -> Vec<Option<ShopId>> {
        let shop = |slice: &Slice| self.0.iter().find(|lot| lot.id == slice.lot).and_then(|lot| lot.shop);
        let shops: Vec<_> = slices.iter().map(shop).collect();
        if shops.iter().all(Option::is_none) { Vec::new() } else { shops }
    }

    /// Opens a lot, at its place in the order.
    pub fn open(&mut self, lot: Lot) {
        let place = self.0.partition_point(|other| other.spending_order() <= lot.spending_order());
        self.0.insert(place, lot);
    }

    /// Takes what an event says was taken; a lot with nothing left is closed.
    pub fn take(&mut self, slices: &[Slice]) {
        // Slices come in spending order, so one pass over the lots finds them all; but a refund takes from its order's lot first.
        let mut next = 0;
        for taken in slices {
            let (before, from) = self.0.split_at(next);
            let is = |lot: &Lot| lot.id == taken.lot;
            let ahead = from.iter().position(is).map(|place| next + place);
            if let Some(place) = ahead.or_else(|| before.iter().position(is)) {
                self.0[place].remaining = self.0[place].remaining.minus(taken.points);
                next = place + 1;
            }
        }
        self.0.retain(|lot| lot.remaining.is_positive());
    }
}

fn slice(lot: &Lot, points: Points) -> Slice {
    Slice { lot: lot.id, points, expires_at: lot.expires_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(id: i64, remaining: i64, expires_at: Option<i64>) -> Lot {
        Lot {
            id: LotId::new(id),
            points: Points::new(remaining),
            remaining: Points::new(remaining),
            shop: None,
            expires_at: expires_at.map(Timestamp::from_micros),
        }
    }

    fn taken(slices: &[Slice]) -> Vec<(i64, i64)> {
        slices.iter().map(|slice| (slice.lot.get(), slice.points.get())).collect()
    }

    #[test]
    fn spending_takes_the_soonest_expiry_then_the_oldest_and_never_expiring_lots_last() {
        let lots =
            Lots::new(vec![lot(1, 10, None), lot(2, 10, Some(500)), lot(3, 10, Some(100)), lot(4, 10, Some(100))]);
        assert_eq!(taken(&lots.slices(Points::new(35), |_| true)), [(3, 10), (4, 10), (2, 10), (1, 5)]);
    }

    #[test]
    fn opening_a_lot_keeps_the_order_that_sorting_gives() {
        let all = [lot(5, 1, None), lot(1, 1, Some(9)), lot(4, 1, Some(3)), lot(2, 1, None), lot(3, 1, Some(9))];
        let mut opened = Lots::default();
        all.into_iter().for_each(|lot| opened.open(lot));
        assert_eq!(opened, Lots::new(all.to_vec()));
    }

    #[test]
    fn a_lot_counts_until_the_microsecond_before_its_time() {
        let lots = Lots::new(vec![lot(1, 10, Some(100)), lot(2, 7, None)]);
        assert_eq!(lots.due(Timestamp::from_micros(99)), Points::ZERO);
        assert_eq!(lots.due(Timestamp::from_micros(100)), Points::new(10));
        assert_eq!(lots.total(), Points::new(17));
    }

    #[test]
    fn asking_for_more_than_there_is_takes_what_there_is() {
        let lots = Lots::new(vec![lot(1, 10, None)]);
        assert_eq!(taken(&lots.slices(Points::new(11), |_| true)), [(1, 10)]);
    }

    #[test]
    fn slices_are_taken_in_whatever_order_they_stand() {
        let lots = || Lots::new(vec![lot(1, 10, Some(1)), lot(2, 10, Some(2)), lot(3, 10, None)]);
        for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1], [3, 2, 1]] {
            let mut left = lots();
            let all = lots().slices(Points::new(30), |_| true);
            let slice = |id: i64| *all.iter().find(|slice| slice.lot.get() == id).unwrap();
            left.take(&order.map(slice));
            assert!(left.is_empty(), "{order:?}");
        }
    }

    #[test]
    fn an_emptied_lot_is_closed_and_a_half_spent_one_stays() {
        let mut lots = Lots::new(vec![lot(1, 10, Some(1)), lot(2, 10, None)]);
        lots.take(&lots.slices(Points::new(14), |_| true));
        assert_eq!(lots.iter().map(|lot| (lot.id.get(), lot.remaining.get())).collect::<Vec<_>>(), [(2, 6)]);
    }
}
