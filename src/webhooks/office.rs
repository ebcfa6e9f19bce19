//! What whoever manages webhooks needs beside the log: secrets, tests, deliveries, and having them made again.

use super::address::{Unfit, check_url};
use super::client::{Client, ClientError, Head};
use super::message::{noted, waits_for_views};
use super::resolver::LookUps;
use super::signature::signing;
use super::views::{DeliveryView, Problem, WebhookView, masked};
use super::{Message, Policy, Signatures, Sources};
use crate::clock::Clock;
use crate::domain::webhooks::{EventName, Topic, Webhook, WebhookRecord};
use crate::domain::{CustomerId, Seq};
use crate::event_log::ZERO_HASH;
use crate::live::Live;
use crate::ops::{Deliveries, Delivery, DeliveryStatus, OpsError, SecretText, Secrets, WebhookSecret};
use crate::storage::{DataDir, StorageError};
use rand::Rng as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the log or the vault could not be read: {0}")]
    Read(#[from] rusqlite::Error),
    #[error(transparent)]
    Log(#[from] crate::event_log::LogError),
}

/// How long views.db is waited for, where a message that is looked at needs it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The message of a delivery as it would be sent now.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    pub body: Value,
    /// Whether it is, byte for byte, what was sent; none where that is not known any more.
    pub unchanged: Option<bool>,
}

/// All of it, for one data directory.
#[derive(Debug)]
pub struct Office {
    dir: DataDir,
    live: Arc<Live>,
    secrets: Arc<Secrets>,
    deliveries: Deliveries,
    clock: Clock,
    policy: Policy,
    look_ups: LookUps,
}

impl Office {
    /// Opens it.
    ///
    /// # Errors
    /// When ops.db cannot be opened.
    pub fn open(
        dir: DataDir,
        live: Arc<Live>,
        secrets: Arc<Secrets>,
        clock: Clock,
        policy: Policy,
    ) -> Result<Self, OpsError> {
        let deliveries = Deliveries::open(&dir)?;
        Ok(Self { dir, live, secrets, deliveries, clock, policy, look_ups: LookUps::default() })
    }

    /// Where deliveries are kept.
    #[must_use]
    pub const fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    /// Refuses an address that is not sent to.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check_url(&self, url: &str) -> Result<(), Unfit> {
        check_url(url, self.policy.allow_private).map(drop)
    }

    /// Draws a secret and keeps it, or keeps the one that was chosen.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new_secret(&self, chosen: Option<String>) -> Result<WebhookSecret, OpsError> {
        let secret = WebhookSecret::draw(chosen)?;
        self.secrets.add_webhook_secret(&secret, self.clock.now())?;
        Ok(secret)
    }

    /// The secret of that id, where it is still kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn secret(&self, id: &str) -> Result<Option<SecretText>, OpsError> {
        self.secrets.webhook_secret(id)
    }

    /// Forgets a secret that nothing in the log names.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_secret(&self, id: &str) -> Result<(), OpsError> {
        self.secrets.forget_webhook_secret(id)
    }

    /// A webhook as people see it; with its whole secret where that is `new`.
    ///
    /// # Errors
    /// When ops.db cannot be read.
    pub fn shown(
        &self,
        webhook: &Webhook,
        record: Option<WebhookRecord>,
        new: Option<&SecretText>,
    ) -> Result<WebhookView, OpsError> {
        let kept = self.secret(&webhook.terms.secret_id)?;
        let secret = new.map_or_else(|| masked(kept.as_ref()), |secret| secret.reveal().to_owned());
        let problem = match (&record, kept) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some(Problem::SecretLost),
            (None, _) => Some(Problem::AddressLost),
        };
        let (standing, place) =
            (self.deliveries.standing(webhook.id)?, self.deliveries.place(webhook.id, webhook.terms.since)?);
        Ok(WebhookView::of(webhook, record, (secret, problem), standing, place))
    }

    /// Sends a sample now, and waits for what comes of it.
    ///
    /// # Errors
    /// When it cannot even be tried, or not be noted.
    pub async fn test(
        &self,
        webhook: &Webhook,
        url: &str,
        name: Option<EventName>,
    ) -> Result<DeliveryView, OfficeError> {
        let now = self.clock.now();
        let first = name.or_else(|| webhook.terms.events.first().copied());
        let sample = match first {
            Some(name) if name.topic() != Topic::All => name.as_str(),
            Some(_) | None => Topic::PointsAwarded.name(),
        };
        let drawn = format!("{:016x}", rand::rng().random::<u64>());
        let message = Message::test(webhook.partner, sample, &self.policy.environment, &drawn, now);
        let body = message.body();
        let secrets = signing(webhook, now, |id| self.secret(id))?;
        let body_hash = Some(Sha256::digest(&body).into());
        let sent = match Signatures::of(&message.id, &body, &secrets, now) {
            Some(signatures) => {
                let head = Head { id: &message.id, event: sample, signatures: &signatures };
                let client = Client::new(&self.policy, self.look_ups.clone())?;
                client.send(webhook.partner, url, head, body).await
            }
            None => super::Sent::failed("the webhook's secret is lost: rotate it"),
        };
        let status = if sent.is_delivered() { DeliveryStatus::Delivered } else { DeliveryStatus::Abandoned };
        let delivery = Delivery {
            id: 0,
            webhook: webhook.id,
            partner: webhook.partner,
            seq: Seq::ZERO,
            event_hash: ZERO_HASH,
            event: sample.to_owned(),
            customer: CustomerId::new(0),
            attempt: 1,
            status,
            status_code: sent.status,
            error: sent.error,
            body_hash,
            answer: sent.answer,
            sent_at: now,
            duration_ms: i64::try_from(sent.duration.as_millis()).unwrap_or(i64::MAX),
            next_at: None,
        };
        let id = self.deliveries.note(&delivery)?;
        Ok(DeliveryView::made(&Delivery { id, ..delivery }))
    }

    /// The message of a delivery as it would be sent now: what was erased since is absent. Nothing of a test. Blocks.
    ///
    /// # Errors
    /// When log or vault cannot be read.
    pub fn message_of(&self, delivery: &Delivery) -> Result<Option<Again>, OfficeError> {
        let sources = Sources::open(&self.dir, Arc::clone(&self.live))?;
        let Some(name) = EventName::from_text(&delivery.event) else { return Ok(None) };
        let Some(stored) = sources.event(delivery.seq)? else { return Ok(None) };
        let whose = (delivery.event_hash, delivery.partner, delivery.customer);
        let Some((stored, _)) = noted(&sources, stored, whose)? else { return Ok(None) };
        if waits_for_views(&stored.event, &sources)? {
            // Better with less than not at all, where views.db takes long.
            let _level = self.live.progress().caught_up_blocking(PATIENCE);
        }
        let message = Message::of(&stored, name.as_str(), &self.policy.environment, &sources)?;
        Ok(message.map(|message| {
            let bytes = message.body();
            let unchanged = delivery.body_hash.map(|hash| <[u8; 32]>::from(Sha256::digest(&bytes)) == hash);
            Again { body: serde_json::from_slice(&bytes).unwrap_or_default(), unchanged }
        }))
    }
}
