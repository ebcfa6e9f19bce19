//! Refunds and cancellations: what an order earned is taken back, what it spent is given back, in proportion and to the point.

use super::{PlacedOrder, PointsRefunded, PointsReturned, RefundCause};
use crate::domain::cards::Card;
use crate::domain::points::{Deposit, Note, Past, Points, Slice, When, balance_after, draft, expire_due_as_of};
use crate::domain::programme::{Settings, Shortfall};
use crate::domain::ratio::Ratio;
use crate::domain::{Draft, Money, Rejection, ShopId, Timestamp};
use serde::{Deserialize, Serialize};

/// How long points last at least that are given back after their time.
const AT_LEAST_DAYS: u32 = 30;

/// How many refunds of a part one order has at most: each is decided on all before it. The rest may always be refunded at once.
const REFUNDS_MAX: usize = 500;

/// Refunds an order or part of it. It works on a blocked card too: nobody keeps points for goods they returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Where the refund takes place.
    pub shop: Option<ShopId>,
    /// The order's id.
    pub order: String,
    /// The refund's own id, by which it happens once for the order.
    pub refund: Option<String>,
    pub cause: RefundCause,
    pub share: Share,
    pub note: Note,
    /// When it happened, where it is not happening now.
    pub past: Option<Past>,
}

/// How much of an order is refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Share {
    /// So much of its total.
    Amount(Money),
    /// So many of the points that it earned, more than zero, and of those that it spent as many in proportion.
    Points(Points),
    /// Whatever is left of it.
    Rest,
}

/// A share of an order in whole points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    amount: Option<Money>,
    /// Of the points earned.
    take: Points,
    /// Of the points spent.
    give: Points,
    completes: bool,
}

impl Refund {
    /// What names the refund within its partner and the order's shop: the key under which it happens once. None where it has
    /// no id of its own. The length keeps an order id with a slash apart from a refund id with one.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        match (&self.refund, self.cause) {
            (Some(refund), _) => Some(format!("refund/order/{}:{}/{refund}", self.order.len(), self.order)),
            (None, RefundCause::Cancellation) => Some(format!("cancel/order/{}", self.order)),
            (None, RefundCause::Refund) => None,
        }
    }

    /// What decides the effect of the refund, as texts that no spelling changes: repeated with the same content, it is the
    /// same refund. Whose card it is, the order says.
    #[must_use]
    pub fn content(&self) -> Vec<Option<String>> {
        let cause = match self.cause {
            RefundCause::Refund => "refund",
            RefundCause::Cancellation => "cancellation",
        };
        let (share, much) = match self.share {
            Share::Amount(amount) => ("amount", Some(amount.plain())),
            Share::Points(points) => ("points", Some(points.to_string())),
            Share::Rest => ("rest", None),
        };
        vec![Some(cause.to_owned()), Some(share.to_owned()), much]
    }

    /// The events of the refund, or the rule that it breaks. `card` is the order's.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(
        &self,
        order: &PlacedOrder,
        card: &Card,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        let when = When::of(self.past, now)?;
        let part = self.share.of(order)?;
        let mut drafts = Vec::from_iter(expire_due_as_of(card, when));
        let refunded = self.refunded(order, card, part, settings.refund_shortfall, when)?;
        let debt = card.debt.plus(refunded.debt.unwrap_or_default());
        let (balance, lots) = (refunded.balance, returned_lots(order, part.give, when.at()));
        drafts.push(draft(refunded, self.note.secret(card)));
        drafts.extend(self.returned(order, card, &lots, (debt, balance), when)?);
        Ok(drafts)
    }

    fn refunded(
        &self,
        order: &PlacedOrder,
        card: &Card,
        part: Part,
        shortfall: Shortfall,
        when: When,
    ) -> Result<PointsRefunded, Rejection> {
        let balance_before = card.available(when.at());
        // What the order spent comes back in the same command, and so counts as there.
        let available = balance_before.plus(part.give).max(Points::ZERO);
        let take = match shortfall {
            Shortfall::Block if part.take > available => {
                return Err(Rejection::InsufficientPoints { needed: part.take, available });
            }
            Shortfall::Partial => part.take.min(available),
            Shortfall::Block | Shortfall::Negative => part.take,
        };
        let balance = balance_after(balance_before, take.negated())?;
        let taken = slices(order, card, take, when.at());
        let debt = take.minus(taken.iter().map(|slice| slice.points).sum());
        let let_go = part.take.minus(take);
        Ok(PointsRefunded {
            card: card.id,
            points: take.negated(),
            cause: self.cause,
            shop: self.shop,
            order: order.id.clone(),
            of: order.of,
            refund: self.refund.clone(),
            amount: part.amount,
            completes: part.completes,
            taken,
            debt: debt.is_positive().then_some(debt),
            let_go: let_go.is_positive().then_some(let_go),
            balance_before,
            balance,
            lifetime: card.lifetime.minus(take),
            happened_at: when.happened_at(),
            sealed: None,
        })
    }

    fn returned(
        &self,
        order: &PlacedOrder,
        card: &Card,
        lots: &[ReturnedLot],
        (mut debt, mut balance): (Points, Points),
        when: When,
    ) -> Result<Vec<Draft>, Rejection> {
        let mut drafts = Vec::with_capacity(lots.len());
        for &ReturnedLot { points, expires_at, shop } in lots {
            let deposit = Deposit::new(debt, points, expires_at);
            let balance_before = balance;
            balance = balance_after(balance, points)?;
            debt = debt.minus(deposit.debt_paid.unwrap_or_default());
            drafts.push(Draft::open(PointsReturned {
                card: card.id,
                points,
                shop,
                order: order.id.clone(),
                of: order.of,
                refund: self.refund.clone(),
                debt_paid: deposit.debt_paid,
                lot: deposit.lot,
                balance_before,
                balance,
                happened_at: when.happened_at(),
            }));
        }
        Ok(drafts)
    }
}

impl Share {
    // An order that was paid with points alone has a total of nothing, all of which may be refunded.
    fn is_nothing(self, order: &PlacedOrder) -> bool {
        match self {
            Self::Amount(amount) => amount.is_zero() && order.total.is_none_or(|total| !total.is_zero()),
            Self::Points(points) => !points.is_positive(),
            Self::Rest => false,
        }
    }

    fn of(self, order: &PlacedOrder) -> Result<Part, Rejection> {
        if self.is_nothing(order) {
            return Err(Rejection::NothingMoved);
        }
        if order.refunded.count >= REFUNDS_MAX && self != Self::Rest {
            return Err(Rejection::TooManyRefunds { most: REFUNDS_MAX });
        }
        if order.refunded.complete {
            return Err(Rejection::OrderRefunded { of: order.of });
        }
        let rest = Part {
            amount: order.total.map(|total| total.less(order.refunded.amount)),
            take: order.earned.minus(order.refunded.taken),
            give: order.spent().minus(order.refunded.given),
            completes: true,
        };
        match self {
            Self::Rest => Ok(rest),
            Self::Amount(amount) => rest.by_amount(amount, order),
            Self::Points(points) => rest.by_points(points, order),
        }
    }
}

impl Part {
    fn by_amount(self, amount: Money, order: &PlacedOrder) -> Result<Self, Rejection> {
        let (Some(total), Some(left)) = (order.total, self.amount) else {
            return Err(Rejection::OrderTotalUnknown { of: order.of });
        };
        if amount > left {
            return Err(Rejection::RefundTooLarge { amount, left });
        }
        if amount == left {
            return Ok(Self { amount: Some(amount), ..self });
        }
        let share = Ratio::of(amount.get()).zip(Ratio::of(total.get())).and_then(|(part, whole)| part.over(whole));
        Ok(Self { amount: Some(amount), ..self.share(share, order) })
    }

    fn by_points(self, points: Points, order: &PlacedOrder) -> Result<Self, Rejection> {
        let left = self.take;
        if points > left {
            return Err(Rejection::RefundOfTooManyPoints { points, left });
        }
        if points == left {
            return Ok(Self { amount: None, ..self });
        }
        let share = Ratio::of_points(points).zip(Ratio::of_points(order.earned)).and_then(|(part, all)| part.over(all));
        Ok(Self { amount: None, take: points, ..self.share(share, order) })
    }

    // Each share is rounded down by itself, so that no refund depends on how the ones before it were cut; never above what is
    // left. What the roundings drop, the refund that completes the order takes.
    fn share(self, share: Option<Ratio>, order: &PlacedOrder) -> Self {
        let of = |points| share?.times(Ratio::of_points(points)?)?.points_rounded_down();
        Self {
            take: of(order.earned).unwrap_or_default().min(self.take),
            give: of(order.spent()).unwrap_or_default().min(self.give),
            completes: false,
            ..self
        }
    }
}

/// From the order's own lot first, then from the others in the order of spending.
fn slices(order: &PlacedOrder, card: &Card, points: Points, now: Timestamp) -> Vec<Slice> {
    let live = |expires_at: Option<Timestamp>| expires_at.is_none_or(|time| time > now);
    let mut slices = card.lots.slices(points, |lot| Some(lot.id) == order.lot && live(lot.expires_at));
    let missing = points.minus(slices.iter().map(|slice| slice.points).sum());
    slices.extend(card.lots.slices(missing, |lot| Some(lot.id) != order.lot && live(lot.expires_at)));
    slices
}

/// A lot to be opened with points that an order had spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ReturnedLot {
    points: Points,
    expires_at: Option<Timestamp>,
    shop: Option<ShopId>,
}

/// The next `points` of those that the order spent: the last taken first, after what was given back before.
fn returned_lots(order: &PlacedOrder, points: Points, now: Timestamp) -> Vec<ReturnedLot> {
    let (mut skip, mut wanted) = (order.refunded.given, points);
    let mut lots: Vec<ReturnedLot> = Vec::new();
    for spent in order.spent.iter().rev() {
        let skipped = skip.min(spent.points);
        skip = skip.minus(skipped);
        let points = spent.points.minus(skipped).min(wanted);
        wanted = wanted.minus(points);
        if !points.is_positive() {
            continue;
        }
        let expires_at = spent.expires_at.map(|time| if time > now { time } else { now.plus_days(AT_LEAST_DAYS) });
        match lots.iter_mut().find(|lot| (lot.expires_at, lot.shop) == (expires_at, spent.shop)) {
            Some(lot) => lot.points = lot.points.plus(points),
            None => lots.push(ReturnedLot { points, expires_at, shop: spent.shop }),
        }
    }
    lots
}

#[cfg(test)]
mod tests;
