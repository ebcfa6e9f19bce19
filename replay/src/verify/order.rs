//! What a row has to be by the row before it: seq, commands and time.

use crate::findings::{Check, Findings};
use crate::ledger::{Event, GENESIS, Hash};

/// Who asks besides keys.
const ACTORS: [&str; 6] = ["cli", "job:expiry", "job:checkpoint", "job:seal", "job:retention", "job:webhooks"];

/// Follows the log row by row.
#[derive(Debug)]
pub(super) struct Order {
    last_seq: i64,
    last_recorded_at: i64,
    command_seq: i64,
    hash: Option<Hash>,
}

impl Order {
    /// Before the first row.
    pub(super) const fn new() -> Self {
        Self { last_seq: 0, last_recorded_at: i64::MIN, command_seq: 0, hash: Some(GENESIS) }
    }

    pub(super) const fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// The stored hash of the last row, where it is known.
    pub(super) const fn last_hash(&self) -> Option<Hash> {
        self.hash
    }

    /// Notes a row that cannot be read: the links to both its neighbours are unknown.
    pub(super) fn skip(&mut self, seq: i64, findings: &mut Findings) {
        self.check_gap(seq, findings);
        self.last_seq = seq;
        self.hash = None;
    }

    /// Checks a row; gives the hash before it, if the row before it is there.
    pub(super) fn check(&mut self, event: &Event<'_>, findings: &mut Findings) -> Option<Hash> {
        let seq = event.seq;
        let adjacent = self.check_gap(seq, findings);
        if event.recorded_at < self.last_recorded_at {
            findings.event(Check::Time, seq, "recorded_at is earlier than in the row before");
        }
        self.check_command(event, findings);
        self.check_columns(event, findings);
        let previous = self.hash.filter(|_| adjacent);
        (self.last_seq, self.last_recorded_at, self.hash) = (seq, event.recorded_at, Some(event.hash));
        previous
    }

    fn check_gap(&self, seq: i64, findings: &mut Findings) -> bool {
        let expected = self.last_seq.saturating_add(1);
        if seq == expected {
            return true;
        }
        let missing = if seq == expected.saturating_add(1) {
            format!("event {expected} is missing")
        } else {
            format!("events {expected} to {} are missing", seq.saturating_sub(1))
        };
        if seq > expected {
            findings.event(Check::Sequence, expected, format!("{missing}: the chain cannot be checked across the gap"));
        } else {
            findings.event(Check::Sequence, seq, "the log starts at 1");
        }
        false
    }

    fn check_command(&mut self, event: &Event<'_>, findings: &mut Findings) {
        let (seq, command) = (event.seq, event.command_seq);
        let same = command == self.command_seq;
        if command != seq && !same {
            let sentence = format!(
                "command_seq is {command}: neither the event itself nor the command {} before it",
                self.command_seq
            );
            findings.event(Check::Commands, seq, sentence);
            // The rows that follow belong to the command that they name, so that one wrong row is told once.
            return;
        }
        if same {
            if event.recorded_at != self.last_recorded_at {
                findings.event(Check::Commands, seq, "recorded_at differs from the command's other events");
            }
            if event.idempotency_key.is_some() {
                findings.event(
                    Check::Commands,
                    seq,
                    "an idempotency key on an event that is not the first of its command",
                );
            }
        }
        self.command_seq = command;
    }

    fn check_columns(&self, event: &Event<'_>, findings: &mut Findings) {
        match (event.idempotency_key, event.fingerprint) {
            (Some(_), Some(print)) if print.len() == 32 => {}
            (None, None) => {}
            (Some(_), Some(print)) => {
                findings.event(Check::Keys, event.seq, format!("a fingerprint of {} bytes, not 32", print.len()))
            }
            (Some(_), None) => findings.event(Check::Keys, event.seq, "an idempotency key without a fingerprint"),
            (None, Some(_)) => findings.event(Check::Keys, event.seq, "a fingerprint without an idempotency key"),
        }
        // Whether the key is one is looked up where keys are known.
        if !event.actor.starts_with("key:") && !ACTORS.contains(&event.actor) {
            findings.event(
                Check::Commands,
                event.seq,
                format!("the actor {:?} is neither a key, like key:5, nor one of {}", event.actor, ACTORS.join(", ")),
            );
        }
    }
}
