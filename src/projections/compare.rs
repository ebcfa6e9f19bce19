//! Comparing two files of projections, table by table and row by row.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::path::Path;

/// Every table of the projections, with what its rows are sorted by.
const TABLES: [(&str, &str); 27] = [
    ("eras", "era"),
    ("partners", "partner"),
    ("shops", "shop"),
    ("templates", "template"),
    ("keys", "key"),
    ("customers", "customer"),
    ("customer_records", "customer, record"),
    ("cards", "card"),
    ("lots", "era, card, lot"),
    ("movements", "seq"),
    ("stream_events", "stream, id, seq"),
    ("refunds", "order_seq, seq"),
    ("idempotency", "era, hash, seq"),
    ("card_counts", "partner, block, status, tier"),
    ("transaction_counts", "partner, block, kind, shop"),
    ("tiles", "level, tile"),
    ("checkpoint_keys", "key"),
    ("checkpoints", "seq"),
    ("webhooks", "webhook"),
    ("seals", "seal"),
    ("book_spans", "day, block, partner"),
    ("book_moves", "day, block, partner, shop, template"),
    ("book_cards", "day, block, partner, template"),
    ("book_lots", "day, block, partner, template, month"),
    ("book_ends", "ending, day, block, partner, template"),
    ("book_acts", "day, block, partner, actor, act"),
    ("book_refunds", "day, block, partner"),
];

/// The first row in which two files differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// The rows as text; none where one file has no such row.
    pub left: Option<String>,
    pub right: Option<String>,
}

/// Compares every table of `left` with the file at `right`; answers the first difference of each table.
///
/// # Errors
/// When a file cannot be read.
pub fn compare(left: &Connection, right: &Path) -> rusqlite::Result<Vec<Difference>> {
    let right = Connection::open_with_flags(right, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut differences = Vec::new();
    for (table, order) in TABLES {
        differences.extend(compare_table(left, &right, table, order)?);
    }
    Ok(differences)
}

fn compare_table(
    left: &Connection,
    right: &Connection,
    table: &'static str,
    order: &str,
) -> rusqlite::Result<Option<Difference>> {
    let sql = format!("SELECT * FROM {table} ORDER BY {order}");
    let (mut left, mut right) = (left.prepare(&sql)?, right.prepare(&sql)?);
    let (mut left, mut right) = (left.query([])?, right.query([])?);
    loop {
        let pair = (left.next()?.map(text).transpose()?, right.next()?.map(text).transpose()?);
        match pair {
            (None, None) => return Ok(None),
            (left, right) if left != right => return Ok(Some(Difference { table, left, right })),
            _ => {}
        }
    }
}

fn text(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    let columns = row.as_ref().column_count();
    let mut text = String::new();
    for index in 0..columns {
        let value = match row.get_ref(index)? {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            ValueRef::Blob(bytes) => hex::encode(bytes),
        };
        text.push_str(if index == 0 { "" } else { " | " });
        text.push_str(&value);
    }
    Ok(text)
}
