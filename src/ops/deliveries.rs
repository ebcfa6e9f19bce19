//! How far each webhook has come, what waits for another attempt, and what came of each attempt.

mod history;
mod rows;

use super::OpsError;
use super::delivery::{Delivery, DeliveryStatus, Kept, Place, Progress, Standing, Track, Waiting};
use crate::domain::{CustomerId, Seq, Timestamp, WebhookId};
use crate::storage::{BUSY, DataDir, open_ops};
use parking_lot::Mutex;
use rows::{COLUMNS, WAITS, delivery, insert, save, standing, track_of, tracks, waiting};
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::fmt;
use std::time::Duration;

/// How many attempts of a webhook are kept.
pub const DELIVERIES_MAX: i64 = 10_000;
/// How long they are kept.
pub const DELIVERY_DAYS: u32 = 30;
/// How many parts of the log a webhook may have waiting to be sent again.
pub const TRACKS_MAX: i64 = 20;

/// The tables in ops.db.
pub struct Deliveries(Mutex<Connection>);

impl Deliveries {
    /// Opens ops.db, made where it is absent.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(dir: &DataDir) -> Result<Self, OpsError> {
        Ok(Self(Mutex::new(open_ops(dir)?)))
    }

    /// What is kept of a webhook. One that is not known yet begins at `since`.
    ///
    /// # Errors
    /// When ops.db cannot be read or written.
    pub fn load(&self, webhook: WebhookId, version: i64, since: Seq) -> Result<Kept, OpsError> {
        let file = self.0.lock();
        let transaction = file.unchecked_transaction()?;
        let begin = "INSERT INTO webhook_tracks (webhook, cursor) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        transaction.execute(begin, (webhook.get(), since.get()))?;
        let standing = standing(&transaction, webhook)?.unwrap_or(Standing { version, ..Standing::default() });
        let kept = Kept {
            standing,
            tracks: tracks(&transaction, webhook)?,
            waiting: waiting(&transaction, webhook, Seq::ZERO)?,
        };
        transaction.commit()?;
        Ok(kept)
    }

    /// Writes what several webhooks have come to, all of it or nothing. `place` is where the log was then: nothing in `progress` is
    /// about a later event.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, progress: &[(WebhookId, Progress)], place: Option<Place>) -> Result<(), OpsError> {
        let file = self.0.lock();
        let transaction = history::writing(&file)?;
        for (webhook, progress) in progress {
            save(&transaction, *webhook, progress)?;
        }
        if let Some(place) = place {
            history::remember(&transaction, place)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// The tracks of all webhooks that were added after `track`.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn tracks_after(&self, track: i64) -> Result<Vec<(WebhookId, Track)>, OpsError> {
        let file = self.0.lock();
        let sql = "SELECT webhook, track, cursor, until FROM webhook_tracks WHERE track > ?1 ORDER BY track";
        let mut statement = file.prepare_cached(sql)?;
        let rows = statement.query_map([track], |row| Ok((WebhookId::new(row.get(0)?), track_of(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Has a part of the log sent again; nothing where the webhook has [`TRACKS_MAX`] of them already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn again(&self, webhook: WebhookId, after: Seq, until: Seq) -> Result<Option<i64>, OpsError> {
        let file = self.0.lock();
        // One statement: a transaction that read first could not write once the sender has written meanwhile. A number is never
        // used twice: whoever looks for new ones looks above the last.
        let insert = "INSERT INTO webhook_tracks (webhook, cursor, until) SELECT ?1, ?2, ?3 WHERE ?4 > \
                      (SELECT count(*) FROM webhook_tracks WHERE webhook = ?1 AND until IS NOT NULL)";
        let added = file.prepare_cached(insert)?.execute((webhook.get(), after.get(), until.get(), TRACKS_MAX))?;
        Ok((added > 0).then(|| file.last_insert_rowid()))
    }

    /// How a webhook fares, where it ever sent anything.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn standing(&self, webhook: WebhookId) -> Result<Option<Standing>, OpsError> {
        standing(&self.0.lock(), webhook)
    }

    /// How far a webhook has come that begins after `since`, and how many events wait for another attempt or behind one.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn place(&self, webhook: WebhookId, since: Seq) -> Result<Option<(Seq, i64)>, OpsError> {
        let file = self.0.lock();
        let sql = format!(
            "SELECT max(cursor, ?2), (SELECT count(*) FROM webhook_waiting WHERE {WAITS}) FROM webhook_tracks \
             WHERE webhook = ?1 AND until IS NULL"
        );
        let read = |row: &Row<'_>| Ok((Seq::new(row.get(0)?), row.get(1)?));
        let place = file.prepare_cached(&sql)?.query_row((webhook.get(), since.get()), read);
        Ok(place.optional()?)
    }

    /// A page of a webhook's attempts, newest first, and how many there are.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn list(
        &self,
        webhook: WebhookId,
        status: Option<DeliveryStatus>,
        offset: i64,
        limit: i64,
    ) -> Result<(Vec<Delivery>, i64), OpsError> {
        let file = self.0.lock();
        let status = status.map(DeliveryStatus::name);
        let chosen = "webhook = ?1 AND (?2 IS NULL OR status = ?2)";
        let total = format!("SELECT count(*) FROM webhook_deliveries WHERE {chosen}");
        let total = file.prepare_cached(&total)?.query_row((webhook.get(), status), |row| row.get(0))?;
        let sql =
            format!("SELECT {COLUMNS} FROM webhook_deliveries WHERE {chosen} ORDER BY id DESC LIMIT ?3 OFFSET ?4");
        let mut statement = file.prepare_cached(&sql)?;
        let rows = statement.query_map((webhook.get(), status, limit, offset), delivery)?;
        Ok((rows.collect::<Result<_, _>>()?, total))
    }

    /// A page of what waits for an attempt at a webhook that begins after `since`, in the order of the log, and how much there is.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn waiting(
        &self,
        webhook: WebhookId,
        since: Seq,
        offset: i64,
        limit: i64,
    ) -> Result<(Vec<Waiting>, i64), OpsError> {
        let all = waiting(&self.0.lock(), webhook, since)?;
        let place = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        Ok((all.into_iter().skip(place(offset)).take(place(limit)).collect(), total))
    }

    /// The attempt of that id, whoever's it is.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn get(&self, id: i64) -> Result<Option<Delivery>, OpsError> {
        let file = self.0.lock();
        let mut statement = file.prepare_cached(&format!("SELECT {COLUMNS} FROM webhook_deliveries WHERE id = ?1"))?;
        Ok(statement.query_row([id], delivery).optional()?)
    }

    /// Keeps an attempt by itself; answers its id.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&self, delivery: &Delivery) -> Result<i64, OpsError> {
        let file = self.0.lock();
        insert(&file, delivery)?;
        Ok(file.last_insert_rowid())
    }

    /// Takes away what receivers answered about customers, and the hashes of what they were sent: everything else that was sent can
    /// be made again, so that a hash would tell whether a guessed name or phone was in it. What was overwritten stands in the WAL
    /// until [`Self::empty_wal`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_answers(&self, customers: &[CustomerId]) -> Result<(), OpsError> {
        let file = self.0.lock();
        let transaction = file.unchecked_transaction()?;
        for customer in customers {
            let sql = "UPDATE webhook_deliveries SET answer = NULL, body_hash = NULL \
                       WHERE customer = ?1 AND body_hash IS NOT NULL";
            transaction.prepare_cached(sql)?.execute([customer.get()])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// One try to empty the WAL, which waits for nobody. Answers whether it is empty: not where a reader is in the way.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn empty_wal(&self) -> Result<bool, OpsError> {
        let file = self.0.lock();
        file.busy_timeout(Duration::ZERO)?;
        let busy = file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        file.busy_timeout(BUSY)?;
        Ok(busy? == 0)
    }

    /// Up to which event customers' erasures have been followed; none where they never were.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn erasures_followed(&self) -> Result<Option<Seq>, OpsError> {
        let sql = "SELECT cursor FROM webhook_tracks WHERE webhook = 0";
        Ok(self.0.lock().query_row(sql, [], |row| row.get(0).map(Seq::new)).optional()?)
    }

    /// Notes how far they have been.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn follow_erasures(&self, until: Seq) -> Result<(), OpsError> {
        let sql = "INSERT INTO webhook_tracks (webhook, cursor) VALUES (0, ?1) \
                   ON CONFLICT (webhook) WHERE until IS NULL DO UPDATE SET cursor = ?1";
        self.0.lock().prepare_cached(sql)?.execute([until.get()])?;
        Ok(())
    }

    /// Takes away everything that is kept of a webhook.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget(&self, webhook: WebhookId) -> Result<(), OpsError> {
        let file = self.0.lock();
        let transaction = file.unchecked_transaction()?;
        history::forget(&transaction, webhook)?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes away the attempts of a webhook that are too many or too old.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn trim(&self, webhook: WebhookId, now: Timestamp) -> Result<(), OpsError> {
        let file = self.0.lock();
        let last = "SELECT id FROM webhook_deliveries WHERE webhook = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2";
        let last: Option<i64> =
            file.prepare_cached(last)?.query_row((webhook.get(), DELIVERIES_MAX), |row| row.get(0)).optional()?;
        let old = now.minus_days(DELIVERY_DAYS).micros();
        let sql = "DELETE FROM webhook_deliveries WHERE webhook = ?1 AND (id <= ?2 OR sent_at < ?3)";
        file.prepare_cached(sql)?.execute((webhook.get(), last.unwrap_or(0), old))?;
        Ok(())
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
