//! One webhook's queue: what has been read of the log and not settled, in lanes. A lane holds the events about one customer, and
//! so those of a card; its first event is sent, and the next when that one is settled. Other lanes go on meanwhile.
//!
//! Bounded: in how much is read ahead, in how much is on its way, and in how many lanes wait for another attempt. Beyond that the
//! webhook waits as a whole. Does no I/O; what has to be kept it hands over as a [`WebhookProgress`].

mod choosing;
mod keeping;
mod parts;
mod skipping;

use crate::domain::webhooks::{Disabled, Webhook};
use crate::domain::{CustomerId, Seq, Timestamp};
use crate::event_log::{Hash, Stored};
use crate::ops::{Delivery, DeliveryStatus, KeptWebhook, Standing, Track, Waiting, WebhookProgress};
use parts::{Item, Lane, State, Way, plus, waiting};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// How many events are held in memory.
pub(super) const ITEMS_MAX: usize = 1_000;
/// How many rows of the log are read at a time, wanted or not. All webhooks are read by one thread, and a long read, by a thread
/// that everybody goes before, would keep the log's WAL from being begun anew.
const PAGE_ROWS: i64 = 500;
/// How many are on their way at once.
pub(super) const SENDING_MAX: usize = 16;
/// How many customers may wait for another attempt before the webhook waits as a whole.
pub(super) const LANES_HELD_MAX: usize = 100;
/// After how many events in a row that were given up the webhook is stopped.
pub(super) const ABANDONED_MAX: i64 = 50;

/// An event that is to be sent now.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) customer: CustomerId,
    pub(super) seq: Seq,
    pub(super) hash: Hash,
    /// Which attempt this is, from 1.
    pub(super) attempt: u32,
    /// Absent where it has to be read again.
    pub(super) stored: Option<Box<Stored>>,
}

/// What came of sending it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The receiver has it, or it is not wanted any more.
    Settled,
    /// Not now; `after` is the pause before the next attempt, none where there is no next.
    Failed {
        after: Option<Duration>,
        leave_alone: Option<Duration>,
    },
    Gone,
}

/// A webhook's queue.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) webhook: Webhook,
    standing: Standing,
    ways: BTreeMap<i64, Way>,
    lanes: HashMap<CustomerId, Lane>,
    ready: VecDeque<CustomerId>,
    held: BTreeSet<(Timestamp, CustomerId)>,
    items: usize,
    sending: usize,
    quiet_until: Option<Timestamp>,
    changes: WebhookProgress,
}

impl Line {
    /// Goes on where it was left. After a change of the webhook everything that waits is tried anew.
    pub(super) fn load(webhook: Webhook, kept: KeptWebhook) -> Self {
        let mut line = Self {
            standing: kept.standing,
            ways: BTreeMap::new(),
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            held: BTreeSet::new(),
            items: 0,
            sending: 0,
            quiet_until: None,
            changes: WebhookProgress::default(),
            webhook,
        };
        kept.tracks.into_iter().for_each(|track| line.follow(track));
        for Waiting { track, seq, event_hash: hash, customer, attempts, due_at } in kept.waiting {
            let due = (attempts > 0).then_some(due_at);
            line.push(customer, Item { track, seq, hash, attempts, kept: true, stored: None }, due);
        }
        line.skip();
        line.changed();
        line
    }

    /// Takes over the webhook as it is now.
    pub(super) fn update(&mut self, webhook: Webhook) {
        self.webhook = webhook;
        self.skip();
        self.changed();
    }

    // A change is a reason to try everything again at once.
    fn changed(&mut self) {
        // One that does not send keeps its numbers, so that people can see why.
        if self.standing.version == self.webhook.version || !self.webhook.is_live() {
            return;
        }
        self.standing = Standing { version: self.webhook.version, failures: 0, abandoned: 0, ..self.standing };
        self.quiet_until = None;
        for (_, customer) in std::mem::take(&mut self.held) {
            let Some(lane) = self.lanes.get_mut(&customer) else { continue };
            lane.state = State::Ready;
            self.ready.push_back(customer);
            let Some(first) = lane.items.front_mut() else { continue };
            first.attempts = 0;
            if first.kept {
                self.changes.waiting.push(waiting(customer, first, Timestamp::from_micros(0)));
            }
        }
    }

    /// Another way through the log.
    pub(super) fn follow(&mut self, track: Track) {
        let Track { id, cursor, until } = track;
        let way = Way { read: cursor, until, open: BTreeSet::new(), saved: cursor };
        self.ways.entry(id).or_insert(way);
    }

    /// Which way to read on, and from where to where; nothing where there is no room, or nothing new.
    pub(super) fn unread(&self, head: Seq) -> Option<(i64, (Seq, Seq))> {
        if self.items > ITEMS_MAX / 2 || self.held.len() >= LANES_HELD_MAX {
            return None;
        }
        let end = |way: &Way| way.until.map_or(head, |until| until.min(head));
        // The one of which least is under way: neither what is sent again nor what is new waits for all of the other.
        let unread = self.ways.iter().filter(|(_, way)| way.read < end(way)).min_by_key(|(_, way)| way.open.len());
        let page = |way: &Way| (way.read, end(way).min(Seq::new(way.read.get() + PAGE_ROWS)));
        unread.map(|(track, way)| (*track, page(way)))
    }

    /// How many events may be read.
    pub(super) const fn room(&self) -> usize {
        ITEMS_MAX.saturating_sub(self.items)
    }

    /// Takes what was read of a way, up to where it was read.
    pub(super) fn take(&mut self, track: i64, page: Vec<(CustomerId, Stored)>, reached: Seq) {
        let Some(way) = self.ways.get_mut(&track) else { return };
        way.read = reached;
        way.open.extend(page.iter().map(|(_, stored)| stored.seq));
        for (customer, stored) in page {
            let (seq, hash) = (stored.seq, stored.hash);
            let item = Item { track, seq, hash, attempts: 0, kept: false, stored: Some(Box::new(stored)) };
            self.push(customer, item, None);
        }
    }

    fn push(&mut self, customer: CustomerId, item: Item, due: Option<Timestamp>) {
        self.items += 1;
        if let Some(lane) = self.lanes.get_mut(&customer) {
            lane.items.push_back(item);
            return;
        }
        let state = due.map_or(State::Ready, State::Held);
        match due {
            Some(due) => drop(self.held.insert((due, customer))),
            None => self.ready.push_back(customer),
        }
        self.lanes.insert(customer, Lane { items: VecDeque::from([item]), state });
    }

    /// How many events of the log it is behind: what waits for another attempt is counted by itself.
    pub(super) fn lag(&self, head: Seq) -> i64 {
        let main = self.ways.values().find(|way| way.until.is_none());
        main.map_or(0, |way| (head.get() - way.cursor().get()).max(0))
    }

    /// How many customers wait for another attempt.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// How many events wait for another attempt, or behind one.
    pub(super) fn pending(&self) -> usize {
        self.lanes.values().flat_map(|lane| &lane.items).filter(|item| item.kept).count()
    }

    /// How many are on their way.
    pub(super) const fn sending(&self) -> usize {
        self.sending
    }

    /// Notes what came of sending the first event of a lane. `delivery` is filled in with what becomes of it; none where nothing
    /// was sent. Answers why the webhook is to be stopped, where it is.
    pub(super) fn done(
        &mut self,
        customer: CustomerId,
        outcome: &Outcome,
        delivery: Option<Delivery>,
        now: Timestamp,
    ) -> Option<Disabled> {
        self.sending -= 1;
        let mut stop = None;
        let (status, next_at) = match outcome {
            Outcome::Settled => {
                if delivery.is_some() {
                    let last_delivery_at = Some(now);
                    self.standing = Standing { failures: 0, abandoned: 0, last_delivery_at, ..self.standing };
                }
                self.settle(customer);
                (DeliveryStatus::Delivered, None)
            }
            Outcome::Failed { leave_alone, .. } if self.is_skipped(customer) => {
                self.quiet(leave_alone, now);
                self.standing.failures += 1;
                self.settle(customer);
                (DeliveryStatus::Abandoned, None)
            }
            Outcome::Failed { after: Some(after), leave_alone } => {
                self.standing.failures += 1;
                self.quiet(leave_alone, now);
                let due = plus(now, leave_alone.map_or(*after, |wait| wait.max(*after)));
                self.hold(customer, due);
                (DeliveryStatus::Failed, Some(due))
            }
            Outcome::Failed { after: None, leave_alone } => {
                self.quiet(leave_alone, now);
                self.standing.failures += 1;
                self.standing.abandoned += 1;
                stop = (self.standing.abandoned >= ABANDONED_MAX).then_some(Disabled::Failing);
                self.settle(customer);
                (DeliveryStatus::Abandoned, None)
            }
            Outcome::Gone => {
                self.standing.failures += 1;
                self.hold(customer, now);
                stop = Some(Disabled::Gone);
                (DeliveryStatus::Failed, None)
            }
        };
        self.changes.deliveries.extend(delivery.map(|delivery| Delivery { status, next_at, ..delivery }));
        stop
    }

    fn quiet(&mut self, leave_alone: &Option<Duration>, now: Timestamp) {
        self.quiet_until = self.quiet_until.max(leave_alone.map(|wait| plus(now, wait)));
    }

    fn settle(&mut self, customer: CustomerId) {
        let Some(lane) = self.lanes.get_mut(&customer) else { return };
        if let Some(item) = lane.items.pop_front() {
            self.items -= 1;
            if item.kept {
                self.changes.settled.push((item.track, item.seq));
            } else if let Some(way) = self.ways.get_mut(&item.track) {
                way.open.remove(&item.seq);
            }
        }
        if lane.items.is_empty() {
            self.lanes.remove(&customer);
        } else {
            lane.state = State::Ready;
            self.ready.push_back(customer);
        }
    }

    fn hold(&mut self, customer: CustomerId, due: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&customer) else { return };
        lane.state = State::Held(due);
        self.held.insert((due, customer));
        let Some(first) = lane.items.front_mut() else { return };
        first.attempts += 1;
        if first.kept {
            self.changes.waiting.push(waiting(customer, first, due));
        }
    }

    /// How many outcomes wait to be kept.
    pub(super) fn unkept(&self) -> usize {
        self.changes.deliveries.len()
    }
}

#[cfg(test)]
mod tests;
