//! Webhooks and attempts, each in a line.

use crate::webhooks::{DeliveryView, WebhookView};

pub(super) fn line(webhook: &WebhookView) -> String {
    let state = match webhook.disabled_reason.as_ref().or(webhook.problem.as_ref()) {
        Some(reason) => format!("{} ({reason})", webhook.status),
        None => webhook.status.clone(),
    };
    let last = webhook.last_delivery_at.as_deref().unwrap_or("never");
    format!(
        "{}\t{}\t{}\t{state}\tup to {}\t{} pending\t{} failed in a row\tlast delivered {last}",
        webhook.id,
        webhook.url,
        webhook.events.join(","),
        webhook.delivered_up_to,
        webhook.pending_count,
        webhook.failure_count
    )
}

pub(super) fn attempt(delivery: &DeliveryView) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let status = delivery.status_code.map_or_else(|| text(&delivery.error), |code| code.to_string());
    format!(
        "{}\t{}\t{}\tattempt {}\t{}\t{status}\tnext {}",
        text(&delivery.created_at),
        delivery.event_id,
        text(&delivery.event),
        delivery.attempt,
        delivery.status,
        text(&delivery.next_attempt_at)
    )
}
