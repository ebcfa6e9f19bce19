//! Whether what was erased by a retention rule was due by it: the rule in force, the kind of record, and its time.
//!
//! What was superseded is known from the records before; what was typed about movements and blocks is read again from the
//! event that names it, so that no record has to be remembered for that. Only where a copy lacks the vault, sixteen bytes for each
//! record say whose it is.

use super::VerifyError;
use crate::findings::{Check, Findings};
use crate::instant::Instant;
use crate::ledger::Event;
use crate::payload::{ErasedRecord, Payload, Rule};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

/// What a record is about: what a later record of the same place supersedes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// Who a customer is.
    Person(i64),
    /// A card's metadata.
    CardData(i64),
}

impl Place {
    /// Of a record that an event names; none where no record supersedes another.
    pub(super) fn of(payload: &Payload<'_>) -> Option<Self> {
        match payload {
            Payload::CustomerRegistered(it) => Some(Self::Person(it.customer.get())),
            Payload::CustomerUpdated(it) => Some(Self::Person(it.customer.get())),
            Payload::Issued(it) => Some(Self::CardData(it.card.get())),
            Payload::Updated(it) => Some(Self::CardData(it.card.get())),
            Payload::PartnerCreated(_)
            | Payload::SettingsChanged(_)
            | Payload::ShopOpened(_)
            | Payload::ShopUpdated(_)
            | Payload::ShopRetired(_)
            | Payload::TemplateCreated(_)
            | Payload::TemplateUpdated(_)
            | Payload::TemplateRetired(_)
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
            | Payload::CustomerErased(_)
            | Payload::RecordsErased(_)
            | Payload::Activated(_)
            | Payload::Blocked(_)
            | Payload::Unblocked(_)
            | Payload::TierChanged(_)
            | Payload::Moved(_) => None,
        }
    }
}

/// An erasure as its event states it.
#[derive(Debug, Clone)]
pub(super) struct Forgotten {
    pub(super) seq: i64,
    pub(super) at: Instant,
    pub(super) customer: i64,
    pub(super) rule: Rule,
    /// What the event says that the rule says, and what the partner's settings said then.
    pub(super) value: Option<u32>,
    pub(super) in_force: Option<u32>,
    /// None of a whole person.
    pub(super) records: Vec<ErasedRecord>,
}

/// A record that an event says was erased by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listed {
    pub(super) record: i64,
    pub(super) seq: i64,
    pub(super) customer: i64,
}

/// What the records so far supersede, and which of them were erased by rules.
#[derive(Debug, Default)]
pub(super) struct Forgetting {
    /// The newest record of each place, and when it was named.
    newest: FxHashMap<Place, (i64, Instant)>,
    /// Whose record was superseded when, and has not been erased by a rule.
    superseded: FxHashMap<i64, (i64, Instant)>,
    pub(super) listed: Vec<Listed>,
    /// Where the vault does not say whose its records are.
    owners: Option<Owners>,
}

/// Whose records are, by the events that name them.
#[derive(Debug, Default)]
struct Owners {
    /// Record and customer, in the order of the records.
    of: Vec<(i64, i64)>,
    /// How many records of a customer were named since the last erasure of all and not erased by a rule since.
    kept: FxHashMap<i64, u64>,
}

impl Forgetting {
    /// Before the first event. Where the vault is not included, the events have to say whose records are.
    pub(super) fn new(included: bool) -> Self {
        Self { owners: (!included).then(Owners::default), ..Self::default() }
    }

    /// Notes a record and what it is about.
    pub(super) fn note(&mut self, record: i64, place: Option<Place>, subject: (&str, i64), at: Instant) {
        let ("customer", customer) = subject else { return };
        if let Some(owners) = &mut self.owners {
            // What stands out of order was told.
            if owners.of.last().is_none_or(|(last, _)| *last < record) {
                owners.of.push((record, customer));
            }
            *owners.kept.entry(customer).or_default() += 1;
        }
        let Some(place) = place else { return };
        if let Some((before, _)) = self.newest.insert(place, (record, at)) {
            self.superseded.insert(before, (customer, at));
        }
    }

    /// Everything about a customer is erased: how many records that has to be, where the events alone say so.
    pub(super) fn erase_all(&mut self, customer: i64) -> Option<u64> {
        self.owners.as_mut().map(|owners| owners.kept.remove(&customer).unwrap_or(0))
    }

    /// Checks an erasure; `last` is the last record named before it.
    pub(super) fn check(
        &mut self,
        erasure: &Forgotten,
        last: i64,
        ledger: &Connection,
        findings: &mut Findings,
    ) -> Result<(), VerifyError> {
        let name = erasure.rule.name();
        if erasure.value.is_none() || erasure.value != erasure.in_force {
            let said = |value: Option<u32>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
            let sentence = format!(
                "erases by {name} {}, but the partner's settings said {}",
                said(erasure.value),
                said(erasure.in_force)
            );
            findings.event(Check::Vault, erasure.seq, sentence);
        }
        for erased in &erasure.records {
            let record = erased.record.get();
            let wrong =
                if record > last { Some("no event before names it") } else { self.not_due(erasure, *erased, ledger)? };
            if let Some(why) = wrong {
                let sentence = format!("erases vault record {record} by {name}, but {why}");
                findings.event(Check::Vault, erasure.seq, sentence);
            } else if let Some(owners) = &mut self.owners
                && let Some(kept) = owners.kept.get_mut(&erasure.customer)
            {
                *kept = kept.saturating_sub(1);
            }
            self.listed.push(Listed { record, seq: erasure.seq, customer: erasure.customer });
        }
        Ok(())
    }

    /// When a customer was changed last.
    pub(super) fn changed(&self, customer: i64) -> Option<Instant> {
        self.newest.get(&Place::Person(customer)).map(|(_, at)| *at)
    }

    fn not_due(
        &mut self,
        erasure: &Forgotten,
        erased: ErasedRecord,
        ledger: &Connection,
    ) -> Result<Option<&'static str>, VerifyError> {
        let value = erasure.value.unwrap_or(0);
        Ok(match erasure.rule {
            Rule::Superseded => match self.superseded.remove(&erased.record.get()) {
                Some((customer, at)) if customer == erasure.customer => {
                    (at > erasure.at.days_earlier(value)).then_some("it was superseded later than that")
                }
                Some(_) => Some("it is about somebody else"),
                None => Some("nothing superseded it"),
            },
            Rule::MovementTexts | Rule::BlockReasons => {
                let Some((at, of)) = erased.event.map(|seq| named_by(ledger, seq, erased)).transpose()?.flatten()
                else {
                    return Ok(Some("the event that it states does not name it"));
                };
                if of != Some(erasure.rule) {
                    Some("it is of another kind")
                } else if self.owners.as_ref().is_some_and(|owners| owners.of(erased) != Some(erasure.customer)) {
                    Some("it is about somebody else")
                } else {
                    (at > erasure.at.months_earlier(value)).then_some("it is younger than that")
                }
            }
            Rule::Inactive => Some("that rule is about the whole person"),
        })
    }
}

impl Owners {
    fn of(&self, erased: ErasedRecord) -> Option<i64> {
        let place = self.of.binary_search_by_key(&erased.record.get(), |(record, _)| *record).ok()?;
        Some(self.of[place].1)
    }
}

/// When the record was named, and which rule goes by its kind, if the event names it.
fn named_by(
    ledger: &Connection,
    seq: i64,
    erased: ErasedRecord,
) -> Result<Option<(Instant, Option<Rule>)>, VerifyError> {
    let sql = format!("SELECT {} FROM events WHERE seq = ?1", crate::ledger::COLUMNS);
    let mut statement = ledger.prepare_cached(&sql)?;
    let mut rows = statement.query([seq])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let Ok(event) = Event::read(row) else { return Ok(None) };
    let Ok(payload) = Payload::read(event.kind, event.schema, event.payload) else { return Ok(None) };
    if payload.sealed().is_none_or(|sealed| sealed.record != erased.record) {
        return Ok(None);
    }
    let rule = if let Payload::Moved(_) = payload {
        Some(Rule::MovementTexts)
    } else if let Payload::Blocked(_) | Payload::Unblocked(_) = payload {
        Some(Rule::BlockReasons)
    } else {
        None
    };
    Ok(Some((Instant::from_micros(event.recorded_at), rule)))
}
