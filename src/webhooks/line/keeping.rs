//! What has to be kept of a line, so that another start goes on where this one was.

use super::Line;
use super::parts::{State, Way, waiting};
use crate::domain::{CustomerId, Seq, Timestamp};
use crate::ops::{Track, WebhookProgress};
use std::mem;

impl Line {
    /// What has changed since the last time, to be kept; nothing where it is not worth it. `thorough` keeps a cursor that moved
    /// over what nobody wanted, too.
    pub(in crate::webhooks) fn progress(&mut self, thorough: bool) -> Option<WebhookProgress> {
        // What waits behind an attempt stands in ops.db, so that the cursor does not wait for it.
        let held: Vec<CustomerId> = self.held.iter().map(|(_, customer)| *customer).collect();
        held.into_iter().for_each(|customer| self.note(customer));
        let mut changes = mem::take(&mut self.changes);
        let told = !(changes.deliveries.is_empty()
            && changes.settled.is_empty()
            && changes.waiting.is_empty()
            && changes.ended.is_empty());
        let moved = |way: &Way| way.cursor() != way.saved || way.is_over();
        let worth_it = told || (thorough && self.ways.values().any(moved));
        if !worth_it {
            return None;
        }
        for (track, way) in self.ways.iter_mut().filter(|(_, way)| way.cursor() != way.saved) {
            way.saved = way.cursor();
            changes.tracks.push(Track { id: *track, cursor: way.saved, until: way.until });
        }
        changes.ended.extend(self.ways.iter().filter(|(_, way)| way.is_over()).map(|(track, _)| *track));
        self.ways.retain(|_, way| !way.is_over());
        changes.standing = self.standing;
        Some(changes)
    }

    /// Has everything kept that was read and is not settled: another start sends none of what was settled after it again.
    pub(in crate::webhooks) fn note_all(&mut self) {
        let all: Vec<CustomerId> = self.lanes.keys().copied().collect();
        all.into_iter().for_each(|customer| self.note(customer));
    }

    fn note(&mut self, customer: CustomerId) {
        let Some(lane) = self.lanes.get_mut(&customer).filter(|lane| lane.fresh > 0) else { return };
        let first = if let State::Held(due) = lane.state { due } else { Timestamp::from_micros(0) };
        for (place, item) in lane.items.iter_mut().enumerate().filter(|(_, item)| !item.kept) {
            (item.kept, item.stored) = (true, None);
            let due = if place == 0 { first } else { Timestamp::from_micros(0) };
            self.changes.waiting.push(waiting(customer, item, due));
            if let Some(way) = self.ways.get_mut(&item.track) {
                way.open.remove(&item.seq);
            }
        }
        self.fresh -= lane.fresh;
        self.kept += mem::take(&mut lane.fresh);
    }

    /// Takes back what could not be kept, to be tried again with what comes.
    pub(in crate::webhooks) fn not_kept(&mut self, changes: WebhookProgress) {
        let mut earlier = changes;
        earlier.waiting.append(&mut self.changes.waiting);
        earlier.settled.append(&mut self.changes.settled);
        earlier.deliveries.append(&mut self.changes.deliveries);
        earlier.tracks.clear();
        // The cursors are told again: no way remembers having been saved.
        self.ways.values_mut().for_each(|way| way.saved = Seq::new(-1));
        self.changes = earlier;
    }
}
