//! Tiers where more than the lifetime points of one card count: those of the last twelve months, or of all cards of a customer.
//!
//! Cards are folded apart from each other, so this is a fold of its own, of the events of such partners alone. What it keeps of a card is
//! its tier, its lifetime points and, where they count, what it earned in the last twelve months.

use super::programme::Counted;
use crate::findings::{Check, Findings};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{CardIssued, CardTierChanged, Moving, MovingKind, Payload, Settings, Tier};
use crate::points::{CardId, CustomerId, PartnerId, Points};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// What counts towards the tiers of some partners.
#[derive(Debug)]
pub struct Standings {
    partners: FxHashMap<PartnerId, Plan>,
    cards: FxHashMap<CardId, Standing>,
    customers: FxHashMap<CustomerId, Vec<CardId>>,
    /// What the last award raised and is still to be said.
    raised: Vec<Raised>,
}

#[derive(Debug)]
struct Plan {
    counted: Counted,
    /// As they were changed last; none before.
    settings: Option<Settings>,
}

#[derive(Debug)]
struct Standing {
    customer: CustomerId,
    tier: Tier,
    lifetime: Points,
    earned: Earned,
}

/// What a card earned in the last twelve months, less what refunds took back in them.
#[derive(Debug, Default)]
struct Earned {
    movements: VecDeque<(Instant, Points)>,
    sum: Points,
}

/// A change of tier that has to come.
#[derive(Debug)]
struct Raised {
    award: i64,
    command_seq: i64,
    card: CardId,
    to: Tier,
    counted: Points,
}

impl Earned {
    fn add(&mut self, at: Instant, points: Points) {
        self.movements.push_back((at, points));
        self.sum = self.sum.plus(points);
    }

    fn since(&mut self, since: Instant) -> Points {
        while let Some((_, points)) = self.movements.pop_front_if(|(at, _)| *at < since) {
            self.sum = self.sum.minus(points);
        }
        self.sum
    }
}

impl Standings {
    /// Of these partners, before the first event.
    pub fn of(partners: impl IntoIterator<Item = (PartnerId, Counted)>) -> Self {
        let plan = |(partner, counted)| (partner, Plan { counted, settings: None });
        Self {
            partners: partners.into_iter().map(plan).collect(),
            cards: FxHashMap::default(),
            customers: FxHashMap::default(),
            raised: Vec::new(),
        }
    }

    /// Whether no partner's tiers need this fold.
    #[must_use]
    pub fn is_needless(&self) -> bool {
        self.partners.is_empty()
    }

    /// Whether an event of this kind and partner has to be applied.
    #[must_use]
    pub fn concerns(&self, kind: &str, partner: i64) -> bool {
        let counts = matches!(
            kind,
            "card.issued" | "card.tier_changed" | "points.awarded" | "points.refunded" | "partner.settings_changed"
        );
        counts && self.partners.contains_key(&PartnerId::new(partner))
    }

    /// Applies an event and says which change of tier is wrong, missing or too much.
    pub fn apply(&mut self, event: &Event<'_>, payload: &Payload<'_>, findings: &mut Findings) {
        if let Payload::TierChanged(changed) = payload {
            self.change(event, changed, findings);
            return;
        }
        self.finish(findings);
        if let Payload::Issued(issued) = payload {
            self.issue(issued);
        } else if let Payload::SettingsChanged(it) = payload {
            if let Some(plan) = self.partners.get_mut(&it.partner) {
                plan.settings = Some(it.settings.clone());
            }
        } else if let Payload::Moved(moving) = payload {
            self.earn(event, moving);
        }
    }

    /// Complains about what was to be said and was not.
    pub fn finish(&mut self, findings: &mut Findings) {
        for raised in self.raised.drain(..) {
            let (card, to, counted) = (raised.card, raised.to.name(), raised.counted);
            let sentence = format!(
                "the event made card {card} {to} ({counted} counted points), but no card.tier_changed follows in its command"
            );
            findings.event(Check::Tiers, raised.award, sentence);
        }
    }

    fn issue(&mut self, issued: &CardIssued<'_>) {
        let standing = Standing {
            customer: issued.customer,
            tier: Tier::Bronze,
            lifetime: Points::ZERO,
            earned: Earned::default(),
        };
        if self.cards.insert(issued.card, standing).is_none() {
            self.customers.entry(issued.customer).or_default().push(issued.card);
        }
    }

    fn earn(&mut self, event: &Event<'_>, moving: &Moving<'_>) {
        let (lifetime, award) = match moving.kind {
            MovingKind::Award { lifetime, .. } => (lifetime, true),
            MovingKind::Refund { lifetime, .. } => (lifetime, false),
            MovingKind::Redeem
            | MovingKind::Adjust
            | MovingKind::Expire { .. }
            | MovingKind::Order
            | MovingKind::Return => return,
        };
        let Some(plan) = self.partners.get(&PartnerId::new(event.partner_id)) else { return };
        let Some(standing) = self.cards.get_mut(&moving.card) else { return };
        let at = Instant::from_micros(event.recorded_at);
        standing.lifetime = lifetime;
        if plan.counted.rolling {
            standing.earned.since(at.twelve_months_earlier());
            standing.earned.add(at, moving.points);
        }
        let customer = standing.customer;
        let counting = plan.settings.as_ref().filter(|settings| !settings.count_the_card_alone());
        let Some(settings) = counting.filter(|_| award) else { return };
        let own = [moving.card];
        let cards = match self.customers.get(&customer) {
            Some(cards) if settings.unified_tiers => cards,
            Some(_) | None => own.as_slice(),
        };
        let rolling = Counted::by(settings).rolling;
        let mut counted = Points::ZERO;
        for card in cards {
            let Some(standing) = self.cards.get_mut(card) else { continue };
            counted = counted.plus(match rolling {
                true => standing.earned.since(at.twelve_months_earlier()),
                false => standing.lifetime,
            });
        }
        let to = settings.tiers.reached(counted);
        let (award, command_seq) = (event.seq, event.command_seq);
        let below = |card: &&CardId| self.cards.get(card).is_some_and(|standing| standing.tier < to);
        let raised = cards.iter().filter(below).map(|card| Raised { award, command_seq, card: *card, to, counted });
        self.raised.extend(raised);
    }

    fn change(&mut self, event: &Event<'_>, changed: &CardTierChanged, findings: &mut Findings) {
        let id = changed.card;
        let Some(standing) = self.cards.get_mut(&id) else { return };
        let from = std::mem::replace(&mut standing.tier, changed.to);
        let plan = self.partners.get(&PartnerId::new(event.partner_id));
        let settings = plan.and_then(|plan| plan.settings.as_ref());
        if settings.is_none_or(Settings::count_the_card_alone) {
            return;
        }
        let mut wrong = |sentence: String| findings.event(Check::Tiers, event.seq, sentence);
        let place = self.raised.iter().position(|raised| raised.card == id && raised.command_seq == event.command_seq);
        let Some(raised) = place.map(|place| self.raised.remove(place)) else {
            return wrong(format!("the tier of card {id} changes, but no threshold was crossed"));
        };
        if raised.to != changed.to {
            let (to, counted, reached) = (changed.to.name(), raised.counted, raised.to.name());
            wrong(format!("card {id} becomes {to}, but {counted} counted points are {reached}"));
        }
        if from != changed.from {
            wrong(format!("card {id} was {}, not {}", from.name(), changed.from.name()));
        }
        if raised.counted != changed.lifetime {
            wrong(format!("{} points count for card {id}, not {}", raised.counted, changed.lifetime));
        }
    }
}
