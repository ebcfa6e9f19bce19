//! Where points are earned and spent, and cards given out: what the shop, the template and the partner's settings allow.

use super::movement::Scene;
use super::programme::{Programme, Template};
use crate::findings::{Check, Findings};
use crate::ledger::Event;
use crate::payload::{About, CardIssued, Moving, MovingKind, Origin, Settings, Sharing};

/// What a movement begins in a shop. Whatever ends or mends what was begun there asks nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Business {
    Earning,
    Spending,
    /// A purchase that earns nothing in any case: no points were to be had for it.
    Buying,
}

impl Business {
    fn of(moving: &Moving<'_>) -> Option<Self> {
        match (moving.kind, &moving.about) {
            (MovingKind::Award { origin: Origin::Award, .. }, _) => Some(Self::Earning),
            (MovingKind::Order, About::Purchase(purchase)) if purchase.formula.is_none() => Some(Self::Buying),
            (MovingKind::Order, _) => Some(Self::Earning),
            (MovingKind::Redeem, _) => Some(Self::Spending),
            (
                MovingKind::Award { origin: Origin::Issue, .. }
                | MovingKind::Adjust
                | MovingKind::Expire { .. }
                | MovingKind::Refund { .. }
                | MovingKind::Return,
                _,
            ) => None,
        }
    }
}

impl Scene<'_> {
    /// Points are earned and spent in open shops, where the template and the partner's settings allow it.
    pub(super) fn check_place(&mut self, moving: &Moving<'_>, programme: &Programme) {
        // Where a card may earn and spend is a rule of the recording, not of the past.
        let (Some(shop), Some(business)) = (moving.shop.filter(|_| !moving.is_past()), Business::of(moving)) else {
            return;
        };
        if programme.is_closed(shop) {
            self.wrong(format!("points move at shop {shop}, which is closed"));
        }
        let template = self.card.template;
        let rules = programme.template(template).and_then(Template::rules_now);
        if rules.is_some_and(|rules| !rules.apply_at(Some(shop))) {
            self.wrong(format!("points move at shop {shop}, which is none of those of template {template}"));
        }
        let home_only = match self.settings.map(Settings::sharing) {
            Some(Sharing::EarningOnly) => Some((Business::Spending, "spent")),
            Some(Sharing::RedemptionOnly) => Some((Business::Earning, "earned")),
            Some(Sharing::Full | Sharing::None) | None => None,
        };
        let Some((_, moved)) = home_only.filter(|(only, _)| *only == business) else { return };
        if let Some(home) = self.card.shop.filter(|home| *home != shop) {
            let id = self.id;
            self.wrong(format!(
                "points of card {id} are {moved} at shop {shop}, but only its home shop {home} may do so"
            ));
        }
    }
}

/// A card is given out in an open shop, unless somebody has had it since before.
pub(super) fn check_issued(event: &Event<'_>, issued: &CardIssued<'_>, programme: &Programme, findings: &mut Findings) {
    if let Some(shop) = issued.shop.filter(|shop| issued.happened_at.is_none() && programme.is_closed(*shop)) {
        let sentence = format!("card {} is given out at shop {shop}, which is closed", issued.card);
        findings.event(Check::Programme, event.seq, sentence);
    }
}
