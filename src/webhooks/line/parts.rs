//! What a line is made of: events, the lanes in which they wait for each other, and the ways on which they were found.

use crate::domain::{CustomerId, Seq, Timestamp};
use crate::event_log::{Hash, Stored};
use crate::ops::Waiting;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;
use std::time::Duration;

/// An event that is not settled.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) track: i64,
    pub(super) seq: Seq,
    pub(super) hash: Hash,
    pub(super) attempts: u32,
    /// It stands in ops.db.
    pub(super) kept: bool,
    pub(super) stored: Option<Box<Stored>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    Sending,
    /// For another attempt at its first event.
    Held(Timestamp),
}

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) items: VecDeque<Item>,
    /// How many of them do not stand in ops.db.
    pub(super) fresh: usize,
    pub(super) state: State,
}

/// A way through the log.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) read: Seq,
    pub(super) until: Option<Seq>,
    /// What was read and is neither settled nor kept.
    pub(super) open: BTreeSet<Seq>,
    /// What stands in ops.db and comes after what was read: taken up when it is read again, so that nothing overtakes what was read
    /// before and is settled by nobody.
    pub(super) noted: BTreeMap<Seq, Waiting>,
    pub(super) saved: Seq,
}

impl Way {
    pub(super) fn cursor(&self) -> Seq {
        self.open.first().map_or(self.read, |first| Seq::new(first.get() - 1))
    }

    /// Takes out what is noted up to there.
    pub(super) fn noted_until(&mut self, until: Seq) -> BTreeMap<Seq, Waiting> {
        let rest = self.noted.split_off(&Seq::new(until.get() + 1));
        mem::replace(&mut self.noted, rest)
    }

    pub(super) fn is_over(&self) -> bool {
        self.open.is_empty() && self.until.is_some_and(|until| self.read >= until)
    }
}

pub(super) fn waiting(customer: CustomerId, item: &Item, due_at: Timestamp) -> Waiting {
    let Item { track, seq, hash: event_hash, attempts, .. } = *item;
    Waiting { track, seq, event_hash, customer, attempts, due_at }
}

pub(super) fn plus(now: Timestamp, wait: Duration) -> Timestamp {
    let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_add(micros))
}
