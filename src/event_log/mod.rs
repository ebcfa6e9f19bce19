//! The log: appending, reading, the hash chain and idempotency keys. Its format is schema/event-log.md.
//!
//! Owns the table `events`. Decides nothing: it records what was decided.

mod append;
mod carry;
mod chain;
mod idempotency;
mod read;
mod tail;

pub use append::{Appender, Entry, EventInsert};
pub use carry::{CarryError, carry_over};
pub use chain::{Hash, Row, ZERO_HASH};
pub use idempotency::{Claim, Fingerprint, key_hash};
pub use read::{
    LogError, Stored, command, each_wanted, event, event_at, events_after, hash_at, hashes, head, idempotency_key_at,
    recorded_at,
};
pub use tail::{TailError, check_chain, check_tail};
