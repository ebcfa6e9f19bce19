//! Expiry: of lots whose time has come, and of points that somebody asks to expire.

use super::moving::{balance_after, draft, within_one_operation};
use super::past::When;
use super::{ExpiryCause, Particulars, Points, PointsExpired, Slice};
use crate::domain::cards::Card;
use crate::domain::{CardId, Draft, Rejection, Timestamp};

/// Takes points off a card before their time. A blocked card's points expire too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expire {
    pub card: CardId,
    /// At most so many; none means all that match.
    pub points: Option<Points>,
    /// Only lots that expire before this moment; none means any lot.
    pub expires_before: Option<Timestamp>,
    pub particulars: Particulars,
}

impl Expire {
    /// The events of the expiry, or the rule that it breaks.
    ///
    /// # Errors
    /// The first broken rule in the order in which [`Rejection`] declares them.
    pub fn decide(&self, card: &Card, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        let when = When::of(self.particulars.past, now)?;
        self.points.map_or(Ok(()), within_one_operation)?;
        let mut drafts = Vec::from_iter(expire_due_as_of(card, when));
        let balance_before = card.available(when.at());
        if let (Some(needed), None) = (self.points, self.expires_before)
            && needed > balance_before
        {
            return Err(Rejection::InsufficientPoints { needed, available: balance_before });
        }
        let taken = self.chosen(card, when.at());
        let points = taken.iter().map(|slice| slice.points).sum::<Points>().negated();
        if points.is_zero() {
            return Err(Rejection::NothingToExpire { card: card.id });
        }
        within_one_operation(points)?;
        let expired = PointsExpired {
            card: card.id,
            points,
            cause: ExpiryCause::Requested,
            shop: self.particulars.shop,
            reference: self.particulars.reference().or_else(|| self.particulars.order()),
            taken,
            balance_before,
            balance: balance_after(balance_before, points)?,
            happened_at: when.happened_at(),
            sealed: None,
        };
        drafts.push(draft(expired, self.particulars.note.secret(card)));
        Ok(drafts)
    }

    fn chosen(&self, card: &Card, now: Timestamp) -> Vec<Slice> {
        let limit = self.points.unwrap_or(Points::MAX_BALANCE);
        card.lots.slices(limit, |lot| {
            let live = lot.expires_at.is_none_or(|time| time > now);
            let matches = self.expires_before.is_none_or(|end| lot.expires_at.is_some_and(|time| time < end));
            live && matches
        })
    }
}

/// Writes off the lots whose time has come, where there are any.
///
/// Every command that moves points does this first, so that the balance it states is the one available at that moment.
#[must_use]
pub fn expire_due(card: &Card, now: Timestamp) -> Option<Draft> {
    written_off(card, now, None)
}

/// The same as of the moment that a command is decided on. By then the points had expired: their event says then, like the
/// others of its command, and each slice says when its own time came.
pub(in crate::domain) fn expire_due_as_of(card: &Card, when: When) -> Option<Draft> {
    written_off(card, when.at(), when.happened_at())
}

fn written_off(card: &Card, at: Timestamp, happened_at: Option<Timestamp>) -> Option<Draft> {
    let taken = card.lots.slices_due(at);
    let points = taken.iter().map(|slice| slice.points).sum::<Points>().negated();
    let balance_before = card.balance();
    (!taken.is_empty()).then(|| {
        Draft::open(PointsExpired {
            card: card.id,
            points,
            cause: ExpiryCause::Due,
            shop: None,
            reference: None,
            taken,
            balance_before,
            balance: balance_before.plus(points),
            happened_at,
            sealed: None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Event;
    use crate::domain::cards::Status;
    use crate::domain::samples::{CARD, DAY, NOW, after, at, card, kinds, lot, named, owing, taken};

    fn expire(points: Option<i64>, expires_before: Option<Timestamp>) -> Expire {
        Expire { card: CARD, points: points.map(Points::new), expires_before, particulars: named(None) }
    }

    #[track_caller]
    fn expired(drafts: &[Draft]) -> &PointsExpired {
        let Some(Draft { event: Event::PointsExpired(expired), .. }) = drafts.last() else { panic!("{drafts:?}") };
        expired
    }

    #[test]
    fn what_is_asked_to_expire_is_taken_in_the_order_of_spending() {
        let before = card(&[lot(2, 10, None), lot(3, 10, Some(9 * DAY)), lot(4, 10, Some(5 * DAY))]);
        for (points, expires_before, expected) in [
            (None, None, vec![(4, 10), (3, 10), (2, 10)]),
            (Some(15), None, vec![(4, 10), (3, 5)]),
            (Some(30), None, vec![(4, 10), (3, 10), (2, 10)]),
            (None, Some(at(9 * DAY)), vec![(4, 10)]),
            (None, Some(at(9 * DAY + 1)), vec![(4, 10), (3, 10)]),
            (Some(4), Some(at(9 * DAY + 1)), vec![(4, 4)]),
            // With a moment, the number is the most that shall go.
            (Some(100), Some(at(9 * DAY + 1)), vec![(4, 10), (3, 10)]),
        ] {
            let drafts = expire(points, expires_before).decide(&before, NOW).unwrap();
            let event = expired(&drafts);
            assert_eq!((event.cause, taken(&event.taken)), (ExpiryCause::Requested, expected));
            assert_eq!((event.balance_before.get(), event.balance), (30, after(&before, &drafts).balance()));
        }
    }

    #[test]
    fn one_request_expires_a_billion_points_and_not_one_more() {
        let before = card(&[lot(2, 2_000_000_000, None)]);
        assert!(expire(Some(1_000_000_000), None).decide(&before, NOW).is_ok());
        let refused = expire(Some(1_000_000_001), None).decide(&before, NOW);
        assert_eq!(refused, Err(Rejection::TooManyPoints { points: Points::new(1_000_000_001) }));
    }

    #[test]
    fn more_than_is_there_cannot_be_asked_to_expire() {
        let (needed, available) = (Points::new(11), Points::new(10));
        let refused = expire(Some(11), None).decide(&card(&[lot(2, 10, None)]), NOW);
        assert_eq!(refused, Err(Rejection::InsufficientPoints { needed, available }));
    }

    #[test]
    fn where_nothing_matches_nothing_expires() {
        for (lots, expires_before) in [
            (vec![], None),
            (vec![lot(2, 10, None)], Some(at(9 * DAY))),
            (vec![lot(2, 10, Some(9 * DAY))], Some(at(9 * DAY))),
            // What is past its time already is written off in any case, and not what was asked for.
            (vec![lot(2, 10, Some(0))], None),
        ] {
            let refused = expire(None, expires_before).decide(&card(&lots), NOW);
            assert_eq!(refused, Err(Rejection::NothingToExpire { card: CARD }), "{lots:?}");
        }
    }

    #[test]
    fn the_points_of_a_blocked_card_expire_too() {
        let blocked = Card { status: Status::Blocked, ..card(&[lot(2, 10, None), lot(3, 5, Some(0))]) };
        let drafts = expire(None, None).decide(&blocked, NOW).unwrap();
        assert_eq!(kinds(&drafts), ["points.expired", "points.expired"]);
        assert_eq!(taken(&expired(&drafts).taken), [(2, 10)]);
        assert_eq!(taken(&expired(&drafts[..1]).taken), [(3, 5)]);
        assert_eq!(after(&blocked, &drafts).balance(), Points::ZERO);
    }

    #[test]
    fn what_is_due_is_every_lot_whose_time_has_come_and_no_other() {
        let before = card(&[lot(2, 10, None), lot(3, 10, Some(1)), lot(4, 10, Some(0)), lot(5, 10, Some(-DAY))]);
        for (now, expected) in [
            (at(-DAY - 1), None),
            (at(-DAY), Some(vec![(5, 10)])),
            (at(-1), Some(vec![(5, 10)])),
            (NOW, Some(vec![(5, 10), (4, 10)])),
            (at(900 * DAY), Some(vec![(5, 10), (4, 10), (3, 10)])),
        ] {
            let draft = expire_due(&before, now);
            let found = draft.as_ref().map(|draft| taken(&expired(std::slice::from_ref(draft)).taken));
            assert_eq!(found, expected, "{now}");
        }
    }

    #[test]
    fn writing_off_twice_writes_off_once() {
        let before = card(&[lot(2, 10, Some(0)), lot(3, 10, None)]);
        let draft = expire_due(&before, NOW).unwrap();
        let event = expired(std::slice::from_ref(&draft));
        assert_eq!((event.cause, event.balance_before.get(), event.balance.get()), (ExpiryCause::Due, 20, 10));
        let later = after(&before, std::slice::from_ref(&draft));
        assert_eq!((later.balance(), later.available(NOW)), (event.balance, before.available(NOW)));
        assert_eq!(expire_due(&later, NOW), None);
    }

    #[test]
    fn nothing_of_a_debt_expires() {
        assert_eq!(expire_due(&owing(30), at(900 * DAY)), None);
        assert_eq!(expire(None, None).decide(&owing(30), NOW), Err(Rejection::NothingToExpire { card: CARD }));
    }
}
