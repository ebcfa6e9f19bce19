//! An order's state: what its own events said of it. A refund is decided on this, whatever the rules are by then.

use super::{OrderRecorded, PointsRefunded};
use crate::domain::points::{Points, PointsAwarded, PointsRedeemed};
use crate::domain::{CardId, Event, LotId, Money, Movement, Seq, ShopId, Timestamp};

/// An order as of its last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    pub id: String,
    /// Its first event, which names it for good.
    pub of: Seq,
    pub card: CardId,
    pub shop: Option<ShopId>,
    /// The amount that earned; none where the points were awarded or redeemed for an order of which no amount is known.
    pub total: Option<Money>,
    pub earned: Points,
    /// The lot that it opened, unless debt took everything.
    pub lot: Option<LotId>,
    /// What it spent, in the order of taking.
    pub spent: Vec<Spent>,
    pub refunded: Refunded,
}

/// Points that an order took from one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub points: Points,
    /// The lot's own.
    pub expires_at: Option<Timestamp>,
    /// Where the lot was opened.
    pub shop: Option<ShopId>,
}

/// What was refunded of an order so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refunded {
    pub amount: Money,
    /// Of the points that it earned, those let go included.
    pub taken: Points,
    /// Of the points that it spent.
    pub given: Points,
    /// Nothing of it is left.
    pub complete: bool,
    /// How many refunds there were.
    pub count: usize,
}

impl PlacedOrder {
    /// The order that its events make, in the order of the log; none where none of them begins one.
    ///
    /// Its events are those that name it (partner, shop and order id) and those whose `of` is its first one.
    pub fn of<'e>(events: impl IntoIterator<Item = (Seq, &'e Event)>) -> Option<Self> {
        let mut order: Option<Self> = None;
        for (seq, event) in events {
            match &mut order {
                Some(order) => order.evolve(event, seq),
                None => order = Self::begun(event, seq),
            }
        }
        order
    }

    /// Applies a later event; what is not of this order changes nothing.
    pub fn evolve(&mut self, event: &Event, seq: Seq) {
        match Movement::of(event) {
            Some(Movement::Awarded(event)) if self.is(event.card, event.order.as_deref()) => self.awarded(event, seq),
            Some(Movement::Redeemed(event)) if self.is(event.card, event.order.as_deref()) => self.redeemed(event),
            Some(Movement::Recorded(event)) if self.is(event.card, Some(&event.order)) => self.recorded(event),
            Some(Movement::Refunded(event)) if event.of == self.of => self.refunded(event),
            Some(Movement::Returned(event)) if event.of == self.of => {
                self.refunded.given = self.refunded.given.plus(event.points);
            }
            Some(
                Movement::Awarded(_)
                | Movement::Redeemed(_)
                | Movement::Recorded(_)
                | Movement::Refunded(_)
                | Movement::Returned(_)
                | Movement::Adjusted(_)
                | Movement::Expired(_),
            )
            | None => {}
        }
    }

    /// All points that it spent.
    #[must_use]
    pub fn spent(&self) -> Points {
        self.spent.iter().map(|spent| spent.points).sum()
    }

    fn begun(event: &Event, seq: Seq) -> Option<Self> {
        let (card, shop, id) = match Movement::of(event)? {
            Movement::Awarded(event) => (event.card, event.shop, event.order.clone()?),
            Movement::Redeemed(event) => (event.card, event.shop, event.order.clone()?),
            Movement::Recorded(event) => (event.card, event.shop, event.order.clone()),
            Movement::Adjusted(_) | Movement::Expired(_) | Movement::Refunded(_) | Movement::Returned(_) => {
                return None;
            }
        };
        let mut order = Self {
            id,
            of: seq,
            card,
            shop,
            total: None,
            earned: Points::ZERO,
            lot: None,
            spent: Vec::new(),
            refunded: Refunded::default(),
        };
        order.evolve(event, seq);
        Some(order)
    }

    fn is(&self, card: CardId, order: Option<&str>) -> bool {
        card == self.card && order == Some(&self.id)
    }

    fn awarded(&mut self, event: &PointsAwarded, seq: Seq) {
        self.earned = self.earned.plus(event.points);
        self.lot = event.lot.map(|_| seq);
        self.total = event.purchase.as_ref().map(|purchase| purchase.order_total);
    }

    fn recorded(&mut self, event: &OrderRecorded) {
        self.total = Some(event.purchase.order_total);
    }

    fn redeemed(&mut self, event: &PointsRedeemed) {
        // A redemption that is no purchase does not say where its lots were opened. Its own shop is where such points
        // may be spent in any case.
        let unstated = if event.discount.is_some() { None } else { event.shop };
        for (place, slice) in event.taken.iter().enumerate() {
            let shop = event.lot_shops.get(place).copied().unwrap_or(unstated);
            self.spent.push(Spent { points: slice.points, expires_at: slice.expires_at, shop });
        }
    }

    fn refunded(&mut self, event: &PointsRefunded) {
        let refunded = &mut self.refunded;
        refunded.amount = refunded.amount.plus(event.amount.unwrap_or_default());
        refunded.taken = refunded.taken.minus(event.points).plus(event.let_go.unwrap_or_default());
        refunded.complete |= event.completes;
        refunded.count += 1;
    }
}
