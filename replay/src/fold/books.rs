//! The tables `book_*`: what the log comes to, in sums by span.

use super::card::Card;
use super::programme::Programme;
use super::shapes::{BOOK_ACTS, BOOK_CARDS, BOOK_ENDS, BOOK_LOTS, BOOK_MOVES, BOOK_REFUNDS, BOOK_SPANS, Cell, Shape};
use super::shelves::Shelf;
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{About, Moving, MovingKind, Payload, Refund, RefundCause};
use crate::points::{LotId, Points, ShopId};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How many seqs one block spans.
const BLOCK: i64 = 16_384;

const DAY: i64 = 86_400_000_000;

/// Sums by what they are summed up by.
type Sums<const K: usize, const N: usize> = FxHashMap<[i64; K], [i64; N]>;

/// Day, block and partner.
type Place = [i64; 3];

/// The rows as far as events have been applied.
#[derive(Debug, Default)]
pub struct Books {
    /// Events, late ones, the first seq, the last, and its time.
    spans: FxHashMap<Place, [i64; 5]>,
    moves: Sums<5, 12>,
    cards: Sums<4, 2>,
    lots: Sums<5, 2>,
    ends: Sums<5, 2>,
    acts: BTreeMap<(Place, String, String), [i64; 4]>,
    refunds: Sums<3, 11>,
    /// Orders that were refunded, with the refund's seq and place.
    refunding: Vec<(i64, i64, Place)>,
}

impl Books {
    /// Books an event. `at` is its time, or the latest before it where that is later; `card` the card that it is about, after it.
    pub fn book(&mut self, event: &Event<'_>, payload: &Payload<'_>, at: Instant, card: Option<&Card>) {
        let place = [at.micros().div_euclid(DAY), event.seq.div_euclid(BLOCK), event.partner_id];
        self.count(event, at, place);
        if let Payload::Moved(moving) = payload {
            self.note_refund(event, moving, place);
            if let Some(card) = card {
                self.book_movement(moving, place, card);
            }
        }
        let corrects = matches!(payload, Payload::Moved(moving) if moving.kind == MovingKind::Adjust);
        let blocks = matches!(payload, Payload::Blocked(_) | Payload::Unblocked(_));
        if corrects || blocks || Programme::concerns(event.kind) {
            let points = if let Payload::Moved(moving) = payload { moving.points.get() } else { 0 };
            let key = (place, event.actor.to_owned(), event.kind.to_owned());
            add(self.acts.entry(key).or_default(), [1, points.max(0), (-points).max(0), i64::from(points < 0)]);
        }
        if let (Payload::Issued(_), Some(card)) = (payload, card) {
            let [day, block, partner] = place;
            add(self.cards.entry([day, block, partner, card.template.get()]).or_default(), [1, 0]);
        }
    }

    /// Takes over what another fold booked of other streams.
    pub fn absorb(&mut self, other: Self) {
        for (place, more) in other.spans {
            let span = self.spans.entry(place).or_insert([0, 0, more[2], more[3], more[4]]);
            let (first, last, at) = (span[2].min(more[2]), span[3].max(more[3]), span[4].max(more[4]));
            *span = [span[0] + more[0], span[1] + more[1], first, last, at];
        }
        merge(&mut self.moves, other.moves);
        merge(&mut self.cards, other.cards);
        merge(&mut self.lots, other.lots);
        merge(&mut self.ends, other.ends);
        merge(&mut self.refunds, other.refunds);
        for (key, more) in other.acts {
            add(self.acts.entry(key).or_default(), more);
        }
        self.refunding.extend(other.refunding);
    }

    fn count(&mut self, event: &Event<'_>, at: Instant, place: Place) {
        let span = self.spans.entry(place).or_insert([0, 0, event.seq, event.seq, at.micros()]);
        let late = i64::from(event.recorded_at < at.micros());
        *span = [span[0] + 1, span[1] + late, span[2], event.seq, at.micros()];
    }

    fn note_refund(&mut self, event: &Event<'_>, moving: &Moving<'_>, place: Place) {
        let points = moving.points.get();
        match (moving.kind, &moving.about) {
            (MovingKind::Refund { debt, .. }, About::Refund(refund)) => {
                let Refund { cause, of, amount, completes, let_go } = *refund;
                let (refunded, cancelled) = match cause {
                    RefundCause::Refund => (1, 0),
                    RefundCause::Cancellation => (0, 1),
                };
                let money = amount.map(|amount| amount.0.scaled(4).unwrap_or(i64::MAX));
                let sums = [
                    refunded,
                    cancelled,
                    0,
                    0,
                    i64::from(completes),
                    -points,
                    debt.get(),
                    let_go.get(),
                    0,
                    money.unwrap_or(0),
                    i64::from(money.is_none()),
                ];
                add(self.refunds.entry(place).or_default(), sums);
                self.refunding.push((of, event.seq, place));
            }
            (MovingKind::Return, _) => {
                add(self.refunds.entry(place).or_default(), [0, 0, 1, 0, 0, 0, 0, 0, points, 0, 0]);
            }
            (_, _) => {}
        }
    }

    fn book_movement(&mut self, moving: &Moving<'_>, place: Place, card: &Card) {
        let ([day, block, partner], template) = (place, card.template.get());
        let shop = moving.shop.map_or(0, ShopId::get);
        let sums = self.moves.entry([day, block, partner, shop, template]).or_default();
        add(sums, columns(moving));
        let debt = match moving.kind {
            MovingKind::Refund { debt, .. } => debt.get(),
            MovingKind::Award { .. }
            | MovingKind::Adjust
            | MovingKind::Return
            | MovingKind::Redeem
            | MovingKind::Expire { .. }
            | MovingKind::Order => -moving.debt_paid.map_or(0, Points::get),
        };
        if debt != 0 {
            add(self.cards.entry([day, block, partner, template]).or_default(), [0, debt]);
        }
        if let Some(lot) = moving.lot {
            self.book_lot(place, template, lot.expires_at, [1, lot.points.get()]);
        }
        for (at, slice) in moving.taken.iter().enumerate() {
            self.book_lot(place, template, slice.expires_at, [0, -slice.points.get()]);
            let again = moving.taken[at + 1..].iter().any(|later| later.lot == slice.lot);
            if !again && is_closed(card, slice.lot) {
                self.book_lot(place, template, slice.expires_at, [-1, 0]);
            }
        }
    }

    fn book_lot(&mut self, [day, block, partner]: Place, template: i64, expires_at: Option<Instant>, by: [i64; 2]) {
        let month = expires_at.map_or(-1, |time| time.month().number());
        add(self.lots.entry([day, block, partner, template, month]).or_default(), by);
        let Some(time) = expires_at else { return };
        let last_day = time.micros().div_euclid(DAY);
        let ending = last_day * 2 + i64::from(time.micros().rem_euclid(DAY) != 0);
        let (day, block) = if day < last_day { (last_day, -1) } else { (day, block) };
        add(self.ends.entry([ending, day, block, partner, template]).or_default(), by);
    }

    /// The tables with their rows.
    pub(super) fn into_shelves<'a>(mut self) -> impl Iterator<Item = Shelf<'a>> {
        self.refunding.sort_unstable();
        let mut last = None;
        for (order, _, place) in &self.refunding {
            if last.replace(*order) != Some(*order) {
                self.refunds.entry(*place).or_default()[3] += 1;
            }
        }
        let act = |((place, actor, act), sums): ((Place, String, String), [i64; 4])| {
            let names = [Cell::Text(actor), Cell::Text(act)];
            place.map(Cell::Number).into_iter().chain(names).chain(sums.map(Cell::Number)).collect()
        };
        [
            shelf(BOOK_SPANS, self.spans),
            shelf(BOOK_MOVES, self.moves),
            shelf(BOOK_CARDS, self.cards),
            shelf(BOOK_LOTS, self.lots),
            shelf(BOOK_ENDS, self.ends),
            Shelf { shape: BOOK_ACTS, rows: Box::new(self.acts.into_iter().map(act)) },
            shelf(BOOK_REFUNDS, self.refunds),
        ]
        .into_iter()
    }
}

/// What a movement adds to the columns of `book_moves`.
fn columns(moving: &Moving<'_>) -> [i64; 12] {
    let points = moving.points.get();
    let (up, down) = (points.max(0), (-points).max(0));
    let [awarded, given_back, redeemed, expired, refunded, raised, cut] = match moving.kind {
        MovingKind::Order => return [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        MovingKind::Award { .. } => [points, 0, 0, 0, 0, 0, 0],
        MovingKind::Return => [0, points, 0, 0, 0, 0, 0],
        MovingKind::Redeem => [0, 0, -points, 0, 0, 0, 0],
        MovingKind::Expire { .. } => [0, 0, 0, -points, 0, 0, 0],
        MovingKind::Refund { .. } => [0, 0, 0, 0, -points, 0, 0],
        MovingKind::Adjust => [0, 0, 0, 0, 0, up, down],
    };
    let imported = if moving.is_past() { [1, up, down] } else { [0, 0, 0] };
    let [past, past_in, past_out] = imported;
    [1, 0, awarded, given_back, redeemed, expired, refunded, raised, cut, past, past_in, past_out]
}

fn is_closed(card: &Card, lot: LotId) -> bool {
    card.lots.binary_search_by_key(&lot, |open| open.lot).is_err()
}

fn add<const N: usize>(sums: &mut [i64; N], more: [i64; N]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum = sum.saturating_add(more));
}

fn merge<const K: usize, const N: usize>(mine: &mut Sums<K, N>, other: Sums<K, N>) {
    for (key, more) in other {
        match mine.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut sums) => add(sums.get_mut(), more),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(more);
            }
        }
    }
}

fn shelf<'a, const K: usize, const N: usize>(shape: Shape, rows: Sums<K, N>) -> Shelf<'a> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    let row = |(key, sums): ([i64; K], [i64; N])| key.into_iter().chain(sums).map(Cell::Number).collect();
    Shelf { shape, rows: Box::new(rows.into_iter().map(row)) }
}
