//! Seals of balances: that each month of a partner is sealed once, after the one before it and when it is over, and that what is
//! sealed are the balances that the log gives. Where the vault holds the secret, the root is made anew; elsewhere the number of
//! cards and the sums are compared.
//!
//! A seal is recorded long after the events that it covers, so the balances of then are folded once more at the end: only these, and
//! only as far as the last seal reaches.

mod books;
mod months;
mod opened;

pub(super) use months::{Months, Noted};

use super::VerifyError;
use crate::findings::{Check, Findings};
use crate::ledger::{COLUMNS, Event};
use books::Books;
use opened::Secrets;
use rusqlite::{Connection, OptionalExtension as _};

/// Holds every seal against the log; answers what could not be checked.
pub(super) fn check(
    ledger: &Connection,
    mut noted: Vec<Noted>,
    findings: &mut Findings,
) -> Result<Option<String>, VerifyError> {
    for seal in &noted {
        check_place(ledger, seal, findings)?;
    }
    noted.sort_by_key(|seal| seal.event.as_of);
    let secrets = Secrets::of(ledger)?;
    let mut unopened = 0;
    let mut books = Books::default();
    let mut waiting = noted.iter().peekable();
    let mut statement = ledger.prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while waiting.peek().is_some() {
        let row = rows.next()?;
        let seq: Option<i64> = row.map(|row| row.get(0)).transpose()?;
        while let Some(seal) = waiting.next_if(|seal| seq.is_none_or(|seq| seal.event.as_of < seq)) {
            unopened += u64::from(!opened::check(seal, &books, &secrets, findings)?);
        }
        // What is no row or has no layout was told on the first pass.
        let Some(Ok(event)) = row.map(Event::read) else { continue };
        books.follow(&event);
    }
    Ok((unopened > 0).then(|| {
        format!(
            "the secrets of {unopened} seals are not included: their cards and sums were checked, their roots were not"
        )
    }))
}

/// Whether `as_of` is the last event before the end, and the seal itself was recorded after it.
fn check_place(ledger: &Connection, seal: &Noted, findings: &mut Findings) -> Result<(), VerifyError> {
    let mut at = ledger.prepare_cached("SELECT recorded_at FROM events WHERE seq = ?1")?;
    let mut at = |seq: i64| at.query_row([seq], |row| row.get::<_, i64>(0)).optional();
    let (as_of, ends_at) = (seal.event.as_of, seal.event.ends_at.micros());
    let is_last = as_of < seal.seq
        && at(as_of)?.is_some_and(|time| time < ends_at)
        && at(as_of.saturating_add(1))?.is_some_and(|time| time >= ends_at);
    if !is_last {
        let sentence =
            format!("says that event {as_of} is the last one before {}, which it is not", seal.event.ends_at);
        findings.event(Check::Seals, seal.seq, sentence);
    }
    Ok(())
}
