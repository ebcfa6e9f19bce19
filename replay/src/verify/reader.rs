//! The thread that reads: rows of the log in order, each with the row of `movements` that a projection holds for it.

use super::VerifyError;
use super::batch::Batch;
use super::order::Order;
use super::views::{Movements, Views, unreadable};
use crate::findings::{Check, Findings};
use crate::instant::Instant;
use crate::ledger::{COLUMNS, Event, Hash, Malformed};
use crate::progress::Progress;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// Rows in a batch, about: small enough to stay in the cache of a core, large enough that a channel costs nothing.
const ROWS: usize = 1024;

/// What the reader saw.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) findings: Findings,
    pub(super) events: u64,
    pub(super) head_seq: i64,
    pub(super) head_hash: Option<Hash>,
}

/// Reads the log once.
pub(super) struct Reader<'a> {
    ledger: &'a Connection,
    views: Option<&'a Views>,
    progress: &'a Progress,
    findings: Findings,
    order: Order,
    events: u64,
    latest: Instant,
}

impl<'a> Reader<'a> {
    pub(super) fn new(ledger: &'a Connection, views: Option<&'a Views>, progress: &'a Progress) -> Self {
        Self {
            ledger,
            views,
            progress,
            findings: Findings::default(),
            order: Order::new(),
            events: 0,
            latest: Instant::from_micros(i64::MIN),
        }
    }

    /// Sends every row to every queue.
    pub(super) fn run(mut self, queues: &[SyncSender<Arc<Batch>>]) -> Result<Read, VerifyError> {
        let mut statement = self.ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
        let mut rows = statement.query([])?;
        let mut projected = self.views.and_then(|views| damage_is_found(views.statement(), &mut self.findings));
        let watermark = self.views.map_or(0, |views| views.watermark);
        let mut movements = match &mut projected {
            Some(statement) => {
                let movements = Movements::new(statement, watermark, &mut self.findings);
                damage_is_found(movements, &mut self.findings)
            }
            None => None,
        };
        let mut batch = Batch::with_capacity(ROWS);
        while let Some(row) = rows.next()? {
            self.events += 1;
            let event = match Event::read(row) {
                Ok(event) => event,
                Err(Malformed::Sqlite(error)) => return Err(error.into()),
                Err(Malformed::Column { seq, column }) => {
                    self.order.skip(seq, &mut self.findings);
                    self.findings.event(
                        Check::Payloads,
                        seq,
                        format!("column {column} does not hold what the format says"),
                    );
                    continue;
                }
            };
            // A command stays in one batch, so that a worker sees all of it at once.
            let begins = event.command_seq == event.seq;
            if batch.len() >= ROWS && (begins || batch.is_full()) {
                self.send(std::mem::replace(&mut batch, Batch::with_capacity(ROWS)), queues)?;
            }
            let previous = self.order.check(&event, &mut self.findings);
            let row = match &mut movements {
                Some(movements) if crate::payload::moves(event.kind) => movements.at(event.seq, &mut self.findings),
                Some(_) | None => None,
            };
            self.latest = self.latest.max(Instant::from_micros(event.recorded_at));
            batch.push(&event, previous, row.as_ref(), self.latest);
        }
        self.send(batch, queues)?;
        if let Some(mut movements) = movements {
            movements.finish(&mut self.findings);
        }
        let (head_seq, head_hash) = (self.order.last_seq(), self.order.last_hash());
        Ok(Read { findings: self.findings, events: self.events, head_seq, head_hash })
    }

    fn send(&self, batch: Batch, queues: &[SyncSender<Arc<Batch>>]) -> Result<(), VerifyError> {
        self.progress.at(self.order.last_seq());
        let batch = Arc::new(batch);
        for queue in queues {
            queue.send(Arc::clone(&batch)).map_err(|_| VerifyError::Died)?;
        }
        Ok(())
    }
}

/// What a damaged views.db does not give is told.
fn damage_is_found<T>(result: rusqlite::Result<T>, findings: &mut Findings) -> Option<T> {
    result.map_err(|error| unreadable("movements", &error, findings)).ok()
}
