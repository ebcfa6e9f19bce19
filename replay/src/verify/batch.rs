//! Rows on their way from the reader to the workers: one text for all of them, so that a batch costs two allocations and not ten per row.

use crate::fold::MovementRow;
use crate::instant::Instant;
use crate::ledger::{Event, Hash};
use std::ops::Range;

/// Some consecutive rows of the log; a command is never cut.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: String,
    prints: Vec<u8>,
    rows: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    numbers: [i64; 6],
    /// Ends of stream, kind, actor, key and payload in the text, from `start`.
    start: usize,
    ends: [usize; 5],
    has_key: bool,
    print: Option<Range<usize>>,
    hash: Hash,
    previous: Option<Hash>,
    command_key: Option<Range<usize>>,
    projected: Option<Projected>,
    time: Instant,
}

/// A row of `movements`, its texts in the batch's text.
#[derive(Debug)]
struct Projected {
    numbers: [i64; 8],
    optional: [Option<i64>; 5],
    kind: Range<usize>,
    order_id: Option<Range<usize>>,
    reference: Option<Range<usize>>,
    actor: Range<usize>,
}

impl Batch {
    /// Room for about so many rows.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            bytes: String::with_capacity(rows * 400),
            prints: Vec::with_capacity(rows * 32),
            rows: Vec::with_capacity(rows),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the batch holds so much that it should go on its way.
    pub(super) const fn is_full(&self) -> bool {
        self.rows.len() >= 4096 || self.bytes.len() > 4_000_000
    }

    /// Adds a row with the hash before it, if that is known, the row that a projection holds for it, and its time, or the latest
    /// before it where that is later.
    pub(super) fn push(
        &mut self,
        event: &Event<'_>,
        previous: Option<Hash>,
        projected: Option<&MovementRow<'_>>,
        time: Instant,
    ) {
        let start = self.bytes.len();
        let texts = [event.stream, event.kind, event.actor, event.idempotency_key.unwrap_or(""), event.payload];
        let ends = texts.map(|text| {
            self.bytes.push_str(text);
            self.bytes.len()
        });
        let command_key = self.key_of_command(event, ends[2]..ends[3]);
        let print = event.fingerprint.map(|bytes| {
            self.prints.extend_from_slice(bytes);
            self.prints.len() - bytes.len()..self.prints.len()
        });
        let projected = projected.map(|row| self.keep(row));
        self.rows.push(Slot {
            numbers: [event.seq, event.command_seq, event.recorded_at, event.partner_id, event.version, event.schema],
            start,
            ends,
            has_key: event.idempotency_key.is_some(),
            print,
            hash: event.hash,
            previous,
            command_key,
            projected,
            time,
        });
    }

    /// The key that the row's command claimed: its own, or that of the command's first row.
    fn key_of_command(&self, event: &Event<'_>, own: Range<usize>) -> Option<Range<usize>> {
        if event.idempotency_key.is_some() {
            return Some(own);
        }
        let before = self.rows.last().filter(|row| row.numbers[1] == event.command_seq)?;
        before.command_key.clone()
    }

    fn keep(&mut self, row: &MovementRow<'_>) -> Projected {
        let bytes = &mut self.bytes;
        let mut text = |text: &str| {
            bytes.push_str(text);
            bytes.len() - text.len()..bytes.len()
        };
        Projected {
            numbers: [
                row.seq,
                row.card,
                row.points,
                row.balance_before,
                row.balance_after,
                row.at,
                row.partner,
                row.transaction,
            ],
            optional: [row.shop, row.expires_at, row.record, row.amount, row.happened_at],
            kind: text(row.kind),
            order_id: row.order_id.map(&mut text),
            reference: row.reference.map(&mut text),
            actor: text(row.actor),
        }
    }

    /// A row of the log.
    pub(super) fn event(&self, at: usize) -> Event<'_> {
        let row = &self.rows[at];
        let [seq, command_seq, recorded_at, partner_id, version, schema] = row.numbers;
        let [stream, kind, actor, key, payload] = row.ends;
        Event {
            seq,
            command_seq,
            recorded_at,
            partner_id,
            stream: &self.bytes[row.start..stream],
            version,
            kind: &self.bytes[stream..kind],
            schema,
            actor: &self.bytes[kind..actor],
            idempotency_key: row.has_key.then(|| &self.bytes[actor..key]),
            fingerprint: row.print.clone().map(|range| &self.prints[range]),
            payload: &self.bytes[key..payload],
            hash: row.hash,
        }
    }

    /// The row's time, or the latest before it where that is later.
    pub(super) fn time(&self, at: usize) -> Instant {
        self.rows[at].time
    }

    /// The stored hash of the row before; none where that row is missing.
    pub(super) fn previous(&self, at: usize) -> Option<&Hash> {
        self.rows[at].previous.as_ref()
    }

    /// The key that the row's command claimed.
    pub(super) fn command_key(&self, at: usize) -> Option<&str> {
        self.rows[at].command_key.clone().map(|range| &self.bytes[range])
    }

    /// What the projection holds for the row.
    pub(super) fn projected(&self, at: usize) -> Option<MovementRow<'_>> {
        let row = self.rows[at].projected.as_ref()?;
        let [seq, card, points, balance_before, balance_after, at, partner, transaction] = row.numbers;
        let [shop, expires_at, record, amount, happened_at] = row.optional;
        Some(MovementRow {
            seq,
            card,
            kind: &self.bytes[row.kind.clone()],
            points,
            balance_before,
            balance_after,
            shop,
            order_id: row.order_id.clone().map(|range| &self.bytes[range]),
            reference: row.reference.clone().map(|range| &self.bytes[range]),
            expires_at,
            actor: &self.bytes[row.actor.clone()],
            record,
            at,
            partner,
            transaction,
            amount,
            happened_at,
        })
    }
}
