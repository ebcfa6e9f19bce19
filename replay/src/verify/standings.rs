//! Tiers that count more than one card, in one more pass over the log: only of partners whose settings ever asked for that, and only if there are any.

use super::VerifyError;
use crate::findings::Findings;
use crate::fold::{Programme, Standings};
use crate::ledger::{COLUMNS, Event};
use crate::payload::Payload;
use rusqlite::Connection;

/// Checks every change of tier of those partners. What cannot be read was told before.
pub(super) fn check(ledger: &Connection, programme: &Programme, findings: &mut Findings) -> Result<(), VerifyError> {
    let mut standings = Standings::of(programme.counting_more());
    if standings.is_needless() {
        return Ok(());
    }
    let mut statement = ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(event) = Event::read(row) else { continue };
        if standings.concerns(event.kind, event.partner_id)
            && let Ok(payload) = Payload::read(event.kind, event.schema, event.payload)
        {
            standings.apply(&event, &payload, findings);
        }
    }
    standings.finish(findings);
    Ok(())
}
