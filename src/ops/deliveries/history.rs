//! Which history what is kept of webhooks belongs to. A log that was put back to an older copy goes on with other events in the same
//! places: what is kept of those that it does not hold any more has to go, so that nobody is told of another's in their stead.

use super::Deliveries;
use crate::domain::{Seq, WebhookId};
use crate::ops::OpsError;
use crate::ops::delivery::Place;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use std::collections::BTreeSet;

/// How many places are kept of each level, of which each is half as dense as the one before.
const OF_LEVEL: i64 = 8;

impl Deliveries {
    /// Places where the log was, the latest first.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn history(&self) -> Result<Vec<Place>, OpsError> {
        let file = self.0.lock();
        let mut statement = file.prepare_cached("SELECT seq, hash FROM webhook_history ORDER BY seq DESC")?;
        let rows = statement.query_map([], |row| Ok(Place { seq: Seq::new(row.get(0)?), hash: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes away what is kept of events after `common`, and everything of webhooks other than `known`, which were there by then.
    /// Cursors that were beyond it go back to it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn cut(&self, common: Seq, known: &BTreeSet<WebhookId>) -> Result<(), OpsError> {
        let file = self.0.lock();
        let transaction = writing(&file)?;
        let sql = "SELECT webhook FROM webhook_tracks UNION SELECT webhook FROM webhook_standing \
                   UNION SELECT webhook FROM webhook_deliveries";
        let there: Vec<i64> = transaction.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let is_unknown = |webhook: &WebhookId| webhook.get() != 0 && !known.contains(webhook);
        for webhook in there.into_iter().map(WebhookId::new).filter(is_unknown) {
            forget(&transaction, webhook)?;
        }
        for sql in [
            "UPDATE webhook_tracks SET cursor = ?1 WHERE cursor > ?1",
            "UPDATE webhook_tracks SET until = ?1 WHERE until > ?1",
            "DELETE FROM webhook_tracks WHERE until <= cursor AND until <= ?1",
            "DELETE FROM webhook_waiting WHERE seq > ?1",
            "DELETE FROM webhook_deliveries WHERE seq > ?1",
            "DELETE FROM webhook_history WHERE seq > ?1",
        ] {
            transaction.execute(sql, [common.get()])?;
        }
        // No webhook is of that version: attempts are counted anew.
        transaction.execute("UPDATE webhook_standing SET version = 0", [])?;
        transaction.commit()?;
        Ok(())
    }
}

/// A transaction that writes from its beginning: one that reads first is refused where another connection writes in between.
pub(super) fn writing(file: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(file, TransactionBehavior::Immediate)
}

/// Keeps a place: all of the latest, and of those before ever fewer.
pub(super) fn remember(transaction: &Transaction<'_>, place: Place) -> Result<(), OpsError> {
    let last = "SELECT number, seq FROM webhook_history ORDER BY number DESC LIMIT 1";
    let last: Option<(i64, i64)> =
        transaction.prepare_cached(last)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if last.is_some_and(|(_, seq)| seq == place.seq.get()) {
        return Ok(());
    }
    let number = last.map_or(1, |(number, _)| number + 1);
    let level = i64::from(number.trailing_zeros());
    let slot = level * OF_LEVEL + (number >> (level + 1)) % OF_LEVEL;
    let sql = "INSERT OR REPLACE INTO webhook_history (slot, number, seq, hash) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(sql)?.execute((slot, number, place.seq.get(), place.hash))?;
    Ok(())
}

/// Takes away everything that is kept of a webhook.
pub(super) fn forget(transaction: &Transaction<'_>, webhook: WebhookId) -> Result<(), OpsError> {
    for table in ["webhook_standing", "webhook_tracks", "webhook_waiting", "webhook_deliveries"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE webhook = ?1"), [webhook.get()])?;
    }
    Ok(())
}
