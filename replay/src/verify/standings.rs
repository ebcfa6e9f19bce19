//! Tiers that count more than one card, followed beside the log from the settings on that ask for it.
//!
//! What such a partner's cards had earned before is read again from the log, up to those settings: nothing where they come first, as they mostly do.
//! All these readings together are bounded by one pass over the log; partners for which that does not suffice share one more at the end.

use super::VerifyError;
use crate::findings::Findings;
use crate::fold::{Note, Standings};
use crate::ledger::{COLUMNS, Event};
use crate::payload::Payload;
use crate::points::PartnerId;
use rusqlite::Connection;
use rustc_hash::FxHashSet;

/// Follows the partners that count more than the card.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    ledger: &'a Connection,
    standings: Standings,
    /// Those whose past is read at the end.
    late: FxHashSet<PartnerId>,
    /// How many rows may still be read again.
    budget: i64,
    findings: Findings,
}

impl<'a> Follower<'a> {
    pub(super) fn new(ledger: &'a Connection, head: i64) -> Self {
        let (standings, late) = (Standings::default(), FxHashSet::default());
        Self { ledger, standings, late, budget: head, findings: Findings::default() }
    }

    /// Follows what an event says. The first one of a partner is the settings that ask for it.
    pub(super) fn follow(&mut self, note: &Note) -> Result<(), VerifyError> {
        if self.late.contains(&note.partner) {
            return Ok(());
        }
        if !self.standings.follows(note.partner) {
            if note.seq > self.budget {
                self.late.insert(note.partner);
                return Ok(());
            }
            self.budget -= note.seq;
            self.standings.admit(note.partner);
            let (partners, before) = (FxHashSet::from_iter([note.partner]), note.seq);
            read(self.ledger, &partners, before, &mut self.standings, &mut self.findings)?;
        }
        self.standings.apply(note, &mut self.findings);
        Ok(())
    }

    /// What was wrong, once the log has ended.
    pub(super) fn finish(mut self) -> Result<Findings, VerifyError> {
        self.standings.finish(&mut self.findings);
        if !self.late.is_empty() {
            let mut standings = Standings::default();
            self.late.iter().for_each(|partner| standings.admit(*partner));
            read(self.ledger, &self.late, i64::MAX, &mut standings, &mut self.findings)?;
            standings.finish(&mut self.findings);
        }
        Ok(self.findings)
    }
}

/// Applies the events of some partners before a seq. What cannot be read was told elsewhere.
fn read(
    ledger: &Connection,
    partners: &FxHashSet<PartnerId>,
    before: i64,
    standings: &mut Standings,
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    let mut statement = ledger.prepare(&format!("SELECT {COLUMNS} FROM events WHERE seq < ?1 ORDER BY seq"))?;
    let mut rows = statement.query([before])?;
    while let Some(row) = rows.next()? {
        let Ok(event) = Event::read(row) else { continue };
        if Note::concerns(event.kind)
            && partners.contains(&PartnerId::new(event.partner_id))
            && let Ok(payload) = Payload::read(event.kind, event.schema, event.payload)
            && let Some(note) = Note::of(&event, &payload)
        {
            standings.apply(&note, findings);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_again_is_bounded_by_one_pass() {
        let ledger = Connection::open_in_memory().expect("a database");
        ledger.execute_batch(&format!("CREATE TABLE events ({COLUMNS})")).expect("an empty log");
        let mut follower = Follower::new(&ledger, 100);
        for (seq, partner, late) in [(40, 1, false), (50, 2, false), (60, 3, true), (70, 1, false)] {
            let event = Event {
                seq,
                command_seq: seq,
                recorded_at: 0,
                partner_id: partner,
                stream: "",
                version: 1,
                kind: "card.tier_changed",
                schema: 1,
                actor: "cli",
                idempotency_key: None,
                fingerprint: None,
                payload: r#"{"card": 17, "from": "bronze", "to": "silver", "lifetime": 1}"#,
                hash: crate::ledger::GENESIS,
            };
            let payload = Payload::read(event.kind, event.schema, event.payload).expect("a payload");
            follower.follow(&Note::of(&event, &payload).expect("a note")).expect("a readable log");
            let partner = PartnerId::new(partner);
            assert_eq!((follower.late.contains(&partner), follower.standings.follows(partner)), (late, !late), "{seq}");
        }
        assert_eq!(follower.budget, 10);
    }
}
