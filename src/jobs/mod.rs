//! Work that nobody asks for: commands that the clock submits, and backups. A job writes nothing itself to the log; it goes
//! through the writer like everybody else.

mod backups;
mod checkpoints;
mod expiry;
mod job;
mod retention;
mod seals;

pub use backups::{BackupPlan, start_backups};
pub use checkpoints::start_checkpoints;
pub use expiry::{JobError, start_expiry};
pub use job::Job;
pub use retention::start_retention;
pub use seals::start_seals;
