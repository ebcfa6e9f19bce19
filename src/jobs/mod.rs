//! Work that nobody asks for: commands that the clock submits. A job writes nothing itself; it goes through the writer
//! like everybody else.

mod checkpoints;
mod expiry;
mod retention;
mod seals;

pub use checkpoints::CheckpointJob;
pub use expiry::{ExpiryJob, JobError};
pub use retention::RetentionJob;
pub use seals::SealJob;
