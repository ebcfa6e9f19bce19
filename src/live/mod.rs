//! What has been committed and is in memory: published by the writer after each commit, read by everybody.
//!
//! A card is here at least until the projector has passed its last event; a reader that does not find it here
//! finds it, complete, in views.db. Holds no rules and does no I/O.

mod packed;
mod progress;

pub use progress::Progress;

use crate::domain::cards::Card;
use crate::domain::programme::Directory;
use crate::domain::{CardId, Seq, Timestamp};
use arc_swap::ArcSwap;
use packed::Packed;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

// Readers take a shard's lock for a look-up, the writer for an insert: enough shards that they rarely meet.
const SHARDS: usize = 64;

#[derive(Debug, Default)]
struct Shard {
    cards: FxHashMap<CardId, Packed>,
    /// The memory that they take, in bytes.
    cost: usize,
    /// Some card has been evicted, so that one who is not here may have changed since the start.
    evicted: bool,
}

/// The committed state that is in memory.
#[derive(Debug)]
pub struct Live {
    shards: Vec<RwLock<Shard>>,
    directory: ArcSwap<Directory>,
    progress: Progress,
    /// How many bytes of cards to keep; cards that the projector has not reached are kept beyond it.
    capacity: usize,
}

impl Live {
    /// Starts with the programme as it is, no cards, room for `capacity` bytes of them, and the projector level with the log,
    /// which ends at `head`.
    #[must_use]
    pub fn new(directory: Directory, head: Seq, recorded_at: Timestamp, capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            directory: ArcSwap::from_pointee(directory),
            progress: Progress::new(head, recorded_at),
            capacity,
        }
    }

    /// A card as of its last committed event, if it is in memory.
    #[must_use]
    pub fn card(&self, card: CardId) -> Option<Card> {
        self.shard(card).read().cards.get(&card).map(Packed::unpack)
    }

    /// The programme.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// How far log and projector are.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How many cards are in memory.
    #[must_use]
    pub fn cards_held(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().cards.len()).sum()
    }

    /// The memory that they take, in bytes.
    #[must_use]
    pub fn cards_cost(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().cost).sum()
    }

    /// Publishes what a commit changed. Only the writer calls this, after the commit.
    pub(crate) fn publish<'c>(
        &self,
        cards: impl IntoIterator<Item = &'c Card>,
        directory: Option<Directory>,
        head: Seq,
        at: Timestamp,
    ) {
        for card in cards {
            let packed = Packed::new(card);
            let mut shard = self.shard(card.id).write();
            if shard.cost + packed.cost() > self.capacity / SHARDS {
                self.evict(&mut shard);
            }
            shard.put(card.id, packed);
        }
        if let Some(directory) = directory {
            self.directory.store(Arc::new(directory));
        }
        self.progress.committed(head, at);
    }

    /// Takes in a card as views.db has had it at any moment since this process started, unless a newer one is known. False once there
    /// is no room for more.
    pub(crate) fn preload(&self, card: &Card) -> bool {
        let packed = Packed::new(card);
        let mut shard = self.shard(card.id).write();
        if shard.evicted || shard.cost + packed.cost() > self.capacity / SHARDS {
            return false;
        }
        // A card that is not here has not changed since the start, or it would be: nothing has been evicted.
        if !shard.cards.contains_key(&card.id) {
            shard.put(card.id, packed);
        }
        true
    }

    // A sixteenth of what may go, in the map's own arbitrary order: no bookkeeping on the hot path.
    fn evict(&self, shard: &mut Shard) {
        let watermark = self.progress.watermark();
        let mut wanted = shard.cards.len() / 16 + 1;
        let mut freed = 0;
        shard.cards.retain(|_, card| {
            let goes = wanted > 0 && card.as_of <= watermark;
            wanted -= usize::from(goes);
            freed += if goes { card.cost() } else { 0 };
            !goes
        });
        shard.cost -= freed;
        shard.evicted |= freed > 0;
    }

    fn shard(&self, card: CardId) -> &RwLock<Shard> {
        let index = usize::try_from(card.get().rem_euclid(64)).unwrap_or_default();
        &self.shards[index % SHARDS]
    }
}

impl Shard {
    fn put(&mut self, id: CardId, packed: Packed) {
        self.cost += packed.cost();
        match self.cards.entry(id) {
            Entry::Occupied(mut place) => self.cost -= place.insert(packed).cost(),
            Entry::Vacant(place) => drop(place.insert(packed)),
        }
    }
}
