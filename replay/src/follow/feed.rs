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
/// How many bytes go into the mirror at once, about: a row may be as long as a source likes.
const TOGETHER_BYTES: usize = 32 << 20;
/// How many bytes a command may have.
const COMMAND_BYTES: usize = 256 << 20;

/// Events that are not yet in the mirror.
pub(super) struct Feed {
    waiting: Vec<Row>,
    /// What those take.
    bytes: usize,
    /// How many bytes go into the mirror at once, and how many a command may have.
    bounds: (usize, usize),
    last: Head,
    hasher: ChainHasher,
}

impl Feed {
    /// After the end of the mirror.
    pub(super) fn after(head: Head) -> Self {
        Self {
            waiting: Vec::new(),
            bytes: 0,
            bounds: (TOGETHER_BYTES, COMMAND_BYTES),
            last: head,
            hasher: ChainHasher::default(),
        }
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
        if begins && (self.waiting.len() >= TOGETHER || self.bytes >= self.bounds.0) {
            self.store(mirror)?;
        }
        self.bytes = self.bytes.saturating_add(size(&row));
        self.waiting.push(row);
        let most = self.bounds.1;
        if self.bytes > most {
            self.store_whole_commands(mirror)?;
        }
        if self.bytes > most {
            return Err(Trouble::Passing(format!("it shows a command of more than {} MiB", most >> 20)).into());
        }
        if self.waiting.len() > COMMAND_MAX {
            return Err(Trouble::Passing(format!("it shows a command of more than {COMMAND_MAX} events")).into());
        }
        Ok(())
    }

    /// Puts everything into the mirror that is waiting: the last command is known to be whole.
    pub(super) fn store(&mut self, mirror: &mut Mirror) -> Result<(), Halt> {
        mirror.append(&self.waiting)?;
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Puts into the mirror what is waiting but the last command, of which more may come.
    pub(super) fn store_whole_commands(&mut self, mirror: &mut Mirror) -> Result<(), Halt> {
        let Some(command) = self.waiting.last().map(|last| last.command_seq) else { return Ok(()) };
        let whole = self.waiting.iter().rposition(|row| row.command_seq != command).map_or(0, |at| at + 1);
        mirror.append(&self.waiting[..whole])?;
        self.waiting.drain(..whole);
        self.bytes = self.waiting.iter().map(size).sum();
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

/// What a row takes in memory, about.
fn size(row: &Row) -> usize {
    let texts = [&row.stream, &row.kind, &row.actor, &row.payload];
    let key = row.idempotency_key.as_ref().map_or(0, String::len);
    size_of::<Row>() + key + texts.into_iter().map(String::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::GENESIS;

    /// A row of a KiB that follows from the one before it.
    fn row(last: Head, command_seq: i64) -> Row {
        let mut row = Row {
            seq: last.seq + 1,
            command_seq,
            recorded_at: 1,
            partner_id: 0,
            stream: "partner:1".to_owned(),
            version: last.seq + 1,
            kind: "x".to_owned(),
            schema: 1,
            actor: "cli".to_owned(),
            idempotency_key: None,
            fingerprint: None,
            payload: "x".repeat(1 << 10),
            hash: GENESIS,
        };
        row.hash = ChainHasher::default().hash(&last.hash, &row.event());
        row
    }

    #[test]
    fn large_rows_do_not_wait_for_many_and_a_command_is_bounded_in_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let mut mirror = Mirror::open(folder.path(), "http://127.0.0.1:1").unwrap();
        let mut feed = Feed { bounds: (32 << 10, 256 << 10), ..Feed::after(mirror.head) };
        let most = |bound: usize| bound + (3 << 10);
        for seq in 1..=40 {
            feed.take(row(feed.last, seq), &mut mirror).unwrap();
            assert!(feed.bytes <= most(32 << 10), "{}", feed.bytes);
        }
        assert!(mirror.head.seq > 16, "whatever their number: {}", mirror.head.seq);
        let endless = (41..=400).find_map(|_| feed.take(row(feed.last, 41), &mut mirror).err());
        assert!(
            matches!(endless, Some(Halt::Trouble(Trouble::Passing(ref why))) if why.contains("a command of more")),
            "{endless:?}"
        );
        assert!(mirror.head.seq == 40 && feed.bytes <= most(256 << 10));
    }
}
