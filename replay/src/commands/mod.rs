//! What an auditor asks besides `verify`: each command in a file of its own.

pub mod as_of;
pub mod diff;
pub mod export;
pub mod rebuild;

use crate::ledger::{Malformed, OpenError};
use std::path::PathBuf;

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("reading failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("{0}")]
    Row(#[from] Malformed),
    #[error("event {seq}: {source}")]
    Payload { seq: i64, source: crate::payload::Unreadable },
    #[error("writing failed")]
    Write(#[from] std::io::Error),
    #[error("writing failed")]
    Csv(#[from] csv::Error),
    #[error("writing failed")]
    Json(#[from] serde_json::Error),
    #[error("writing failed")]
    Xlsx(#[from] counterfoil_statements::XlsxError),
    #[error("{0} exists already: this tool overwrites nothing")]
    Exists(PathBuf),
    #[error("{0:?} is not a card: write 17, card_17 or the card's number")]
    NotACard(String),
    #[error("the ledger has no card {0} at that moment")]
    NoSuchCard(String),
    #[error("several cards have the number {0}: {1}; name one by its id")]
    Ambiguous(String, String),
    #[error("the ledger has no partner {0} before the end of the period")]
    NoSuchPartner(i64),
    #[error("the ledger has no event {seq}: it ends at {head}")]
    BeyondHead { seq: i64, head: i64 },
}
