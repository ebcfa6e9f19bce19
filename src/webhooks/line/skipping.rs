//! Leaving out what waits, where somebody said that the receiver shall be told of what comes from here on.

use super::Line;
use super::parts::{Lane, State};
use crate::domain::{CustomerId, Seq};
use std::mem;

impl Line {
    /// Drops what came before the webhook's beginning, but for what is on its way and what somebody wants sent again.
    pub(super) fn skip(&mut self) {
        let since = self.webhook.terms.since;
        let Some((main, way)) = self.ways.iter_mut().find(|(_, way)| way.until.is_none()) else { return };
        if way.read < since {
            way.read = since;
        }
        way.open.retain(|seq| *seq > since);
        let main = *main;
        self.changes.settled.extend(way.noted_until(since).into_keys().map(|seq| (main, seq)));
        for (customer, mut lane) in mem::take(&mut self.lanes) {
            self.thin(&mut lane, (main, since));
            if lane.items.is_empty() {
                self.forget(customer, lane.state);
            } else {
                self.lanes.insert(customer, lane);
            }
        }
        let lanes = &self.lanes;
        self.ready.retain(|customer| lanes.contains_key(customer));
    }

    fn thin(&mut self, lane: &mut Lane, (main, since): (i64, Seq)) {
        let sending = usize::from(lane.state == State::Sending);
        for (place, item) in mem::take(&mut lane.items).into_iter().enumerate() {
            if place < sending || item.track != main || item.seq > since {
                lane.items.push_back(item);
                continue;
            }
            if item.kept {
                self.kept -= 1;
                self.changes.settled.push((item.track, item.seq));
            } else {
                self.fresh -= 1;
                lane.fresh -= 1;
            }
        }
    }

    fn forget(&mut self, customer: CustomerId, state: State) {
        if let State::Held(due) = state {
            self.held.remove(&(due, customer));
        }
    }

    /// Whether the event of a customer that is on its way has been skipped since.
    pub(super) fn is_skipped(&self, customer: CustomerId) -> bool {
        let first = self.lanes.get(&customer).and_then(|lane| lane.items.front());
        let way = first.and_then(|item| self.ways.get(&item.track));
        first.is_some_and(|item| item.seq <= self.webhook.terms.since) && way.is_some_and(|way| way.until.is_none())
    }
}
