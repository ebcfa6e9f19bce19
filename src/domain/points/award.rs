//! Awarding points.

use super::moving::{balance_after, draft, ready, something, within_one_operation};
use super::past::When;
use super::sharing::may_earn;
use super::{OpenedLot, Origin, Particulars, Points, PointsAwarded};
use crate::domain::cards::{Card, CardTierChanged, Tier};
use crate::domain::programme::Terms;
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Gives a card points, as a lot of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    pub card: CardId,
    /// More than zero.
    pub points: Points,
    /// Overrides the template's expiry.
    pub expires_at: Option<Timestamp>,
    pub particulars: Particulars,
}

impl Award {
    /// The events of the award, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, terms: &Terms<'_>, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        let rules = terms.rules();
        let when = When::of(self.particulars.past, now)?;
        something(self.points)?;
        let mut ready = ready(card, rules, when)?;
        may_earn(card, when.judged_at(self.particulars.shop), terms)?;
        when.needs(rules.points_enabled, Rejection::EarningDisabled)?;
        within_one_operation(self.points)?;
        when.check_expiry(self.expires_at)?;
        let expires_at = self.expires_at.or_else(|| when.lot_expiry(rules));
        let deposit = Deposit::new(card.debt, self.points, expires_at);
        let awarded = PointsAwarded {
            card: card.id,
            points: self.points,
            origin: Origin::Award,
            shop: self.particulars.shop,
            order: self.particulars.order(),
            reference: self.particulars.reference(),
            purchase: None,
            debt_paid: deposit.debt_paid,
            lot: deposit.lot,
            balance_before: ready.balance,
            balance: balance_after(ready.balance, self.points)?,
            lifetime: card.lifetime.plus(self.points),
            happened_at: when.happened_at(),
            sealed: None,
        };
        ready.drafts.push(draft(awarded, self.particulars.note.secret(card)));
        ready.drafts.extend(promotion(card.id, card.tier, card.lifetime, self.points, terms));
        Ok(ready.drafts)
    }
}

/// Where arriving points go: to the debt first, the rest into a lot.
#[derive(Debug)]
pub(in crate::domain) struct Deposit {
    pub(in crate::domain) debt_paid: Option<Points>,
    pub(in crate::domain) lot: Option<OpenedLot>,
}

impl Deposit {
    pub(in crate::domain) fn new(debt: Points, points: Points, expires_at: Option<Timestamp>) -> Self {
        let debt_paid = debt.min(points);
        let rest = points.minus(debt_paid);
        Self {
            debt_paid: debt_paid.is_positive().then_some(debt_paid),
            lot: rest.is_positive().then_some(OpenedLot { points: rest, expires_at }),
        }
    }
}

/// The tier changes that earning `points` brings: of the card, and of its holder's other cards where tiers are unified.
pub(in crate::domain) fn promotion(
    card: CardId,
    from: Tier,
    lifetime: Points,
    points: Points,
    terms: &Terms<'_>,
) -> impl Iterator<Item = Draft> {
    let counted = terms.standing.counted.unwrap_or(lifetime).plus(points);
    let to = terms.settings().tiers.reached(counted);
    let others = if terms.settings().unified_tiers { terms.standing.others } else { &[] };
    let cards = std::iter::once((card, from)).chain(others.iter().copied());
    let raised = cards.filter(move |(_, from)| to > *from);
    raised.map(move |(card, from)| Draft::open(CardTierChanged { card, from, to, lifetime: counted }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;
    use crate::domain::points::{ExpiryCause, Note, Order};
    use crate::domain::programme::TemplateRules;
    use crate::domain::samples::{
        CARD, DAY, NOW, after, at, card, kinds, lasting, lot, named, owing, programme, taken,
    };

    fn award(points: i64, expires_at: Option<Timestamp>) -> Award {
        Award { card: CARD, points: Points::new(points), expires_at, particulars: named(None) }
    }

    /// The only event of a decision.
    #[track_caller]
    fn awarded(drafts: &[Draft]) -> &PointsAwarded {
        let [Draft { event: Event::PointsAwarded(awarded), .. }] = drafts else { panic!("{drafts:?}") };
        awarded
    }

    #[test]
    fn an_award_opens_a_lot_and_states_the_balance_before_and_after() {
        let before = card(&[lot(2, 5, None), lot(3, 7, Some(DAY))]);
        let particulars = Particulars {
            name: Some(Order::Both { id: "1001".to_owned(), reference: "spring".to_owned() }),
            note: Note { reason: Some("Purchase".to_owned()), ..Note::default() },
            ..named(None)
        };
        let drafts =
            Award { particulars, ..award(10, None) }.decide(&before, &programme(lasting(None)).terms(), NOW).unwrap();
        let event = awarded(&drafts);
        let lot = OpenedLot { points: Points::new(10), expires_at: None };
        assert_eq!((event.lot, event.debt_paid, event.origin), (Some(lot), None, Origin::Award));
        assert_eq!((event.balance_before, event.balance), (Points::new(12), Points::new(22)));
        assert_eq!((event.order.as_deref(), event.reference.as_deref()), (Some("1001"), Some("spring")));
        assert_eq!(after(&before, &drafts).balance(), event.balance);
        assert_eq!(drafts[0].secret.as_ref().map(|secret| secret.body.as_str()), Some(r#"{"reason":"Purchase"}"#));
    }

    #[test]
    fn a_lot_expires_when_the_award_says_else_when_the_template_says_else_never() {
        for (template, requested, expected) in [
            (None, None, None),
            (Some(30), None, Some(at(30 * DAY))),
            (None, Some(at(1)), Some(at(1))),
            (Some(30), Some(at(1)), Some(at(1))),
            (Some(30), Some(at(900 * DAY)), Some(at(900 * DAY))),
        ] {
            let drafts = award(10, requested).decide(&card(&[]), &programme(lasting(template)).terms(), NOW).unwrap();
            let lot = awarded(&drafts).lot.unwrap();
            assert_eq!(lot.expires_at, expected, "{template:?} {requested:?}");
        }
    }

    #[test]
    fn points_that_would_have_expired_already_are_not_awarded() {
        for (micros, expected) in [(-DAY, false), (-1, false), (0, false), (1, true)] {
            let decided = award(10, Some(at(micros))).decide(&card(&[]), &programme(lasting(Some(30))).terms(), NOW);
            assert_eq!(decided.is_ok(), expected, "{micros}");
            assert!(expected || decided == Err(Rejection::ExpiryNotInFuture), "{decided:?}");
        }
    }

    #[test]
    fn one_award_gives_a_billion_points_and_not_one_more() {
        assert!(award(1_000_000_000, None).decide(&card(&[]), &programme(lasting(None)).terms(), NOW).is_ok());
        let refused = award(1_000_000_001, None).decide(&card(&[]), &programme(lasting(None)).terms(), NOW);
        assert_eq!(refused, Err(Rejection::TooManyPoints { points: Points::new(1_000_000_001) }));
    }

    #[test]
    fn a_balance_reaches_its_bound_and_not_a_point_more() {
        let balance = 9_000_000_000_000_000 - 10;
        let nearly_full = card(&[lot(2, balance, None)]);
        assert!(award(10, None).decide(&nearly_full, &programme(lasting(None)).terms(), NOW).is_ok());
        let refused = award(11, None).decide(&nearly_full, &programme(lasting(None)).terms(), NOW);
        let (balance, points) = (Points::new(balance), Points::new(11));
        assert_eq!(refused, Err(Rejection::BalanceOutOfRange { balance, points }));
    }

    #[test]
    fn an_award_pays_debt_first_and_only_the_rest_becomes_a_lot() {
        for (points, debt_paid, in_lot, balance) in [
            (10, Some(10), None, -20),
            (30, Some(30), None, 0),
            (31, Some(30), Some(1), 1),
            (50, Some(30), Some(20), 20),
        ] {
            let owing = owing(30);
            let drafts = award(points, None).decide(&owing, &programme(lasting(Some(30))).terms(), NOW).unwrap();
            let event = awarded(&drafts);
            assert_eq!(event.debt_paid, debt_paid.map(Points::new), "{points}");
            assert_eq!(event.lot.map(|lot| lot.points), in_lot.map(Points::new), "{points}");
            assert_eq!((event.balance_before.get(), event.balance.get()), (-30, balance), "{points}");
            assert_eq!(event.lifetime.get(), points, "what pays debt was earned all the same");
            assert_eq!(after(&owing, &drafts).balance().get(), balance, "{points}");
        }
    }

    #[test]
    fn what_is_past_its_time_is_written_off_before_the_award() {
        let before = card(&[lot(2, 40, Some(0)), lot(3, 7, Some(1))]);
        let drafts = award(10, None).decide(&before, &programme(lasting(None)).terms(), NOW).unwrap();
        let [Draft { event: Event::PointsExpired(expired), .. }, rest @ ..] = &drafts[..] else { panic!("{drafts:?}") };
        assert_eq!((expired.cause, taken(&expired.taken)), (ExpiryCause::Due, vec![(2, 40)]));
        assert_eq!((expired.balance_before, expired.balance), (Points::new(47), Points::new(7)));
        let event = awarded(rest);
        assert_eq!((event.balance_before, event.balance), (Points::new(7), Points::new(17)));
        assert_eq!(after(&before, &drafts).available(NOW), event.balance);
    }

    #[test]
    fn the_award_that_reaches_a_threshold_changes_the_tier_in_the_same_decision() {
        for (lifetime, points, change) in [
            (0, 499, None),
            (0, 500, Some((Tier::Bronze, Tier::Silver))),
            (499, 1, Some((Tier::Bronze, Tier::Silver))),
            (500, 299, None),
            (0, 6_000, Some((Tier::Bronze, Tier::Platinum))),
            (799, 1, Some((Tier::Silver, Tier::Gold))),
            (6_000, 1_000_000, None),
        ] {
            let lifetime = Points::new(lifetime);
            let before = Card { lifetime, tier: Tier::of(lifetime), ..card(&[]) };
            let drafts = award(points, None).decide(&before, &programme(lasting(None)).terms(), NOW).unwrap();
            let changed = drafts.get(1).map(|draft| {
                let Event::CardTierChanged(event) = &draft.event else { panic!("{draft:?}") };
                (event.from, event.to)
            });
            assert_eq!(changed, change, "{lifetime} + {points}");
            assert_eq!(after(&before, &drafts).tier, Tier::of(lifetime.plus(Points::new(points))));
        }
    }

    #[test]
    fn a_tier_that_was_reached_is_never_lost() {
        let before = Card { tier: Tier::Platinum, ..card(&[]) };
        let drafts = award(500, None).decide(&before, &programme(lasting(None)).terms(), NOW).unwrap();
        assert_eq!(kinds(&drafts), ["points.awarded"]);
    }

    #[test]
    fn cards_of_a_template_without_points_do_not_earn() {
        let rules = TemplateRules { points_enabled: false, ..lasting(None) };
        assert_eq!(award(10, None).decide(&card(&[]), &programme(rules).terms(), NOW), Err(Rejection::EarningDisabled));
    }
}
