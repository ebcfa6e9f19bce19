//! Making webhooks, changing and ending them.

use super::{
    Disabled, Webhook, WebhookCreated, WebhookDisabled, WebhookFacts, WebhookRecord, WebhookRemoved, WebhookRotated,
    WebhookSkipped, WebhookUpdated,
};
use crate::domain::programme::Directory;
use crate::domain::{Draft, PartnerId, Rejection, Secret, Stream, Timestamp, WebhookId};

/// How many webhooks a partner may have at once. Each of them reads the log for itself.
pub const WEBHOOKS_MAX: usize = 50;
/// For how many hours the secret before may sign too, at most.
pub const OVERLAP_HOURS_MAX: i64 = 168;

/// Everything that may be asked of webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookCommand {
    Create(CreateWebhook),
    Update(UpdateWebhook),
    Rotate(RotateWebhook),
    Disable(DisableWebhook),
    Skip(SkipBacklog),
    Remove(RemoveWebhook),
}

impl WebhookCommand {
    /// The events at `now`, or nothing where everything is so already. `known` is what the vault holds of the webhook.
    ///
    /// # Errors
    /// [`Rejection::PartnerNotFound`], [`Rejection::ShopNotFound`], [`Rejection::WebhookNotFound`],
    /// [`Rejection::ChangedMeanwhile`], [`Rejection::TooManyWebhooks`], [`Rejection::RuleOutOfBounds`]
    pub fn decide(
        &self,
        directory: &Directory,
        partner: PartnerId,
        fresh: WebhookId,
        known: Option<&WebhookRecord>,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Rejection> {
        match self {
            Self::Create(command) => command.decide(directory, partner, fresh),
            Self::Update(command) => command.decide(directory, partner, known),
            Self::Rotate(command) => command.decide(directory, partner, now),
            Self::Disable(command) => command.decide(directory, partner),
            Self::Skip(command) => command.decide(directory, partner),
            Self::Remove(command) => command.decide(directory, partner),
        }
    }

    /// The webhook that it names; none where it makes one.
    #[must_use]
    pub const fn webhook(&self) -> Option<WebhookId> {
        match self {
            Self::Create(_) => None,
            Self::Update(command) => Some(command.webhook),
            Self::Rotate(command) => Some(command.webhook),
            Self::Disable(command) => Some(command.webhook),
            Self::Skip(command) => Some(command.webhook),
            Self::Remove(command) => Some(command.webhook),
        }
    }
}

/// Makes a webhook whose secret is in ops.db already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateWebhook {
    pub facts: WebhookFacts,
    pub record: WebhookRecord,
    pub secret_id: String,
}

impl CreateWebhook {
    fn decide(&self, directory: &Directory, partner: PartnerId, fresh: WebhookId) -> Result<Vec<Draft>, Rejection> {
        if !directory.partners.contains_key(&partner) {
            return Err(Rejection::PartnerNotFound { partner });
        }
        check(&self.facts, directory, partner)?;
        let own = |webhook: &&Webhook| webhook.partner == partner && webhook.removed_at.is_none();
        if directory.webhooks.values().filter(own).count() >= WEBHOOKS_MAX {
            return Err(Rejection::TooManyWebhooks { most: WEBHOOKS_MAX });
        }
        let WebhookFacts { events, shop_ids, is_active } = self.facts.clone().each_once();
        let secret_id = self.secret_id.clone();
        let event = WebhookCreated { webhook: fresh, events, shop_ids, is_active, secret_id, sealed: None };
        Ok(vec![Draft::sealing(event, Secret::new(Stream::Webhook(fresh), &self.record))])
    }
}

/// Changes a webhook. Both parts are stated as a whole: the caller fills in what stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateWebhook {
    pub webhook: WebhookId,
    /// The version of the webhook's stream from which the caller filled in what stays; none overwrites whatever is there.
    pub based_on: Option<i64>,
    pub facts: WebhookFacts,
    pub record: WebhookRecord,
}

impl UpdateWebhook {
    fn decide(
        &self,
        directory: &Directory,
        partner: PartnerId,
        known: Option<&WebhookRecord>,
    ) -> Result<Vec<Draft>, Rejection> {
        let webhook = found(directory, partner, self.webhook)?;
        if self.based_on.is_some_and(|known| known != webhook.version) {
            return Err(Rejection::ChangedMeanwhile { version: webhook.version });
        }
        check(&self.facts, directory, partner)?;
        let facts = self.facts.clone().each_once();
        if webhook.terms.facts() == facts && known == Some(&self.record) {
            return Ok(Vec::new());
        }
        let WebhookFacts { events, shop_ids, is_active } = facts;
        let event = WebhookUpdated { webhook: self.webhook, events, shop_ids, is_active, sealed: None };
        Ok(vec![Draft::sealing(event, Secret::new(Stream::Webhook(self.webhook), &self.record))])
    }
}

/// Has another secret sign, which is in ops.db already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateWebhook {
    pub webhook: WebhookId,
    pub secret_id: String,
    /// For how long the secret before signs too: 0 to [`OVERLAP_HOURS_MAX`].
    pub overlap_hours: i64,
}

impl RotateWebhook {
    fn decide(&self, directory: &Directory, partner: PartnerId, now: Timestamp) -> Result<Vec<Draft>, Rejection> {
        found(directory, partner, self.webhook)?;
        if !(0..=OVERLAP_HOURS_MAX).contains(&self.overlap_hours) {
            return Err(Rejection::RuleOutOfBounds { rule: "overlap_hours" });
        }
        let previous_until = Timestamp::from_micros(now.micros() + self.overlap_hours * MICROS_PER_HOUR);
        let Self { webhook, secret_id, .. } = self.clone();
        Ok(vec![Draft::open(WebhookRotated { webhook, secret_id, previous_until })])
    }
}

/// Stops sending, because the service found that it makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisableWebhook {
    pub webhook: WebhookId,
    pub reason: Disabled,
    /// The version on which the finding rests: a webhook that was changed since gets another chance.
    pub based_on: i64,
}

impl DisableWebhook {
    fn decide(&self, directory: &Directory, partner: PartnerId) -> Result<Vec<Draft>, Rejection> {
        let webhook = found(directory, partner, self.webhook)?;
        if webhook.version != self.based_on {
            return Err(Rejection::ChangedMeanwhile { version: webhook.version });
        }
        if !webhook.terms.is_active {
            return Ok(Vec::new());
        }
        Ok(vec![Draft::open(WebhookDisabled { webhook: self.webhook, reason: self.reason })])
    }
}

/// Leaves out what has not been delivered: the receiver is told of what comes from here on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkipBacklog {
    pub webhook: WebhookId,
}

impl SkipBacklog {
    fn decide(&self, directory: &Directory, partner: PartnerId) -> Result<Vec<Draft>, Rejection> {
        found(directory, partner, self.webhook)?;
        Ok(vec![Draft::open(WebhookSkipped { webhook: self.webhook })])
    }
}

/// Ends a webhook for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoveWebhook {
    pub webhook: WebhookId,
}

impl RemoveWebhook {
    fn decide(&self, directory: &Directory, partner: PartnerId) -> Result<Vec<Draft>, Rejection> {
        found(directory, partner, self.webhook)?;
        Ok(vec![Draft::open(WebhookRemoved { webhook: self.webhook })])
    }
}

const MICROS_PER_HOUR: i64 = 3_600_000_000;

// One that was removed is as good as none.
fn found(directory: &Directory, partner: PartnerId, webhook: WebhookId) -> Result<&Webhook, Rejection> {
    directory.webhook_of(partner, webhook).ok_or(Rejection::WebhookNotFound { webhook })
}

fn check(facts: &WebhookFacts, directory: &Directory, partner: PartnerId) -> Result<(), Rejection> {
    let foreign = facts.shop_ids.iter().find(|shop| directory.shop_of(partner, **shop).is_none());
    foreign.map_or(Ok(()), |shop| Err(Rejection::ShopNotFound { shop: *shop }))?;
    if facts.events.is_empty() { Err(Rejection::RuleOutOfBounds { rule: "events" }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
