//! The rules of a movement of points: who may move, what the balances are, which lots are opened and taken.

use super::book::Cards;
use super::card::{Card, LastMovement, Lot};
use crate::findings::{Check, Findings};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{About, Cause, Moving, MovingKind, Origin, Settings, Sharing, Status, Taken, Tier};
use crate::points::{CardId, LotId, Points, ShopId};

impl Cards {
    /// Applies a movement to a card that exists.
    pub(super) fn check_and_move(
        &mut self,
        id: CardId,
        event: &Event<'_>,
        moving: &Moving<'_>,
        findings: &mut Findings,
    ) {
        let Some(card) = self.cards.get_mut(&id) else { return };
        let at = moving.at(event.recorded_at);
        let settings = self.programme.partner(card.partner).map(|partner| &partner.settings);
        let mut scene = Scene { id, seq: event.seq, command_seq: event.command_seq, at, card, settings, findings };
        scene.check_standing(moving);
        scene.check_due_lots(moving.kind);
        scene.check_place(moving, &self.programme);
        scene.check_rules(moving, &self.programme);
        scene.check_terms(moving, &self.programme);
        self.refunds.extend(scene.note_refund(moving));
        let crossed = scene.apply(moving);
        let held = scene.card.balance.minus(moving.points);
        let drift = moving.balance_before.minus(held);
        scene.check_sum(moving);
        let known = self.doubts.get(&id).map_or(Points::ZERO, |doubt| doubt.drift);
        if drift != known && drift != Points::ZERO {
            let sentence =
                format!("balance_before of card {id} is {}, but the books hold {held}", moving.balance_before);
            findings.event(Check::Points, event.seq, sentence);
            self.doubts.entry(id).or_default().drift = drift;
        }
        self.totals.entry(card.partner).or_default().note(moving);
        if let Some(tier) = crossed {
            self.cross(id, event, tier);
        }
    }
}

/// One movement on its card.
pub(super) struct Scene<'a> {
    pub(super) id: CardId,
    pub(super) seq: i64,
    pub(super) command_seq: i64,
    pub(super) at: Instant,
    pub(super) card: &'a mut Card,
    /// The partner's; none where no event made the partner.
    pub(super) settings: Option<&'a Settings>,
    pub(super) findings: &'a mut Findings,
}

impl Scene<'_> {
    pub(super) fn wrong(&mut self, sentence: String) {
        self.findings.event(Check::Points, self.seq, sentence);
    }

    /// A blocked card neither earns nor spends, an inactive one only receives what its issue gave it; both let points expire, and
    /// are refunded like any other.
    fn check_standing(&mut self, moving: &Moving<'_>) {
        // What the card is at the recording says nothing of a movement of the past.
        if moving.is_past() {
            return;
        }
        let kind = moving.kind;
        let barred = match (self.card.status, kind) {
            (Status::Active, _) => false,
            (_, MovingKind::Expire { .. } | MovingKind::Refund { .. } | MovingKind::Return) => false,
            (Status::Blocked, _) => true,
            (Status::Inactive, MovingKind::Award { origin, .. }) => origin == Origin::Award,
            (Status::Inactive, MovingKind::Redeem | MovingKind::Adjust | MovingKind::Order) => true,
        };
        if barred {
            let (id, status) = (self.id, self.card.status.name());
            self.findings.event(Check::Cards, self.seq, format!("points of card {id} move, but the card is {status}"));
        }
    }

    /// Lots past their time are written off before anything else moves the card's points.
    fn check_due_lots(&mut self, kind: MovingKind) {
        if kind == (MovingKind::Expire { cause: Cause::Due }) {
            return;
        }
        let at = self.at;
        if let Some(lot) = self.card.lots.iter().find(|lot| lot.is_due(at)) {
            let (lot, remaining) = (lot.lot, lot.remaining);
            self.wrong(format!("points of card {} move while {remaining} points of lot {lot} are past their time without a points.expired", self.id));
        }
    }

    fn check_sum(&mut self, moving: &Moving<'_>) {
        if moving.balance_before.plus(moving.points) != moving.balance {
            let (before, points, balance) = (moving.balance_before, moving.points, moving.balance);
            self.wrong(format!("balance_before {before} and points {points} do not give the balance {balance}"));
        }
    }

    /// Applies the movement; gives the tier that it reached, where it crossed a threshold.
    fn apply(&mut self, moving: &Moving<'_>) -> Option<Tier> {
        let positive = moving.points > Points::ZERO;
        let mut crossed = None;
        match moving.kind {
            MovingKind::Award { lifetime, .. } => {
                if !positive {
                    self.wrong(format!("an award of {} points", moving.points));
                }
                self.deposit(moving);
                crossed = self.earn(moving.points, lifetime);
            }
            MovingKind::Adjust if positive => {
                if !moving.taken.is_empty() {
                    self.wrong("a positive adjustment takes nothing from lots".into());
                }
                self.deposit(moving);
                self.card.adjusted = self.card.adjusted.plus(moving.points);
            }
            MovingKind::Adjust => {
                if moving.lot.is_some() || moving.debt_paid.is_some() {
                    self.wrong("a negative adjustment neither opens a lot nor pays debt".into());
                }
                self.withdraw(moving);
                self.card.adjusted = self.card.adjusted.plus(moving.points);
            }
            MovingKind::Redeem => {
                self.check_lot_shops(moving);
                self.withdraw(moving);
                self.card.redeemed = self.card.redeemed.minus(moving.points);
            }
            MovingKind::Order => {}
            MovingKind::Refund { lifetime, debt } => self.take_back(moving, lifetime, debt),
            MovingKind::Return => self.give_back(moving),
            MovingKind::Expire { cause } => {
                if cause == Cause::Due {
                    self.check_takes_what_is_due(&moving.taken);
                }
                self.withdraw(moving);
                self.card.expired = self.card.expired.minus(moving.points);
            }
        }
        self.note(moving);
        crossed
    }

    fn note(&mut self, moving: &Moving<'_>) {
        let card = &mut *self.card;
        card.balance = card.balance.plus(moving.points);
        card.movements += 1;
        card.last = Some(LastMovement { seq: self.seq, kind: moving.kind.name(), points: moving.points, at: self.at });
        if !matches!(moving.kind, MovingKind::Expire { .. }) {
            card.last_activity = card.last_activity.max(self.at);
        }
    }

    fn earn(&mut self, points: Points, stated: Points) -> Option<Tier> {
        let lifetime = self.card.lifetime.plus(points);
        if lifetime != stated {
            self.wrong(format!(
                "lifetime is stated as {stated}, but all awards of card {} come to {lifetime}",
                self.id
            ));
        }
        self.card.lifetime = stated;
        let tier = match self.settings {
            Some(settings) if settings.count_the_card_alone() => settings.tiers.reached(stated),
            // What else counts is not on this card; the change of tier itself is checked when it comes.
            Some(_) => return None,
            None => Tier::of(stated),
        };
        (tier > self.card.tier).then_some(tier)
    }

    /// Points come in: debt is paid first, the rest is a new lot.
    pub(super) fn deposit(&mut self, moving: &Moving<'_>) {
        let paid = moving.debt_paid.unwrap_or(Points::ZERO);
        let opened = moving.lot.map_or(Points::ZERO, |lot| lot.points);
        if paid.plus(opened) != moving.points {
            self.wrong(format!("{} points came in, but {paid} paid debt and {opened} opened a lot", moving.points));
        }
        let owed = self.card.debt.min(moving.points);
        if paid != owed {
            self.wrong(format!("{paid} points paid debt, but {owed} were owed and come first"));
        }
        self.card.debt = self.card.debt.minus(paid);
        let Some(lot) = moving.lot else { return };
        if lot.points <= Points::ZERO {
            self.wrong(format!("a lot of {} points", lot.points));
            return;
        }
        self.card.lots.push(Lot {
            lot: LotId::new(self.seq),
            points: lot.points,
            remaining: lot.points,
            shop: moving.shop,
            expires_at: lot.expires_at,
        });
    }

    /// Points go out: exactly what is taken from lots, in the order of taking.
    fn withdraw(&mut self, moving: &Moving<'_>) {
        if moving.points >= Points::ZERO {
            self.wrong(format!("points {} of a movement that takes points", moving.points));
        }
        let taken: Points = moving.taken.iter().map(|slice| slice.points).sum();
        if taken != moving.points.negated() {
            self.wrong(format!("{} points go out, but {taken} are taken from lots", moving.points.negated()));
        }
        // Where points are not shared, those of other shops are passed over.
        let unshared = moving.kind == MovingKind::Redeem && self.settings.map(Settings::sharing) == Some(Sharing::None);
        let place = moving.shop.filter(|_| unshared && !moving.is_past());
        for slice in &moving.taken {
            self.take(slice, place, false);
        }
    }

    /// The lots of a redemption were opened where it says.
    fn check_lot_shops(&mut self, moving: &Moving<'_>) {
        let About::Spending(spending) = &moving.about else { return };
        let shop_of = |slice: &Taken| {
            let found = self.card.lots.binary_search_by_key(&slice.lot, |lot| lot.lot);
            found.ok().and_then(|place| self.card.lots[place].shop)
        };
        let same = if spending.lot_shops.is_empty() {
            spending.discount.is_none() || moving.taken.iter().all(|slice| shop_of(slice).is_none())
        } else {
            spending.lot_shops.iter().copied().eq(moving.taken.iter().map(shop_of))
        };
        if !same {
            self.wrong("lot_shops are not the shops where the lots of taken were opened".into());
        }
    }

    /// Takes a slice. `place` is the shop whose points alone may be spent, and those of no shop; `ahead` says that the slice may come
    /// before its turn.
    pub(super) fn take(&mut self, slice: &Taken, place: Option<ShopId>, ahead: bool) {
        let Taken { lot: id, points, expires_at } = *slice;
        let open = |lot: &&Lot| place.is_none() || lot.shop.is_none() || lot.shop == place;
        let lots = self.card.lots.iter().filter(open);
        let first = lots.min_by(|one, other| one.order_of_taking(other)).map(|lot| lot.lot);
        let Ok(at) = self.card.lots.binary_search_by_key(&id, |lot| lot.lot) else {
            return self
                .wrong(format!("takes {points} points from lot {id}, which card {} does not have open", self.id));
        };
        let lot = self.card.lots[at];
        if let (Some(place), Some(shop), false) = (place, lot.shop, open(&&lot)) {
            self.wrong(format!("takes at shop {place} from lot {id} of shop {shop}, but shops do not share points"));
        } else if let Some(first) = first.filter(|first| *first != id && !ahead) {
            self.wrong(format!("takes from lot {id} while lot {first} comes first"));
        }
        if lot.expires_at != expires_at {
            self.wrong(format!("states another expires_at for lot {id} than the event that opened it"));
        }
        let remaining = lot.remaining.minus(points);
        if points <= Points::ZERO {
            self.wrong(format!("takes {points} points from lot {id}"));
        } else if remaining < Points::ZERO {
            self.wrong(format!("takes {points} points from lot {id}, which holds {}", lot.remaining));
        }
        if remaining > Points::ZERO && remaining <= lot.points {
            self.card.lots[at].remaining = remaining;
        } else {
            self.card.lots.remove(at);
        }
    }

    /// `due` takes exactly the lots whose time has come, each to its last point.
    fn check_takes_what_is_due(&mut self, taken: &[Taken]) {
        let at = self.at;
        let due = || self.card.lots.iter().filter(|lot| lot.is_due(at));
        let complete = due().count() == taken.len()
            && due().all(|lot| taken.iter().any(|slice| slice.lot == lot.lot && slice.points == lot.remaining));
        if !complete {
            let (lots, points) = (due().count(), due().map(|lot| lot.remaining).sum::<Points>());
            self.wrong(format!(
                "does not take exactly the {lots} lots of card {} that are due ({points} points)",
                self.id
            ));
        }
    }
}
