//! The table `idempotency` against the keys of the log.
//!
//! It has a row for each key and is sorted by their hashes, the log is not. So both are summed, row by row, under a hash that nobody knows
//! before the run, and only where the sums differ is it looked for the rows that do.

use super::VerifyError;
use super::views::Views;
use crate::findings::{Check, Findings};
use crate::fold::ERA_BITS;
use rusqlite::Connection;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

/// The sum of some rows, in whatever order they came.
#[derive(Debug, Clone)]
pub(super) struct RowSum {
    secret: RandomState,
    rows: u64,
    sum: u64,
}

impl RowSum {
    /// Of no rows yet. Only sums with the same secret can be compared.
    pub(super) const fn new(secret: RandomState) -> Self {
        Self { secret, rows: 0, sum: 0 }
    }

    /// Adds the row that an event with this key should have.
    pub(super) fn add_key(&mut self, seq: i64, key: &str) {
        self.add(row_of(seq, key));
    }

    fn add(&mut self, row: [i64; 3]) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(self.secret.hash_one(row));
    }

    pub(super) const fn absorb(&mut self, other: &Self) {
        self.rows += other.rows;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// Era, hash and seq of a key.
pub(crate) fn row_of(seq: i64, key: &str) -> [i64; 3] {
    let hash = blake3::hash(key.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    [seq >> ERA_BITS, i64::from_be_bytes(first), seq]
}

/// Compares the table with the sum of the log's keys; gives how many rows it has.
pub(super) fn compare(
    views: &Views,
    ledger: &Connection,
    expected: &RowSum,
    findings: &mut Findings,
) -> Result<u64, VerifyError> {
    let mut held = RowSum::new(expected.secret.clone());
    let mut statement = views.connection.prepare("SELECT era, hash, seq FROM idempotency")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        held.add([row.get(0)?, row.get(1)?, row.get(2)?]);
    }
    if (held.rows, held.sum) != (expected.rows, expected.sum) {
        name_differences(views, ledger, findings)?;
    }
    Ok(held.rows)
}

fn name_differences(views: &Views, ledger: &Connection, findings: &mut Findings) -> Result<(), VerifyError> {
    let mut held: HashMap<[i64; 3], ()> = HashMap::new();
    let mut statement = views.connection.prepare("SELECT era, hash, seq FROM idempotency")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        held.insert([row.get(0)?, row.get(1)?, row.get(2)?], ());
    }
    let mut statement = ledger.prepare(
        "SELECT seq, idempotency_key FROM events WHERE idempotency_key IS NOT NULL AND seq <= ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([views.watermark])?;
    while let Some(row) = rows.next()? {
        let (seq, Ok(key)) = (row.get(0)?, row.get_ref(1)?.as_str()) else { continue };
        if held.remove(&row_of(seq, key)).is_none() {
            let sentence = format!("the table has no row for the key that event {seq} claimed");
            findings.row(Check::Projections, "idempotency", seq, None, sentence);
        }
    }
    let mut surplus: Vec<_> = held.into_keys().collect();
    surplus.sort_unstable();
    for [era, hash, seq] in surplus {
        let sentence = format!("the table has the hash {hash} in era {era}, but event {seq} claimed no such key");
        findings.row(Check::Projections, "idempotency", seq, None, sentence);
    }
    Ok(())
}
