//! Counterfoil: an append-only, event-sourced loyalty ledger.

pub mod clock;
pub mod domain;
pub mod live;
pub mod ops;
pub mod storage;
pub mod writer;
