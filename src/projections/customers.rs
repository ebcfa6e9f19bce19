//! Customers: who is registered, and which vault records are about them. The tables `customers` and `customer_records`.

use crate::domain::customers::{Customer, PersonRecord};
use crate::domain::{CustomerId, PartnerId, RecordId, Seq, Timestamp};
use crate::vault;
use rusqlite::{Connection, OptionalExtension as _};

/// A customer as of the last event that views.db reflects.
///
/// # Errors
/// When the file cannot be read.
pub fn load_customer(connection: &Connection, customer: CustomerId) -> rusqlite::Result<Option<Customer>> {
    let mut statement = connection.prepare_cached(
        "SELECT customer, partner, record, registered_at, updated_at, erased_at, version, as_of FROM customers WHERE customer = ?1",
    )?;
    let found = statement.query_row([customer.get()], |row| {
        Ok(Customer {
            id: CustomerId::new(row.get(0)?),
            partner: PartnerId::new(row.get(1)?),
            record: RecordId::new(row.get(2)?),
            registered_at: Timestamp::from_micros(row.get(3)?),
            updated_at: Timestamp::from_micros(row.get(4)?),
            erased_at: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_micros),
            version: row.get(6)?,
            as_of: Seq::new(row.get(7)?),
        })
    });
    found.optional()
}

/// The customer who has that email ([`vault::lookup_hash`]).
///
/// # Errors
/// When the file cannot be read.
pub fn customer_by_email(
    connection: &Connection,
    partner: PartnerId,
    hash: &[u8; 16],
) -> rusqlite::Result<Option<CustomerId>> {
    connection
        .prepare_cached("SELECT customer FROM customers WHERE partner = ?1 AND email_hash = ?2")?
        .query_row((partner.get(), hash.as_slice()), |row| row.get(0).map(CustomerId::new))
        .optional()
}

/// The customers who have that phone number ([`vault::lookup_hash`]); two of them where there are more.
///
/// # Errors
/// When the file cannot be read.
pub fn customers_by_phone(
    connection: &Connection,
    partner: PartnerId,
    hash: &[u8; 16],
) -> rusqlite::Result<Vec<CustomerId>> {
    let mut statement =
        connection.prepare_cached("SELECT customer FROM customers WHERE partner = ?1 AND phone_hash = ?2 LIMIT 2")?;
    let found = statement.query_map((partner.get(), hash.as_slice()), |row| row.get(0).map(CustomerId::new))?;
    found.collect()
}

/// Every vault record about a customer, those of their cards' movements included.
///
/// # Errors
/// When the file cannot be read.
pub fn customer_records(connection: &Connection, customer: CustomerId) -> rusqlite::Result<Vec<RecordId>> {
    let mut statement = connection.prepare_cached(
        "SELECT record FROM customer_records WHERE customer = ?1 \
         UNION SELECT movements.record FROM cards CROSS JOIN card_movements AS movements USING (card) \
         WHERE cards.customer = ?1 AND movements.record IS NOT NULL ORDER BY 1",
    )?;
    statement.query_map([customer.get()], |row| row.get(0).map(RecordId::new))?.collect()
}

/// What the look-up columns hold of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Contact {
    email: Option<[u8; 16]>,
    phone: Option<[u8; 16]>,
}

impl Contact {
    /// Of a person's sealed record; nothing where it was erased.
    pub(super) fn of(partner: PartnerId, body: Option<&str>) -> Self {
        let person = body.and_then(|body| serde_json::from_str::<PersonRecord>(body).ok());
        let Some(person) = person else { return Self::default() };
        let email = PersonRecord::email_key(&person.email);
        let phone = person.phone.as_deref().map(PersonRecord::phone_key).filter(|phone| !phone.is_empty());
        Self {
            email: Some(vault::lookup_hash(partner, "email", &email)),
            phone: phone.map(|phone| vault::lookup_hash(partner, "phone", &phone)),
        }
    }
}

/// Takes a customer's look-up columns away until the row is saved.
pub(super) fn release(connection: &Connection, customer: CustomerId) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("UPDATE customers SET email_hash = NULL, phone_hash = NULL WHERE customer = ?1")?;
    statement.execute([customer.get()]).map(|_| ())
}

/// Writes a customer's row. Without `contact` its look-up columns stay as they are.
pub(super) fn save(connection: &Connection, customer: &Customer, contact: Option<Contact>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO customers (customer, partner, record, registered_at, updated_at, erased_at, version, as_of) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (customer) DO UPDATE SET record = excluded.record, \
         updated_at = excluded.updated_at, erased_at = excluded.erased_at, version = excluded.version, as_of = excluded.as_of",
    )?;
    statement.execute((
        customer.id.get(),
        customer.partner.get(),
        customer.record.get(),
        customer.registered_at.micros(),
        customer.updated_at.micros(),
        customer.erased_at.map(Timestamp::micros),
        customer.version,
        customer.as_of.get(),
    ))?;
    let Some(contact) = contact else { return Ok(()) };
    let mut statement =
        connection.prepare_cached("UPDATE customers SET email_hash = ?2, phone_hash = ?3 WHERE customer = ?1")?;
    statement.execute((customer.id.get(), contact.email, contact.phone)).map(|_| ())
}

/// Notes that a vault record, named by the event `seq`, is about a customer.
pub(super) fn add_record(
    connection: &Connection,
    (customer, record, seq): (CustomerId, RecordId, Seq),
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare_cached("INSERT OR IGNORE INTO customer_records (customer, record, seq) VALUES (?1, ?2, ?3)")?;
    statement.execute((customer.get(), record.get(), seq.get())).map(|_| ())
}
