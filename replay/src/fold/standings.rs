//! Tiers where more than the lifetime points of one card count: those of the last twelve months, or of all cards of a customer.
//!
//! Cards are folded apart from each other, so this is a fold of its own, of the events of such partners alone. What it keeps of a card is
//! its tier, its lifetime points, and when it earned how much: a movement of the past counts what was earned since twelve months before it.

use crate::findings::{Check, Findings};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{Moving, MovingKind, Payload, Settings, Tier};
use crate::points::{CardId, CustomerId, PartnerId, Points};
use rustc_hash::FxHashMap;

/// What an event says that counts towards tiers.
#[derive(Debug)]
pub struct Note {
    pub seq: i64,
    pub partner: PartnerId,
    command_seq: i64,
    at: Instant,
    what: What,
}

#[derive(Debug)]
enum What {
    Issued { card: CardId, customer: CustomerId },
    Earned { card: CardId, points: Points, lifetime: Points, award: bool },
    Changed { card: CardId, from: Tier, to: Tier, counted: Points },
    Settled(Box<Settings>),
}

impl Note {
    /// Whether events of this kind say such a thing.
    #[must_use]
    pub fn concerns(kind: &str) -> bool {
        matches!(
            kind,
            "card.issued" | "card.tier_changed" | "points.awarded" | "points.refunded" | "partner.settings_changed"
        )
    }

    /// What an event says.
    #[must_use]
    pub fn of(event: &Event<'_>, payload: &Payload<'_>) -> Option<Self> {
        let what = match payload {
            Payload::Issued(it) => What::Issued { card: it.card, customer: it.customer },
            Payload::TierChanged(it) => What::Changed { card: it.card, from: it.from, to: it.to, counted: it.lifetime },
            Payload::SettingsChanged(it) => What::Settled(Box::new(it.settings.clone())),
            Payload::Moved(moving) => What::moved(moving)?,
            Payload::PartnerCreated(_)
            | Payload::ShopOpened(_)
            | Payload::ShopUpdated(_)
            | Payload::ShopRetired(_)
            | Payload::TemplateCreated(_)
            | Payload::TemplateUpdated(_)
            | Payload::TemplateRetired(_)
            | Payload::KeyCreated(_)
            | Payload::KeyRevoked(_)
            | Payload::CheckpointKeyCreated(_)
            | Payload::CheckpointKeyRetired(_)
            | Payload::CheckpointMade(_)
            | Payload::CheckpointCosigned(_)
            | Payload::WebhookCreated(_)
            | Payload::WebhookUpdated(_)
            | Payload::WebhookRotated(_)
            | Payload::WebhookDisabled(_)
            | Payload::WebhookSkipped(_)
            | Payload::WebhookRemoved(_)
            | Payload::BalancesSealed(_)
            | Payload::CustomerRegistered(_)
            | Payload::CustomerUpdated(_)
            | Payload::CustomerErased(_)
            | Payload::RecordsErased(_)
            | Payload::Updated(_)
            | Payload::Activated(_)
            | Payload::Blocked(_)
            | Payload::Unblocked(_) => return None,
        };
        let recorded_at = event.recorded_at;
        let moved = if let Payload::Moved(moving) = payload { Some(moving.at(recorded_at)) } else { None };
        let at = moved.unwrap_or(Instant::from_micros(recorded_at));
        let (seq, command_seq) = (event.seq, event.command_seq);
        Some(Self { seq, partner: PartnerId::new(event.partner_id), command_seq, at, what })
    }
}

impl What {
    fn moved(moving: &Moving<'_>) -> Option<Self> {
        let (lifetime, award) = match moving.kind {
            MovingKind::Award { lifetime, .. } => (lifetime, true),
            MovingKind::Refund { lifetime, .. } => (lifetime, false),
            MovingKind::Redeem
            | MovingKind::Adjust
            | MovingKind::Expire { .. }
            | MovingKind::Order
            | MovingKind::Return => return None,
        };
        Some(Self::Earned { card: moving.card, points: moving.points, lifetime, award })
    }
}

/// What counts towards the tiers of some partners.
#[derive(Debug, Default)]
pub struct Standings {
    /// With their settings as they were changed last; none before.
    partners: FxHashMap<PartnerId, Option<Settings>>,
    cards: FxHashMap<CardId, Standing>,
    customers: FxHashMap<CustomerId, Vec<CardId>>,
    /// What the last award raised and is still to be said.
    raised: Vec<Raised>,
}

#[derive(Debug)]
struct Standing {
    customer: CustomerId,
    tier: Tier,
    lifetime: Points,
    earned: Earned,
}

/// What a card earned, less what refunds took back, in the order in which it happened. An import may go back to any time.
#[derive(Debug, Default)]
struct Earned {
    movements: Vec<(Instant, Points)>,
    /// How many of them are not in the sum: those before `since`.
    before: usize,
    since: Option<Instant>,
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
        let place = self.movements.partition_point(|(earlier, _)| *earlier <= at);
        self.movements.insert(place, (at, points));
        if self.since.is_some_and(|since| at < since) {
            self.before += 1;
        } else {
            self.sum = self.sum.plus(points);
        }
    }

    /// The sum from a moment on. Asked for rising moments it costs a step for each movement passed, once.
    fn since(&mut self, since: Instant) -> Points {
        self.since = Some(since);
        while let Some((_, points)) = self.movements.get(self.before).filter(|(at, _)| *at < since) {
            self.sum = self.sum.minus(*points);
            self.before += 1;
        }
        while let Some((_, points)) = self.movements[..self.before].last().filter(|(at, _)| *at >= since) {
            self.sum = self.sum.plus(*points);
            self.before -= 1;
        }
        self.sum
    }
}

impl Standings {
    /// From here on, follows a partner too, of which nothing was applied yet.
    pub fn admit(&mut self, partner: PartnerId) {
        self.partners.entry(partner).or_insert(None);
    }

    /// Whether a partner is followed.
    #[must_use]
    pub fn follows(&self, partner: PartnerId) -> bool {
        self.partners.contains_key(&partner)
    }

    /// Applies what an event of a partner says, and tells which change of tier is wrong, missing or too much.
    pub fn apply(&mut self, note: &Note, findings: &mut Findings) {
        if let What::Changed { card, from, to, counted } = note.what {
            self.change(note, card, (from, to), counted, findings);
            return;
        }
        self.finish(findings);
        match &note.what {
            What::Issued { card, customer } => self.issue(*card, *customer),
            What::Earned { card, points, lifetime, award } => {
                self.earn(*card, *points, *lifetime, note.at);
                if *award {
                    self.raise(note, *card, note.at.twelve_months_earlier());
                }
            }
            What::Settled(settings) => drop(self.partners.insert(note.partner, Some((**settings).clone()))),
            What::Changed { .. } => {}
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

    fn issue(&mut self, card: CardId, customer: CustomerId) {
        let (tier, lifetime) = (Tier::Bronze, Points::ZERO);
        let standing = Standing { customer, tier, lifetime, earned: Earned::default() };
        if self.cards.insert(card, standing).is_none() {
            self.customers.entry(customer).or_default().push(card);
        }
    }

    fn earn(&mut self, card: CardId, points: Points, lifetime: Points, at: Instant) {
        if let Some(standing) = self.cards.get_mut(&card) {
            standing.lifetime = lifetime;
            standing.earned.add(at, points);
        }
    }

    /// The settings of a partner, where more than the card counts by them.
    fn counting(&self, partner: PartnerId) -> Option<&Settings> {
        let settings = self.partners.get(&partner)?.as_ref();
        settings.filter(|settings| !settings.count_the_card_alone())
    }

    fn raise(&mut self, note: &Note, card: CardId, since: Instant) {
        let Some(settings) = self.counting(note.partner) else { return };
        let (unified, rolling) = (settings.unified_tiers, settings.counts_twelve_months());
        let Some(customer) = self.cards.get(&card).map(|standing| standing.customer) else { return };
        let own = [card];
        let cards = match self.customers.get(&customer) {
            Some(cards) if unified => cards,
            Some(_) | None => own.as_slice(),
        };
        let mut counted = Points::ZERO;
        for card in cards {
            let Some(standing) = self.cards.get_mut(card) else { continue };
            counted = counted.plus(if rolling { standing.earned.since(since) } else { standing.lifetime });
        }
        let to = self.counting(note.partner).map_or(Tier::Bronze, |settings| settings.tiers.reached(counted));
        let (award, command_seq) = (note.seq, note.command_seq);
        let below = |card: &&CardId| self.cards.get(card).is_some_and(|standing| standing.tier < to);
        let raised = cards.iter().filter(below).map(|card| Raised { award, command_seq, card: *card, to, counted });
        self.raised.extend(raised);
    }

    fn change(&mut self, note: &Note, id: CardId, (from, to): (Tier, Tier), counted: Points, findings: &mut Findings) {
        let Some(standing) = self.cards.get_mut(&id) else { return };
        let was = std::mem::replace(&mut standing.tier, to);
        if self.counting(note.partner).is_none() {
            return;
        }
        let mut wrong = |sentence: String| findings.event(Check::Tiers, note.seq, sentence);
        let place = self.raised.iter().position(|raised| raised.card == id && raised.command_seq == note.command_seq);
        let Some(raised) = place.map(|place| self.raised.remove(place)) else {
            return wrong(format!("the tier of card {id} changes, but no threshold was crossed"));
        };
        if raised.to != to {
            let (to, counted, reached) = (to.name(), raised.counted, raised.to.name());
            wrong(format!("card {id} becomes {to}, but {counted} counted points are {reached}"));
        }
        if was != from {
            wrong(format!("card {id} was {}, not {}", was.name(), from.name()));
        }
        if raised.counted != counted {
            wrong(format!("{} points count for card {id}, not {counted}", raised.counted));
        }
    }
}
