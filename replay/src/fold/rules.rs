//! What the rules of a card's template bound: whether its cards earn and spend at all, how much at once, and how long points last.

use super::movement::Scene;
use super::programme::{Programme, Template};
use crate::instant::Instant;
use crate::payload::{About, Cause, Moving, MovingKind, Origin, Rules};
use crate::points::Points;

/// The most that one award, redemption, adjustment or requested expiry moves.
const MOST: Points = Points::new(1_000_000_000);
const DAY: i64 = 86_400_000_000;
/// The last microsecond of the year 9999: no time is later.
const LAST: i64 = 253_402_300_799_999_999;

/// Whether the rules in force at the moment decide on a movement. A refund is decided by its order's own events, what is due by its lots.
const fn is_ruled(kind: MovingKind) -> bool {
    match kind {
        MovingKind::Award { .. }
        | MovingKind::Redeem
        | MovingKind::Adjust
        | MovingKind::Order
        | MovingKind::Expire { cause: Cause::Requested } => true,
        MovingKind::Expire { cause: Cause::Due } | MovingKind::Refund { .. } | MovingKind::Return => false,
    }
}

impl Scene<'_> {
    /// Checks a movement against the rules of the card's template in force.
    pub(super) fn check_rules(&mut self, moving: &Moving<'_>, programme: &Programme) {
        if !is_ruled(moving.kind) {
            return;
        }
        if moving.points > MOST || moving.points < MOST.negated() {
            self.wrong(format!("moves {} points, but one operation moves at most {MOST}", moving.points));
        }
        if let Some(time) = moving.lot.and_then(|lot| lot.expires_at).filter(|time| *time <= self.at) {
            self.wrong(format!("opens a lot that expires {time}, which is not in the future"));
        }
        let template = self.card.template;
        let rules = programme.template(template).and_then(Template::rules_now);
        if moving.is_past() {
            return self.check_past(moving, rules);
        }
        match moving.kind {
            MovingKind::Award { origin: Origin::Issue, .. } => {
                self.check_bonus();
                self.check_lasting(moving, rules);
            }
            MovingKind::Adjust => self.check_lasting(moving, rules),
            MovingKind::Award { origin: Origin::Award, .. } => {
                // What a purchase may earn is checked by the terms that it states.
                if matches!(moving.about, About::Nothing) && rules.is_some_and(|rules| !rules.points_enabled) {
                    self.wrong(format!("awards points, but cards of template {template} do not earn"));
                }
            }
            MovingKind::Redeem => {
                if let Some(rules) = rules {
                    self.check_redemption(moving.points.negated(), rules);
                }
                self.check_own_lots(moving);
            }
            MovingKind::Order | MovingKind::Expire { .. } | MovingKind::Refund { .. } | MovingKind::Return => {}
        }
    }

    /// What a template says by the recording refuses nothing of the past. A correction then lasts as long as it says, or for ever.
    fn check_past(&mut self, moving: &Moving<'_>, rules: Option<&Rules>) {
        match moving.kind {
            MovingKind::Adjust if moving.lot.is_some_and(|lot| lot.expires_at.is_some()) => {
                self.check_lasting(moving, rules);
            }
            MovingKind::Redeem => self.check_own_lots(moving),
            MovingKind::Award { .. }
            | MovingKind::Adjust
            | MovingKind::Order
            | MovingKind::Expire { .. }
            | MovingKind::Refund { .. }
            | MovingKind::Return => {}
        }
    }

    fn check_redemption(&mut self, points: Points, rules: &Rules) {
        let template = self.card.template;
        if !rules.points_redemption_enabled {
            self.wrong(format!("redeems points, but cards of template {template} do not spend"));
        }
        let minimum = rules.min_points_for_redemption;
        if points < minimum {
            self.wrong(format!("redeems {points} points, but template {template} asks for at least {minimum}"));
        }
        let maximum = rules.max_points_per_redemption.filter(|maximum| *maximum > Points::ZERO);
        if let Some(maximum) = maximum.filter(|maximum| points > *maximum) {
            self.wrong(format!("redeems {points} points, but template {template} allows at most {maximum}"));
        }
    }

    /// A purchase never spends what its own command gave the card.
    fn check_own_lots(&mut self, moving: &Moving<'_>) {
        if let Some(slice) = moving.taken.iter().find(|slice| slice.lot.get() >= self.command_seq) {
            self.wrong(format!("takes from lot {}, which its own command opened", slice.lot));
        }
    }

    /// The bonus of a card is part of its issue.
    fn check_bonus(&mut self) {
        let issued = self.card.issued_seq;
        if issued < self.command_seq {
            self.wrong(format!(
                "is the bonus of a new card, but card {} was issued before, by event {issued}",
                self.id
            ));
        }
    }

    /// Points that no request gives another end last as long as the template says.
    fn check_lasting(&mut self, moving: &Moving<'_>, rules: Option<&Rules>) {
        let (Some(lot), Some(rules)) = (moving.lot, rules) else { return };
        let days = rules.points_expiration_days.filter(|days| *days > 0);
        let expected = days.map(|days| {
            let end = self.at.micros().saturating_add(i64::from(days).saturating_mul(DAY));
            Instant::from_micros(end.min(LAST))
        });
        if lot.expires_at != expected {
            let shown = |time: Option<Instant>| time.map_or_else(|| "never".to_owned(), |time| time.to_string());
            let (stated, expected, template) = (shown(lot.expires_at), shown(expected), self.card.template);
            self.wrong(format!(
                "opens a lot that expires {stated}, but by the rules of template {template} {expected}"
            ));
        }
    }
}
