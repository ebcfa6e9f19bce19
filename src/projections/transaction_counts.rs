//! How many transactions of each kind and shop each block of the log holds, so that a page of a list can be counted and found
//! without reading the list: the table `transaction_counts`.

use super::movements::MovementRow;
use crate::domain::{PartnerId, ShopId};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// How many seqs one block spans.
pub const TRANSACTION_BLOCK: i64 = 8_192;

/// Partner, block, kind, shop (0 where none was named).
type Key = (PartnerId, i64, i64, i64);

/// What a block holds of one key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    transactions: i64,
    gained: i64,
    lost: i64,
}

/// Counts that have not been written.
#[derive(Debug, Default)]
pub(super) struct TransactionCounts(BTreeMap<Key, Sums>);

impl TransactionCounts {
    pub(super) fn add(&mut self, movement: &MovementRow) {
        let block = movement.seq.get().div_euclid(TRANSACTION_BLOCK);
        let shop = movement.shop.map_or(0, ShopId::get);
        let sums = self.0.entry((movement.partner, block, movement.kind.place(), shop)).or_default();
        let points = movement.points.get();
        sums.transactions += 1;
        sums.gained += points.max(0);
        sums.lost -= points.min(0);
    }

    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO transaction_counts (partner, block, kind, shop, transactions, gained, lost) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (partner, block, kind, shop) DO UPDATE SET \
             transactions = transactions + ?5, gained = gained + ?6, lost = lost + ?7",
        )?;
        for ((partner, block, kind, shop), sums) in std::mem::take(&mut self.0) {
            statement.execute((partner.get(), block, kind, shop, sums.transactions, sums.gained, sums.lost))?;
        }
        Ok(())
    }
}
