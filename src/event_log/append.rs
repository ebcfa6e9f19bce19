//! Appending events: numbering them, chaining them, inserting them. The caller owns the transaction.

use super::{Claim, Hash, Row, ZERO_HASH};
use crate::domain::{Event, PartnerId, Seq, Timestamp};
use rusqlite::{CachedStatement, Connection};
use std::fmt;

/// The end of the log: what the next event continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appender {
    pub seq: Seq,
    pub hash: Hash,
    pub recorded_at: Timestamp,
    scratch: Vec<u8>,
}

/// An event on its way into the log.
#[derive(Debug)]
pub struct Entry<'a> {
    pub command_seq: Seq,
    pub partner: PartnerId,
    /// The version that the event brings its stream to.
    pub version: i64,
    pub actor: &'a str,
    /// On the first event of a command that claims a key.
    pub claim: Option<&'a Claim>,
    pub event: &'a Event,
}

const INSERT: &str = "INSERT INTO events (seq, command_seq, recorded_at, partner_id, stream, version, kind, schema, actor, \
     idempotency_key, fingerprint, payload, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// The statement that inserts an event, prepared.
pub struct EventInsert<'c>(CachedStatement<'c>);

impl fmt::Debug for EventInsert<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventInsert").finish_non_exhaustive()
    }
}

impl<'c> EventInsert<'c> {
    /// Prepares it on the one connection that writes the log.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached(INSERT).map(Self)
    }

    /// Inserts a row with its hash.
    pub(super) fn insert(&mut self, row: &Row<'_>, hash: &Hash) -> rusqlite::Result<()> {
        self.0.execute((
            row.seq,
            row.command_seq,
            row.recorded_at,
            row.partner_id,
            row.stream,
            row.version,
            row.kind,
            row.schema,
            row.actor,
            row.idempotency_key,
            row.fingerprint,
            row.payload,
            hash.as_slice(),
        ))?;
        Ok(())
    }
}

impl Appender {
    /// Continues a log whose last event has this number, hash and time.
    #[must_use]
    pub fn new(seq: Seq, hash: Hash, recorded_at: Timestamp) -> Self {
        Self { seq, hash, recorded_at, scratch: Vec::with_capacity(1024) }
    }

    /// Begins an empty log.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Seq::ZERO, ZERO_HASH, Timestamp::from_micros(0))
    }

    /// The time at which a command is recorded: now, but never before the event before.
    #[must_use]
    pub fn time(&self, now: Timestamp) -> Timestamp {
        now.max(self.recorded_at)
    }

    /// Inserts an event after the last one.
    ///
    /// # Errors
    /// When the database refuses; the caller then rolls back and drops this appender for an earlier copy.
    pub fn append(&mut self, insert: &mut EventInsert<'_>, entry: &Entry<'_>, at: Timestamp) -> rusqlite::Result<Seq> {
        let seq = self.seq.next();
        let stream = entry.event.stream().to_string();
        let payload = entry.event.payload();
        let fingerprint = entry.claim.map(|claim| claim.fingerprint.as_bytes().as_slice());
        let row = Row {
            seq: seq.get(),
            command_seq: entry.command_seq.get(),
            recorded_at: at.micros(),
            partner_id: entry.partner.get(),
            stream: &stream,
            version: entry.version,
            kind: entry.event.kind(),
            schema: entry.event.schema(),
            actor: entry.actor,
            idempotency_key: entry.claim.map(|claim| claim.key.as_str()),
            fingerprint,
            payload: &payload,
        };
        let hash = row.hash(&self.hash, &mut self.scratch);
        insert.insert(&row, &hash)?;
        (self.seq, self.hash, self.recorded_at) = (seq, hash, at);
        Ok(seq)
    }
}
