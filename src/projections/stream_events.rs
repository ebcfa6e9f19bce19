//! Which events changed what, other than by moving points: the table `stream_events`. With the movements of a card it finds
//! everything that ever happened to a thing, so that its state as of any event can be folded from the log.

use crate::domain::{Movement, Seq, Stream};
use crate::event_log::Stored;
use rusqlite::Connection;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StreamEventRow {
    stream: &'static str,
    id: i64,
    seq: Seq,
}

impl StreamEventRow {
    /// The row that an event adds; none for a movement, for a seal, and for the keys that sign checkpoints: these have tables
    /// of their own. Nor for a webhook, which nobody is told of as of the past.
    pub(super) fn of(stored: &Stored) -> Option<Self> {
        let stream = stored.event.stream();
        let listed = match stream {
            Stream::Card(_) => Movement::of(&stored.event).is_none(),
            Stream::Partner(_) | Stream::Shop(_) | Stream::Template(_) | Stream::Key(_) | Stream::Customer(_) => true,
            Stream::CheckpointKey(_) | Stream::Webhook(_) | Stream::Seal(_) => false,
        };
        let (stream, id) = stream.parts();
        listed.then_some(Self { stream, id, seq: stored.seq })
    }

    /// Adds the row.
    pub(super) fn insert(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement =
            connection.prepare_cached("INSERT INTO stream_events (stream, id, seq) VALUES (?1, ?2, ?3)")?;
        statement.execute((self.stream, self.id, self.seq.get())).map(|_| ())
    }
}
