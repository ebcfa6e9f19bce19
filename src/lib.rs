//! Counterfoil: an append-only, event-sourced loyalty ledger.

pub mod app;
pub mod clock;
pub mod domain;
pub mod event_log;
pub mod live;
pub mod projections;
pub mod storage;
pub mod vault;
pub mod writer;
