//! The vault beside the log: every sealed record is the one that its event committed to, or erased as the log says.
//!
//! Records are numbered in the order of the events that name them, so both are read once, side by side.

use super::VerifyError;
use super::standings::Follower;
use crate::findings::{Check, Findings};
use crate::fold::Note;
use crate::ledger::{Event, commitment};
use crate::payload::{Commitment, Payload};
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
    Sealed { seq: i64, record: i64, commitment: Commitment, subject: (&'static str, i64) },
    Erased { seq: i64, customer: CustomerId, records: u64 },
}

impl Fact {
    /// What an event says about the vault. A card's records are about the card's customer.
    pub(super) fn of(event: &Event<'_>, payload: &Payload<'_>, customer: Option<CustomerId>) -> Option<Self> {
        if let Payload::CustomerErased(erased) = payload {
            return Some(Self::Erased { seq: event.seq, customer: erased.customer, records: erased.records });
        }
        let sealed = payload.sealed()?;
        let subject = customer.map_or_else(|| payload.stream(), |customer| ("customer", customer.get()));
        Some(Self::Sealed { seq: event.seq, record: sealed.record.get(), commitment: sealed.commitment, subject })
    }

    const fn seq(&self) -> i64 {
        match self {
            Self::Sealed { seq, .. } | Self::Erased { seq, .. } => *seq,
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
    let Vault { findings, last, erasures, .. } = vault;
    let note = (!rows_exist && last > 0)
        .then(|| format!("vault not included: the {last} records that events name were not checked"));
    let mut followed = Followed { findings, note };
    if rows_exist {
        check_erasures(ledger, erasures, &mut followed.findings)?;
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
    findings: Findings,
}

impl Vault<'_> {
    fn check(&mut self, fact: &Fact) -> Result<(), VerifyError> {
        match fact {
            Fact::Erased { seq, customer, records } => {
                let erasure = Erasure { seq: *seq, boundary: self.last, stated: *records, found: 0 };
                self.erasures.entry(format!("customer:{customer}")).or_default().push(erasure);
            }
            Fact::Sealed { seq, record, commitment, subject } => {
                let expected = self.last + 1;
                if *record != expected {
                    self.findings.event(
                        Check::Vault,
                        *seq,
                        format!("names vault record {record}, where {expected} comes next"),
                    );
                }
                self.last = (*record).max(self.last);
                if self.included {
                    self.check_record(*seq, *record, commitment, *subject)?;
                }
            }
        }
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

/// Checks that exactly those records are erased that the log says are, and as many.
fn check_erasures(
    ledger: &Connection,
    mut erasures: BTreeMap<String, Vec<Erasure>>,
    findings: &mut Findings,
) -> Result<(), VerifyError> {
    let mut statement = ledger.prepare("SELECT record, subject, body IS NULL FROM sealed_records ORDER BY record")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (record, erased): (i64, bool) = (row.get(0)?, row.get(2)?);
        let Ok(subject) = row.get_ref(1)?.as_str() else { continue };
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
                format!("erased, but no event erased {subject} after it was sealed"),
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
