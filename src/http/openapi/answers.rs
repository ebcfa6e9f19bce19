//! What the auditor's surface answers without an envelope: the forms that other tools read.

use crate::queries::{LogRow, WholeRow};
use utoipa::ToSchema;

/// A page of the log.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct LogPage {
    events: Vec<LogRow>,
    /// What to ask for as `after` next.
    next_after: i64,
    /// The log's end when the page was read.
    head: i64,
}

/// Checkpoints, by size.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Checkpoints {
    checkpoints: Vec<Checkpoint>,
    next_after: Option<i64>,
}

/// A checkpoint.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Checkpoint {
    size: i64,
    /// Hex digits.
    root: String,
    key: i64,
    /// The event that records it.
    seq: i64,
    #[schema(format = DateTime)]
    recorded_at: String,
    cosignatures: i64,
    /// The C2SP signed note.
    note: String,
}

/// The keys that sign checkpoints.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Keys {
    keys: Vec<CheckpointKey>,
}

/// A key that signs checkpoints.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct CheckpointKey {
    key: i64,
    origin: String,
    /// Hex digits.
    public_key: String,
    /// As a verifier of signed notes takes it.
    verifier_key: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    retired_at: Option<String>,
}

/// A proof that an event is in a tree.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Inclusion {
    seq: i64,
    leaf_index: i64,
    size: i64,
    root: String,
    leaf_hash: String,
    hashes: Vec<String>,
}

/// A proof that a tree begins with another.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Consistency {
    from: i64,
    to: i64,
    from_root: String,
    to_root: String,
    hashes: Vec<String>,
}

/// A place in a tree, and the hashes that lead from there to its root.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Path {
    leaf_index: i64,
    size: i64,
    hashes: Vec<String>,
}

/// An event with everything that proves it stands in the log.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Receipt {
    format: String,
    event: WholeRow,
    previous_hash: String,
    proof: Path,
    checkpoint: String,
}

/// A page of seals.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Seals {
    seals: Vec<Seal>,
    next_after: Option<i64>,
}

/// The seals of one month.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct SealsOfPeriod {
    period: String,
    seals: Vec<Seal>,
}

/// All balances of a partner at a month's end, sealed.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Seal {
    partner_id: i64,
    period: String,
    #[schema(format = DateTime)]
    ends_at: String,
    /// The last event before it ends.
    as_of: i64,
    cards: i64,
    points: i64,
    available: i64,
    root: String,
    seq: i64,
    #[schema(format = DateTime)]
    recorded_at: String,
}

/// One card's balance at a month's end, with everything that proves it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Statement {
    format: String,
    period: String,
    card: i64,
    number: String,
    /// By the books.
    balance: i64,
    /// What could be spent in the month's last microsecond.
    available: i64,
    salt: String,
    sealed: Path,
    event: WholeRow,
    previous_hash: String,
    proof: Path,
    checkpoint: String,
}
