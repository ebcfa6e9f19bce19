//! Webhooks: who wants to be told of which events, and where. What is sent, when and how often is not known here; neither are
//! the secrets that sign it, of which the log names the ids alone: who reads the log must not be able to speak for it.

mod commands;
mod events;
mod names;
mod state;

pub use commands::{
    CreateWebhook, DisableWebhook, OVERLAP_HOURS_MAX, RemoveWebhook, RotateWebhook, SkipBacklog, UpdateWebhook,
    WEBHOOKS_MAX, WebhookCommand,
};
pub use events::{WebhookCreated, WebhookDisabled, WebhookRemoved, WebhookRotated, WebhookSkipped, WebhookUpdated};
pub use names::{EventName, Topic};
pub(in crate::domain) use state::evolve;
pub use state::{Disabled, PreviousSecret, Webhook, WebhookFacts, WebhookRecord, WebhookTerms};
