//! One order as its events leave it, and what each of its refunds may take and give.

use super::step::{Act, Slice, Step};
use crate::decimal::{Decimal, Fraction, Money};
use crate::findings::{Check, Findings};
use crate::fold::{RefundNote, names_a_movement};
use crate::instant::Instant;
use crate::payload::{OpenedLot, Refund, RefundCause, Shortfall};
use crate::points::{CardId, LotId, Points, ShopId};
use std::collections::{HashMap, VecDeque};

/// How long points last at least that are given back after their time: 30 days.
const AT_LEAST: i64 = 30 * 86_400_000_000;
/// How many refunds of a part an order has at most.
const REFUNDS: usize = 500;

/// An order, and what was refunded of it.
#[derive(Debug)]
pub(super) struct Placed {
    of: i64,
    partner: i64,
    card: CardId,
    shop: Option<ShopId>,
    id: String,
    total: Option<Money>,
    earned: Points,
    lot: Option<LotId>,
    spent: Vec<Slice>,
    refunds: usize,
    refunded: Decimal,
    taken: Points,
    given: Points,
    complete: Option<i64>,
    /// Refunds' own ids, each with the event that had it.
    ids: HashMap<String, i64>,
    /// What the last refund has to give back, and has not yet.
    owed: VecDeque<Slice>,
    last_refund: i64,
}

/// What a refund comes to.
#[derive(Debug, Clone, Copy)]
struct Share {
    take: Points,
    give: Points,
    completes: bool,
}

impl Placed {
    /// The order that begins with this event, if one does.
    pub(super) fn begun(of: i64, steps: &[Step]) -> Option<Self> {
        let first = steps.iter().find(|step| step.seq == of && !step.is_refund())?;
        let placed = Self {
            of,
            partner: first.partner,
            card: first.card,
            shop: first.shop,
            id: first.order.clone(),
            total: None,
            earned: Points::ZERO,
            lot: None,
            spent: Vec::new(),
            refunds: 0,
            refunded: Decimal::ZERO,
            taken: Points::ZERO,
            given: Points::ZERO,
            complete: None,
            ids: HashMap::new(),
            owed: VecDeque::new(),
            last_refund: 0,
        };
        let earlier = steps.iter().any(|step| step.seq < of && placed.is_own(step));
        (!earlier).then_some(placed)
    }

    /// Whether an event is one of those by which the order earned or spent.
    pub(super) fn is_own(&self, step: &Step) -> bool {
        let one = (step.partner, step.card, step.shop, &step.order);
        !step.is_refund() && one == (self.partner, self.card, self.shop, &self.id)
    }

    /// Applies an event of the order; a refund with what its card was then.
    pub(super) fn apply(&mut self, step: &Step, note: Option<&RefundNote>, findings: &mut Findings) {
        match &step.act {
            Act::Earn { lot, total } if self.is_own(step) => {
                self.check_open(step, findings);
                self.earned = self.earned.plus(step.points);
                self.lot = lot.map(|_| LotId::new(step.seq)).or(self.lot);
                self.total = *total;
            }
            Act::Spend(slices) if self.is_own(step) => {
                self.check_open(step, findings);
                self.spent.extend(slices);
            }
            Act::Refund { refund, id, debt, first } => {
                let Some(note) = note else { return };
                self.finish(findings);
                self.last_refund = step.seq;
                if let Err(sentence) = self.check_names(step, refund, id.as_deref(), findings) {
                    findings.event(Check::Orders, step.seq, sentence);
                    return;
                }
                match self.check_share(step, refund, *debt, note) {
                    Ok(share) => self.owe(share, step.at),
                    Err(sentence) => findings.event(Check::Orders, step.seq, sentence),
                }
                if let Err(sentence) = self.check_first(*first, note) {
                    findings.event(Check::Points, step.seq, sentence);
                }
                self.note(step, refund);
            }
            Act::Return { of, lot } if *of == self.of => self.check_returned(step, *lot, findings),
            Act::Earn { .. } | Act::Spend(_) | Act::Return { .. } => {}
        }
    }

    /// Nothing is booked under an order after it was refunded whole.
    fn check_open(&self, step: &Step, findings: &mut Findings) {
        if let Some(before) = self.complete {
            let sentence =
                format!("is of order {:?}, which was refunded completely before, by event {before}", self.id);
            findings.event(Check::Orders, step.seq, sentence);
        }
    }

    /// Complains about what the last refund did not give back.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        let owed: Points = self.owed.drain(..).map(|slice| slice.points).sum();
        if owed > Points::ZERO {
            let sentence = format!("gives back {owed} points too few of what order {:?} spent", self.id);
            findings.event(Check::Orders, self.last_refund, sentence);
        }
    }

    /// A refund is of this order, after its beginning, and once.
    fn check_names(
        &mut self,
        step: &Step,
        refund: &Refund,
        id: Option<&str>,
        findings: &mut Findings,
    ) -> Result<(), String> {
        if (step.partner, step.card, &step.order) != (self.partner, self.card, &self.id) || step.seq < self.of {
            let (of, order, card) = (self.of, &self.id, self.card);
            return Err(format!(
                "refunds event {of}, which is order {order:?} of card {card}, under another name or card"
            ));
        }
        if let Some(before) = id.and_then(|id| self.ids.insert(id.to_owned(), step.seq)) {
            return Err(format!(
                "refund {:?} of order {:?} was made before, by event {before}",
                id.unwrap_or(""),
                self.id
            ));
        }
        let shop = self.shop.map_or_else(|| "-".to_owned(), |shop| shop.to_string());
        let (partner, order) = (self.partner, &self.id);
        let expected = match (id, refund.cause) {
            (Some(id), _) => Some(format!("p{partner}/s{shop}/refund/order/{}:{order}/{id}", order.len())),
            (None, RefundCause::Cancellation) => Some(format!("p{partner}/s{shop}/cancel/order/{order}")),
            (None, RefundCause::Refund) => None,
        };
        let wrong = match &expected {
            Some(_) => step.key != expected,
            None => step.key.as_deref().is_some_and(names_a_movement),
        };
        if wrong {
            let name =
                |key: &Option<String>| key.as_ref().map_or_else(|| "nothing".to_owned(), |key| format!("{key:?}"));
            let sentence =
                format!("the refund is named by {}, but its command claimed {}", name(&expected), name(&step.key));
            findings.event(Check::Keys, step.seq, sentence);
        }
        match self.complete {
            Some(before) => Err(format!("order {:?} was refunded completely before, by event {before}", self.id)),
            None => Ok(()),
        }
    }

    /// What the refund takes, lets go and leaves as debt is its share, and the rest if it completes the order.
    fn check_share(&self, step: &Step, refund: &Refund, debt: Points, note: &RefundNote) -> Result<Share, String> {
        if self.refunds >= REFUNDS && !refund.completes {
            return Err(format!("refunds order {:?} once more, after {REFUNDS} times", self.id));
        }
        let order = &self.id;
        let took = step.points.negated();
        let full = took.plus(refund.let_go);
        let share = self.share(refund, full)?;
        if self.is_nothing(refund, full, share) {
            return Err(format!("refunds nothing of order {order:?}"));
        }
        if refund.completes != share.completes {
            let (does, has) =
                if refund.completes { ("completes", "something") } else { ("does not complete", "nothing") };
            return Err(format!("says that it {does} order {order:?}, of which {has} is left"));
        }
        if full != share.take || refund.let_go < Points::ZERO {
            return Err(format!("takes back {full} points of order {order:?}, but its share is {}", share.take));
        }
        // What the order spent comes back in the same command, and so counts as there.
        let available = step.balance_before.plus(share.give).max(Points::ZERO);
        let let_go = match note.policy {
            Some(Shortfall::Block) if took > available => {
                return Err(format!(
                    "takes {took} points where {available} were there, but the partner's policy is block"
                ));
            }
            Some(Shortfall::Partial) => share.take.minus(available).max(Points::ZERO),
            Some(Shortfall::Block | Shortfall::Negative) => Points::ZERO,
            None => refund.let_go,
        };
        if refund.let_go != let_go {
            let policy = match note.policy {
                Some(Shortfall::Block) => "block",
                Some(Shortfall::Partial) => "partial",
                Some(Shortfall::Negative) | None => "negative",
            };
            return Err(format!(
                "lets {} points go (debt {debt}) where {available} of {full} were there; by the partner's policy, {policy}, it is {let_go}",
                refund.let_go
            ));
        }
        Ok(share)
    }

    /// An order that was paid with points alone has a total of nothing, all of which may be refunded.
    fn is_nothing(&self, refund: &Refund, full: Points, share: Share) -> bool {
        match refund.amount {
            Some(Money(amount)) => amount.is_zero() && self.total.is_none_or(|Money(total)| !total.is_zero()),
            None => full <= Points::ZERO && !share.completes,
        }
    }

    fn share(&self, refund: &Refund, full: Points) -> Result<Share, String> {
        let (take, give) = (self.earned.minus(self.taken), self.spent_points().minus(self.given));
        let part = |share: Option<Points>, left: Points| share.map_or(left, |points| points.min(left));
        match (refund.amount, self.total) {
            (Some(Money(amount)), Some(Money(total))) => {
                let left = total.minus(self.refunded).unwrap_or(Decimal::ZERO);
                if amount > left {
                    return Err(format!(
                        "refunds {amount} of order {:?}, of whose {total} only {left} are left",
                        self.id
                    ));
                }
                let of = |points| fraction(amount, total, points);
                let completes = amount == left;
                let (take, give) = if completes {
                    (take, give)
                } else {
                    (part(of(self.earned), take), part(of(self.spent_points()), give))
                };
                Ok(Share { take, give, completes })
            }
            (Some(Money(amount)), None) => {
                Err(format!("refunds {amount} of order {:?}, of which no total is known", self.id))
            }
            // The request stated the points, or meant whatever is left.
            (None, _) if full == take => Ok(Share { take, give, completes: true }),
            (None, _) if full > take => Err(format!(
                "takes back {full} points of order {:?}, of whose {} only {take} are left",
                self.id, self.earned
            )),
            (None, _) => {
                let of = decimal(full).zip(decimal(self.earned));
                let share = of.and_then(|(part, all)| fraction(part, all, self.spent_points()));
                Ok(Share { take: full, give: part(share, give), completes: false })
            }
        }
    }

    /// The order's own lot is taken from first, where it is open.
    fn check_first(&self, first: Option<LotId>, note: &RefundNote) -> Result<(), String> {
        let own = self.lot.filter(|lot| note.young.contains(lot));
        match (first, own) {
            (Some(first), Some(own)) if first != own => {
                Err(format!("takes from lot {first} while lot {own} comes first, which is the order's own"))
            }
            (Some(first), None) if note.ahead.is_some() => {
                Err(format!("takes from lot {first} before its turn, which is not the order's own"))
            }
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn note(&mut self, step: &Step, refund: &Refund) {
        self.refunds += 1;
        if let Some(Money(amount)) = refund.amount {
            self.refunded = self.refunded.plus(amount).unwrap_or(self.refunded);
        }
        self.taken = self.taken.plus(step.points.negated()).plus(refund.let_go);
        if refund.completes {
            self.complete = Some(step.seq);
        }
    }

    /// What a refund has to give back: of the slices spent the last first, after what was given before, those alike together.
    fn owe(&mut self, share: Share, at: Instant) {
        let (mut skip, mut wanted) = (self.given, share.give);
        for slice in self.spent.iter().rev() {
            let skipped = skip.min(slice.points);
            skip = skip.minus(skipped);
            let points = slice.points.minus(skipped).min(wanted);
            wanted = wanted.minus(points);
            if points <= Points::ZERO {
                continue;
            }
            let later = Instant::from_micros(at.micros().saturating_add(AT_LEAST));
            let expires_at = slice.expires_at.map(|time| if time > at { time } else { later });
            let alike = |owed: &&mut Slice| (owed.expires_at, owed.shop) == (expires_at, slice.shop);
            match self.owed.iter_mut().find(alike) {
                Some(owed) => owed.points = owed.points.plus(points),
                None => self.owed.push_back(Slice { points, expires_at, shop: slice.shop }),
            }
        }
    }

    fn check_returned(&mut self, step: &Step, lot: Option<OpenedLot>, findings: &mut Findings) {
        self.given = self.given.plus(step.points);
        let shown = |shop: Option<ShopId>, expires_at: Option<Instant>| {
            let shop = shop.map_or_else(|| "no shop".to_owned(), |shop| format!("shop {shop}"));
            let end = expires_at.map_or_else(|| "never".to_owned(), |time| time.to_string());
            format!("of {shop}, expiring {end}")
        };
        let sentence = match self.owed.pop_front() {
            None => format!(
                "gives back {} points more than the refund's share of what order {:?} spent",
                step.points, self.id
            ),
            Some(owed) => {
                let expires_at = lot.map_or(owed.expires_at, |lot| lot.expires_at);
                if (step.points, step.shop, expires_at) == (owed.points, owed.shop, owed.expires_at) {
                    return;
                }
                // What else is owed would only repeat this.
                self.owed.clear();
                let (given, due) = (shown(step.shop, expires_at), shown(owed.shop, owed.expires_at));
                let points = step.points;
                format!(
                    "gives back {points} points {given}, but by what order {:?} spent it is {} {due}",
                    self.id, owed.points
                )
            }
        };
        findings.event(Check::Orders, step.seq, sentence);
    }

    fn spent_points(&self) -> Points {
        self.spent.iter().map(|slice| slice.points).sum()
    }
}

/// part / whole × points, rounded down.
fn fraction(part: Decimal, whole: Decimal, points: Points) -> Option<Points> {
    let share = Fraction::of([part, decimal(points)?], [whole])?.down();
    i64::try_from(share).ok().map(Points::new)
}

fn decimal(points: Points) -> Option<Decimal> {
    u128::try_from(points.get()).ok().map(|points| Decimal::new(points, 0))
}
