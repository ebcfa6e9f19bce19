//! Lots: what remains of each award, in the order in which it is spent.

use super::Points;
use crate::domain::{LotId, ShopId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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

    fn spending_order(&self) -> Place {
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

/// Where a lot stands among others: soonest expiry first, older first among equals, what never expires last.
type Place = (bool, Option<Timestamp>, LotId);

/// The open lots of a card, kept in spending order.
///
/// A card whose points are seldom spent has hundreds of them, and whoever awards it more copies and sums them all. So they are kept
/// packed, in some ten bytes each, and summed up: an award reads no more than the first.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lots {
    /// Those that expire, and those that never do: what is opened next goes behind the one or the other, as a rule.
    ending: Run,
    endless: Run,
    total: Points,
}

impl Lots {
    /// Puts lots in spending order.
    #[must_use]
    pub fn new(mut lots: Vec<Lot>) -> Self {
        lots.sort_by_key(Lot::spending_order);
        let mut all = Self::default();
        lots.into_iter().for_each(|lot| all.open(lot));
        all
    }

    /// The open lots in spending order.
    pub fn iter(&self) -> impl Iterator<Item = Lot> {
        self.ending.iter().chain(self.endless.iter())
    }

    /// How many lots are open.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ending.count + self.endless.count
    }

    /// Whether no lot is open.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What remains in all of them, by the books.
    #[must_use]
    pub const fn total(&self) -> Points {
        self.total
    }

    /// What remains in lots whose time has come, whether or not the log says so yet.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Points {
        self.iter().take_while(|lot| lot.is_due(now)).map(|lot| lot.remaining).sum()
    }

    /// Everything in lots whose time has come.
    #[must_use]
    pub fn slices_due(&self, now: Timestamp) -> Vec<Slice> {
        self.iter().take_while(|lot| lot.is_due(now)).map(|lot| slice(&lot, lot.remaining)).collect()
    }

    /// The slices that spend `points`, or as much as the chosen lots hold.
    #[must_use]
    pub fn slices(&self, points: Points, choose: impl Fn(&Lot) -> bool) -> Vec<Slice> {
        let mut wanted = points;
        let mut slices = Vec::new();
        for lot in self.iter().filter(choose) {
            if !wanted.is_positive() {
                break;
            }
            let part = wanted.min(lot.remaining);
            slices.push(slice(&lot, part));
            wanted = wanted.minus(part);
        }
        slices
    }

    /// Where the lots of these slices were opened, in the same order; empty where none of them has a shop.
    #[must_use]
    pub fn shops(&self, slices: &[Slice]) -> Vec<Option<ShopId>> {
        let mut sought: BTreeSet<LotId> = slices.iter().map(|slice| slice.lot).collect();
        let mut shops: BTreeMap<LotId, ShopId> = BTreeMap::new();
        let mut lots = self.iter();
        while !sought.is_empty()
            && let Some(lot) = lots.next()
        {
            if sought.remove(&lot.id) {
                shops.extend(lot.shop.map(|shop| (lot.id, shop)));
            }
        }
        if shops.is_empty() {
            return Vec::new();
        }
        slices.iter().map(|slice| shops.get(&slice.lot).copied()).collect()
    }

    /// Opens a lot, at its place in the order.
    pub fn open(&mut self, lot: Lot) {
        self.total = self.total.plus(lot.remaining);
        let run = if lot.expires_at.is_some() { &mut self.ending } else { &mut self.endless };
        run.open(&lot);
    }

    /// Takes what an event says was taken; a lot with nothing left is closed. Slices of lots that are not here are passed over.
    pub fn take(&mut self, slices: &[Slice]) {
        let mut taken: BTreeMap<LotId, Points> = BTreeMap::new();
        for slice in slices {
            let points = taken.entry(slice.lot).or_default();
            *points = points.plus(slice.points);
        }
        let gone = self.ending.take(&mut taken).plus(self.endless.take(&mut taken));
        self.total = self.total.minus(gone);
    }
}

/// Lots in spending order, packed one after another.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    #[serde(with = "serde_bytes")]
    packed: Vec<u8>,
    count: usize,
    last: Option<Place>,
}

impl Run {
    fn iter(&self) -> impl Iterator<Item = Lot> {
        let mut rest = self.packed.as_slice();
        std::iter::from_fn(move || unpack(&mut rest))
    }

    fn open(&mut self, lot: &Lot) {
        let place = lot.spending_order();
        self.count += 1;
        if self.last.is_none_or(|last| last <= place) {
            self.last = Some(place);
            pack(lot, &mut self.packed);
            return;
        }
        let mut rest = self.packed.as_slice();
        let mut at = 0;
        while unpack(&mut rest).is_some_and(|other| other.spending_order() <= place) {
            at = self.packed.len() - rest.len();
        }
        let mut between = Vec::new();
        pack(lot, &mut between);
        self.packed.splice(at..at, between);
    }

    /// Takes what is found of `taken` out of it; answers how much less there is.
    fn take(&mut self, taken: &mut BTreeMap<LotId, Points>) -> Points {
        let mut gone = Points::ZERO;
        if taken.is_empty() {
            return gone;
        }
        let mut left = Vec::new();
        let (mut closed, mut last) = (0, None);
        let mut rest = self.packed.as_slice();
        // As a rule, what is spent stands in front: behind the last lot that is taken from, all stays as it is packed.
        while !taken.is_empty() {
            let from = rest;
            let Some(lot) = unpack(&mut rest) else { break };
            let points = taken.remove(&lot.id);
            let remaining = lot.remaining.minus(points.unwrap_or_default());
            if points.is_none() {
                left.extend_from_slice(&from[..from.len() - rest.len()]);
            } else if remaining.is_positive() {
                pack(&Lot { remaining, ..lot }, &mut left);
            } else {
                (closed, gone) = (closed + 1, gone.plus(lot.remaining));
                continue;
            }
            (last, gone) = (Some(lot.spending_order()), gone.plus(lot.remaining.minus(remaining)));
        }
        if !rest.is_empty() {
            last = self.last;
        }
        left.extend_from_slice(rest);
        *self = Self { packed: left, count: self.count - closed, last };
        gone
    }
}

impl fmt::Debug for Lots {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

fn pack(lot: &Lot, all: &mut Vec<u8>) {
    // The longest lot takes 52 bytes.
    let mut room = [0; 64];
    all.extend_from_slice(postcard::to_slice(lot, &mut room).expect("a lot has a few numbers"));
}

// What was packed by this process, and never leaves it.
fn unpack(rest: &mut &[u8]) -> Option<Lot> {
    if rest.is_empty() {
        return None;
    }
    let (lot, behind) = postcard::take_from_bytes(rest).expect("packed lots");
    *rest = behind;
    Some(lot)
}

fn slice(lot: &Lot, points: Points) -> Slice {
    Slice { lot: lot.id, points, expires_at: lot.expires_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

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

    /// The same kept unpacked.
    #[derive(Default)]
    struct Plain(Vec<Lot>);

    impl Plain {
        fn open(&mut self, lot: Lot) {
            self.0.push(lot);
            self.0.sort_by_key(Lot::spending_order);
        }

        fn take(&mut self, slices: &[Slice]) {
            for taken in slices {
                for lot in self.0.iter_mut().filter(|lot| lot.id == taken.lot) {
                    lot.remaining = lot.remaining.minus(taken.points);
                }
            }
            self.0.retain(|lot| lot.remaining.is_positive());
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Open(i64, Option<i64>, Option<i64>),
        Spend(i64),
        /// What the lots at these places hold, or half of it, more than once where a place is named again; and from a lot that is not there.
        TakeAll(Vec<usize>),
        TakeHalf(Vec<usize>),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let places = || vec(0..40_usize, 0..6);
        let step = prop_oneof![
            4 => (1..=i64::from(u32::MAX), option::of(-5..5_i64), option::of(1..3_i64))
                .prop_map(|(points, expires, shop)| Step::Open(points, expires, shop)),
            1 => (1..i64::from(u32::MAX)).prop_map(Step::Spend),
            1 => places().prop_map(Step::TakeAll),
            1 => places().prop_map(Step::TakeHalf),
        ];
        vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn packed_lots_are_as_if_they_lay_in_a_list(steps in steps()) {
            let (mut packed, mut plain) = (Lots::default(), Plain::default());
            for (id, step) in (1..).zip(steps) {
                let chosen = |places: &[usize], part: i64| {
                    let there = places.iter().filter_map(|place| plain.0.get(*place));
                    let some = there.map(|lot| slice(lot, Points::new(lot.remaining.get() / part)));
                    some.chain([slice(&lot(-1, 5, None), Points::new(5))]).collect::<Vec<_>>()
                };
                let slices = match &step {
                    Step::Open(points, expires, shop) => {
                        let opened = Lot { shop: shop.map(ShopId::new), ..lot(id, *points, *expires) };
                        packed.open(opened);
                        plain.open(opened);
                        Vec::new()
                    }
                    Step::Spend(points) => packed.slices(Points::new(*points), |_| true),
                    Step::TakeAll(places) => chosen(places, 1),
                    Step::TakeHalf(places) => chosen(places, 2),
                };
                let shops: Vec<_> = slices.iter().map(|slice| plain.0.iter().find(|lot| lot.id == slice.lot).and_then(|lot| lot.shop)).collect();
                prop_assert_eq!(packed.shops(&slices), if shops.iter().any(Option::is_some) { shops } else { Vec::new() });
                packed.take(&slices);
                plain.take(&slices);
                prop_assert_eq!(packed.iter().collect::<Vec<_>>(), plain.0.clone());
                prop_assert_eq!((packed.len(), packed.is_empty()), (plain.0.len(), plain.0.is_empty()));
                prop_assert_eq!(packed.total(), plain.0.iter().map(|lot| lot.remaining).sum::<Points>());
                prop_assert_eq!(&packed, &Lots::new(plain.0.clone()));
                let sent = postcard::to_allocvec(&packed).unwrap();
                prop_assert_eq!(&postcard::from_bytes::<Lots>(&sent).unwrap(), &packed);
            }
        }
    }

    #[test]
    fn the_longest_lot_has_room() {
        let end = i64::MIN;
        let longest = Lot { shop: Some(ShopId::new(end)), ..lot(end, end, Some(end)) };
        assert_eq!(Lots::new(vec![longest]).ending.packed.len(), 52);
    }
}
