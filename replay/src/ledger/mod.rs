//! The files: where they are, how they are opened without a chance of changing them, and what a row of the log is.

mod chain;
mod event;
mod open;
mod row;

pub use chain::{ChainHasher, GENESIS, Hash, commitment};
pub use event::{COLUMNS, Event, Malformed};
pub use open::{Location, OpenError, hash_at, head, open_same_snapshot, open_snapshot, require_ledger};
pub(crate) use row::hash;
pub use row::{Row, hash_of_digits};
