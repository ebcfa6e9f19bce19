//! Recording a seal.

use super::{BalancesSealed, Period, Seals};
use crate::domain::points::Points;
use crate::domain::programme::Partner;
use crate::domain::{Bytes, CardId, Draft, Rejection, Secret, Seq, Stream, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the vault keeps of a seal: all that proofs need beside the log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealRecord {
    /// The key from which every leaf's salt is made.
    pub secret: Bytes<32>,
    /// The first card of each tile of leaves, which are 256 cards.
    pub firsts: Vec<CardId>,
    /// The tree's tiles above the leaves: of each level from 1 on, its hashes as hex digits without anything between them. Without
    /// them a proof would hash every card anew.
    pub levels: Vec<String>,
}

// Whoever has the secret can try balances against the leaves that statements show.
impl fmt::Debug for SealRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealRecord").finish_non_exhaustive()
    }
}

/// Records a seal that has been computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSeal {
    pub period: Period,
    pub as_of: Seq,
    pub cards: i64,
    pub points: Points,
    pub available: Points,
    pub root: Bytes<32>,
    pub record: SealRecord,
}

/// Where the log stands around `as_of`: when that event was recorded, and when the one after it, where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastOfPeriod {
    pub at: Option<Timestamp>,
    pub after: Option<Timestamp>,
}

impl RecordSeal {
    /// The event.
    ///
    /// # Errors
    /// [`Rejection::PeriodNotNext`], [`Rejection::PeriodNotEnded`], [`Rejection::NotLastOfPeriod`]
    pub fn decide(
        &self,
        partner: &Partner,
        seals: &Seals,
        last: LastOfPeriod,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        let (period, ends_at, as_of) = (self.period, self.period.ends_at(), self.as_of);
        let next = seals.next_period(partner);
        if period != next {
            return Err(Rejection::PeriodNotNext { period, next });
        }
        // From here on nothing can be recorded in it: the log's time never goes backwards.
        if now < ends_at {
            return Err(Rejection::PeriodNotEnded { period });
        }
        // What was recorded since somebody looked may still belong to the period, where the clock was set back.
        if last.at.is_none_or(|at| at >= ends_at) || last.after.is_some_and(|after| after < ends_at) {
            return Err(Rejection::NotLastOfPeriod { period, as_of });
        }
        let &Self { cards, points, available, root, .. } = self;
        let seal = seals.next_seal();
        let event = BalancesSealed { seal, period, ends_at, as_of, cards, points, available, root, sealed: None };
        Ok(vec![Draft::sealing(event, Secret::new(Stream::Seal(seal), &self.record))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::programme::{Directory, PartnerCreated};
    use crate::domain::{Event, PartnerId};

    const PARTNER: PartnerId = PartnerId::new(1);

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn founded(moment: &str) -> Directory {
        let mut directory = Directory::default();
        let event = PartnerCreated { partner: PARTNER, currency: "EUR".to_owned(), sealed: None };
        directory.evolve(&Event::PartnerCreated(event), PARTNER, Seq::new(1), at(moment));
        directory
    }

    fn seal(period: &str) -> RecordSeal {
        RecordSeal {
            period: Period::parse(period).unwrap(),
            as_of: Seq::new(9),
            cards: 1,
            points: Points::new(5),
            available: Points::new(5),
            root: Bytes([7; 32]),
            record: SealRecord { secret: Bytes([8; 32]), firsts: Vec::new(), levels: Vec::new() },
        }
    }

    fn decide(
        directory: &Directory,
        period: &str,
        around: (&str, Option<&str>),
        now: &str,
    ) -> Result<Vec<Draft>, Rejection> {
        let last = LastOfPeriod { at: Some(at(around.0)), after: around.1.map(at) };
        seal(period).decide(&directory.partners[&PARTNER], &directory.seals, last, at(now))
    }

    #[test]
    fn months_are_sealed_one_after_the_other_from_the_partners_first_on() {
        let mut directory = founded("2026-01-31T12:00:00Z");
        let (inside, now) = (("2026-01-31T13:00:00Z", None), "2026-05-01");
        for wrong in ["2025-12", "2026-02"] {
            let refused = decide(&directory, wrong, inside, now);
            assert!(matches!(refused, Err(Rejection::PeriodNotNext { .. })), "{wrong}");
        }
        let drafts = decide(&directory, "2026-01", inside, now).unwrap();
        directory.evolve(&drafts[0].event, PARTNER, Seq::new(10), at(now));
        assert_eq!(
            (drafts[0].event.stream(), directory.seals.next_seal().get()),
            (Stream::Seal(crate::domain::SealId::new(1)), 2)
        );
        let next = Period::parse("2026-02").unwrap();
        let again = Rejection::PeriodNotNext { period: Period::parse("2026-01").unwrap(), next };
        assert_eq!(decide(&directory, "2026-01", inside, now), Err(again), "a month is sealed once");
        assert!(decide(&directory, "2026-02", inside, now).is_ok());
    }

    #[test]
    fn a_month_is_sealed_once_it_is_over_as_of_its_last_event() {
        let directory = founded("2026-01-01");
        let (last, over) = ("2026-01-31T23:59:59.999999Z", "2026-02-01");
        assert!(decide(&directory, "2026-01", (last, None), over).is_ok());
        assert!(decide(&directory, "2026-01", (last, Some(over)), over).is_ok());
        let early = decide(&directory, "2026-01", (last, None), last);
        assert!(matches!(early, Err(Rejection::PeriodNotEnded { .. })));
        for around in [(last, Some(last)), (over, None)] {
            let refused = decide(&directory, "2026-01", around, over);
            assert!(matches!(refused, Err(Rejection::NotLastOfPeriod { .. })), "{around:?}");
        }
    }

    #[test]
    fn the_secret_is_not_shown_in_passing() {
        let shown = format!("{:?}", seal("2026-01"));
        assert!(!shown.contains("0808"), "{shown}");
    }
}
