//! Erasing: level with the projector, in a commit of its own, and then out of the WAL.

use super::{Committed, Message, Refusal, Thread, Waiting, deliver, refuse};
use crate::storage::BUSY;
use crate::writer::Command;
use rusqlite::Connection;
use std::time::{Duration, Instant};

/// How long an erasure waits for the projector.
const ERASE_PATIENCE: Duration = Duration::from_secs(30);
/// How long what came to its time waits for it: the job tries again.
const FORGET_PATIENCE: Duration = Duration::from_secs(1);
/// How long who asked for an erasure waits for the WAL to be emptied against readers. Then it is emptied when they have ended.
const EMPTY_PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before each further try where somebody waits for it.
const AGAIN_SOON: Duration = Duration::from_millis(250);
/// How long where nobody does.
const AGAIN_LATER: Duration = Duration::from_secs(1);
/// How long such a try waits for readers. As long as it does, nobody writes, so that those who come find nothing in the WAL that they
/// would hold: between short reads it comes to its end, which a try that waits for nobody might never do.
const FOR_READERS: Duration = Duration::from_millis(20);

/// The WAL, which holds pages with what was erased until it is emptied. A backup or a replica may be in the way of that for a while:
/// tills do not wait for it, who asked for the erasure does.
pub(super) struct Emptying {
    due: bool,
    tried: Instant,
    /// Whom to tell that somebody is erased.
    untold: Vec<Waiting>,
    /// When they are told at the latest.
    until: Instant,
}

impl Emptying {
    pub(super) fn new(due: bool) -> Self {
        let now = Instant::now();
        Self { due, tried: now, untold: Vec::new(), until: now }
    }

    /// How long to rest at most before the next try; none where there is none to make.
    pub(super) fn rest(&self) -> Option<Duration> {
        let rest = if self.untold.is_empty() { AGAIN_LATER } else { AGAIN_SOON };
        self.due.then_some(rest)
    }

    /// One try, which waits for readers that long, and whoever waited for it is told.
    fn try_now(&mut self, ledger: &Connection, patience: Duration) {
        self.tried = Instant::now();
        match try_truncate(ledger, patience) {
            Ok(true) => {
                self.due = false;
                self.tell();
            }
            Ok(false) => {
                self.due = true;
                if self.tried >= self.until {
                    self.give_up();
                }
            }
            Err(source) => {
                // Once: the tries go on for as long as the disk fails.
                if !self.due || !self.untold.is_empty() {
                    tracing::warn!(%source, "the WAL could not be emptied after an erasure");
                }
                self.due = true;
                self.tell();
            }
        }
    }

    /// Tells those who wait before the WAL is emptied.
    fn give_up(&mut self) {
        if !self.untold.is_empty() {
            tracing::warn!("a reader holds the WAL: what was erased leaves it when the reader has ended");
            self.tell();
        }
    }

    /// Tells those who wait. What they asked for is in the log, wherever the WAL is.
    pub(super) fn tell(&mut self) {
        self.untold.drain(..).for_each(|waiting| deliver(waiting, true));
    }
}

/// Whatever becomes of the writer: what they asked for was done.
impl Drop for Emptying {
    fn drop(&mut self) {
        self.tell();
    }
}

impl Thread {
    /// Erases people or records: level with the projector, so that every record about them is known, and in a commit of its own.
    pub(super) fn erase(&mut self, message: Message) {
        // A person who asks to be erased is worth a wait; what came to its time is not.
        let asked = asks_for_erasure(&message);
        let behind = if asked { ERASE_PATIENCE } else { FORGET_PATIENCE };
        let start = Instant::now();
        while !self.live.progress().caught_up_blocking(AGAIN_SOON) {
            if start.elapsed() > behind {
                refuse(message, &Refusal::Busy);
                return;
            }
            self.empty_late();
        }
        let Committed { waiting, written, erased } = self.commit(vec![message]);
        // Asked for, also where there was nothing to erase: the time before, the process may have died at this point.
        if written && asked {
            if self.emptying.untold.is_empty() {
                self.emptying.until = Instant::now() + EMPTY_PATIENCE;
            }
            // Told only then: who hears that a person is erased may look at the files.
            self.emptying.untold.extend(waiting);
            self.emptying.try_now(&self.book.ledger, FOR_READERS);
            return;
        }
        if written && erased {
            self.empty_once();
        }
        waiting.into_iter().for_each(|waiting| deliver(waiting, written));
    }

    /// Empties the WAL if nobody is in the way right now. Where a reader was in the way already, only the next try in its turn looks
    /// again.
    pub(super) fn empty_once(&mut self) {
        if !self.emptying.due {
            self.emptying.try_now(&self.book.ledger, Duration::ZERO);
        }
    }

    /// One try, now and then, where the WAL could not be emptied.
    pub(super) fn empty_late(&mut self) {
        if self.emptying.rest().is_some_and(|rest| self.emptying.tried.elapsed() > rest) {
            self.emptying.try_now(&self.book.ledger, FOR_READERS);
        }
    }

    /// The last try before the writer ends.
    pub(super) fn empty_last(&mut self) {
        if !self.emptying.untold.is_empty() {
            self.emptying.try_now(&self.book.ledger, FOR_READERS);
            self.emptying.give_up();
        }
    }
}

/// One checkpoint that empties the WAL, unless a reader is in the way for longer than `patience`.
pub(super) fn try_truncate(ledger: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    // SQLite would wait for readers as long as for locks; the batch behind this must not.
    ledger.busy_timeout(patience)?;
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
