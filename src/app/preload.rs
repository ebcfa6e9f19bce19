//! Filling the memory with cards after a start, so that no award has to wait for views.db.

use crate::live::Live;
use crate::priority::Priority;
use crate::projections::each_card;
use crate::storage::{DataDir, StorageError, open_reader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

/// Starts a thread that ends when all cards are in memory, there is no room for more, or `stop` is set.
pub(super) fn spawn(dir: &DataDir, live: Arc<Live>, stop: Arc<AtomicBool>) -> Result<JoinHandle<()>, PreloadError> {
    // Opened before the writer takes its first command: what this connection sees is at least as new as the start. A card that was
    // changed since is in memory already, so that it does not matter how much newer.
    let views = open_reader(dir)?;
    let run = move || {
        Priority::Background.take();
        let start = Instant::now();
        let loaded = each_card(&views, |card| !stop.load(Ordering::Acquire) && live.preload(card));
        match loaded {
            Ok(()) => tracing::debug!(cards = live.cards_held(), elapsed = ?start.elapsed(), "cards are in memory"),
            Err(source) => tracing::warn!(%source, "cards are not read ahead: each is read when it is first used"),
        }
    };
    Ok(std::thread::Builder::new().name("preload".to_owned()).spawn(run)?)
}

/// Why cards cannot be read ahead.
#[derive(Debug, thiserror::Error)]
pub enum PreloadError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}
