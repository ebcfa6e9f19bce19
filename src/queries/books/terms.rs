//! The settings and rules in force over a period: each version, since when and until when; and what they say of points.

use super::kept::Kept;
use crate::domain::orders::worth_of;
use crate::domain::programme::TemplateRules;
use crate::domain::{PartnerId, Seq, TemplateId, Timestamp};
use crate::queries::QueryError;
use counterfoil_statements::{Cell, Table, forms};
use rust_decimal::Decimal;
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
    from: Timestamp,
    to: Option<Timestamp>,
    terms: Value,
}

/// The programme as far as it had been stated by a place of the log.
#[derive(Debug, Default)]
pub(super) struct Terms {
    versions: Vec<(Subject, Version)>,
    currencies: BTreeMap<PartnerId, String>,
    rules: BTreeMap<TemplateId, (i64, TemplateRules)>,
}

const STATED: &str = "SELECT events.seq, events.partner_id, events.version, events.kind, events.actor, events.recorded_at, \
     events.payload, stream_events.id FROM stream_events \
     JOIN ledger.events AS events ON events.seq = stream_events.seq \
     WHERE stream_events.stream = ?1 AND stream_events.seq <= ?2 ORDER BY stream_events.id, stream_events.seq";

impl Terms {
    /// Reads what was stated up to and with an event, for a period that begins at `begin`.
    pub(super) fn read(kept: &Kept<'_>, until: i64, begin: Timestamp) -> Result<Self, QueryError> {
        let mut terms = Self::default();
        terms.state(kept, "partner", (until, begin))?;
        terms.state(kept, "template", (until, begin))?;
        terms.versions.sort_by_key(|(subject, version)| (*subject, version.seq));
        Ok(terms)
    }

    /// Reads what was stated of all subjects of a sort, one subject after the other.
    fn state(&mut self, kept: &Kept<'_>, sort: &str, (until, begin): (i64, Timestamp)) -> Result<(), QueryError> {
        let mut current: Option<(Subject, Version)> = None;
        let mut statement = kept.connection.prepare_cached(STATED)?;
        let mut rows = statement.query((sort, until))?;
        while let Some(row) = rows.next()? {
            let partner = PartnerId::new(row.get(1)?);
            if !kept.wants(partner) {
                continue;
            }
            kept.room.take()?;
            let (kind, id): (String, i64) = (row.get(3)?, row.get(7)?);
            let (version, from) = (row.get(2)?, Timestamp::from_micros(row.get(5)?));
            let payload: Value = serde_json::from_str(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)?;
            let template = (sort == "template").then_some(TemplateId::new(id));
            let (subject, stated) = ((partner, template), self.note(partner, template, (version, &kind), payload)?);
            let before = current.take_if(|(of, _)| *of == subject).map(|(_, before)| before);
            self.versions.extend(current);
            // Cards that have a retired template go on by its rules.
            let said = stated.or_else(|| before.as_ref().map(|before| before.terms.clone())).unwrap_or(Value::Null);
            let (seq, actor) = (row.get(0)?, row.get(4)?);
            current = Some((subject, Version { version, seq, kind, actor, from, to: None, terms: said }));
            match before {
                Some(before) if from > begin || before.from >= begin => {
                    self.versions.push((subject, Version { to: Some(from), ..before }));
                }
                // No part of the period.
                Some(_) => kept.room.give_back(),
                None => {}
            }
        }
        self.versions.extend(current);
        Ok(())
    }

    /// What an event states.
    fn note(
        &mut self,
        partner: PartnerId,
        template: Option<TemplateId>,
        (version, kind): (i64, &str),
        mut payload: Value,
    ) -> Result<Option<Value>, QueryError> {
        let mut said = |field: &str| payload.get_mut(field).map(Value::take);
        Ok(match (kind, template) {
            ("partner.created", _) => {
                let currency = said("currency");
                if let Some(Value::String(currency)) = &currency {
                    self.currencies.insert(partner, currency.clone());
                }
                currency.map(|currency| json!({ "currency": currency }))
            }
            ("partner.settings_changed", _) => said("settings"),
            ("template.created" | "template.updated", Some(template)) => {
                let rules = said("rules").unwrap_or_default();
                self.rules.insert(template, (version, serde_json::from_value(rules.clone())?));
                Some(rules)
            }
            (_, _) => None,
        })
    }

    /// The partners that there were.
    pub(super) fn partners(&self) -> impl Iterator<Item = PartnerId> {
        self.currencies.keys().copied()
    }

    /// The currency that a partner counts in.
    pub(super) fn currency(&self, partner: PartnerId) -> Option<&str> {
        self.currencies.get(&partner).map(String::as_str)
    }

    /// A template's rules in force, with the version that stated them.
    pub(super) fn rules(&self, template: TemplateId) -> Option<&(i64, TemplateRules)> {
        self.rules.get(&template)
    }

    /// What so many points of a template's cards are worth; none where they have no price.
    pub(super) fn worth(&self, partner: PartnerId, template: TemplateId, points: i128) -> Option<Decimal> {
        worth_of(points, &self.rules(template)?.1, self.currency(partner)?)
    }

    /// The table, by subject and seq.
    pub(super) fn into_table(self) -> Table {
        let mut table = Table::new(&forms::RULES);
        for ((partner, template), it) in self.versions {
            table.push(vec![
                partner.get().into(),
                if template.is_some() { "template" } else { "settings" }.into(),
                Cell::id(template.map(TemplateId::get)),
                it.version.into(),
                Seq::new(it.seq).get().into(),
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
