//! What the thread does: reads the log for each webhook, sends what is due, and keeps what came of it. No receiver waits for
//! another, because nothing here waits for a receiver.

use super::client::{Client, Head, Sent};
use super::erasures::Erasures;
use super::line::{Line, Next, Outcome};
use super::message::{Message, about, id_of, may_have_topic, wanted};
use super::{Policy, Signatures, Sources};
use crate::clock::Clock;
use crate::domain::programme::Directory;
use crate::domain::webhooks::{DisableWebhook, Disabled, Webhook, WebhookCommand, WebhookRecord};
use crate::domain::{CustomerId, Timestamp, WebhookId};
use crate::event_log::{LogError, Stored};
use crate::ops::{Deliveries, Delivery, DeliveryStatus, OpsError, SecretText, Secrets};
use crate::writer::{Actor, Command, Refusal, Request, Writer};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often to look whether there is something new. Being told of each commit would cost the commits.
const LOOK: Duration = Duration::from_millis(100);
/// How often what came of attempts is kept.
const KEEP_EVERY: Duration = Duration::from_millis(100);
/// How many outcomes may wait for it.
const UNKEPT_MAX: usize = 500;
/// How often cursors are kept that moved over what nobody wanted, and requests to send again are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(1);
/// How many attempts of a webhook are made before those that are too many are taken away.
const TRIM_EVERY: usize = 1_000;
/// How long to wait after a failure of the disk.
const PAUSE: Duration = Duration::from_secs(1);
/// How long views.db is waited for, where a message needs it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much later than planned an attempt may be made, in percent: so that what failed together is not tried together.
const JITTER_PERCENT: u32 = 20;
/// What went wrong while it runs; it goes on.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Read(#[from] rusqlite::Error),
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error(transparent)]
    Erasures(#[from] super::erasures::ErasuresError),
}

/// A webhook's line, and what its messages need.
struct Desk {
    line: Line,
    url: Option<String>,
    secrets: BTreeMap<String, SecretText>,
    untrimmed: usize,
    /// It is to be stopped.
    stop: Option<Disabled>,
    /// The log has been told so; the programme will show it.
    told: bool,
}

/// An attempt that was made.
struct Done {
    webhook: WebhookId,
    customer: CustomerId,
    attempt: u32,
    /// None where there was nothing to send.
    told: Option<(Delivery, Sent)>,
}

pub(super) struct Work {
    sources: Sources,
    deliveries: Deliveries,
    secrets: Arc<Secrets>,
    writer: Writer,
    clock: Clock,
    policy: Policy,
    client: Client,
    lines: BTreeMap<WebhookId, Desk>,
    /// Removed ones of which nothing is left.
    buried: BTreeSet<WebhookId>,
    seen: Option<Arc<Directory>>,
    last_track: i64,
    erasures: Erasures,
    sending: JoinSet<Done>,
    kept: Instant,
    tidied: Option<Instant>,
}

impl Work {
    pub(super) fn new(
        sources: Sources,
        deliveries: Deliveries,
        secrets: Arc<Secrets>,
        writer: Writer,
        clock: Clock,
        (policy, client, erasures): (Policy, Client, Erasures),
    ) -> Self {
        Self {
            sources,
            deliveries,
            secrets,
            writer,
            clock,
            policy,
            client,
            lines: BTreeMap::new(),
            buried: BTreeSet::new(),
            seen: None,
            last_track: 0,
            erasures,
            sending: JoinSet::new(),
            kept: Instant::now(),
            tidied: None,
        }
    }

    /// Goes on until it is told to stop; then waits for what is on its way.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "webhooks could not be served; trying again");
                    PAUSE
                }
            };
            tokio::select! {
                Some(done) = self.sending.join_next(), if !self.sending.is_empty() => {
                    self.settle(done);
                    while let Some(done) = self.sending.try_join_next() {
                        self.settle(done);
                    }
                }
                _ = stopped.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        // Each of them ends within the time that a receiver has.
        while let Some(done) = self.sending.join_next().await {
            self.settle(done);
        }
        if let Err(error) = self.keep(true) {
            tracing::error!(%error, "the last deliveries were not noted, and are made again");
        }
    }

    /// Reads, sends and keeps what there is; answers how long nothing need be done unless an answer comes.
    async fn round(&mut self) -> Result<Duration, Trouble> {
        self.adopt()?;
        let tidy = self.tidied.is_none_or(|last| last.elapsed() >= TIDY_EVERY);
        if tidy {
            self.tidied = Some(Instant::now());
            self.take_tracks()?;
        }
        let unkept = self.lines.values().map(|desk| desk.line.unkept()).sum::<usize>();
        if tidy || unkept >= UNKEPT_MAX || self.kept.elapsed() >= KEEP_EVERY {
            self.keep(tidy)?;
        }
        self.stop_lines().await;
        let read = self.read_on().await?;
        let now = self.clock.now();
        let webhooks: Vec<WebhookId> = self.lines.keys().copied().collect();
        for webhook in webhooks {
            while let Some((next, live)) = self.next_of(webhook, now) {
                let customer = next.customer;
                if let Err(error) = self.send(webhook, next, live, now) {
                    if let Some(desk) = self.lines.get_mut(&webhook) {
                        desk.line.put_back(customer);
                    }
                    return Err(error);
                }
            }
        }
        Ok(if read { Duration::ZERO } else { self.rest(now) })
    }

    fn rest(&self, now: Timestamp) -> Duration {
        let sends = self.lines.values().filter(|desk| desk.line.webhook.is_live() && desk.stop.is_none());
        let due = sends.filter_map(|desk| desk.line.due()).min();
        let until = due.and_then(|due| u64::try_from(due.micros() - now.micros()).ok()).map(Duration::from_micros);
        until.map_or(LOOK, |until| until.clamp(Duration::from_millis(1), LOOK))
    }

    fn next_of(&mut self, webhook: WebhookId, now: Timestamp) -> Option<(Next, Webhook)> {
        let desk = self.lines.get_mut(&webhook)?;
        if !desk.line.webhook.is_live() || desk.stop.is_some() {
            return None;
        }
        let next = desk.line.next(now)?;
        Some((next, desk.line.webhook.clone()))
    }

    /// Follows the programme: webhooks that came, changed or went.
    fn adopt(&mut self) -> Result<(), Trouble> {
        let directory = self.sources.directory();
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &directory)) {
            return self.put_away();
        }
        for webhook in directory.webhooks.values() {
            if webhook.removed_at.is_some() {
                continue;
            }
            match self.lines.get_mut(&webhook.id) {
                Some(desk) if desk.line.webhook.version == webhook.version => {}
                Some(desk) => {
                    desk.line.update(webhook.clone());
                    (desk.stop, desk.told) = (None, false);
                    self.equip(webhook)?;
                }
                None if webhook.is_live() => self.begin(webhook)?,
                None => {}
            }
        }
        for (id, desk) in &mut self.lines {
            if let Some(webhook) = directory.webhooks.get(id).filter(|webhook| webhook.removed_at.is_some()) {
                desk.line.webhook = webhook.clone();
            }
        }
        self.seen = Some(directory);
        self.put_away()
    }

    fn begin(&mut self, webhook: &Webhook) -> Result<(), Trouble> {
        let kept = self.deliveries.load(webhook.id, webhook.version, webhook.terms.since)?;
        let mut line = Line::load(webhook.clone(), kept);
        if line.clamp(self.sources.head()) {
            tracing::warn!(webhook = %webhook.id, "the webhook had come further than the log goes: it goes on from the log's end");
        }
        let desk = Desk { line, url: None, secrets: BTreeMap::new(), untrimmed: TRIM_EVERY, stop: None, told: false };
        self.lines.insert(webhook.id, desk);
        self.equip(webhook)
    }

    fn equip(&mut self, webhook: &Webhook) -> Result<(), Trouble> {
        let record = self.sources.sealed::<WebhookRecord>(webhook.record)?;
        let mut secrets = BTreeMap::new();
        for id in webhook.secret_ids(self.clock.now()) {
            if let Some(secret) = self.secrets.webhook_secret(id)? {
                secrets.insert(id.to_owned(), secret);
            }
        }
        if let Some(desk) = self.lines.get_mut(&webhook.id) {
            (desk.url, desk.secrets) = (record.map(|record| record.url), secrets);
        }
        Ok(())
    }

    /// Drops the lines of webhooks that are not live, once nothing of theirs is on its way; and what is left of removed ones.
    fn put_away(&mut self) -> Result<(), Trouble> {
        let over = |desk: &Desk| !desk.line.webhook.is_live() && desk.line.sending() == 0;
        if self.lines.values().any(over) {
            self.keep(true)?;
            self.lines.retain(|_, desk| !over(desk));
        }
        let Some(directory) = self.seen.clone() else { return Ok(()) };
        for webhook in directory.webhooks.values().filter(|webhook| webhook.removed_at.is_some()) {
            if self.lines.contains_key(&webhook.id) || self.buried.contains(&webhook.id) {
                continue;
            }
            self.deliveries.forget(webhook.id)?;
            self.secrets.forget_webhook_secret(&webhook.terms.secret_id)?;
            if let Some(previous) = &webhook.terms.previous {
                self.secrets.forget_webhook_secret(&previous.secret_id)?;
            }
            self.buried.insert(webhook.id);
        }
        Ok(())
    }

    /// Takes up parts of the log that somebody wants sent again.
    fn take_tracks(&mut self) -> Result<(), Trouble> {
        for (webhook, track) in self.deliveries.tracks_after(self.last_track)? {
            self.last_track = self.last_track.max(track.id);
            if let Some(desk) = self.lines.get_mut(&webhook) {
                desk.line.follow(track);
            }
        }
        Ok(())
    }

    /// Reads one page for each webhook that has room; answers whether there was any.
    async fn read_on(&mut self) -> Result<bool, Trouble> {
        let head = self.sources.head();
        let mut any = false;
        let mut waits_for_views = false;
        for desk in self.lines.values_mut() {
            let line = &mut desk.line;
            if !line.webhook.is_live() || desk.stop.is_some() {
                continue;
            }
            let Some((track, place)) = line.unread(head) else { continue };
            let (page, reached) = self.sources.page(line.webhook.partner, may_have_topic, place, line.room())?;
            let mut taken = Vec::with_capacity(page.len());
            for stored in page {
                let Some(owner) = about(&stored.event, &self.sources)? else { continue };
                if wanted(&line.webhook, &stored.event, owner.shop).is_some() {
                    waits_for_views |= matches!(stored.event, crate::domain::Event::CustomerUpdated(_));
                    taken.push((owner.customer, stored));
                }
            }
            line.take(track, taken, reached);
            any = true;
        }
        if waits_for_views && !self.sources.live().progress().caught_up(PATIENCE).await {
            tracing::warn!("views.db is behind: what a customer changed may not be told completely");
        }
        Ok(any)
    }

    fn send(&mut self, webhook: WebhookId, next: Next, live: Webhook, now: Timestamp) -> Result<(), Trouble> {
        let Next { customer, seq, attempt, stored } = next;
        let stored = match stored {
            Some(stored) => Some(stored),
            None => self.sources.event(seq)?.map(Box::new),
        };
        let message = match &stored {
            Some(stored) => self.message(&live, stored)?,
            None => None,
        };
        let Some(message) = message else {
            self.settle(Ok(Done { webhook, customer, attempt, told: None }));
            return Ok(());
        };
        let body = message.body();
        let signatures = self.sign(webhook, &live, &message.id, &body, now);
        let url = self.lines.get(&webhook).and_then(|desk| desk.url.clone());
        let delivery = Delivery {
            id: 0,
            webhook,
            partner: live.partner,
            seq,
            event: message.event.to_owned(),
            customer,
            attempt,
            status: DeliveryStatus::Failed,
            status_code: None,
            error: None,
            body_hash: Sha256::digest(&body).into(),
            answer: None,
            sent_at: now,
            duration_ms: 0,
            next_at: None,
        };
        let client = self.client.clone();
        self.sending.spawn(async move {
            let sent = match (url, signatures) {
                (Some(url), Some(signatures)) => {
                    let head = Head { id: &id_of(seq), event: message.event, signatures: &signatures };
                    client.send(&url, head, body).await
                }
                (None, _) => Sent::failed("the webhook has no address"),
                (_, None) => Sent::failed("the webhook's secret is lost: rotate it"),
            };
            Done { webhook, customer, attempt, told: Some((delivery, sent)) }
        });
        Ok(())
    }

    fn message(&self, live: &Webhook, stored: &Stored) -> Result<Option<Message>, Trouble> {
        let Some(owner) = about(&stored.event, &self.sources)? else { return Ok(None) };
        let Some(name) = wanted(live, &stored.event, owner.shop) else { return Ok(None) };
        Ok(Message::of(stored, name, &self.policy.environment, &self.sources)?)
    }

    fn sign(&self, webhook: WebhookId, live: &Webhook, id: &str, body: &[u8], now: Timestamp) -> Option<Signatures> {
        let known = &self.lines.get(&webhook)?.secrets;
        let secrets: Vec<SecretText> = live.secret_ids(now).filter_map(|id| known.get(id).cloned()).collect();
        Signatures::of(id, body, &secrets, now)
    }

    fn settle(&mut self, done: Result<Done, tokio::task::JoinError>) {
        // A task that panicked takes its event with it: after a restart it is sent again.
        let Done { webhook, customer, attempt, told } = match done {
            Ok(done) => done,
            Err(error) => return tracing::error!(%error, "an attempt of a webhook was lost"),
        };
        let now = self.clock.now();
        let Some(desk) = self.lines.get_mut(&webhook) else { return };
        let Some((delivery, sent)) = told else {
            desk.line.done(customer, &Outcome::Settled, None, now);
            return;
        };
        let outcome = outcome(&sent, attempt, &self.policy.retries);
        let delivery = Delivery {
            status_code: sent.status,
            error: sent.error,
            answer: sent.answer,
            duration_ms: i64::try_from(sent.duration.as_millis()).unwrap_or(i64::MAX),
            ..delivery
        };
        desk.untrimmed += 1;
        if let Some(reason) = desk.line.done(customer, &outcome, Some(delivery), now) {
            tracing::warn!(%webhook, reason = reason.name(), "the webhook is stopped");
            desk.stop = Some(reason);
        }
    }

    /// Writes what came of attempts, and how far the cursors are. Nothing of it is forgotten where that fails.
    fn keep(&mut self, thorough: bool) -> Result<(), Trouble> {
        self.kept = Instant::now();
        let head = self.sources.head();
        // Without a webhook there is no answer that would have to go.
        let any = |seen: &Arc<Directory>| seen.webhooks.values().any(|webhook| webhook.removed_at.is_none());
        if self.seen.as_ref().is_some_and(any) {
            self.erasures.follow(self.sources.log(), &self.deliveries, head)?;
        }
        let mut all = Vec::new();
        for (webhook, desk) in &mut self.lines {
            let Some(mut progress) = desk.line.progress(thorough) else { continue };
            for delivery in &mut progress.deliveries {
                if self.erasures.include(delivery.customer, delivery.seq) {
                    delivery.answer = None;
                }
            }
            all.push((*webhook, progress));
        }
        if let Err(error) = if all.is_empty() { Ok(()) } else { self.deliveries.write(&all) } {
            for (webhook, progress) in all {
                if let Some(desk) = self.lines.get_mut(&webhook) {
                    desk.line.not_kept(progress);
                }
            }
            return Err(error.into());
        }
        let now = self.clock.now();
        for (webhook, desk) in self.lines.iter_mut().filter(|(_, desk)| desk.untrimmed >= TRIM_EVERY) {
            self.deliveries.trim(*webhook, now)?;
            desk.untrimmed = 0;
        }
        Ok(())
    }

    /// Has the log say that a webhook was stopped.
    async fn stop_lines(&mut self) {
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
}

fn outcome(sent: &Sent, attempt: u32, retries: &[Duration]) -> Outcome {
    if sent.is_delivered() {
        return Outcome::Settled;
    }
    if sent.status == Some(410) {
        return Outcome::Gone;
    }
    let planned = usize::try_from(attempt).ok().and_then(|attempt| retries.get(attempt - 1)).copied();
    let later = |wait: Duration| wait + wait * rand::rng().random_range(0..=JITTER_PERCENT) / 100;
    Outcome::Failed { after: planned.map(later), leave_alone: sent.retry_after }
}
