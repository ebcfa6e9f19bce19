//! Refunds against their orders, once the whole log was read: what was taken back and given back is what the order's own events
//! allow, to the point.
//!
//! Orders that nobody refunded are never looked up, so that they cost no memory. An order's events are found by the seq that its
//! refunds state; an order that earned in one command and spent in another, by its idempotency keys.

use super::keys::{self, Claimed};
use super::placed::Placed;
use super::step::{Step, commands};
use crate::findings::{Check, Findings};
use crate::fold::RefundNote;
use rusqlite::Connection;
use std::collections::HashMap;

/// Checks every refund that the folds noted.
pub(super) fn check(
    ledger: &Connection,
    mut notes: Vec<RefundNote>,
    claimed: &Claimed,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    notes.sort_unstable_by_key(|note| (note.of, note.seq));
    // Orders that may have events in another command too: found by one more pass over the keys, if there are any.
    let mut elsewhere: Vec<(&[RefundNote], Vec<String>)> = Vec::new();
    for refunds in notes.chunk_by(|one, other| one.of == other.of) {
        let own = commands(ledger, &[refunds[0].of])?;
        let suspects: Vec<String> = other_keys(refunds[0].of, &own).filter(|key| claimed.may_hold(key)).collect();
        if suspects.is_empty() {
            check_order(ledger, refunds, own, findings)?;
        } else {
            elsewhere.push((refunds, suspects));
        }
    }
    if elsewhere.is_empty() {
        return Ok(());
    }
    let wanted = elsewhere.iter().flat_map(|(_, keys)| keys.iter().map(String::as_str)).collect();
    let found: HashMap<String, i64> = keys::find(ledger, &wanted)?;
    for (refunds, suspects) in elsewhere {
        let mut seqs = vec![refunds[0].of];
        seqs.extend(suspects.iter().filter_map(|key| found.get(key)));
        check_order(ledger, refunds, commands(ledger, &seqs)?, findings)?;
    }
    Ok(())
}

/// The keys under which the order of this event may have earned or spent, other than those that its own command claimed.
fn other_keys(of: i64, own: &[Step]) -> impl Iterator<Item = String> {
    let first = own.iter().find(|step| step.seq == of);
    first.into_iter().flat_map(|first| {
        let shop = first.shop.map_or_else(|| "-".to_owned(), |shop| shop.to_string());
        let key = move |operation| format!("p{}/s{shop}/{operation}/order/{}", first.partner, first.order);
        ["earn", "redeem"].map(key).into_iter().filter(|key| first.key.as_ref() != Some(key))
    })
}

fn check_order(
    ledger: &Connection,
    refunds: &[RefundNote],
    mut steps: Vec<Step>,
    findings: &mut Findings,
) -> rusqlite::Result<()> {
    let of = refunds[0].of;
    let Some(mut placed) = Placed::begun(of, &steps) else {
        for refund in refunds {
            findings.event(Check::Orders, refund.seq, format!("refunds event {of}, with which no order begins"));
        }
        return Ok(());
    };
    steps.retain(|step| placed.is_own(step));
    let seqs: Vec<i64> = refunds.iter().map(|refund| refund.seq).collect();
    steps.extend(commands(ledger, &seqs)?);
    steps.sort_by_key(|step| step.seq);
    steps.dedup_by_key(|step| step.seq);
    for step in &steps {
        let note = refunds.binary_search_by_key(&step.seq, |refund| refund.seq).ok().map(|place| &refunds[place]);
        placed.apply(step, note, findings);
    }
    placed.finish(findings);
    Ok(())
}
