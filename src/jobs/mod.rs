//! Work that nobody asks for: commands that the clock submits. A job writes nothing itself; it goes through the writer
//! like everybody else.

mod expiry;

pub use expiry::{ExpiryJob, JobError};
