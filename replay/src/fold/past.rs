//! What an import says happened: never after it is recorded, and one moment for a whole command.

use crate::findings::{Check, Findings};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{Moving, MovingKind, Origin};

/// Checks that nothing is said to have happened after it was recorded.
pub fn check_happened(event: &Event<'_>, happened_at: Option<Instant>, check: Check, findings: &mut Findings) {
    if let Some(happened_at) = happened_at.filter(|time| time.micros() > event.recorded_at) {
        let sentence = format!("happened_at is {happened_at}, after the event was recorded");
        findings.event(check, event.seq, sentence);
    }
}

/// The movements of the command that is going on.
#[derive(Debug, Default)]
pub(super) struct Pasts {
    command_seq: i64,
    happened_at: Option<Instant>,
}

impl Pasts {
    /// Checks when a movement happened, against those before it in its command.
    pub(super) fn follow(&mut self, event: &Event<'_>, moving: &Moving<'_>, findings: &mut Findings) {
        check_happened(event, moving.happened_at, Check::Points, findings);
        let bonus = matches!(moving.kind, MovingKind::Award { origin: Origin::Issue, .. });
        if bonus && moving.is_past() {
            findings.event(Check::Points, event.seq, "the bonus of a new card is of now, but it has a happened_at");
        }
        let first = self.command_seq != event.command_seq;
        if !first && self.happened_at != moving.happened_at {
            let sentence = "happened_at is not that of the movements before it in its command";
            findings.event(Check::Points, event.seq, sentence);
        }
        (self.command_seq, self.happened_at) = (event.command_seq, moving.happened_at);
    }
}
