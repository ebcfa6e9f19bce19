//! New events on their way into the mirror: each has to follow from the one before it, and a command goes in as a whole.

use super::Halt;
use super::alarm::{Alarm, Kind};
use super::mirror::{Head, Mirror};
use super::source::Trouble;
use crate::ledger::{ChainHasher, Row};

/// How many events go into the mirror at once, about.
const TOGETHER: usize = 4_096;
/// How many events a command may have before this is no command any more.
const COMMAND_MAX: usize = 200_000;

/// Events that are not yet in the mirror.
pub(super) struct Feed {
    waiting: Vec<Row>,
    last: Head,
    hasher: ChainHasher,
}

impl Feed {
    /// After the end of the mirror.
    pub(super) fn after(head: Head) -> Self {
        Self { waiting: Vec::new(), last: head, hasher: ChainHasher::default() }
    }

    /// The last event that was taken.
    pub(super) const fn last(&self) -> i64 {
        self.last.seq
    }

    /// Takes the next event.
    pub(super) fn take(&mut self, row: Row, mirror: &mut Mirror) -> Result<(), Halt> {
        if let Some(alarm) = self.wrong_with(&row) {
            // What came before it is in order.
            self.store_whole_commands(mirror)?;
            return Err(alarm.with("event_shown", row.event().to_json()).into());
        }
        self.last = Head { seq: row.seq, hash: row.hash };
        let begins = self.waiting.last().is_none_or(|before| before.command_seq != row.command_seq);
        if begins && self.waiting.len() >= TOGETHER {
            self.store(mirror)?;
        }
        self.waiting.push(row);
        if self.waiting.len() > COMMAND_MAX {
            return Err(Trouble::Passing(format!("it shows a command of more than {COMMAND_MAX} events")).into());
        }
        Ok(())
    }

    /// Puts everything into the mirror that is waiting: the last command is known to be whole.
    pub(super) fn store(&mut self, mirror: &mut Mirror) -> Result<(), Halt> {
        mirror.append(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Puts into the mirror what is waiting but the last command, of which more may come.
    pub(super) fn store_whole_commands(&mut self, mirror: &mut Mirror) -> Result<(), Halt> {
        let Some(command) = self.waiting.last().map(|last| last.command_seq) else { return Ok(()) };
        let whole = self.waiting.iter().rposition(|row| row.command_seq != command).map_or(0, |at| at + 1);
        mirror.append(&self.waiting[..whole])?;
        self.waiting.drain(..whole);
        Ok(())
    }

    fn wrong_with(&mut self, row: &Row) -> Option<Alarm> {
        let next = self.last.seq + 1;
        if row.seq != next {
            let sentence = format!("the source shows event {} where {next} comes next", row.seq);
            return Some(Alarm::new(Kind::Chain, next, sentence));
        }
        if !row.follows(&self.last.hash, &mut self.hasher) {
            let sentence = "the event's hash does not follow from its columns and the hash before it";
            let alarm = Alarm::new(Kind::Chain, next, sentence);
            return Some(alarm.with("previous_hash", hex::encode(self.last.hash)));
        }
        if row.idempotency_key.is_some() != row.fingerprint.is_some() || row.command_seq > row.seq {
            let sentence = "the event has columns that no ledger takes (its key, fingerprint or command)";
            return Some(Alarm::new(Kind::Chain, next, sentence));
        }
        None
    }
}
