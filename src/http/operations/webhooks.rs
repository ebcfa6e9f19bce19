//! How webhooks fare, all together: how many there may be is not bounded, so that none has figures of its own.

use super::text::Page;
use crate::metrics::WebhookFigures;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

pub(super) fn encode(page: &mut Page<'_>, figures: &WebhookFigures) -> fmt::Result {
    let number = |figure: &AtomicI64| figure.load(Ordering::Relaxed);
    let state = |name: &str, figure| ([("state", name.to_owned())], number(figure));
    let states = [("active", &figures.active), ("paused", &figures.paused), ("disabled", &figures.disabled)];
    page.gauges(
        "webhooks",
        "Webhooks: active, paused by whoever manages them, disabled by the service.",
        states.into_iter().map(|(name, figure)| state(name, figure)).collect(),
    )?;
    let outcomes = [("delivered", &figures.delivered), ("failed", &figures.failed), ("abandoned", &figures.abandoned)];
    page.counters(
        "webhook_attempts",
        "Attempts by what came of them: failed ones are made again, abandoned ones were the last.",
        outcomes.map(|(name, counter)| ([("outcome", name.to_owned())], counter.get())).into(),
    )?;
    page.times("webhook_attempt_seconds", "How long an attempt took, up to the end of the answer.", &figures.times)?;
    let most = number(&figures.lag_most);
    page.gauge("webhook_lag_most_events", "Events that the active webhook is behind that is farthest behind.", most)?;
    let sum = number(&figures.lag_sum);
    page.gauge("webhook_lag_sum_events", "Events that all active webhooks are behind.", sum)?;
    let pending = number(&figures.pending);
    page.gauge("webhook_pending_events", "Events that wait for another attempt, or behind one.", pending)?;
    let held = number(&figures.held);
    page.gauge("webhook_held_customers", "Customers whose events wait for another attempt.", held)
}
