//! All that is held about one person, as of one event: who they are, their cards as they stand, and every event about them with
//! what was typed beside it. Read in pages, each a snapshot of its own: what is recorded does not change any more.

use super::exports::ExportReader;
use super::{Queries, QueryError, bodies};
use crate::domain::cards::Card;
use crate::domain::customers::Customer;
use crate::domain::programme::{Directory, Retention};
use crate::domain::{CustomerId, Metadata, PartnerId, RecordId, Seq, ShopId, Timestamp};
use crate::projections;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;

/// How many events a page holds.
pub const CUSTOMER_DATA_PAGE: usize = 500;

/// Who it is, what is in force, and where their events are to be found.
#[derive(Debug, Clone)]
pub struct CustomerData {
    pub customer: Customer,
    /// As the vault has it, whatever it holds; none once erased.
    pub person: Option<Value>,
    pub cards: Vec<DataCard>,
    pub retention: Retention,
    pub currency: String,
    /// The last event that all of this reflects.
    pub as_of: Seq,
    /// When it was read, by which points have expired or not.
    pub read_at: Timestamp,
}

/// A card with what was typed about it.
#[derive(Debug, Clone)]
pub struct DataCard {
    pub card: Card,
    pub shop_name: Option<String>,
    pub metadata: Metadata,
    pub block: Option<Value>,
}

/// An event about a person.
#[derive(Debug, Clone)]
pub struct DataEvent {
    pub seq: Seq,
    pub at: Timestamp,
    pub kind: String,
    pub actor: String,
    pub idempotency_key: Option<String>,
    pub payload: Value,
    pub shop_name: Option<String>,
    /// The vault record that it names.
    pub record: Option<RecordId>,
    /// What the vault holds under it; none where nothing was sealed, or once erased.
    pub sealed: Option<Value>,
}

/// A page of events, and after which seq the next one begins.
pub type DataEvents = (Vec<DataEvent>, Option<Seq>);

const LISTED: &str =
    "SELECT seq FROM stream_events WHERE stream = ?1 AND id = ?2 AND seq > ?3 AND seq <= ?4 ORDER BY seq LIMIT ?5";
const MOVED: &str = "SELECT seq FROM card_movements \
     WHERE card = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY era, seq LIMIT ?4";
const EVENT: &str = "SELECT recorded_at, kind, actor, idempotency_key, payload FROM ledger.events WHERE seq = ?1";

pub(super) fn statements() -> Vec<(&'static str, String)> {
    [("events of a thing", LISTED), ("movements of a person's card", MOVED)]
        .map(|(name, sql)| (name, sql.to_owned()))
        .into()
}

impl Queries {
    /// All that is held about a customer of a partner, but for the events.
    ///
    /// # Errors
    /// When the projector is too far behind or the views cannot be read.
    pub async fn customer_data(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Option<CustomerData>, QueryError> {
        self.settled().await?;
        self.aside(move |connection| data(connection, partner, customer, now)).await
    }

    /// The events about them after a seq, oldest first.
    ///
    /// # Errors
    /// When too many reads are waiting or the views cannot be read.
    pub async fn customer_events(&self, data: CustomerData, after: Seq) -> Result<DataEvents, QueryError> {
        self.aside(move |connection| events(connection, &data, after)).await
    }
}

impl ExportReader {
    /// [`Queries::customer_data`] from the files alone.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn customer_data(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Option<CustomerData>, QueryError> {
        self.snapshot(|connection| data(connection, partner, customer, now))
    }

    /// [`Queries::customer_events`] from the files alone.
    ///
    /// # Errors
    /// When the views cannot be read.
    pub fn customer_events(&self, data: &CustomerData, after: Seq) -> Result<DataEvents, QueryError> {
        self.snapshot(|connection| events(connection, data, after))
    }
}

fn data(
    connection: &Connection,
    partner: PartnerId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Option<CustomerData>, QueryError> {
    let known = projections::load_customer(connection, customer)?.filter(|known| known.partner == partner);
    let Some(customer) = known else { return Ok(None) };
    let directory = projections::load_directory(connection)?;
    let mut cards = Vec::new();
    for card in projections::cards_held(connection, customer.id)? {
        cards.push(DataCard {
            shop_name: card.shop.map(|shop| shop_name(connection, &directory, shop)).transpose()?.flatten(),
            metadata: bodies::metadata(connection, card.metadata_record)?,
            block: card.block_record.map(|record| bodies::record(connection, record)).transpose()?.flatten(),
            card,
        });
    }
    let found = directory.partners.get(&partner);
    Ok(Some(CustomerData {
        person: bodies::record(connection, customer.record)?,
        customer,
        cards,
        retention: found.map(|found| found.settings.retention).unwrap_or_default(),
        currency: found.map(|found| found.currency.clone()).unwrap_or_default(),
        as_of: projections::watermark(connection)?,
        read_at: now,
    }))
}

fn events(connection: &Connection, data: &CustomerData, after: Seq) -> Result<DataEvents, QueryError> {
    let (low, high) = (after.get(), data.as_of.get());
    let limit = i64::try_from(CUSTOMER_DATA_PAGE).unwrap_or(i64::MAX);
    let mut seqs: Vec<i64> = Vec::new();
    let mut listed = connection.prepare_cached(LISTED)?;
    let mut moved = connection.prepare_cached(MOVED)?;
    for seq in listed.query_map(("customer", data.customer.id.get(), low, high, limit), |row| row.get(0))? {
        seqs.push(seq?);
    }
    for DataCard { card, .. } in &data.cards {
        for seq in listed.query_map(("card", card.id.get(), low, high, limit), |row| row.get(0))? {
            seqs.push(seq?);
        }
        for seq in moved.query_map((card.id.get(), low, high, limit), |row| row.get(0))? {
            seqs.push(seq?);
        }
    }
    // Each of them gave as many as the page holds, so the first of all are among them.
    seqs.sort_unstable();
    let more = seqs.len() >= CUSTOMER_DATA_PAGE;
    seqs.truncate(CUSTOMER_DATA_PAGE);
    let directory = projections::load_directory(connection)?;
    let mut page = Vec::with_capacity(seqs.len());
    for seq in seqs {
        page.extend(event(connection, &directory, Seq::new(seq))?);
    }
    let next = page.last().map(|last| last.seq).filter(|_| more);
    Ok((page, next))
}

fn event(connection: &Connection, directory: &Directory, seq: Seq) -> Result<Option<DataEvent>, QueryError> {
    let mut statement = connection.prepare_cached(EVENT)?;
    let read = statement.query_row([seq.get()], |row| {
        let at = Timestamp::from_micros(row.get(0)?);
        Ok((at, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, String>(4)?))
    });
    let Some((at, kind, actor, idempotency_key, payload)) = read.optional()? else { return Ok(None) };
    let payload: Value = serde_json::from_str(&payload)?;
    let record = payload["sealed"]["record"].as_i64().map(RecordId::new);
    let shop = payload["shop"].as_i64().map(ShopId::new);
    Ok(Some(DataEvent {
        seq,
        at,
        kind,
        actor,
        idempotency_key,
        shop_name: shop.map(|shop| shop_name(connection, directory, shop)).transpose()?.flatten(),
        record,
        sealed: record.map(|record| bodies::record(connection, record)).transpose()?.flatten(),
        payload,
    }))
}

fn shop_name(connection: &Connection, directory: &Directory, shop: ShopId) -> Result<Option<String>, QueryError> {
    directory.shops.get(&shop).map_or(Ok(None), |shop| bodies::name(connection, shop.record))
}
