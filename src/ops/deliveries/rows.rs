//! How what is kept of webhooks stands in its tables.

use crate::domain::{CustomerId, PartnerId, Seq, Timestamp, WebhookId};
use crate::ops::OpsError;
use crate::ops::delivery::{Delivery, DeliveryStatus, Progress, Standing, Track, Waiting};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

/// What waits and was not skipped: what somebody wants sent again never is.
pub(super) const WAITS: &str = "webhook = ?1 AND (seq > ?2 OR track <> (SELECT track FROM webhook_tracks WHERE webhook = ?1 AND \
                     until IS NULL))";

pub(super) const COLUMNS: &str = "id, webhook, partner, seq, event_hash, event, customer, attempt, status, status_code, error, \
                       body_hash, answer, sent_at, duration_ms, next_at";

pub(super) fn save(transaction: &Transaction<'_>, webhook: WebhookId, progress: &Progress) -> Result<(), OpsError> {
    let Standing { version, failures, abandoned, last_delivery_at, quiet_until } = progress.standing;
    let sql = "INSERT INTO webhook_standing (webhook, version, failures, abandoned, last_delivery_at, quiet_until) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (webhook) DO UPDATE SET \
               version = ?2, failures = ?3, abandoned = ?4, last_delivery_at = coalesce(?5, last_delivery_at), \
               quiet_until = ?6";
    let (at, quiet) = (last_delivery_at.map(Timestamp::micros), quiet_until.map(Timestamp::micros));
    transaction.prepare_cached(sql)?.execute((webhook.get(), version, failures, abandoned, at, quiet))?;
    for track in &progress.tracks {
        let sql = "UPDATE webhook_tracks SET cursor = ?2 WHERE track = ?1";
        transaction.prepare_cached(sql)?.execute((track.id, track.cursor.get()))?;
    }
    for track in &progress.ended {
        transaction.prepare_cached("DELETE FROM webhook_tracks WHERE track = ?1")?.execute([track])?;
    }
    for waiting in &progress.waiting {
        let sql = "INSERT OR REPLACE INTO webhook_waiting (webhook, track, seq, event_hash, customer, attempts, due_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let Waiting { track, seq, event_hash, customer, attempts, due_at } = *waiting;
        let row = (webhook.get(), track, seq.get(), event_hash, customer.get(), attempts, due_at.micros());
        transaction.prepare_cached(sql)?.execute(row)?;
    }
    // After those that wait: what failed and was taken right afterwards is among both.
    for (track, seq) in &progress.settled {
        let sql = "DELETE FROM webhook_waiting WHERE webhook = ?1 AND track = ?2 AND seq = ?3";
        transaction.prepare_cached(sql)?.execute((webhook.get(), track, seq.get()))?;
    }
    progress.deliveries.iter().try_for_each(|delivery| insert(transaction, delivery))
}

pub(super) fn insert(file: &Connection, delivery: &Delivery) -> Result<(), OpsError> {
    let sql = "INSERT INTO webhook_deliveries (webhook, partner, seq, event_hash, event, customer, attempt, status, \
               status_code, error, body_hash, answer, sent_at, duration_ms, next_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    let mut statement = file.prepare_cached(sql)?;
    statement.execute(params![
        delivery.webhook.get(),
        delivery.partner.get(),
        delivery.seq.get(),
        delivery.event_hash,
        delivery.event,
        delivery.customer.get(),
        delivery.attempt,
        delivery.status.name(),
        delivery.status_code,
        delivery.error,
        delivery.body_hash,
        delivery.answer,
        delivery.sent_at.micros(),
        delivery.duration_ms,
        delivery.next_at.map(Timestamp::micros),
    ])?;
    Ok(())
}

pub(super) fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let status = DeliveryStatus::from_name(row.get_ref(8)?.as_str()?);
    Ok(Delivery {
        id: row.get(0)?,
        webhook: WebhookId::new(row.get(1)?),
        partner: PartnerId::new(row.get(2)?),
        seq: Seq::new(row.get(3)?),
        event_hash: row.get(4)?,
        event: row.get(5)?,
        customer: CustomerId::new(row.get(6)?),
        attempt: row.get(7)?,
        status: status.ok_or(rusqlite::Error::InvalidQuery)?,
        status_code: row.get(9)?,
        error: row.get(10)?,
        body_hash: row.get(11)?,
        answer: row.get(12)?,
        sent_at: Timestamp::from_micros(row.get(13)?),
        duration_ms: row.get(14)?,
        next_at: row.get::<_, Option<i64>>(15)?.map(Timestamp::from_micros),
    })
}

pub(super) fn standing(file: &Connection, webhook: WebhookId) -> Result<Option<Standing>, OpsError> {
    let sql =
        "SELECT version, failures, abandoned, last_delivery_at, quiet_until FROM webhook_standing WHERE webhook = ?1";
    let found = file.prepare_cached(sql)?.query_row([webhook.get()], |row| {
        let at = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros));
        let (version, failures, abandoned) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Standing { version, failures, abandoned, last_delivery_at: at(3)?, quiet_until: at(4)? })
    });
    Ok(found.optional()?)
}

pub(super) fn tracks(file: &Connection, webhook: WebhookId) -> Result<Vec<Track>, OpsError> {
    let sql = "SELECT track, cursor, until FROM webhook_tracks WHERE webhook = ?1 ORDER BY track";
    let mut statement = file.prepare_cached(sql)?;
    let rows = statement.query_map([webhook.get()], |row| track_of(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn track_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Track> {
    let until = row.get::<_, Option<i64>>(first + 2)?.map(Seq::new);
    Ok(Track { id: row.get(first)?, cursor: Seq::new(row.get(first + 1)?), until })
}

pub(super) fn waiting(file: &Connection, webhook: WebhookId, since: Seq) -> Result<Vec<Waiting>, OpsError> {
    let sql = format!(
        "SELECT track, seq, event_hash, customer, attempts, due_at FROM webhook_waiting WHERE {WAITS} ORDER BY seq, track"
    );
    let mut statement = file.prepare_cached(&sql)?;
    let rows = statement.query_map((webhook.get(), since.get()), |row| {
        Ok(Waiting {
            track: row.get(0)?,
            seq: Seq::new(row.get(1)?),
            event_hash: row.get(2)?,
            customer: CustomerId::new(row.get(3)?),
            attempts: row.get(4)?,
            due_at: Timestamp::from_micros(row.get(5)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
