//! What events add to the books.

use super::sums::{Acts, Holders, Lots, Moved, Refunds, Stretch};
use super::{Ending, Month, Span};
use crate::domain::points::{Points, Slice};
use crate::domain::{Event, Movement, PartnerId, Seq, ShopId, TemplateId, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};

/// What movements are summed up by; 0 stands for no shop.
pub type MoveKey = (Span, PartnerId, ShopId, TemplateId);
/// What cards are summed up by.
pub type CardKey = (Span, PartnerId, TemplateId);
/// What open lots are summed up by.
pub type LotKey = (Span, PartnerId, TemplateId, Month);
/// What open lots are summed up by to tell which are due.
pub type EndKey = (Ending, Span, PartnerId, TemplateId);

/// What some events add to the kept sums. Rows come of whatever an event touches, even where it comes to nothing in the end, so
/// that they are the same however the log is cut into batches.
#[derive(Debug, Default)]
pub struct Changes {
    pub stretches: FxHashMap<(Span, PartnerId), Stretch>,
    pub moves: FxHashMap<MoveKey, Moved>,
    pub cards: FxHashMap<CardKey, Holders>,
    pub lots: FxHashMap<LotKey, Lots>,
    pub ends: FxHashMap<EndKey, Lots>,
    /// By partner, actor and kind of event.
    pub acts: FxHashMap<(Span, PartnerId, String, &'static str), Acts>,
    pub refunds: FxHashMap<(Span, PartnerId), Refunds>,
    latest: Option<Timestamp>,
}

impl Changes {
    /// Goes on after events of which the latest was recorded then.
    #[must_use]
    pub fn after(latest: Option<Timestamp>) -> Self {
        Self { latest, ..Self::default() }
    }

    /// When the latest event so far was recorded.
    #[must_use]
    pub const fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    /// Notes the next event of the log, as far as no card has to be known for it; answers its span. An event that was recorded
    /// before an earlier one counts as of that one's time.
    pub fn note(&mut self, (seq, at): (Seq, Timestamp), partner: PartnerId, actor: &str, event: &Event) -> Span {
        let late = self.latest.is_some_and(|latest| at < latest);
        let at = self.latest.map_or(at, |latest| latest.max(at));
        self.latest = Some(at);
        let span = Span::of(seq, at);
        let begun = Stretch { events: 0, late: 0, first: seq, last: seq, last_at: at };
        let stretch = self.stretches.entry((span, partner)).or_insert(begun);
        stretch.events += 1;
        stretch.late += i64::from(late);
        (stretch.last, stretch.last_at) = (seq, at);
        self.note_act(span, partner, actor, event);
        span
    }

    fn note_act(&mut self, span: Span, partner: PartnerId, actor: &str, event: &Event) {
        let corrected = match event {
            Event::PointsRefunded(refund) => return self.refunds.entry((span, partner)).or_default().note(refund),
            Event::PointsReturned(returned) => {
                let refunds = self.refunds.entry((span, partner)).or_default();
                refunds.returns += 1;
                refunds.given_back += i128::from(returned.points.get());
                return;
            }
            Event::PointsAdjusted(event) => event.points,
            Event::PartnerCreated(_)
            | Event::PartnerSettingsChanged(_)
            | Event::ShopOpened(_)
            | Event::ShopUpdated(_)
            | Event::ShopRetired(_)
            | Event::TemplateCreated(_)
            | Event::TemplateUpdated(_)
            | Event::TemplateRetired(_)
            | Event::CardBlocked(_)
            | Event::CardUnblocked(_) => Points::ZERO,
            Event::KeyCreated(_)
            | Event::KeyRevoked(_)
            | Event::CheckpointKeyCreated(_)
            | Event::CheckpointKeyRetired(_)
            | Event::CheckpointMade(_)
            | Event::CheckpointCosigned(_)
            | Event::WebhookCreated(_)
            | Event::WebhookUpdated(_)
            | Event::WebhookRotated(_)
            | Event::WebhookDisabled(_)
            | Event::WebhookSkipped(_)
            | Event::WebhookRemoved(_)
            | Event::BalancesSealed(_)
            | Event::RecordsErased(_)
            | Event::CustomerRegistered(_)
            | Event::CustomerUpdated(_)
            | Event::CustomerErased(_)
            | Event::CardIssued(_)
            | Event::CardUpdated(_)
            | Event::CardActivated(_)
            | Event::CardTierChanged(_)
            | Event::OrderRecorded(_)
            | Event::PointsAwarded(_)
            | Event::PointsRedeemed(_)
            | Event::PointsExpired(_) => return,
        };
        self.acts.entry((span, partner, actor.to_owned(), event.kind())).or_default().note(corrected);
    }

    /// A refund was the first of its order.
    pub fn first_refund(&mut self, span: Span, partner: PartnerId) {
        self.refunds.entry((span, partner)).or_default().orders += 1;
    }

    /// A card was issued.
    pub fn issued(&mut self, span: Span, partner: PartnerId, template: TemplateId) {
        self.cards.entry((span, partner, template)).or_default().cards += 1;
    }

    /// Points of a card of that template moved. That lots came to their end is noted apart, by [`Changes::closed`].
    pub fn moved(&mut self, span: Span, partner: PartnerId, template: TemplateId, movement: Movement<'_>) {
        let stated = movement.stated();
        let shop = stated.shop.unwrap_or(ShopId::new(0));
        self.moves.entry((span, partner, shop, template)).or_default().note(movement, &stated);
        if let Some(lot) = stated.lot {
            let opened = Lots { lots: 1, points: i128::from(lot.points.get()) };
            self.lots(span, partner, template, lot.expires_at, &opened);
        }
        for slice in stated.taken {
            let taken = Lots { lots: 0, points: -i128::from(slice.points.get()) };
            self.lots(span, partner, template, slice.expires_at, &taken);
        }
        let debt = debt(movement);
        if !debt.is_zero() {
            self.cards.entry((span, partner, template)).or_default().debt += i128::from(debt.get());
        }
    }

    /// Nothing remains of a lot.
    pub fn closed(&mut self, span: Span, partner: PartnerId, template: TemplateId, expires_at: Option<Timestamp>) {
        self.lots(span, partner, template, expires_at, &Lots { lots: -1, points: 0 });
    }

    fn lots(&mut self, span: Span, partner: PartnerId, template: TemplateId, expires: Option<Timestamp>, by: &Lots) {
        self.lots.entry((span, partner, template, Month::of_end(expires))).or_default().add(by);
        if let Some(expires_at) = expires {
            let ending = Ending::of(expires_at);
            self.ends.entry((ending, ending.span(span), partner, template)).or_default().add(by);
        }
    }
}

/// Which slices of these movements, given from the last to the first, took the last of their lots, where `open` says which lots
/// are open after all of them.
pub fn closing<'e>(
    movements: impl Iterator<Item = (Span, Movement<'e>)>,
    open: impl Fn(Seq) -> bool,
    mut each: impl FnMut(Span, &'e Slice),
) {
    // Mostly one movement that took from a lot or two.
    let mut closed: FxHashSet<Seq> = FxHashSet::default();
    for (span, movement) in movements {
        for slice in movement.stated().taken.iter().rev() {
            if !open(slice.lot) && closed.insert(slice.lot) {
                each(span, slice);
            }
        }
    }
}

/// By how much a movement changes what its card owes.
const fn debt(movement: Movement<'_>) -> Points {
    let paid = match movement {
        Movement::Awarded(event) => event.debt_paid,
        Movement::Adjusted(event) => event.debt_paid,
        Movement::Returned(event) => event.debt_paid,
        Movement::Refunded(event) => return or_none(event.debt),
        Movement::Redeemed(_) | Movement::Expired(_) | Movement::Recorded(_) => return Points::ZERO,
    };
    or_none(paid).negated()
}

const fn or_none(points: Option<Points>) -> Points {
    match points {
        Some(points) => points,
        None => Points::ZERO,
    }
}
