//! The writer: one thread, the only write connection to the log. Batches commands, decides them on memory, commits once, then answers.

mod batch;
mod claim;
mod command;
mod decide;
mod filter;
mod grounds;
mod handle;
mod memory;
mod orders;
mod pace;
mod pending;
mod repeat;
mod thread;

pub use command::{Actor, BuyerId, Command, Outcome, Recorded, Refusal, Request};
pub use handle::{BULK_MAX, Bulk, ExpiryRest, QUEUE_MAX, WAITING_MAX, Writer};
pub use pace::{CardPace, NoPace};
pub use thread::{LAG_FELT, LAG_MAX, StartError, start};
