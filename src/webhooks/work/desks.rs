//! One desk for each webhook that is told: set up, changed and put away as the programme says.

use super::{Desk, TRIM_EVERY, Trouble, Work};
use crate::domain::webhooks::{Webhook, WebhookRecord};
use crate::ops::SecretText;
use crate::webhooks::line::Line;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where its messages go, and what signs them.
type Equipment = (Option<String>, BTreeMap<String, SecretText>);

impl Work {
    /// Follows the programme: webhooks that came, changed or went.
    pub(super) fn adopt(&mut self) -> Result<(), Trouble> {
        let directory = self.sources.directory();
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &directory)) {
            return self.put_away();
        }
        for webhook in directory.webhooks.values().filter(|webhook| webhook.removed_at.is_none()) {
            match self.lines.get(&webhook.id) {
                Some(desk) if desk.line.webhook.version == webhook.version => {}
                Some(_) => self.change(webhook)?,
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
        let (url, secrets) = self.equipment(webhook)?;
        let kept = self.deliveries.load(webhook.id, webhook.version, webhook.terms.since)?;
        let line = Line::load(webhook.clone(), kept);
        let desk = Desk { line, url, secrets, untrimmed: TRIM_EVERY, served: 0, stop: None, told: false };
        self.lines.insert(webhook.id, desk);
        Ok(())
    }

    // What it needs is read first: where that fails the webhook is as it was, and the next look tries again.
    fn change(&mut self, webhook: &Webhook) -> Result<(), Trouble> {
        let (url, secrets) = self.equipment(webhook)?;
        if let Some(desk) = self.lines.get_mut(&webhook.id) {
            desk.line.update(webhook.clone());
            (desk.url, desk.secrets) = (url, secrets);
            (desk.stop, desk.told) = (None, false);
        }
        Ok(())
    }

    fn equipment(&self, webhook: &Webhook) -> Result<Equipment, Trouble> {
        let record = self.sources.sealed::<WebhookRecord>(webhook.record)?;
        let mut secrets = BTreeMap::new();
        for id in webhook.secret_ids(self.clock.now()) {
            if let Some(secret) = self.secrets.webhook_secret(id)? {
                secrets.insert(id.to_owned(), secret);
            }
        }
        Ok((record.map(|record| record.url), secrets))
    }

    /// Drops the lines of webhooks that are not live, once nothing of theirs is on its way; and what is left of removed ones.
    fn put_away(&mut self) -> Result<(), Trouble> {
        let over = |desk: &Desk| !desk.line.webhook.is_live() && desk.line.sending() == 0;
        if self.lines.values().any(over) {
            self.lines.values_mut().filter(|desk| over(desk)).for_each(|desk| desk.line.note_all());
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
}
