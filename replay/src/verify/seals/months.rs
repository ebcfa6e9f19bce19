//! Which months are sealed, and when.

use crate::findings::{Check, Findings};
use crate::instant::{Instant, Month};
use crate::ledger::Event;
use crate::payload::{BalancesSealed, Payload};
use rustc_hash::FxHashMap;

/// A seal as it stands in the log.
#[derive(Debug)]
pub(in crate::verify) struct Noted {
    pub(in crate::verify) seq: i64,
    pub(in crate::verify) partner: i64,
    pub(in crate::verify) event: BalancesSealed,
}

/// The month that each partner has to seal next.
#[derive(Debug, Default)]
pub(in crate::verify) struct Months {
    next: FxHashMap<i64, Month>,
    noted: Vec<Noted>,
}

impl Months {
    /// Follows the partners and their seals.
    pub(in crate::verify) fn follow(&mut self, event: &Event<'_>, payload: &Payload<'_>, findings: &mut Findings) {
        if let Payload::PartnerCreated(created) = payload {
            let month = Instant::from_micros(event.recorded_at).month();
            self.next.entry(created.partner.get()).or_insert(month);
        } else if let Payload::BalancesSealed(sealed) = payload {
            self.sealed(event, sealed, findings);
        }
    }

    /// All seals, in the order of the log.
    pub(in crate::verify) fn into_noted(self) -> Vec<Noted> {
        self.noted
    }

    fn sealed(&mut self, event: &Event<'_>, sealed: &BalancesSealed, findings: &mut Findings) {
        let (partner, period) = (event.partner_id, sealed.period);
        let mut wrong = |sentence: String| findings.event(Check::Seals, event.seq, sentence);
        match self.next.get(&partner) {
            None => wrong(format!("seals balances of partner {partner}, who does not exist")),
            Some(next) if *next != period => {
                wrong(format!("seals {period} of partner {partner}, where {next} comes next"));
            }
            Some(_) => {}
        }
        if sealed.ends_at != period.end() {
            wrong(format!("says that {period} ends at {}, which it does not", sealed.ends_at));
        }
        if event.recorded_at < period.end().micros() {
            wrong(format!("seals {period} before it is over"));
        }
        // After a wrong month the one after it is expected, so that one wrong seal is told once; a month of the past stays sealed.
        let next = self.next.entry(partner).or_insert(period);
        *next = (*next).max(period.next());
        self.noted.push(Noted { seq: event.seq, partner, event: sealed.clone() });
    }
}
