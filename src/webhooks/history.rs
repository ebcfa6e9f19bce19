//! Whether ops.db is about this log. A log that was put back to an older copy holds other events in the places after it: what is
//! kept of webhooks beyond the last place that both know is dropped, so that nobody is told of another's events in their stead, and
//! nothing is skipped.

use super::Sources;
use crate::domain::{Seq, WebhookId};
use crate::event_log::{hash_at, recorded_at};
use crate::ops::{Deliveries, LogPlace, OpsError};
use rusqlite::Connection;
use std::collections::BTreeSet;

/// Why it could not be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("the log could not be read: {0}")]
    Log(#[from] rusqlite::Error),
    #[error(transparent)]
    Ops(#[from] OpsError),
}

/// Brings what is kept of webhooks back to where the log is the one that it is about. Before anything is read of it.
pub(super) fn reconcile(sources: &Sources, deliveries: &Deliveries) -> Result<(), HistoryError> {
    let (log, head) = (sources.log(), sources.head());
    let history = deliveries.history()?;
    let common = common(log, &history)?;
    if history.first().is_some_and(|last| last.seq != common) {
        tracing::warn!(
            common = common.get(),
            head = head.get(),
            "the log is not the one that receivers were told of: what is kept of webhooks goes back to where both are the same, \
             and events after it are sent"
        );
        deliveries.cut(common, &known(sources, common)?)?;
    }
    deliveries.write(&[], place_at(log, head)?)?;
    Ok(())
}

/// A place in the log; none before its first event.
pub(super) fn place_at(log: &Connection, seq: Seq) -> rusqlite::Result<Option<LogPlace>> {
    Ok(hash_at(log, seq)?.map(|hash| LogPlace { seq, hash }))
}

/// The last place that both know; 0 where there is none.
fn common(log: &Connection, history: &[LogPlace]) -> rusqlite::Result<Seq> {
    for place in history {
        if hash_at(log, place.seq)? == Some(place.hash) {
            return Ok(place.seq);
        }
    }
    Ok(Seq::ZERO)
}

/// The webhooks that were made by then. A later one may have the number of one that the log does not know any more.
fn known(sources: &Sources, common: Seq) -> rusqlite::Result<BTreeSet<WebhookId>> {
    let Some(by_then) = recorded_at(sources.log(), common)? else { return Ok(BTreeSet::new()) };
    let directory = sources.directory();
    let old = directory.webhooks.values().filter(|webhook| webhook.created_at < by_then);
    Ok(old.map(|webhook| webhook.id).collect())
}
