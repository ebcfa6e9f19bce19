//! The tables of the projections that are compared cell by cell: their names, keys and columns.

use std::fmt;

/// The projections' tables, as the service makes them.
pub const VIEWS_TABLES: &str = include_str!("../../../schema/sql/views/tables.sql");
/// Their indexes, and the views through which they are looked up.
pub const VIEWS_INDEXES: &str = include_str!("../../../schema/sql/views/indexes.sql");

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
    Json(serde_json::Value),
    /// What the log and vault do not say.
    Unknown,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "x'{}'", hex::encode(bytes)),
            Self::Json(json) => json.fmt(f),
            Self::Unknown => f.write_str("anything"),
        }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A table: its name, how many columns its key has, and its columns, the key's first.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub name: &'static str,
    pub key: usize,
    pub columns: &'static [&'static str],
}

macro_rules! shape {
    ($name:literal, $key:literal, [$($column:literal),*]) => {
        Shape { name: $name, key: $key, columns: &[$($column),*] }
    };
}

pub(super) const ERAS: Shape = shape!("eras", 1, ["era"]);
pub(super) const PARTNERS: Shape = shape!(
    "partners",
    1,
    ["partner", "currency", "record", "created_at", "version", "as_of", "settings", "settings_record", "updated_at"]
);
pub(super) const SHOPS: Shape = shape!(
    "shops",
    1,
    ["shop", "partner", "facts", "record", "created_at", "version", "as_of", "updated_at", "retired_at"]
);
pub(super) const TEMPLATES: Shape = shape!(
    "templates",
    1,
    ["template", "partner", "rules", "record", "created_at", "version", "as_of", "updated_at", "retired_at"]
);
pub(super) const KEYS: Shape = shape!(
    "keys",
    1,
    [
        "key",
        "partner",
        "public_id",
        "form",
        "shop",
        "scopes",
        "allowed_ips",
        "expires_at",
        "created_at",
        "revoked_at",
        "version",
        "as_of"
    ]
);
pub(super) const WEBHOOKS: Shape = shape!(
    "webhooks",
    1,
    ["webhook", "partner", "terms", "record", "created_at", "version", "as_of", "updated_at", "removed_at"]
);
pub(super) const CUSTOMERS: Shape = shape!(
    "customers",
    1,
    [
        "customer",
        "partner",
        "email_hash",
        "phone_hash",
        "record",
        "registered_at",
        "updated_at",
        "erased_at",
        "version",
        "as_of"
    ]
);
pub(super) const CUSTOMER_RECORDS: Shape = shape!("customer_records", 2, ["customer", "record", "seq"]);
pub(super) const STREAM_EVENTS: Shape = shape!("stream_events", 3, ["stream", "id", "seq"]);
pub(super) const REFUNDS: Shape = shape!("refunds", 2, ["order_seq", "seq"]);
pub(super) const CARD_COUNTS: Shape = shape!("card_counts", 4, ["partner", "block", "status", "tier", "cards"]);
pub(super) const TRANSACTION_COUNTS: Shape =
    shape!("transaction_counts", 4, ["partner", "block", "kind", "shop", "transactions", "gained", "lost"]);

pub(super) const TILES: Shape = shape!("tiles", 2, ["level", "tile", "hashes"]);
pub(super) const CHECKPOINT_KEYS: Shape =
    shape!("checkpoint_keys", 1, ["key", "origin", "public_key", "created_at", "retired_at", "version", "as_of"]);
pub(super) const CHECKPOINTS: Shape = shape!(
    "checkpoints",
    1,
    ["seq", "at", "key", "size", "root", "signature", "witness", "witness_key", "cosigned_at"]
);

pub(super) const SEALS: Shape = shape!(
    "seals",
    1,
    ["seal", "seq", "at", "partner", "period", "ends_at", "up_to", "cards", "points", "available", "root", "record"]
);

pub(super) const BOOK_SPANS: Shape =
    shape!("book_spans", 3, ["day", "block", "partner", "events", "late", "first_seq", "last_seq", "last_at"]);
pub(super) const BOOK_MOVES: Shape = shape!(
    "book_moves",
    5,
    [
        "day",
        "block",
        "partner",
        "shop",
        "template",
        "movements",
        "orders",
        "awarded",
        "given_back",
        "redeemed",
        "expired",
        "refunded",
        "adjusted_up",
        "adjusted_down",
        "imported",
        "imported_in",
        "imported_out"
    ]
);
pub(super) const BOOK_CARDS: Shape = shape!("book_cards", 4, ["day", "block", "partner", "template", "cards", "debt"]);
pub(super) const BOOK_LOTS: Shape =
    shape!("book_lots", 5, ["day", "block", "partner", "template", "month", "lots", "points"]);
pub(super) const BOOK_ENDS: Shape =
    shape!("book_ends", 5, ["ending", "day", "block", "partner", "template", "lots", "points"]);
pub(super) const BOOK_ACTS: Shape =
    shape!("book_acts", 5, ["day", "block", "partner", "actor", "act", "acts", "up", "down", "downs"]);
pub(super) const BOOK_REFUNDS: Shape = shape!(
    "book_refunds",
    3,
    [
        "day",
        "block",
        "partner",
        "refunds",
        "cancellations",
        "returns",
        "orders",
        "completed",
        "taken_back",
        "debt",
        "let_go",
        "given_back",
        "amount",
        "without_amount"
    ]
);

/// The tables that [`super::shelves`] gives.
pub const SHAPES: [Shape; 23] = [
    ERAS,
    PARTNERS,
    SHOPS,
    TEMPLATES,
    KEYS,
    WEBHOOKS,
    CUSTOMERS,
    CUSTOMER_RECORDS,
    STREAM_EVENTS,
    REFUNDS,
    CARD_COUNTS,
    TRANSACTION_COUNTS,
    TILES,
    CHECKPOINT_KEYS,
    CHECKPOINTS,
    SEALS,
    BOOK_SPANS,
    BOOK_MOVES,
    BOOK_CARDS,
    BOOK_LOTS,
    BOOK_ENDS,
    BOOK_ACTS,
    BOOK_REFUNDS,
];

/// Columns that hold JSON.
#[must_use]
pub fn is_json(table: &str, column: &str) -> bool {
    matches!(
        (table, column),
        ("partners", "settings")
            | ("shops", "facts")
            | ("templates", "rules")
            | ("webhooks", "terms")
            | ("keys", "form" | "scopes" | "allowed_ips")
    )
}
