//! The writer: one thread, the only write connection to the log. Batches commands, decides them on memory, commits once, then answers.

mod command;
mod handle;

pub use command::{Actor, Command, Outcome, Recorded, Refusal, Request};
pub use handle::{BULK_MAX, QUEUE_MAX, Writer};
