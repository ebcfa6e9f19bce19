//! The ledger without its doors: the engine on a real directory, driven by commands.

mod books;
mod checkpoints;
mod disk_full;
mod emails;
mod erasure;
mod exactly_once;
mod expiry_job;
mod forgetting;
mod invariants;
mod load;
mod model;
mod orders;
mod past;
mod refusals;
mod seals;
mod settings;
mod start;
mod time_travel;
pub(crate) mod workshop;
