//! What has been committed and views.db does not know yet: how the writer finds it until the projector has passed it.

use crate::domain::cards::CardNumber;
use crate::domain::customers::Customer;
use crate::domain::points::Points;
use crate::domain::{CardId, CustomerId, Event, PartnerId, Seq, Timestamp};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// An email as views.db holds it, within its partner.
pub(super) type EmailKey = (PartnerId, [u8; 16]);
/// A card number within its partner.
pub(super) type NumberKey = (PartnerId, CardNumber);

/// Points that an event earned a card, or a refund took back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earned {
    pub(super) seq: Seq,
    pub(super) at: Timestamp,
    /// Signed.
    pub(super) points: Points,
}

impl Earned {
    fn by(event: &Event, seq: Seq, at: Timestamp) -> Option<(CardId, Self)> {
        if let Event::PointsAwarded(event) = event {
            Some((event.card, Self { seq, at: event.happened_at.unwrap_or(at), points: event.points }))
        } else if let Event::PointsRefunded(event) = event {
            Some((event.card, Self { seq, at: event.happened_at.unwrap_or(at), points: event.points }))
        } else {
            None
        }
    }
}

/// Look-ups by everything a command may be about.
#[derive(Debug, Default)]
pub(super) struct Index {
    keys: FxHashMap<i64, Seq>,
    /// Keys whose hash another key in `keys` has: all but always empty.
    twins: Vec<(i64, Seq)>,
    pub(super) customers: FxHashMap<CustomerId, Customer>,
    /// Who took an email, and the event that says so.
    pub(super) emails: FxHashMap<EmailKey, (CustomerId, Seq)>,
    pub(super) numbers: FxHashMap<NumberKey, CardId>,
    pub(super) cards: FxHashMap<CustomerId, CardId>,
    /// By an order's first event: the events that refunded it.
    pub(super) refunds: FxHashMap<Seq, Vec<Seq>>,
    /// Of the cards of those partners whose tiers count it.
    pub(super) earned: FxHashMap<CardId, Vec<Earned>>,
}

impl Index {
    /// Notes that an event claimed a key.
    pub(super) fn add_key(&mut self, hash: i64, seq: Seq) {
        match self.keys.entry(hash) {
            Entry::Occupied(_) => self.twins.push((hash, seq)),
            Entry::Vacant(place) => {
                place.insert(seq);
            }
        }
    }

    /// Notes what an event earned a card, if it did.
    pub(super) fn add_earned(&mut self, event: &Event, seq: Seq, at: Timestamp) {
        if let Some((card, earned)) = Earned::by(event, seq, at) {
            self.earned.entry(card).or_default().push(earned);
        }
    }

    /// The hashes of all keys.
    pub(super) fn key_hashes(&self) -> impl Iterator<Item = i64> + '_ {
        self.keys.keys().copied().chain(self.twins.iter().map(|(hash, _)| *hash))
    }

    /// The events that claimed keys with this hash.
    pub(super) fn events_with_key(&self, hash: i64) -> impl Iterator<Item = Seq> + '_ {
        let twins = self.twins.iter().filter(move |(twin, _)| *twin == hash).map(|(_, seq)| *seq);
        self.keys.get(&hash).copied().into_iter().chain(twins)
    }
}

/// The index of what is committed and not projected, forgotten in the order in which the projector passes it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) index: Index,
    order: VecDeque<(Seq, Item)>,
}

#[derive(Debug)]
enum Item {
    Key(i64),
    Customer(CustomerId),
    Email(EmailKey),
    Number(NumberKey),
    Card(CustomerId),
    Refunds(Seq),
    Earned(CardId),
}

impl Pending {
    /// Takes over what a commit made true, and leaves `batch` empty; all of it is forgotten once the projector has reached `head`.
    pub(super) fn absorb(&mut self, batch: &mut Index, head: Seq) {
        let Index { keys, twins, customers, emails, numbers, cards, refunds, earned } = batch;
        for (hash, seq) in keys.drain().chain(twins.drain(..)) {
            self.index.add_key(hash, seq);
            self.order.push_back((head, Item::Key(hash)));
        }
        for (id, customer) in customers.drain() {
            self.index.customers.insert(id, customer);
            self.order.push_back((head, Item::Customer(id)));
        }
        for (email, owner) in emails.drain() {
            self.index.emails.insert(email, owner);
            self.order.push_back((head, Item::Email(email)));
        }
        for (number, card) in numbers.drain() {
            self.order.push_back((head, Item::Number(number)));
            self.index.numbers.insert(number, card);
        }
        for (customer, card) in cards.drain() {
            self.index.cards.insert(customer, card);
            self.order.push_back((head, Item::Card(customer)));
        }
        for (order, events) in refunds.drain() {
            self.index.refunds.entry(order).or_default().extend(events);
            self.order.push_back((head, Item::Refunds(order)));
        }
        for (card, earned) in earned.drain() {
            self.index.earned.entry(card).or_default().extend(earned);
            self.order.push_back((head, Item::Earned(card)));
        }
    }

    /// Forgets what views.db knows.
    pub(super) fn forget(&mut self, watermark: Seq) {
        while let Some((head, item)) = self.order.pop_front() {
            if head > watermark {
                self.order.push_front((head, item));
                return;
            }
            self.forget_item(item, watermark);
        }
    }

    fn forget_item(&mut self, item: Item, watermark: Seq) {
        let index = &mut self.index;
        match item {
            Item::Key(hash) => {
                index.twins.retain(|(_, seq)| *seq > watermark);
                if index.keys.get(&hash).is_some_and(|seq| *seq <= watermark) {
                    index.keys.remove(&hash);
                }
            }
            // A later commit may have changed the customer again, and will have its own turn.
            Item::Customer(id) => {
                if index.customers.get(&id).is_some_and(|customer| customer.as_of <= watermark) {
                    index.customers.remove(&id);
                }
            }
            // Somebody else may have taken it since, and will have their own turn.
            Item::Email(email) => {
                if index.emails.get(&email).is_some_and(|(_, seq)| *seq <= watermark) {
                    index.emails.remove(&email);
                }
            }
            Item::Number(number) => drop(index.numbers.remove(&number)),
            Item::Card(customer) => drop(index.cards.remove(&customer)),
            Item::Refunds(order) => keep_new(&mut index.refunds, order, |seq| *seq > watermark),
            Item::Earned(card) => keep_new(&mut index.earned, card, |earned| earned.seq > watermark),
        }
    }
}

/// Keeps of a list what views.db does not know yet.
fn keep_new<K: Eq + Hash, T>(lists: &mut FxHashMap<K, Vec<T>>, key: K, is_new: impl Fn(&T) -> bool) {
    if let Entry::Occupied(mut list) = lists.entry(key) {
        list.get_mut().retain(is_new);
        if list.get().is_empty() {
            list.remove();
        }
    }
}
