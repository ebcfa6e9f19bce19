//! The auditor's tool: verifies, replays, compares, reports and exports a Counterfoil ledger. It depends on nothing of the service; its whole knowledge
//! is `schema/event-log.md` and, of the projections, `schema/sql/views`.
//!
//! One crate serves both: `counterfoil-statements`, which writes a statement's finished tables down as JSON, CSV, XLSX, HTML or lines. It weakens no check,
//! because it makes none: it reads no log, folds no event, fills in no cell, and learns whether the books close from whoever found it out. What
//! it would print wrong, it would print wrong of both. The service's tests hold that it stays so (`tests/it/architecture`).
//!
//! | module | owns |
//! |---|---|
//! | [`ledger`] | opening files for reading only, rows of the log, the hashes |
//! | [`merkle`] | the Merkle tree over the log: growing it, checking proofs |
//! | [`note`] | signed notes, checkpoints and cosignatures: checking them |
//! | [`receipt`] | one event's or one balance's proof, verified without the log |
//! | [`seal`] | the leaves of sealed balances |
//! | [`payload`] | what events say |
//! | [`fold`] | cards, lots and movements from events, and the rules that events obey |
//! | [`verify`] | one pass over everything, on all cores |
//! | [`commands`] | `rebuild`, `diff`, `balance`, `history`, `export` |
//! | [`follow`] | the auditor's own copy of a running service's log, and the alarms |
//! | [`report`] | the books of a period: trial balances, liability, breakage, who changed what |
//! | [`decimal`] | money and rates, exactly |
//! | [`findings`] | what was found wrong |

pub mod commands;
pub mod decimal;
pub mod findings;
pub mod fold;
pub mod follow;
pub mod instant;
pub mod ledger;
pub mod merkle;
pub mod note;
pub mod payload;
pub mod points;
pub mod progress;
pub mod receipt;
pub mod report;
pub mod seal;
pub mod verify;
