//! Counterfoil: an append-only, event-sourced loyalty ledger.

pub mod app;
pub mod cli;
pub mod clock;
pub mod control;
pub mod domain;
pub mod event_log;
pub mod http;
pub mod jobs;
pub mod live;
pub mod ops;
pub mod projections;
pub mod queries;
pub mod storage;
pub mod vault;
pub mod writer;
