//! One webhook's queue: what has been read of the log and not settled, in lanes. A lane holds the events about one customer, and
//! so those of a card; its first event is sent, and the next when that one is settled. Other lanes go on meanwhile.
//!
//! Bounded: in how much is read ahead, in how much is on its way, in how many lanes wait for another attempt, and in how much waits
//! behind one. Beyond that the webhook waits as a whole. Does no I/O; what has to be kept it hands over as a [`WebhookProgress`].

mod choosing;
mod keeping;
mod parts;
mod settling;
mod skipping;

use crate::domain::webhooks::Webhook;
use crate::domain::{CustomerId, Seq, Timestamp};
use crate::event_log::{Hash, Stored};
use crate::ops::{KeptWebhook, Standing, Track, Waiting, WebhookProgress};
use parts::{Item, Lane, State, Way};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// How many events are held in memory that do not stand in ops.db.
pub(super) const ITEMS_MAX: usize = 1_000;
/// How many events stand in ops.db before nothing more is read. In memory each is its place and its hash.
pub(super) const KEPT_MAX: usize = 100_000;
/// How many rows of the log are read at a time, wanted or not. All webhooks are read by one thread, and a long read, by a thread
/// that everybody goes before, would keep the log's WAL from being begun anew.
const PAGE_ROWS: i64 = 500;
/// How many are on their way at once.
pub(super) const SENDING_MAX: usize = 16;
/// How many while the receiver has not taken what was sent last: enough to see that it does again.
pub(super) const SENDING_IN_TROUBLE_MAX: usize = 1;
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
    /// The webhook was changed meanwhile: what was answered before is held against nobody.
    Changed,
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
    /// Events in lanes that do not stand in ops.db, and those that do.
    fresh: usize,
    kept: usize,
    sending: usize,
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
            fresh: 0,
            kept: 0,
            sending: 0,
            changes: WebhookProgress::default(),
            webhook,
        };
        kept.tracks.into_iter().for_each(|track| line.follow(track));
        for waiting in kept.waiting {
            match line.ways.get_mut(&waiting.track).filter(|way| way.read < waiting.seq) {
                Some(way) => drop(way.noted.insert(waiting.seq, waiting)),
                None => line.push_kept(waiting),
            }
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

    /// Another way through the log.
    pub(super) fn follow(&mut self, track: Track) {
        let Track { id, cursor, until } = track;
        let way = Way { read: cursor, until, open: BTreeSet::new(), noted: BTreeMap::new(), saved: cursor };
        self.ways.entry(id).or_insert(way);
    }

    /// Which way to read on, and from where to where; nothing where there is no room, or nothing new.
    pub(super) fn unread(&self, head: Seq) -> Option<(i64, (Seq, Seq))> {
        if self.fresh > ITEMS_MAX / 2 || self.kept >= KEPT_MAX || self.held.len() >= LANES_HELD_MAX {
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
        ITEMS_MAX.saturating_sub(self.fresh)
    }

    /// Takes what was read of a way, up to where it was read.
    pub(super) fn take(&mut self, track: i64, page: Vec<(CustomerId, Stored)>, reached: Seq) {
        let Some(way) = self.ways.get_mut(&track) else { return };
        way.read = reached;
        let mut noted = way.noted_until(reached);
        way.open.extend(page.iter().map(|(_, stored)| stored.seq).filter(|seq| !noted.contains_key(seq)));
        for (customer, stored) in page {
            match noted.remove(&stored.seq) {
                Some(waiting) => self.push_kept(waiting),
                None => {
                    let (seq, hash) = (stored.seq, stored.hash);
                    let item = Item { track, seq, hash, attempts: 0, kept: false, stored: Some(Box::new(stored)) };
                    self.push(customer, item, None);
                }
            }
        }
        // It is not wanted any more.
        self.changes.settled.extend(noted.into_keys().map(|seq| (track, seq)));
    }

    fn push_kept(&mut self, waiting: Waiting) {
        let Waiting { track, seq, event_hash: hash, customer, attempts, due_at } = waiting;
        let due = (attempts > 0).then_some(due_at);
        self.push(customer, Item { track, seq, hash, attempts, kept: true, stored: None }, due);
    }

    fn push(&mut self, customer: CustomerId, item: Item, due: Option<Timestamp>) {
        let fresh = usize::from(!item.kept);
        self.fresh += fresh;
        self.kept += 1 - fresh;
        if let Some(lane) = self.lanes.get_mut(&customer) {
            lane.fresh += fresh;
            lane.items.push_back(item);
            return;
        }
        let state = due.map_or(State::Ready, State::Held);
        match due {
            Some(due) => drop(self.held.insert((due, customer))),
            None => self.ready.push_back(customer),
        }
        self.lanes.insert(customer, Lane { items: VecDeque::from([item]), fresh, state });
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
        self.kept + self.ways.values().map(|way| way.noted.len()).sum::<usize>()
    }

    /// How many are on their way.
    pub(super) const fn sending(&self) -> usize {
        self.sending
    }

    /// How many outcomes wait to be kept.
    pub(super) fn unkept(&self) -> usize {
        self.changes.deliveries.len()
    }
}

#[cfg(test)]
mod tests;
