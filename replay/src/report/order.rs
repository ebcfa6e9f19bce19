//! Whether the log is whole: events that are missing from it, and times that go back.

use crate::instant::Instant;
use counterfoil_statements::{Table, forms};

/// How many places of each sort are listed. All are counted.
const LISTED: usize = 1000;

/// What came before the next event.
#[derive(Debug)]
pub(super) struct Order {
    seq: i64,
    at: Instant,
    gaps: Vec<(i64, i64)>,
    backwards: Vec<i64>,
    pub(super) gaps_found: u64,
    pub(super) backwards_found: u64,
}

impl Order {
    /// Before the first event.
    pub(super) const fn new() -> Self {
        let at = Instant::from_micros(i64::MIN);
        Self { seq: 0, at, gaps: Vec::new(), backwards: Vec::new(), gaps_found: 0, backwards_found: 0 }
    }

    /// The time of the next event, or the latest before it where it goes back.
    pub(super) fn time_of(&self, recorded_at: i64) -> Instant {
        self.at.max(Instant::from_micros(recorded_at))
    }

    /// Notes an event.
    pub(super) fn note(&mut self, seq: i64, recorded_at: i64) {
        if seq != self.seq.saturating_add(1) {
            self.gaps_found += 1;
            if self.gaps.len() < LISTED {
                self.gaps.push((self.seq, seq));
            }
        }
        self.seq = seq;
        let at = Instant::from_micros(recorded_at);
        if at < self.at {
            self.backwards_found += 1;
            if self.backwards.len() < LISTED {
                self.backwards.push(seq);
            }
        }
        self.at = self.at.max(at);
    }

    /// The last event.
    pub(super) const fn last(&self) -> i64 {
        self.seq
    }

    /// The two lists.
    pub(super) fn tables(&self) -> [Table; 2] {
        let mut gaps = Table::new(&forms::GAPS);
        for (after, next) in &self.gaps {
            gaps.push(vec![(*after).into(), (*next).into(), (i128::from(*next) - i128::from(*after) - 1).into()]);
        }
        let mut times = Table::new(&forms::TIME_BACK);
        for seq in &self.backwards {
            times.push(vec![(*seq).into()]);
        }
        [gaps, times]
    }
}
