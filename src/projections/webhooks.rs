//! Who wants to be told of events: the table `webhooks`.

use crate::domain::webhooks::Webhook;
use crate::domain::{PartnerId, RecordId, Seq, Timestamp, WebhookId};
use rusqlite::Connection;
use rusqlite::types::Type;
use std::collections::BTreeMap;

/// All of them, removed ones too.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<BTreeMap<WebhookId, Webhook>> {
    let sql =
        "SELECT webhook, partner, terms, record, created_at, version, as_of, updated_at, removed_at FROM webhooks";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let terms = serde_json::from_str(row.get_ref(2)?.as_str()?)
            .map_err(|source| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, source.into()))?;
        Ok(Webhook {
            id: WebhookId::new(row.get(0)?),
            partner: PartnerId::new(row.get(1)?),
            terms,
            record: RecordId::new(row.get(3)?),
            created_at: Timestamp::from_micros(row.get(4)?),
            updated_at: Timestamp::from_micros(row.get(7)?),
            removed_at: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_micros),
            version: row.get(5)?,
            as_of: Seq::new(row.get(6)?),
        })
    })?;
    rows.map(|webhook| webhook.map(|webhook| (webhook.id, webhook))).collect()
}

/// Writes those that changed after `before`.
pub(super) fn save(
    connection: &Connection,
    webhooks: &BTreeMap<WebhookId, Webhook>,
    before: Seq,
) -> rusqlite::Result<()> {
    for webhook in webhooks.values().filter(|webhook| webhook.as_of > before) {
        let terms = serde_json::to_string(&webhook.terms).expect("a webhook is plain data with text keys");
        connection
            .prepare_cached("INSERT OR REPLACE INTO webhooks (webhook, partner, terms, record, created_at, version, as_of, updated_at, removed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute((
                webhook.id.get(),
                webhook.partner.get(),
                terms,
                webhook.record.get(),
                webhook.created_at.micros(),
                webhook.version,
                webhook.as_of.get(),
                webhook.updated_at.micros(),
                webhook.removed_at.map(Timestamp::micros),
            ))?;
    }
    Ok(())
}
