//! What has been committed and is in memory: published by the writer after each commit, read by everybody.
//!
//! A card is here at least until the projector has passed its last event; a reader that does not find it here
//! finds it, complete, in views.db. Holds no rules and does no I/O.

mod progress;

pub use progress::Progress;

use crate::domain::cards::Card;
use crate::domain::programme::Directory;
use crate::domain::{CardId, Seq, Timestamp};
use arc_swap::ArcSwap;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use std::sync::Arc;

// Readers take a shard's lock for a look-up, the writer for an insert: enough shards that they rarely meet.
const SHARDS: usize = 64;

type Shard = RwLock<FxHashMap<CardId, Arc<Card>>>;

/// The committed state that is in memory.
#[derive(Debug)]
pub struct Live {
    shards: Vec<Shard>,
    directory: ArcSwap<Directory>,
    progress: Progress,
    /// How many cards to keep; cards that the projector has not reached are kept beyond it.
    capacity: usize,
}

impl Live {
    /// Starts with the programme as it is, no cards, and the projector level with the log, which ends at `head`.
    #[must_use]
    pub fn new(directory: Directory, head: Seq, recorded_at: Timestamp, capacity: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            directory: ArcSwap::from_pointee(directory),
            progress: Progress::new(head, recorded_at),
            capacity,
        }
    }

    /// A card as of its last committed event, if it is in memory.
    #[must_use]
    pub fn card(&self, card: CardId) -> Option<Arc<Card>> {
        self.shard(card).read().get(&card).cloned()
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
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }

    /// Publishes what a commit changed. Only the writer calls this, after the commit.
    pub(crate) fn publish(
        &self,
        cards: impl IntoIterator<Item = Arc<Card>>,
        directory: Option<Directory>,
        head: Seq,
        at: Timestamp,
    ) {
        for card in cards {
            let shard = self.shard(card.id);
            let mut shard = shard.write();
            if shard.len() >= self.capacity / SHARDS && !shard.contains_key(&card.id) {
                self.evict(&mut shard);
            }
            shard.insert(card.id, card);
        }
        if let Some(directory) = directory {
            self.directory.store(Arc::new(directory));
        }
        self.progress.committed(head, at);
    }

    // A sixteenth of what may go, in the map's own arbitrary order: no bookkeeping on the hot path.
    fn evict(&self, shard: &mut FxHashMap<CardId, Arc<Card>>) {
        let watermark = self.progress.watermark();
        let mut wanted = shard.len() / 16 + 1;
        shard.retain(|_, card| {
            let goes = wanted > 0 && card.as_of <= watermark;
            wanted -= usize::from(goes);
            !goes
        });
    }

    fn shard(&self, card: CardId) -> &Shard {
        let index = usize::try_from(card.get().rem_euclid(64)).unwrap_or_default();
        &self.shards[index % SHARDS]
    }
}
