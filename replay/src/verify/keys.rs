//! Whether an idempotency key was claimed twice. Ten million keys are held as eight bytes each; where two hashes agree, the log itself is asked.

use crate::findings::{Check, Findings};
use crate::fold::names_a_movement;
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use std::hash::Hasher as _;

/// Hashes of the keys that one worker saw.
#[derive(Debug, Default)]
pub(super) struct KeyHashes {
    all: Vec<u64>,
    redeemed: Vec<Redeemed>,
    other: String,
}

/// A command that redeemed points for an order by itself, with the hash of the key under which the same order earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Redeemed {
    pub(super) earning: u64,
    pub(super) seq: i64,
}

impl KeyHashes {
    pub(super) fn note(&mut self, key: &str, seq: i64) {
        self.all.push(hash(key));
        if let Some((scope, order)) = redemption(key) {
            self.other.clear();
            self.other.extend([scope, EARN, order]);
            self.redeemed.push(Redeemed { earning: hash(&self.other), seq });
        }
    }
}

const EARN: &str = "/earn/order/";
const REDEEM: &str = "/redeem/order/";

/// Partner with shop, and the order, of the key under which an order's points are redeemed.
fn redemption(key: &str) -> Option<(&str, &str)> {
    // An order id may look like a key itself: what counts is the first place.
    key.split_once(REDEEM).filter(|(scope, _)| scope.split('/').count() == 2 && names_a_movement(key))
}

/// The key under which the order of this redemption earns.
pub(super) fn earning_key(redeeming: &str) -> Option<String> {
    redemption(redeeming).map(|(scope, order)| [scope, EARN, order].concat())
}

pub(super) fn hash(key: &str) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(key.as_bytes());
    hasher.finish()
}

/// All keys of the log, as their hashes.
#[derive(Debug)]
pub(super) struct Claimed {
    hashes: Vec<u64>,
    /// Redemptions of orders that may have earned in another command, by that one's key.
    pub(super) halves: Vec<Redeemed>,
}

impl Claimed {
    /// Whether some event may have claimed this key; where not, none did.
    pub(super) fn may_hold(&self, key: &str) -> bool {
        self.hashes.binary_search(&hash(key)).is_ok()
    }
}

/// The first events that claimed these keys.
pub(super) fn find(ledger: &Connection, wanted: &HashSet<&str>) -> rusqlite::Result<HashMap<String, i64>> {
    let mut found = HashMap::new();
    let mut statement =
        ledger.prepare("SELECT seq, idempotency_key FROM events WHERE idempotency_key IS NOT NULL ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(key) = row.get_ref(1)?.as_str().ok().filter(|key| wanted.contains(key)) {
            found.entry(key.to_owned()).or_insert(row.get(0)?);
        }
    }
    Ok(found)
}

/// Names every event whose key an earlier one had claimed.
pub(super) fn check_unique(
    ledger: &Connection,
    seen: Vec<KeyHashes>,
    findings: &mut Findings,
) -> rusqlite::Result<Claimed> {
    let (mut hashes, mut halves) = (Vec::new(), Vec::new());
    for mut hash in seen {
        hashes.append(&mut hash.all);
        halves.append(&mut hash.redeemed);
    }
    hashes.sort_unstable();
    halves.retain(|half: &Redeemed| hashes.binary_search(&half.earning).is_ok());
    halves.sort_unstable();
    let suspects: HashSet<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    if suspects.is_empty() {
        return Ok(Claimed { hashes, halves });
    }
    let mut statement =
        ledger.prepare("SELECT seq, idempotency_key FROM events WHERE idempotency_key IS NOT NULL ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut claimed: HashMap<String, i64> = HashMap::new();
    while let Some(row) = rows.next()? {
        let Ok(key) = row.get_ref(1)?.as_str() else { continue };
        if !suspects.contains(&hash(key)) {
            continue;
        }
        let seq: i64 = row.get(0)?;
        match claimed.get(key) {
            Some(first) => findings.event(
                Check::Keys,
                seq,
                format!("the idempotency key {key:?} was claimed before, by event {first}"),
            ),
            None => drop(claimed.insert(key.to_owned(), seq)),
        }
    }
    Ok(Claimed { hashes, halves })
}
