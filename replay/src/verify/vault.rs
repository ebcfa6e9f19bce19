//! The vault beside the log: every sealed record is the one that its event committed to, or erased as the log says.
//!
//! Records are numbered in the order of the events that name them, so both are read once, side by side.

use super::VerifyError;
use super::forgetting::{Forgetting, Forgotten, Listed, Place};
use super::standings::Follower;
use crate::findings::{Check, Findings};
use crate::fold::Note;
use crate::instant::Instant;
use crate::ledger::{Event, commitment};
use crate::payload::{Commitment, Payload, Retention, Rule};
use crate::points::CustomerId;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Connection, Row, Rows};
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::Receiver;

/// What a batch said about the vault and about tiers, as one worker saw it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) worker: usize,
    pub(super) facts: Vec<Fact>,
    /// What counts towards tiers, where more than the card does.
    pub(super) notes: Vec<Note>,
}

/// Something that an event says about the vault.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    Sealed { named: Named, commitment: Commitment, subject: (&'static str, i64) },
    Erased { seq: i64, customer: CustomerId, records: u64, by: Option<Forgotten> },
    Forgotten(Forgotten),
}

/// A record, and the event that names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    seq: i64,
    record: i64,
    at: Instant,
    place: Option<Place>,
}

impl Fact {
    /// What an event says about the vault. A card's records are about the card's customer.
    pub(super) fn of(
        event: &Event<'_>,
        payload: &Payload<'_>,
        customer: Option<CustomerId>,
        retention: &Retention,
    ) -> Option<Self> {
        let (seq, at) = (event.seq, Instant::from_micros(event.recorded_at));
        let by = |customer: CustomerId, rule, value, records| {
            let (customer, in_force) = (customer.get(), retention.value(rule));
            Forgotten { seq, at, customer, rule, value, in_force, records }
        };
        if let Payload::CustomerErased(it) = payload {
            // A value without a rule is nobody's: taken for one, it is not what the settings said.
            let rule = it.rule.or(it.value.map(|_| Rule::Inactive));
            let by = rule.map(|rule| by(it.customer, rule, it.value, Vec::new()));
            return Some(Self::Erased { seq, customer: it.customer, records: it.records, by });
        }
        if let Payload::RecordsErased(it) = payload {
            return Some(Self::Forgotten(by(it.customer, it.rule, Some(it.value), it.records.clone())));
        }
        let sealed = payload.sealed()?;
        let subject = customer.map_or_else(|| payload.stream(), |customer| ("customer", customer.get()));
        let named = Named { seq, record: sealed.record.get(), at, place: Place::of(payload) };
        Some(Self::Sealed { named, commitment: sealed.commitment, subject })
    }

    const fn seq(&self) -> i64 {
        match self {
            Self::Sealed { named, .. } => named.seq,
            Self::Erased { seq, .. } => *seq,
            Self::Forgotten(it) => it.seq,
        }
    }
}

/// What came of following the vault.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) findings: Findings,
    pub(super) note: Option<String>,
}

/// How much of the vault an erasure covers: the customer's records that were named since the erasure before it.
#[derive(Debug)]
struct Erasure {
    seq: i64,
    /// The last record named before the erasure.
    boundary: i64,
    stated: u64,
    found: u64,
}

/// Follows what the workers say about the vault until the last of them is done.
pub(super) fn follow(
    ledger: &Connection,
    arriving: &Receiver<Facts>,
    workers: usize,
    standings: &mut Follower<'_>,
) -> Result<Followed, VerifyError> {
    let exists: bool =
        ledger
            .query_row("SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'sealed_records'", [], |row| row.get(0))?;
    let rows_exist =
        exists && ledger.query_row("SELECT EXISTS (SELECT 1 FROM sealed_records)", [], |row| row.get(0))?;
    let select = if exists {
        "SELECT record, subject, salt, body FROM sealed_records ORDER BY record"
    } else {
        "SELECT 0, '', NULL, NULL WHERE 0"
    };
    let mut statement = ledger.prepare(select)?;
    let mut vault = Vault {
        rows: statement.query([])?,
        current: None,
        included: rows_exist,
        last: 0,
        erasures: BTreeMap::new(),
        forgetting: Forgetting::new(rows_exist),
        ledger,
        findings: Findings::default(),
    };
    vault.step()?;
    let mut waiting: Vec<VecDeque<Facts>> = std::iter::repeat_with(VecDeque::new).take(workers).collect();
    for arrived in arriving {
        waiting[arrived.worker].push_back(arrived);
        while waiting.iter().all(|queue| !queue.is_empty()) {
            let (mut together, mut notes) = (Vec::new(), Vec::new());
            for mut batch in waiting.iter_mut().filter_map(VecDeque::pop_front) {
                together.append(&mut batch.facts);
                notes.append(&mut batch.notes);
            }
            together.sort_unstable_by_key(Fact::seq);
            // Each worker's stand in order already: a stable sort only merges them.
            notes.sort_by_key(|note: &Note| note.seq);
            notes.iter().try_for_each(|note| standings.follow(note))?;
            for fact in &together {
                vault.check(fact)?;
            }
        }
    }
    vault.finish()?;
    let Vault { mut findings, last, erasures, forgetting, .. } = vault;
    let listed = once_each(forgetting.listed, &mut findings);
    let note = (!rows_exist && last > 0)
        .then(|| format!("vault not included: the {last} records that events name were not checked"));
    let mut followed = Followed { findings, note };
    if rows_exist {
        check_erasures(ledger, erasures, &listed, &mut followed.findings)?;
    }
    Ok(followed)
}

struct Vault<'a> {
    rows: Rows<'a>,
    /// The record under the cursor.
    current: Option<i64>,
    included: bool,
    last: i64,
    /// By subject, in the order of the log.
    erasures: BTreeMap<String, Vec<Erasure>>,
    forgetting: Forgetting,
    ledger: &'a Connection,
    findings: Findings,
}

impl Vault<'_> {
    fn check(&mut self, fact: &Fact) -> Result<(), VerifyError> {
        match fact {
            Fact::Erased { seq, customer, records, by } => {
                if let Some(by) = by {
                    self.check_inactive(by)?;
                }
                if let Some(kept) = self.forgetting.erase_all(customer.get()).filter(|kept| kept != records) {
                    let sentence = format!(
                        "says that {records} records of customer:{customer} were erased, but events name {kept}"
                    );
                    self.findings.event(Check::Vault, *seq, sentence);
                }
                let erasure = Erasure { seq: *seq, boundary: self.last, stated: *records, found: 0 };
                self.erasures.entry(format!("customer:{customer}")).or_default().push(erasure);
            }
            Fact::Forgotten(erasure) => {
                self.forgetting.check(erasure, self.last, self.ledger, &mut self.findings)?;
                let before = self.erasures.get(&format!("customer:{}", erasure.customer)).and_then(|all| all.last());
                if let Some(before) = before
                    && let Some(erased) = erasure.records.iter().find(|erased| erased.record.get() <= before.boundary)
                {
                    let sentence =
                        format!("erases vault record {}, which event {} had erased", erased.record, before.seq);
                    self.findings.event(Check::Vault, erasure.seq, sentence);
                }
            }
            Fact::Sealed { named, commitment, subject } => {
                let Named { seq, record, at, place } = *named;
                let expected = self.last.saturating_add(1);
                if record != expected {
                    self.findings.event(
                        Check::Vault,
                        seq,
                        format!("names vault record {record}, where {expected} comes next"),
                    );
                }
                self.last = record.max(self.last);
                self.forgetting.note(record, place, *subject, at);
                if self.included {
                    self.check_record(seq, record, commitment, *subject)?;
                }
            }
        }
        Ok(())
    }

    /// Whoever was erased as inactive was not changed for that long; the workers look at the cards.
    fn check_inactive(&mut self, erasure: &Forgotten) -> Result<(), VerifyError> {
        self.forgetting.check(erasure, self.last, self.ledger, &mut self.findings)?;
        let since = erasure.at.months_earlier(erasure.value.unwrap_or(0));
        let wrong = if erasure.rule != Rule::Inactive {
            "that rule is not about the whole person"
        } else if self.forgetting.changed(erasure.customer).is_some_and(|at| at > since) {
            "they were changed since"
        } else {
            return Ok(());
        };
        let sentence = format!("erases customer {} by {}, but {wrong}", erasure.customer, erasure.rule.name());
        self.findings.event(Check::Vault, erasure.seq, sentence);
        Ok(())
    }

    fn check_record(
        &mut self,
        seq: i64,
        record: i64,
        committed: &Commitment,
        subject: (&str, i64),
    ) -> Result<(), VerifyError> {
        while self.current.is_some_and(|current| current < record) {
            self.surplus()?;
        }
        if self.current != Some(record) {
            self.findings.event(Check::Vault, seq, format!("vault record {record}, which the event names, is missing"));
            return Ok(());
        }
        if let Some(row) = self.rows.get()
            && let Some(sentence) = wrong_with(row, committed, subject)?
        {
            self.findings.row(
                Check::Vault,
                "sealed_records",
                record,
                None,
                format!("{sentence} (event {seq} names it)"),
            );
        }
        self.step()
    }

    fn surplus(&mut self) -> Result<(), VerifyError> {
        if let Some(record) = self.current {
            self.findings.row(Check::Vault, "sealed_records", record, None, "no event names this record");
        }
        self.step()
    }

    fn finish(&mut self) -> Result<(), VerifyError> {
        while self.current.is_some() {
            self.surplus()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), VerifyError> {
        self.current = self.rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(())
    }
}

fn wrong_with(
    row: &Row<'_>,
    committed: &Commitment,
    (kind, number): (&str, i64),
) -> Result<Option<String>, VerifyError> {
    let stored = row.get_ref(1)?.as_str().unwrap_or("(not text)");
    if crate::payload::stream_parts(stored) != Some((kind, number)) {
        return Ok(Some(format!("the record is said to be about {stored}, but its event is about {kind}:{number}")));
    }
    let (salt, body) = (row.get_ref(2)?.as_blob_or_null(), row.get_ref(3)?.as_str_or_null());
    Ok(match (salt, body) {
        (Ok(None), Ok(None)) => None,
        (Ok(Some(salt)), Ok(Some(body))) if salt.len() == 32 => (commitment(salt, body) != committed.0)
            .then(|| "the record is not the one that its event committed to".to_owned()),
        _ => Some("the record has no salt of 32 bytes and text together".to_owned()),
    })
}

/// What was erased by rules, sorted by record. A record is erased once.
fn once_each(mut listed: Vec<Listed>, findings: &mut Findings) -> Vec<Listed> {
    listed.sort_unstable();
    for pair in listed.windows(2) {
        if let [first, again] = pair
            && first.record == again.record
        {
            let sentence = format!("erases vault record {}, which event {} had erased", again.record, first.seq);
            findings.event(Check::Vault, again.seq, sentence);
        }
    }
    listed.dedup_by_key(|one| one.record);
    listed
}

/// Checks that exactly those records are erased that the log says are, and as many.
fn check_erasures(
    ledger: &Connection,
    mut erasures: BTreeMap<String, Vec<Erasure>>,
    listed: &[Listed],
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    let mut statement = ledger.prepare("SELECT record, subject, body IS NULL FROM sealed_records ORDER BY record")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (record, erased): (i64, bool) = (row.get(0)?, row.get(2)?);
        let Ok(subject) = row.get_ref(1)?.as_str() else { continue };
        if let Ok(place) = listed.binary_search_by_key(&record, |one| one.record) {
            check_listed(listed[place], subject, erased, findings);
            continue;
        }
        // Boundaries never fall, so the first erasure that reaches the record is the one that erased it.
        let covering = erasures.get_mut(subject).and_then(|all| {
            let first = all.partition_point(|erasure| erasure.boundary < record);
            all.get_mut(first)
        });
        match (covering, erased) {
            (Some(erasure), true) => erasure.found += 1,
            (Some(erasure), false) => {
                let sentence = format!(
                    "the record of {subject} is still there, but event {} says that it was erased",
                    erasure.seq
                );
                findings.row(Check::Vault, "sealed_records", record, None, sentence);
            }
            (None, true) => findings.row(
                Check::Vault,
                "sealed_records",
                record,
                None,
                format!("erased, but no event erased it, or {subject} after it was sealed"),
            ),
            (None, false) => {}
        }
    }
    for (subject, erasure) in erasures.iter().flat_map(|(subject, all)| all.iter().map(move |one| (subject, one))) {
        if erasure.stated != erasure.found {
            let sentence =
                format!("says that {} records of {subject} were erased, but {} are", erasure.stated, erasure.found);
            findings.event(Check::Vault, erasure.seq, sentence);
        }
    }
    Ok(())
}

fn check_listed(listed: Listed, subject: &str, erased: bool, findings: &mut Findings) {
    let mut wrong = |sentence| findings.row(Check::Vault, "sealed_records", listed.record, None, sentence);
    if !erased {
        wrong(format!("the record is still there, but event {} says that it was erased", listed.seq));
    }
    if crate::payload::stream_parts(subject) != Some(("customer", listed.customer)) {
        wrong(format!("the record of {subject} was erased by event {} of customer {}", listed.seq, listed.customer));
    }
}
