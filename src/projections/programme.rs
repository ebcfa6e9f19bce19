//! The programme: the tables `partners`, `shops`, `templates` and `keys`; and, with it, the keys that sign checkpoints and the webhooks.

use super::{checkpoints, seals, webhooks};
use crate::domain::programme::{Directory, Key, Partner, Shop, Template};
use crate::domain::{KeyId, PartnerId, RecordId, Seq, ShopId, TemplateId, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

/// The whole programme as of the last event that views.db reflects.
///
/// # Errors
/// When the file cannot be read.
pub fn load_directory(connection: &Connection) -> rusqlite::Result<Directory> {
    let mut directory = Directory::default();
    let partners = "SELECT partner, currency, record, created_at, version, as_of, settings, settings_record, updated_at FROM partners";
    each(connection, partners, |row| {
        let id = PartnerId::new(row.get(0)?);
        let (currency, record) = (row.get(1)?, RecordId::new(row.get(2)?));
        let (created_at, version, as_of) = (Timestamp::from_micros(row.get(3)?), row.get(4)?, Seq::new(row.get(5)?));
        let (settings, settings_record) = (json(row, 6)?, row.get::<_, Option<i64>>(7)?.map(RecordId::new));
        let updated_at = Timestamp::from_micros(row.get(8)?);
        let partner =
            Partner { id, currency, record, settings, settings_record, created_at, updated_at, version, as_of };
        directory.partners.insert(id, partner);
        Ok(())
    })?;
    each(
        connection,
        "SELECT shop, partner, facts, record, created_at, version, as_of, updated_at, retired_at FROM shops",
        |row| {
            let id = ShopId::new(row.get(0)?);
            let shop = Shop {
                id,
                partner: PartnerId::new(row.get(1)?),
                facts: json(row, 2)?,
                record: RecordId::new(row.get(3)?),
                created_at: Timestamp::from_micros(row.get(4)?),
                updated_at: Timestamp::from_micros(row.get(7)?),
                retired_at: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_micros),
                version: row.get(5)?,
                as_of: Seq::new(row.get(6)?),
            };
            directory.shops.insert(id, shop);
            Ok(())
        },
    )?;
    each(
        connection,
        "SELECT template, partner, rules, record, created_at, version, as_of, updated_at, retired_at FROM templates",
        |row| {
            let id = TemplateId::new(row.get(0)?);
            let template = Template {
                id,
                partner: PartnerId::new(row.get(1)?),
                rules: json(row, 2)?,
                record: RecordId::new(row.get(3)?),
                created_at: Timestamp::from_micros(row.get(4)?),
                updated_at: Timestamp::from_micros(row.get(7)?),
                retired_at: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_micros),
                version: row.get(5)?,
                as_of: Seq::new(row.get(6)?),
            };
            directory.templates.insert(id, template);
            Ok(())
        },
    )?;
    let keys = "SELECT key, partner, public_id, form, shop, scopes, allowed_ips, expires_at, created_at, revoked_at, version, as_of FROM keys";
    each(connection, keys, |row| {
        let key = key(row)?;
        directory.keys.insert(key.id, key);
        Ok(())
    })?;
    directory.checkpoints = checkpoints::load(connection)?;
    directory.webhooks = webhooks::load(connection)?;
    directory.seals = seals::load(connection)?;
    Ok(directory)
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: KeyId::new(row.get(0)?),
        partner: PartnerId::new(row.get(1)?),
        public_id: row.get(2)?,
        form: json(row, 3)?,
        shop: row.get::<_, Option<i64>>(4)?.map(ShopId::new),
        scopes: json(row, 5)?,
        allowed_ips: json(row, 6)?,
        expires_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
        created_at: Timestamp::from_micros(row.get(8)?),
        revoked_at: row.get::<_, Option<i64>>(9)?.map(Timestamp::from_micros),
        version: row.get(10)?,
        as_of: Seq::new(row.get(11)?),
    })
}

/// Writes what changed after `before`.
pub(super) fn save(connection: &Connection, directory: &Directory, before: Seq) -> rusqlite::Result<()> {
    for partner in directory.partners.values().filter(|partner| partner.as_of > before) {
        connection
            .prepare_cached("INSERT OR REPLACE INTO partners (partner, currency, record, created_at, version, as_of, settings, settings_record, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute((
                partner.id.get(),
                &partner.currency,
                partner.record.get(),
                partner.created_at.micros(),
                partner.version,
                partner.as_of.get(),
                text(&partner.settings),
                partner.settings_record.map(RecordId::get),
                partner.updated_at.micros(),
            ))?;
    }
    for shop in directory.shops.values().filter(|shop| shop.as_of > before) {
        connection
            .prepare_cached("INSERT OR REPLACE INTO shops (shop, partner, facts, record, created_at, version, as_of, updated_at, retired_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute((
                shop.id.get(),
                shop.partner.get(),
                text(&shop.facts),
                shop.record.get(),
                shop.created_at.micros(),
                shop.version,
                shop.as_of.get(),
                shop.updated_at.micros(),
                shop.retired_at.map(Timestamp::micros),
            ))?;
    }
    for template in directory.templates.values().filter(|template| template.as_of > before) {
        connection
            .prepare_cached("INSERT OR REPLACE INTO templates (template, partner, rules, record, created_at, version, as_of, updated_at, retired_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
            .execute((
                template.id.get(),
                template.partner.get(),
                text(&template.rules),
                template.record.get(),
                template.created_at.micros(),
                template.version,
                template.as_of.get(),
                template.updated_at.micros(),
                template.retired_at.map(Timestamp::micros),
            ))?;
    }
    for key in directory.keys.values().filter(|key| key.as_of > before) {
        save_key(connection, key)?;
    }
    checkpoints::save_keys(connection, &directory.checkpoints, before)?;
    webhooks::save(connection, &directory.webhooks, before)
}

fn save_key(connection: &Connection, key: &Key) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO keys (key, partner, public_id, form, shop, scopes, allowed_ips, expires_at, created_at, revoked_at, version, as_of) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    statement
        .execute((
            key.id.get(),
            key.partner.get(),
            &key.public_id,
            text(&key.form),
            key.shop.map(ShopId::get),
            text(&key.scopes),
            text(&key.allowed_ips),
            key.expires_at.map(Timestamp::micros),
            key.created_at.micros(),
            key.revoked_at.map(Timestamp::micros),
            key.version,
            key.as_of.get(),
        ))
        .map(|_| ())
}

fn each(
    connection: &Connection,
    sql: &str,
    mut row: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(next) = rows.next()? {
        row(next)?;
    }
    Ok(())
}

fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|source| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, source.into()))
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("the programme is plain data with text keys")
}
