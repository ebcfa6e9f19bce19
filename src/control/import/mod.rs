//! Taking a shop's past into the ledger: rows that the command line has read become commands for the writer, many at a time,
//! with the same events whether a service runs or not.
//!
//! A row is a fact of another system, with the time at which it happened. Nothing is computed anew by today's rules; see
//! [`crate::domain::points::Past`]. Each row happens once: its order id or its own id is the ordinary idempotency key.

mod commands;
mod frames;
mod link;
mod people;
mod reasons;
mod rows;
mod session;
mod sessions;

pub use link::{Import, ImportError};
pub use rows::{Act, Answered, CustomerRow, ImportOptions, Name, Opening, RowRefusal, Rows, TransactionRow, Who};
pub(super) use sessions::Sessions;
