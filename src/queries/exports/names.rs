//! What the vault knows of a row: looked up only where a column asks for it.

use super::super::{QueryError, bodies};
use super::Wanted;
use crate::domain::customers::PersonRecord;
use crate::domain::programme::ShopRecord;
use crate::domain::{RecordId, ShopId};
use rusqlite::{Connection, OptionalExtension as _, Row};
use rustc_hash::FxHashMap;

/// The names of shops, each read once for a page.
pub(super) struct ShopNames<'c> {
    connection: &'c Connection,
    wanted: bool,
    known: FxHashMap<ShopId, Option<String>>,
}

impl<'c> ShopNames<'c> {
    pub(super) fn new(connection: &'c Connection, wanted: Wanted) -> Self {
        Self { connection, wanted: wanted.shop, known: FxHashMap::default() }
    }

    pub(super) fn of(&mut self, shop: Option<ShopId>) -> Result<Option<String>, QueryError> {
        let Some(shop) = shop.filter(|_| self.wanted) else { return Ok(None) };
        if let Some(name) = self.known.get(&shop) {
            return Ok(name.clone());
        }
        let name = shop_name(self.connection, shop)?;
        self.known.insert(shop, name.clone());
        Ok(name)
    }
}

fn shop_name(connection: &Connection, shop: ShopId) -> Result<Option<String>, QueryError> {
    let mut statement = connection.prepare_cached("SELECT record FROM shops WHERE shop = ?1")?;
    let record = statement.query_row([shop.get()], |row| row.get(0).map(RecordId::new)).optional()?;
    let Some(record) = record else { return Ok(None) };
    Ok(bodies::record::<ShopRecord>(connection, record)?.map(|shop| shop.name))
}

/// The person in a column that was joined with the vault; none once erased.
pub(super) fn person(row: &Row<'_>, column: usize) -> Result<Option<PersonRecord>, QueryError> {
    let body = row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok(body.map(serde_json::from_str).transpose()?)
}
