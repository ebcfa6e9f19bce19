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

/// How much of what a receiver said is shown, in characters.
const SAID_CHARS: usize = 60;

pub(super) fn attempt(delivery: &DeliveryView) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let status = delivery.status_code.map_or_else(|| text(&delivery.error), |code| code.to_string());
    let said = delivery.response_excerpt.as_deref().map_or_else(|| "-".to_owned(), said);
    format!(
        "{}\t{}\t{}\tattempt {}\t{}\t{status}\tnext {}\t{said}",
        text(&delivery.created_at),
        delivery.event_id,
        text(&delivery.event),
        delivery.attempt,
        delivery.status,
        text(&delivery.next_attempt_at)
    )
}

/// On one line, without anything that a terminal would obey.
fn said(text: &str) -> String {
    let mut chars = text.chars();
    let beginning: String = chars.by_ref().take(SAID_CHARS).collect();
    let more = if chars.next().is_some() { "…" } else { "" };
    format!("{beginning:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_said_fits_on_the_line_and_is_not_obeyed() {
        assert_eq!(said("no such shop"), r#""no such shop""#);
        assert_eq!(said("<h1>\n\u{1b}[2Jgone\t\u{202e}"), r#""<h1>\n\u{1b}[2Jgone\t\u{202e}""#);
        let long = said(&"ą".repeat(61));
        assert_eq!((long.chars().count(), long.ends_with("\"…")), (SAID_CHARS + 3, true), "{long}");
    }
}
