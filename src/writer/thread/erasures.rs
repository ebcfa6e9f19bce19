//! Erasing: level with the projector, in a commit of its own, and then out of the WAL.

use super::{Committed, Message, Refusal, Thread, deliver, refuse};
use crate::storage::BUSY;
use crate::writer::Command;
use rusqlite::Connection;
use std::time::{Duration, Instant};

/// How long an erasure waits for the projector.
const ERASE_PATIENCE: Duration = Duration::from_secs(30);
/// How long what came to its time waits for it: the job tries again.
const FORGET_PATIENCE: Duration = Duration::from_secs(1);
/// How long an erasure tries to empty the WAL against readers before leaving it to the next commit.
const TRUNCATE_PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before each further try.
pub(super) const TRUNCATE_AGAIN: Duration = Duration::from_secs(1);

impl Thread {
    /// Erases people or records: level with the projector, so that every record about them is known, and in a commit of its own.
    pub(super) fn erase(&mut self, message: Message) {
        // A person who asks to be erased is worth a wait; what came to its time is not.
        let asked = asks_for_erasure(&message);
        let behind = if asked { ERASE_PATIENCE } else { FORGET_PATIENCE };
        if !self.live.progress().caught_up_blocking(behind) {
            refuse(message, &Refusal::Busy);
            return;
        }
        let Committed { waiting, written, erased } = self.commit(vec![message]);
        // Asked for, also where there was nothing to erase: the time before, the process may have died at this point.
        if written && asked {
            self.truncate_due = !self.truncate_wal(TRUNCATE_PATIENCE);
        } else if written && erased {
            self.truncate_once();
        }
        // Only now: who is told that a person is erased may look at the files.
        waiting.into_iter().for_each(|waiting| deliver(waiting, written));
    }

    /// Empties the WAL, which until then may hold pages with what was erased. Tries for a while.
    fn truncate_wal(&mut self, patience: Duration) -> bool {
        let start = Instant::now();
        loop {
            self.last_truncation = Instant::now();
            match try_truncate(&self.book.ledger) {
                Ok(true) => return true,
                Ok(false) if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(20)),
                Ok(false) => {
                    tracing::warn!("a reader holds the WAL: what was erased leaves it when the reader has ended");
                    return false;
                }
                Err(source) => {
                    tracing::warn!(%source, "the WAL could not be emptied after an erasure");
                    return false;
                }
            }
        }
    }

    /// Empties the WAL if nobody is in the way right now: tills wait behind what was corrected or came to its time. Where a reader was
    /// in the way already, only the next try in its turn looks again.
    pub(super) fn truncate_once(&mut self) {
        if !self.truncate_due {
            self.last_truncation = Instant::now();
            self.truncate_due = !try_truncate(&self.book.ledger).unwrap_or(false);
        }
    }

    /// One try, now and then, where an erasure could not empty the WAL.
    pub(super) fn truncate_late(&mut self) {
        if self.truncate_due && self.last_truncation.elapsed() > TRUNCATE_AGAIN {
            self.last_truncation = Instant::now();
            self.truncate_due = !try_truncate(&self.book.ledger).unwrap_or(false);
        }
    }
}

/// One checkpoint that empties the WAL, unless a reader is in the way.
pub(super) fn try_truncate(ledger: &Connection) -> rusqlite::Result<bool> {
    // SQLite would wait for readers as long as for locks; the batch behind this must not.
    ledger.busy_timeout(Duration::ZERO)?;
    let busy = ledger.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    ledger.busy_timeout(BUSY)?;
    busy.map(|busy| busy == 0)
}

/// Whether a message has to know every record about a person: a bulk does where all of it is the retention job's.
pub(super) fn is_erasure(message: &Message) -> bool {
    match message {
        Message::One { request, .. } => matches!(request.command, Command::Erase(_) | Command::Forget(_)),
        Message::Many { requests, .. } => {
            !requests.is_empty() && requests.iter().all(|request| matches!(request.command, Command::Forget(_)))
        }
        Message::Stop => false,
    }
}

fn asks_for_erasure(message: &Message) -> bool {
    match message {
        Message::One { request, .. } => matches!(request.command, Command::Erase(_)),
        Message::Many { .. } | Message::Stop => false,
    }
}
