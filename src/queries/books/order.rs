//! Whether the log is whole: events that are missing from it, and times that go back.

use crate::domain::Timestamp;
use counterfoil_statements::{Table, forms};

/// How many places of each sort are listed. All are counted.
const LISTED: usize = 1000;

/// What came before the next event.
#[derive(Debug)]
pub(super) struct Order {
    seq: i64,
    at: Timestamp,
    gaps: Vec<(i64, i64)>,
    backwards: Vec<i64>,
    pub(super) gaps_found: u64,
    backwards_found: u64,
}

impl Order {
    /// Before the first event.
    pub(super) const fn new() -> Self {
        let at = Timestamp::from_micros(i64::MIN);
        Self { seq: 0, at, gaps: Vec::new(), backwards: Vec::new(), gaps_found: 0, backwards_found: 0 }
    }

    /// Notes an event.
    pub(super) fn note(&mut self, seq: i64, at: Timestamp) {
        self.gap(seq);
        if at < self.at {
            self.backwards_found += 1;
            if self.backwards.len() < LISTED {
                self.backwards.push(seq);
            }
        }
        (self.seq, self.at) = (seq, self.at.max(at));
    }

    /// Notes events in order, without a gap between them.
    pub(super) fn skip(&mut self, first: i64, last: i64, last_at: Timestamp) {
        self.gap(first);
        (self.seq, self.at) = (last, last_at);
    }

    fn gap(&mut self, next: i64) {
        if next != self.seq + 1 {
            self.gaps_found += 1;
            if self.gaps.len() < LISTED {
                self.gaps.push((self.seq, next));
            }
        }
    }

    /// Whether nothing was found.
    pub(super) const fn is_whole(&self) -> bool {
        self.gaps_found == 0 && self.backwards_found == 0
    }

    /// The two lists.
    pub(super) fn tables(&self) -> [Table; 2] {
        let mut gaps = Table::new(&forms::GAPS);
        for (after, next) in &self.gaps {
            gaps.push(vec![(*after).into(), (*next).into(), (i128::from(*next) - i128::from(*after) - 1).into()]);
        }
        let mut times = Table::new(&forms::TIME_BACK);
        self.backwards.iter().for_each(|seq| times.push(vec![(*seq).into()]));
        [gaps, times]
    }
}
