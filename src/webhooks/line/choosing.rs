//! Which event is sent next, and when there will be one.

use super::parts::{State, plus};
use super::{LANES_HELD_MAX, Line, Next, SENDING_IN_TROUBLE_MAX, SENDING_MAX};
use crate::domain::{CustomerId, Timestamp};
use std::time::Duration;

impl Line {
    /// Whether the attempt that ended last was none that the receiver took, whatever the reason: one that refuses slowly is in the
    /// way as much as one that hangs. Over as soon as it takes something.
    pub(in crate::webhooks) const fn is_in_trouble(&self) -> bool {
        self.standing.failures > 0
    }

    const fn sending_max(&self) -> usize {
        if self.is_in_trouble() { SENDING_IN_TROUBLE_MAX } else { SENDING_MAX }
    }

    /// What to send now.
    pub(in crate::webhooks) fn next(&mut self, now: Timestamp) -> Option<Next> {
        if self.sending >= self.sending_max() || self.standing.quiet_until.is_some_and(|end| now < end) {
            return None;
        }
        // One after another in trouble, whoever never was tried has every other turn: it may be what the receiver takes.
        let others_turn = self.is_in_trouble() && self.standing.failures % 2 == 0 && !self.ready.is_empty();
        let customer = match self.held.first().copied() {
            Some((due, customer)) if due <= now && (!others_turn || self.held.len() >= LANES_HELD_MAX) => {
                self.held.remove(&(due, customer));
                customer
            }
            // With so many in trouble it is the receiver's: nobody else is tried until one of them is through.
            Some(_) if self.held.len() >= LANES_HELD_MAX => return None,
            Some(_) | None => self.ready.pop_front()?,
        };
        let lane = self.lanes.get_mut(&customer)?;
        lane.state = State::Sending;
        self.sending += 1;
        let first = lane.items.front_mut()?;
        let (seq, hash, attempt) = (first.seq, first.hash, first.attempts + 1);
        Some(Next { customer, seq, hash, attempt, stored: first.stored.take() })
    }

    /// Takes back what could not even be tried.
    pub(in crate::webhooks) fn put_back(&mut self, customer: CustomerId) {
        self.sending -= 1;
        if let Some(lane) = self.lanes.get_mut(&customer) {
            lane.state = State::Ready;
            self.ready.push_front(customer);
        }
    }

    /// Takes back what cannot be told yet, to be tried after a while. It is no attempt.
    pub(in crate::webhooks) fn put_off(&mut self, customer: CustomerId, now: Timestamp, wait: Duration) {
        self.sending -= 1;
        self.hold(customer, plus(now, wait));
    }

    /// When there may be something to send, at the earliest, where nothing else happens.
    pub(in crate::webhooks) fn due(&self) -> Option<Timestamp> {
        // The next answer comes before.
        if self.sending >= self.sending_max() {
            return None;
        }
        let due = self
            .held
            .first()
            .map(|(due, _)| *due)
            .filter(|_| self.ready.is_empty() || self.held.len() >= LANES_HELD_MAX);
        match (due, self.standing.quiet_until) {
            (Some(due), Some(quiet)) => Some(due.max(quiet)),
            (due, None) => due,
            (None, quiet) => quiet.filter(|_| !self.ready.is_empty()),
        }
    }
}
