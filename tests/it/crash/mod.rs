//! The real binary under real trouble: killed at random instants, on damaged projections, on a disk that refuses to be written.

mod checkpoints;
mod io_error;
mod kill;
mod process;
mod seals;
mod webhooks;
