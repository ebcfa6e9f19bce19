//! Names of the programme's own things, and the words of its settings.

use super::{Queries, QueryError, bodies};
use crate::domain::RecordId;
use crate::domain::programme::{Partner, SettingsRecord};
use crate::domain::webhooks::{Webhook, WebhookRecord};

impl Queries {
    /// The name under which a partner, a shop or a key was set up.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn name(&self, record: RecordId) -> Result<Option<String>, QueryError> {
        self.here(|connection| bodies::name(connection, record))
    }

    /// Where a webhook leads and what people call it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn webhook_record(&self, webhook: &Webhook) -> Result<Option<WebhookRecord>, QueryError> {
        self.here(|connection| bodies::record(connection, webhook.record))
    }

    /// What a partner's tiers are called and offer; nothing where it never said.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn settings_record(&self, partner: &Partner) -> Result<SettingsRecord, QueryError> {
        let Some(record) = partner.settings_record else { return Ok(SettingsRecord::default()) };
        self.here(|connection| Ok(bodies::record(connection, record)?.unwrap_or_default()))
    }
}
