//! An attempt: making the message, sending it, and what follows from the answer.

use super::{Done, Trouble, Work};
use crate::domain::webhooks::Webhook;
use crate::domain::{CustomerId, Timestamp, WebhookId};
use crate::event_log::Stored;
use crate::ops::{Delivery, DeliveryStatus};
use crate::webhooks::Signatures;
use crate::webhooks::client::{Head, Sent};
use crate::webhooks::line::{Next, Outcome};
use crate::webhooks::message::{Message, noted, waits_for_views, wanted};
use crate::webhooks::signature::signing;
use crate::webhooks::sources::Owner;
use rand::Rng as _;
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;
use std::time::Duration;
use tokio::task::{Id, JoinError};

/// How much later than planned an attempt may be made, in percent: so that what failed together is not tried together.
const JITTER_PERCENT: u32 = 20;
/// How long an event waits whose attempt came to no end.
const LOST: Duration = Duration::from_secs(60);
/// How long it waits for views.db before it looks again.
const VIEWS: Duration = Duration::from_millis(100);

/// How long it waits where there was no room for its attempt.
const CROWDED: Duration = Duration::from_secs(1);

impl Work {
    pub(super) fn send(
        &mut self,
        webhook: WebhookId,
        next: Next,
        live: Webhook,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let Next { customer, seq, hash, attempt, stored } = next;
        let stored = match stored {
            Some(stored) => Some(*stored),
            None => self.sources.event(seq)?,
        };
        let whose = (hash, live.partner, customer);
        let noted = stored.map(|stored| noted(&self.sources, stored, whose)).transpose()?.flatten();
        if noted.is_none() {
            tracing::warn!(%webhook, %seq, "an event that was to be sent is not in the log: it is left out");
        }
        if let Some((stored, _)) = &noted
            && waits_for_views(&stored.event, &self.sources)?
        {
            self.sources.live().progress().ring();
            self.put_off(webhook, customer, now, VIEWS);
            return Ok(());
        }
        let message = match &noted {
            Some((stored, owner)) => self.message(&live, stored, *owner)?,
            None => None,
        };
        let Some(message) = message else {
            self.settle(Done { webhook, version: live.version, customer, attempt, told: None });
            return Ok(());
        };
        let body = message.body();
        let url = self.lines.get(&webhook).and_then(|desk| desk.url.clone());
        let Some((url, signatures)) = url.zip(self.sign(webhook, &live, &message.id, &body, now)) else {
            self.put_off(webhook, customer, now, LOST);
            return Ok(());
        };
        let delivery = Delivery {
            id: 0,
            webhook,
            partner: live.partner,
            seq,
            event_hash: hash,
            event: message.event.to_owned(),
            customer,
            attempt,
            status: DeliveryStatus::Failed,
            status_code: None,
            error: None,
            body_hash: Some(Sha256::digest(&body).into()),
            answer: None,
            sent_at: now,
            duration_ms: 0,
            next_at: None,
        };
        let client = self.client.clone();
        let attempt = async move {
            let head = Head { id: &message.id, event: message.event, signatures: &signatures };
            let sent = client.send(live.partner, &url, head, body).await;
            Done { webhook, version: live.version, customer, attempt, told: Some((delivery, sent)) }
        };
        let task = self.sending.spawn_on(attempt, self.receivers.handle());
        self.on_the_way.insert(task.id(), (webhook, customer));
        Ok(())
    }

    fn message(&self, live: &Webhook, stored: &Stored, owner: Owner) -> Result<Option<Message>, Trouble> {
        let Some(name) = wanted(live, &stored.event, owner.shop) else { return Ok(None) };
        Ok(Message::of(stored, name, &self.policy.environment, &self.sources)?)
    }

    fn sign(&self, webhook: WebhookId, live: &Webhook, id: &str, body: &[u8], now: Timestamp) -> Option<Signatures> {
        let known = &self.lines.get(&webhook)?.secrets;
        let find = |id: &str| Ok::<_, Infallible>(known.get(id).cloned());
        let Ok(secrets) = signing(live, now, find);
        Signatures::of(id, body, &secrets, now)
    }

    fn put_off(&mut self, webhook: WebhookId, customer: CustomerId, now: Timestamp, wait: Duration) {
        if let Some(desk) = self.lines.get_mut(&webhook) {
            desk.line.put_off(customer, now, wait);
        }
    }

    /// Notes what came of an attempt.
    pub(super) fn ended(&mut self, ended: Result<(Id, Done), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let whose = self.on_the_way.remove(&id);
        match (ended, whose) {
            (Ok((_, done)), _) => self.settle(done),
            (Err(error), Some((webhook, customer))) => {
                tracing::error!(%error, %webhook, "an attempt of a webhook was lost, and is made again");
                self.put_off(webhook, customer, self.clock.now(), LOST);
            }
            (Err(error), None) => tracing::error!(%error, "an attempt of a webhook was lost"),
        }
    }

    fn settle(&mut self, done: Done) {
        let Done { webhook, version, customer, attempt, told } = done;
        let now = self.clock.now();
        let Some(desk) = self.lines.get_mut(&webhook) else { return };
        let Some((delivery, sent)) = told else {
            desk.line.done(customer, &Outcome::Settled, None, now);
            return;
        };
        if sent.put_off {
            desk.line.put_off(customer, now, CROWDED);
            return;
        }
        let is_stale = version != desk.line.webhook.version;
        let outcome = if is_stale { stale(&sent) } else { outcome(&sent, attempt, &self.policy.retries) };
        self.figures.times.observe_time(sent.duration);
        match &outcome {
            Outcome::Settled => self.figures.delivered.count(),
            Outcome::Failed { after: None, .. } => self.figures.abandoned.count(),
            Outcome::Failed { after: Some(_), .. } | Outcome::Changed | Outcome::Gone => self.figures.failed.count(),
        }
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
}

/// The webhook was changed meanwhile, and the change may have mended it.
fn stale(sent: &Sent) -> Outcome {
    if sent.is_delivered() { Outcome::Settled } else { Outcome::Changed }
}

fn outcome(sent: &Sent, attempt: u32, retries: &[Duration]) -> Outcome {
    if sent.is_delivered() {
        return Outcome::Settled;
    }
    if sent.status == Some(410) {
        return Outcome::Gone;
    }
    let planned = usize::try_from(attempt).ok().and_then(|attempt| retries.get(attempt - 1)).copied();
    Outcome::Failed { after: planned.map(a_little_later), leave_alone: sent.retry_after }
}

fn a_little_later(planned: Duration) -> Duration {
    planned + planned * rand::rng().random_range(0..=JITTER_PERCENT) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_together_is_not_tried_together_and_nothing_much_later_than_planned() {
        let retries = [Duration::from_secs(100), Duration::from_secs(1_000)];
        let sent = Sent::failed("a reason");
        let after = |attempt| {
            let outcome = outcome(&sent, attempt, &retries);
            let Outcome::Failed { after, leave_alone: None } = outcome else { panic!("{outcome:?}") };
            after
        };
        for (attempt, planned) in [(1, 100), (2, 1_000)] {
            let delays: Vec<Duration> = (0..500).map(|_| after(attempt).unwrap()).collect();
            let (least, most) = (*delays.iter().min().unwrap(), *delays.iter().max().unwrap());
            assert!(least < most, "all of {least:?}");
            let latest = planned + planned * u64::from(JITTER_PERCENT) / 100;
            assert!(
                least >= Duration::from_secs(planned) && most <= Duration::from_secs(latest),
                "{least:?} to {most:?}"
            );
        }
        assert_eq!(after(3), None, "it is given up");
    }
}
