//! Webhooks, managed by an operator.

use super::chosen::ChosenSecret;
use super::message::{AdminAnswer, Refused};
use super::operator::{Operator, refused, told};
use crate::domain::webhooks::{
    CreateWebhook, EventName, RemoveWebhook, RotateWebhook, SkipBacklog, UpdateWebhook, Webhook, WebhookCommand,
    WebhookFacts, WebhookRecord,
};
use crate::domain::{Event, PartnerId, Seq, ShopId, WebhookId};
use crate::ops::{DeliveryStatus, TRACKS_MAX};
use crate::webhooks::{DeliveryView, Office, WebhookView};
use crate::writer::Command;
use serde::{Deserialize, Serialize};

/// What an operator asks of webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of_webhooks", rename_all = "snake_case")]
pub enum WebhookRequest {
    Create(NewWebhook),
    /// Of one partner, or of all.
    List {
        partner: Option<PartnerId>,
    },
    Update {
        webhook: WebhookId,
        changes: WebhookChanges,
    },
    /// What waits is left out.
    Skip {
        webhook: WebhookId,
    },
    Remove {
        webhook: WebhookId,
    },
    /// For how many hours the secret before signs too.
    Rotate {
        webhook: WebhookId,
        overlap_hours: i64,
        /// None where one is to be drawn.
        secret: Option<ChosenSecret>,
    },
    Test {
        webhook: WebhookId,
        event: Option<EventName>,
    },
    /// The newest, at most so many.
    Deliveries {
        webhook: WebhookId,
        status: Option<String>,
        limit: i64,
    },
    /// The end of the log where `until` is not said.
    Redeliver {
        webhook: WebhookId,
        from: Seq,
        until: Option<Seq>,
    },
}

/// A webhook to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWebhook {
    /// None where there is only one.
    pub partner: Option<PartnerId>,
    pub url: String,
    pub events: Vec<EventName>,
    pub shop_ids: Vec<ShopId>,
    pub description: Option<String>,
    pub is_active: bool,
    /// None where one is to be drawn.
    pub secret: Option<ChosenSecret>,
}

/// What changes of one; nothing of what is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookChanges {
    pub url: Option<String>,
    pub events: Option<Vec<EventName>>,
    /// Empty is every shop.
    pub shop_ids: Option<Vec<ShopId>>,
    pub is_active: Option<bool>,
    pub description: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of_webhooks", rename_all = "snake_case")]
pub enum WebhookAnswer {
    /// With its whole secret, where that is new.
    One {
        webhook: WebhookView,
    },
    All {
        webhooks: Vec<WebhookView>,
    },
    Removed {
        webhook: WebhookId,
    },
    Delivery {
        delivery: DeliveryView,
    },
    Deliveries {
        deliveries: Vec<DeliveryView>,
    },
    Queued {
        from: Seq,
        until: Seq,
    },
}

impl Operator {
    pub(super) fn webhooks(&self, request: WebhookRequest) -> Result<AdminAnswer, Refused> {
        let office = self.office().map_err(|error| refused(error.to_string()))?;
        let answer = match request {
            WebhookRequest::Create(new) => self.create_webhook(&office, new),
            WebhookRequest::List { partner } => self.list_webhooks(&office, partner),
            WebhookRequest::Update { webhook, changes } => self.update_webhook(&office, webhook, changes),
            WebhookRequest::Skip { webhook } => {
                let found = self.webhook(webhook)?;
                self.tell(found.partner, WebhookCommand::Skip(SkipBacklog { webhook }))?;
                let webhook = self.shown(&office, &self.webhook(webhook)?, None)?;
                Ok(WebhookAnswer::One { webhook })
            }
            WebhookRequest::Remove { webhook } => {
                let found = self.webhook(webhook)?;
                self.tell(found.partner, WebhookCommand::Remove(RemoveWebhook { webhook }))?;
                Ok(WebhookAnswer::Removed { webhook })
            }
            WebhookRequest::Rotate { webhook, overlap_hours, secret } => {
                self.rotate_webhook(&office, webhook, overlap_hours, secret)
            }
            WebhookRequest::Test { webhook, event } => self.test_webhook(&office, webhook, event),
            WebhookRequest::Deliveries { webhook, status, limit } => {
                let webhook = self.webhook(webhook)?;
                deliveries(&office, &webhook, status.as_deref(), limit)
            }
            WebhookRequest::Redeliver { webhook, from, until } => {
                self.webhook(webhook)?;
                let head = self.head();
                for (flag, seq) in [("--from", Some(from)), ("--to", until)] {
                    if seq.is_some_and(|seq| seq > head) {
                        return Err(refused(format!("{flag} is beyond the end of the log: its last event is {head}")));
                    }
                }
                let until = until.unwrap_or(head);
                let queued = office.deliveries().again(webhook, Seq::new(from.get() - 1), until);
                match queued.map_err(|error| refused(error.to_string()))? {
                    Some(_) => Ok(WebhookAnswer::Queued { from, until }),
                    None => Err(refused(format!("{TRACKS_MAX} parts of the log wait to be sent again already"))),
                }
            }
        };
        answer.map(AdminAnswer::Webhooks)
    }

    fn create_webhook(&self, office: &Office, new: NewWebhook) -> Result<WebhookAnswer, Refused> {
        let partner = self.partner(new.partner)?;
        new.shop_ids.iter().try_for_each(|shop| self.check_shop(partner, Some(*shop)))?;
        check_url(office, &new.url)?;
        let chosen = new.secret.map(ChosenSecret::checked).transpose()?;
        let secret = office.new_secret(chosen).map_err(|error| refused(error.to_string()))?;
        let facts = WebhookFacts { events: new.events, shop_ids: new.shop_ids, is_active: new.is_active };
        let record = WebhookRecord { url: new.url, description: new.description };
        let command = CreateWebhook { facts, record, secret_id: secret.id.clone() };
        let made = self.tell(partner, WebhookCommand::Create(command));
        let made = made.inspect_err(|_| drop(office.forget_secret(&secret.id)))?;
        let Some(Event::WebhookCreated(event)) = made.into_iter().next() else {
            return Err(refused("the webhook was made but is not in the log: list the webhooks".to_owned()));
        };
        let webhook = self.webhook(event.webhook)?;
        self.shown(office, &webhook, Some(&secret.secret)).map(|webhook| WebhookAnswer::One { webhook })
    }

    fn list_webhooks(&self, office: &Office, partner: Option<PartnerId>) -> Result<WebhookAnswer, Refused> {
        let directory = self.directory();
        let there = directory.webhooks.values().filter(|webhook| webhook.removed_at.is_none());
        let there = there.filter(|webhook| partner.is_none_or(|partner| webhook.partner == partner));
        let webhooks = there.map(|webhook| self.shown(office, webhook, None)).collect::<Result<_, _>>()?;
        Ok(WebhookAnswer::All { webhooks })
    }

    fn update_webhook(
        &self,
        office: &Office,
        id: WebhookId,
        changes: WebhookChanges,
    ) -> Result<WebhookAnswer, Refused> {
        let webhook = self.webhook(id)?;
        let (mut facts, mut record) = (webhook.terms.facts(), self.record(&webhook)?.unwrap_or_default());
        if let Some(url) = changes.url {
            check_url(office, &url)?;
            record.url = url;
        }
        if let Some(shops) = changes.shop_ids {
            shops.iter().try_for_each(|shop| self.check_shop(webhook.partner, Some(*shop)))?;
            facts.shop_ids = shops;
        }
        facts.events = changes.events.unwrap_or(facts.events);
        facts.is_active = changes.is_active.unwrap_or(facts.is_active);
        record.description = changes.description.or(record.description);
        let command = UpdateWebhook { webhook: id, based_on: Some(webhook.version), facts, record };
        self.tell(webhook.partner, WebhookCommand::Update(command))?;
        let webhook = self.webhook(id)?;
        self.shown(office, &webhook, None).map(|webhook| WebhookAnswer::One { webhook })
    }

    fn rotate_webhook(
        &self,
        office: &Office,
        id: WebhookId,
        overlap_hours: i64,
        chosen: Option<ChosenSecret>,
    ) -> Result<WebhookAnswer, Refused> {
        let before = self.webhook(id)?;
        let chosen = chosen.map(ChosenSecret::checked).transpose()?;
        let secret = office.new_secret(chosen).map_err(|error| refused(error.to_string()))?;
        let command = RotateWebhook { webhook: id, secret_id: secret.id.clone(), overlap_hours };
        let rotated = self.tell(before.partner, WebhookCommand::Rotate(command));
        rotated.inspect_err(|_| drop(office.forget_secret(&secret.id)))?;
        if let Some(previous) = &before.terms.previous {
            office.forget_secret(&previous.secret_id).map_err(|error| refused(error.to_string()))?;
        }
        let webhook = self.webhook(id)?;
        self.shown(office, &webhook, Some(&secret.secret)).map(|webhook| WebhookAnswer::One { webhook })
    }

    fn test_webhook(&self, office: &Office, id: WebhookId, event: Option<EventName>) -> Result<WebhookAnswer, Refused> {
        let webhook = self.webhook(id)?;
        let record = self.record(&webhook)?.unwrap_or_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| refused(error.to_string()))?;
        let delivery = runtime.block_on(office.test(&webhook, &record.url, event));
        runtime.shutdown_background();
        Ok(WebhookAnswer::Delivery { delivery: delivery.map_err(|error| refused(error.to_string()))? })
    }

    fn tell(&self, partner: PartnerId, command: WebhookCommand) -> Result<Vec<Event>, Refused> {
        let outcome = self.submit(partner, Command::Webhook(command)).map_err(|refusal| told(&refusal))?;
        Ok(outcome.events.into_iter().map(|recorded| recorded.event).collect())
    }

    fn webhook(&self, id: WebhookId) -> Result<Webhook, Refused> {
        let found = self.directory().webhooks.get(&id).filter(|webhook| webhook.removed_at.is_none()).cloned();
        found.ok_or_else(|| refused(format!("there is no webhook {id}: `counterfoil webhooks list` shows them")))
    }

    fn record(&self, webhook: &Webhook) -> Result<Option<WebhookRecord>, Refused> {
        self.queries().webhook_record(webhook).map_err(|error| refused(error.to_string()))
    }

    fn shown(
        &self,
        office: &Office,
        webhook: &Webhook,
        secret: Option<&crate::ops::SecretText>,
    ) -> Result<WebhookView, Refused> {
        let record = self.record(webhook)?;
        office.shown(webhook, record, secret).map_err(|error| refused(error.to_string()))
    }
}

fn check_url(office: &Office, url: &str) -> Result<(), Refused> {
    office
        .check_url(url)
        .map_err(|unfit| refused(format!("this is {unfit}; `counterfoil serve --webhooks-allow-private` allows any")))
}

fn deliveries(office: &Office, webhook: &Webhook, status: Option<&str>, limit: i64) -> Result<WebhookAnswer, Refused> {
    let told = |error: crate::ops::OpsError| refused(error.to_string());
    let deliveries = if status == Some("pending") {
        let (rows, _) = office.deliveries().waiting(webhook.id, webhook.terms.since, 0, limit).map_err(told)?;
        rows.iter().map(DeliveryView::pending).collect()
    } else {
        let status = status.map(|word| {
            DeliveryStatus::from_name(word)
                .ok_or_else(|| refused("--status is pending, delivered, failed or abandoned".to_owned()))
        });
        let (rows, _) = office.deliveries().list(webhook.id, status.transpose()?, 0, limit).map_err(told)?;
        rows.iter().map(DeliveryView::made).collect()
    };
    Ok(WebhookAnswer::Deliveries { deliveries })
}
