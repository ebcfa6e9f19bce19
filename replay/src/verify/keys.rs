//! Whether an idempotency key was claimed twice. Ten million keys are held as eight bytes each; where two hashes agree, the log itself is asked.

use crate::findings::{Check, Findings};
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use std::hash::Hasher as _;

/// Hashes of the keys that one worker saw.
#[derive(Debug, Default)]
pub(super) struct KeyHashes(Vec<u64>);

impl KeyHashes {
    pub(super) fn note(&mut self, key: &str) {
        self.0.push(hash(key));
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(key.as_bytes());
    hasher.finish()
}

/// All keys of the log, as their hashes.
#[derive(Debug)]
pub(super) struct Claimed(Vec<u64>);

impl Claimed {
    /// Whether some event may have claimed this key; where not, none did.
    pub(super) fn may_hold(&self, key: &str) -> bool {
        self.0.binary_search(&hash(key)).is_ok()
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
    let mut hashes: Vec<u64> = seen.into_iter().flat_map(|hashes| hashes.0).collect();
    hashes.sort_unstable();
    let suspects: HashSet<u64> = hashes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    if suspects.is_empty() {
        return Ok(Claimed(hashes));
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
    Ok(Claimed(hashes))
}
