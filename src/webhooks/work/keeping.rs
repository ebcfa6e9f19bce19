//! What is kept of the work, and what is said of it: in ops.db, in the log, and to whoever watches.

use super::{TRIM_EVERY, Trouble, Work};
use crate::domain::CustomerId;
use crate::domain::programme::Directory;
use crate::domain::webhooks::{DisableWebhook, WebhookCommand};
use crate::domain::{Seq, WebhookId};
use crate::ops::WebhookProgress;
use crate::webhooks::history::place_at;
use crate::writer::{Actor, Command, Refusal, Request};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often what is too old is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// After how many events where the log is is kept though nothing else is.
const PLACE_ROWS: i64 = 2_000;
/// How old a secret is that nothing in the log names and nobody is about to name.
const NEW_SECRET_DAYS: u32 = 1;

impl Work {
    /// Writes what came of attempts, and how far the cursors are. Nothing of it is forgotten where that fails.
    pub(super) fn keep(&mut self, thorough: bool) -> Result<(), Trouble> {
        self.kept = Instant::now();
        let head = self.sources.head();
        // Without a webhook there is no answer that would have to go.
        let any = |seen: &Arc<Directory>| seen.webhooks.values().any(|webhook| webhook.removed_at.is_none());
        if self.seen.as_ref().is_some_and(any) {
            // First: nothing that is kept is about a later event than the last place that is.
            if head.get() >= self.placed.get() + PLACE_ROWS {
                self.deliveries.write(&[], place_at(self.sources.log(), head)?)?;
                self.placed = head;
            }
            self.erasures.follow(self.sources.log(), &self.deliveries, head)?;
        }
        let mut all = Vec::new();
        for (webhook, desk) in &mut self.lines {
            let Some(mut progress) = desk.line.progress(thorough) else { continue };
            for delivery in &mut progress.deliveries {
                // What cannot be told is not risked.
                if self.erasures.include(delivery.customer, &self.sources).unwrap_or(true) {
                    (delivery.answer, delivery.body_hash) = (None, None);
                }
            }
            all.push((*webhook, progress));
        }
        if let Err(error) = if all.is_empty() { Ok(()) } else { self.write(&all, head) } {
            for (webhook, progress) in all {
                if let Some(desk) = self.lines.get_mut(&webhook) {
                    desk.line.not_kept(progress);
                }
            }
            return Err(error);
        }
        let told: HashSet<CustomerId> = self.on_the_way.values().map(|(_, customer)| *customer).collect();
        self.erasures.prune(&self.sources, |customer| told.contains(&customer));
        self.erasures.empty_wal(&self.deliveries)?;
        let now = self.clock.now();
        for (webhook, desk) in self.lines.iter_mut().filter(|(_, desk)| desk.untrimmed >= TRIM_EVERY) {
            self.deliveries.trim(*webhook, now)?;
            desk.untrimmed = 0;
        }
        Ok(())
    }

    fn write(&mut self, all: &[(WebhookId, WebhookProgress)], head: Seq) -> Result<(), Trouble> {
        self.deliveries.write(all, place_at(self.sources.log(), head)?)?;
        self.placed = head;
        Ok(())
    }

    /// Has the log say that a webhook was stopped.
    pub(super) async fn stop_lines(&mut self) {
        let untold = self.lines.values().filter(|desk| !desk.told);
        let stopped: Vec<_> = untold.filter_map(|desk| Some((desk.line.webhook.clone(), desk.stop?))).collect();
        for (webhook, reason) in stopped {
            let command = DisableWebhook { webhook: webhook.id, reason, based_on: webhook.version };
            let command = Command::Webhook(WebhookCommand::Disable(command));
            let request =
                Request { partner: webhook.partner, actor: Actor::WebhookJob, idempotency_key: None, command };
            match self.writer.submit(request).await {
                // Whatever the rules say of it, the next look at the programme shows what is to be done.
                Ok(_) | Err(Refusal::Rejected(_) | Refusal::Conflict { .. }) => {
                    if let Some(desk) = self.lines.get_mut(&webhook.id) {
                        desk.told = true;
                    }
                }
                Err(error @ (Refusal::TooOften { .. } | Refusal::Busy | Refusal::NotWritten | Refusal::Stopping)) => {
                    tracing::warn!(%error, webhook = %webhook.id, "the log could not be told that the webhook is stopped");
                }
            }
        }
    }

    /// Takes away, once in a while, what is too old: attempts, also of webhooks that are told nothing, and secrets that sign nothing.
    pub(super) fn tidy_up(&mut self) -> Result<(), Trouble> {
        let Some(directory) = self.seen.clone() else { return Ok(()) };
        if self.swept.is_some_and(|last| last.elapsed() < SWEEP_EVERY) {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        for (webhook, lost) in self.lines.iter().filter_map(|(webhook, desk)| Some((webhook, desk.lacks()?))) {
            tracing::warn!(%webhook, lost, "a webhook is told nothing, because something of it is lost");
        }
        let now = self.clock.now();
        let there = || directory.webhooks.values().filter(|webhook| webhook.removed_at.is_none());
        for webhook in there() {
            self.deliveries.trim(webhook.id, now)?;
        }
        let named: BTreeSet<&str> = there().flat_map(|webhook| webhook.secret_ids(now)).collect();
        // A secret is drawn before its event is in the log.
        let before = now.minus_days(NEW_SECRET_DAYS);
        self.secrets.keep_webhook_secrets(&named, before)?;
        Ok(())
    }

    /// Says how webhooks fare, for whoever watches.
    pub(super) fn count(&self) {
        let head = self.sources.head();
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let lags = || self.lines.values().map(|desk| desk.line.lag(head));
        let held = self.lines.values().map(|desk| whole(desk.line.held())).sum();
        let pending = self.lines.values().map(|desk| whole(desk.line.pending())).sum();
        let (mut active, mut paused, mut disabled) = (0, 0, 0);
        for webhook in self.seen.iter().flat_map(|seen| seen.webhooks.values()) {
            match (webhook.removed_at, webhook.terms.is_active, webhook.terms.disabled) {
                (Some(_), _, _) => {}
                (None, true, _) => active += 1,
                (None, false, None) => paused += 1,
                (None, false, Some(_)) => disabled += 1,
            }
        }
        let figures = &self.figures;
        for (figure, number) in [
            (&figures.active, active),
            (&figures.paused, paused),
            (&figures.disabled, disabled),
            (&figures.lag_most, lags().max().unwrap_or(0)),
            (&figures.lag_sum, lags().sum()),
            (&figures.pending, pending),
            (&figures.held, held),
        ] {
            figure.store(number, Ordering::Relaxed);
        }
    }
}
