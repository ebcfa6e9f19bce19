//! The settings and rules in force over the period: each version, since when and until when.

use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::Payload;
use crate::points::{PartnerId, TemplateId};
use counterfoil_statements::{Cell, Table, forms};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A partner's settings (no template), or a template's rules.
type Subject = (PartnerId, Option<TemplateId>);

/// One version.
#[derive(Debug)]
struct Version {
    version: i64,
    seq: i64,
    kind: String,
    actor: String,
    from: Instant,
    to: Option<Instant>,
    terms: Value,
}

/// The versions that were in force at some moment of the period, as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Versions {
    current: BTreeMap<Subject, Version>,
    ended: Vec<(Subject, Version)>,
}

impl Versions {
    /// Notes a change. `at` is when it was recorded, `begin` the beginning of the period.
    pub(super) fn note(&mut self, event: &Event<'_>, payload: &Payload<'_>, at: Instant, begin: Instant) {
        let partner = PartnerId::new(event.partner_id);
        let (template, field) = match payload {
            Payload::PartnerCreated(_) => (None, "currency"),
            Payload::SettingsChanged(_) => (None, "settings"),
            Payload::TemplateCreated(it) => (Some(it.template), "rules"),
            Payload::TemplateUpdated(it) => (Some(it.template), "rules"),
            Payload::TemplateRetired(it) => (Some(it.template), ""),
            Payload::ShopOpened(_)
            | Payload::ShopUpdated(_)
            | Payload::ShopRetired(_)
            | Payload::KeyCreated(_)
            | Payload::KeyRevoked(_)
            | Payload::CheckpointKeyCreated(_)
            | Payload::CheckpointKeyRetired(_)
            | Payload::CheckpointMade(_)
            | Payload::CheckpointCosigned(_)
            | Payload::WebhookCreated(_)
            | Payload::WebhookUpdated(_)
            | Payload::WebhookRotated(_)
            | Payload::WebhookDisabled(_)
            | Payload::WebhookSkipped(_)
            | Payload::WebhookRemoved(_)
            | Payload::BalancesSealed(_)
            | Payload::CustomerRegistered(_)
            | Payload::CustomerUpdated(_)
            | Payload::CustomerErased(_)
            | Payload::RecordsErased(_)
            | Payload::Issued(_)
            | Payload::Updated(_)
            | Payload::Activated(_)
            | Payload::Blocked(_)
            | Payload::Unblocked(_)
            | Payload::TierChanged(_)
            | Payload::Moved(_) => return,
        };
        let stated = serde_json::from_str(event.payload).ok().and_then(|payload: Value| payload.get(field).cloned());
        let stated = match (payload, stated) {
            (Payload::PartnerCreated(_), Some(currency)) => Some(json!({"currency": currency})),
            (_, stated) => stated,
        };
        let before = self.current.remove(&(partner, template));
        // Cards that have a retired template go on by its rules.
        let terms = stated.or_else(|| before.as_ref().map(|before| before.terms.clone())).unwrap_or(Value::Null);
        let (kind, actor) = (event.kind.to_owned(), event.actor.to_owned());
        let version = Version { version: event.version, seq: event.seq, kind, actor, from: at, to: None, terms };
        self.current.insert((partner, template), version);
        if let Some(mut before) = before
            && (at > begin || before.from >= begin)
        {
            before.to = Some(at);
            self.ended.push(((partner, template), before));
        }
    }

    /// The table, by subject and seq.
    pub(super) fn into_table(self) -> Table {
        let mut table = Table::new(&forms::RULES);
        let mut versions: Vec<_> = self.ended.into_iter().chain(self.current).collect();
        versions.sort_by_key(|(subject, version)| (*subject, version.seq));
        for ((partner, template), it) in versions {
            table.push(vec![
                partner.get().into(),
                if template.is_some() { "template" } else { "settings" }.into(),
                Cell::id(template.map(TemplateId::get)),
                it.version.into(),
                it.seq.into(),
                Cell::Text(it.kind),
                Cell::Text(it.from.to_string()),
                Cell::text(it.to),
                Cell::Text(it.actor),
                Cell::Json(it.terms),
            ]);
        }
        table
    }
}
