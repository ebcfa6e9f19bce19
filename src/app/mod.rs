//! Wires the parts together, and owns the order in which they start and stop.

mod engine;
mod follow;
mod preload;

pub use engine::{Engine, EngineConfig, EngineError};
pub use preload::PreloadError;
