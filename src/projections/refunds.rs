//! Which events refunded which order: the table `refunds`.

use crate::domain::Seq;
use rusqlite::Connection;

/// The events that refunded the order whose first event this is, in the order of the log.
///
/// # Errors
/// When the file cannot be read.
pub fn refunds_of(connection: &Connection, order: Seq) -> rusqlite::Result<Vec<Seq>> {
    let mut statement = connection.prepare_cached("SELECT seq FROM refunds WHERE order_seq = ?1 ORDER BY seq")?;
    statement.query_map([order.get()], |row| row.get(0).map(Seq::new))?.collect()
}

/// Whether an order was refunded before.
pub(super) fn is_refunded(connection: &Connection, order: Seq) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM refunds WHERE order_seq = ?1 LIMIT 1")?.exists([order.get()])
}

/// Adds a refund.
pub(super) fn insert(connection: &Connection, order: Seq, seq: Seq) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("INSERT INTO refunds (order_seq, seq) VALUES (?1, ?2)")?;
    statement.execute((order.get(), seq.get())).map(|_| ())
}
