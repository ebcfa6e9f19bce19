//! Orders that earn in one command and spend in another: both halves are of one card, and points are spent in one of them.
//!
//! The halves know nothing of each other but their keys. Only where both may be claimed is the log read once more.

use super::keys::{self, Claimed, Redeemed};
use super::step::{Act, Step, commands};
use crate::findings::{Check, Findings};
use rusqlite::{Connection, OptionalExtension as _};

/// Checks every order that redeemed points by itself and earned, too.
pub(super) fn check(ledger: &Connection, claimed: &Claimed, findings: &mut Findings) -> rusqlite::Result<()> {
    if claimed.halves.is_empty() {
        return Ok(());
    }
    let mut statement =
        ledger.prepare("SELECT seq, idempotency_key FROM events WHERE idempotency_key IS NOT NULL ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(key) = row.get_ref(1)?.as_str() else { continue };
        let earning = keys::hash(key);
        let first = claimed.halves.partition_point(|half| half.earning < earning);
        for half in claimed.halves[first..].iter().take_while(|half| half.earning == earning) {
            check_pair(ledger, (row.get(0)?, key), half, findings)?;
        }
    }
    Ok(())
}

fn check_pair(
    ledger: &Connection,
    (earned, key): (i64, &str),
    half: &Redeemed,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    let mut statement = ledger.prepare_cached("SELECT idempotency_key FROM events WHERE seq = ?1")?;
    let redeeming: Option<String> = statement.query_row([half.seq], |row| row.get(0)).optional()?;
    // Two keys may have one hash.
    if redeeming.as_deref().and_then(keys::earning_key).as_deref() != Some(key) {
        return Ok(());
    }
    let own = |seq| {
        let steps = commands(ledger, &[seq])?;
        Ok::<_, rusqlite::Error>(steps.into_iter().filter(|step| !step.is_refund()).collect::<Vec<_>>())
    };
    let (earning, redeeming) = (own(earned)?, own(half.seq)?);
    let (before, after) = if earned < half.seq { (&earning, &redeeming) } else { (&redeeming, &earning) };
    let (Some(first), Some(second)) = (before.first(), after.first()) else { return Ok(()) };
    if first.card != second.card {
        let sentence = format!(
            "is of order {:?}, which event {} made card {}'s, but of card {}",
            second.order, first.seq, first.card, second.card
        );
        findings.event(Check::Orders, second.seq, sentence);
    }
    let spends = |steps: &[Step]| steps.iter().find(|step| matches!(step.act, Act::Spend(_))).map(|step| step.seq);
    if let (Some(first), Some(second)) = (spends(before), spends(after)) {
        let order = &after[0].order;
        let sentence = format!("redeems points for order {order:?}, for which event {first} redeemed points before");
        findings.event(Check::Orders, second, sentence);
    }
    Ok(())
}
