//! The ledger without its doors: the engine on a real directory, driven by commands.

mod bench_commands;
mod invariants;
mod model;
mod workshop;
