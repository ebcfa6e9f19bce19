//! What a verification came to, for people and as JSON.

use super::projections::Compared;
use crate::findings::{Check, Findings, Place, Problem};
use crate::ledger::Hash;
use counterfoil_statements::plain;
use serde_json::{Value, json};
use std::io::{self, Write};

/// How many problems a report lists. All are counted.
const LISTED: usize = 100;

/// The outcome of a verification.
#[derive(Debug)]
pub struct Report {
    events: u64,
    head_seq: i64,
    head_hash: Option<Hash>,
    cards: usize,
    compared: Option<Compared>,
    watermark: Option<i64>,
    notes: Vec<String>,
    root: Option<Hash>,
    checkpoints: u64,
    /// The events that made another key of the log without a signature of the key before it.
    unsigned_rotations: Vec<i64>,
    counts: Vec<(Check, u64)>,
    total: u64,
    problems: Vec<Problem>,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "one call gathers what four threads found")]
    pub(super) fn new(
        findings: Findings,
        events: u64,
        head_seq: i64,
        head_hash: Option<Hash>,
        cards: usize,
        compared: Option<Compared>,
        watermark: Option<i64>,
        notes: Vec<String>,
    ) -> Self {
        let counts = Check::ALL.into_iter().map(|check| (check, findings.count(check))).collect();
        let total = findings.total();
        let mut problems = findings.into_sorted();
        problems.truncate(LISTED);
        Self {
            events,
            head_seq,
            head_hash,
            cards,
            compared,
            watermark,
            notes,
            root: None,
            checkpoints: 0,
            unsigned_rotations: Vec::new(),
            counts,
            total,
            problems,
        }
    }

    /// The same report with the root of the tree over all events, how many checkpoints the log holds, and the rotations of its key
    /// that nobody but the log vouches for.
    pub(super) fn with_tree(mut self, root: Option<Hash>, checkpoints: u64, unsigned_rotations: Vec<i64>) -> Self {
        (self.root, self.checkpoints, self.unsigned_rotations) = (root, checkpoints, unsigned_rotations);
        self
    }

    /// The root of the Merkle tree over all events; none where events are missing.
    #[must_use]
    pub const fn root(&self) -> Option<Hash> {
        self.root
    }

    /// Whether every check passed.
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.total == 0
    }

    /// The problems listed: the first by seq at the top.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many events were read.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let checks: Vec<Value> =
            self.counts.iter().map(|(check, count)| json!({"name": check.name(), "ok": *count == 0, "detail": self.detail(*check, *count)})).collect();
        json!({
            "ok": self.ok(),
            "events": self.events,
            "head_seq": self.head_seq,
            "head_hash": self.head_hash.map(hex::encode),
            "tree_root": self.root.map(hex::encode),
            "checkpoints": self.checkpoints,
            "unsigned_rotations": self.unsigned_rotations,
            "cards": self.cards,
            "watermark": self.watermark,
            "checks": checks,
            "notes": self.notes,
            "problems_found": self.total,
            "problems": self.problems.iter().map(problem_json).collect::<Vec<_>>(),
        })
    }

    /// The report in lines.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (check, count) in &self.counts {
            let mark = if *count == 0 { "ok    " } else { "FAILED" };
            writeln!(out, "{mark} {:13} {}", check.name(), plain(&self.detail(*check, *count)))?;
        }
        for note in &self.notes {
            writeln!(out, "note   {}", plain(note))?;
        }
        for seq in &self.unsigned_rotations {
            writeln!(
                out,
                "note   event {seq}: the log's key was rotated without the signature of the key before it. Ask the operator whether that is so"
            )?;
        }
        // Sentences and keys of rows repeat what stands in the file.
        for problem in &self.problems {
            let sentence = plain(&problem.sentence);
            match &problem.place {
                Place::Log => writeln!(out, "{sentence}")?,
                Place::Event(seq) => writeln!(out, "event {seq}: {sentence}")?,
                Place::Row { table, key, column: Some(column) } => {
                    writeln!(out, "{table} {}, {column}: {sentence}", plain(key))?
                }
                Place::Row { table, key, column: None } => writeln!(out, "{table} {}: {sentence}", plain(key))?,
            }
        }
        let listed = u64::try_from(self.problems.len()).unwrap_or(u64::MAX);
        if self.total > listed {
            writeln!(out, "… and {} problems more", self.total - listed)?;
        }
        let hash = self.head_hash.map_or_else(|| "unknown".to_owned(), hex::encode);
        writeln!(out, "{} events, {} cards, head {} {hash}", self.events, self.cards, self.head_seq)?;
        let root = self.root.map_or_else(|| "unknown".to_owned(), hex::encode);
        writeln!(out, "{} checkpoints, root of the tree {root}", self.checkpoints)?;
        if self.ok() {
            writeln!(out, "The ledger is sound.")
        } else {
            writeln!(out, "The ledger is NOT sound: {} problems.", self.total)
        }
    }

    fn detail(&self, check: Check, count: u64) -> String {
        match (check, count, &self.compared) {
            (Check::Projections, 0, None) => "not compared: no projections were given".into(),
            (Check::Projections, 0, Some(compared)) => {
                let watermark = self.watermark.unwrap_or(0);
                format!(
                    "every row of every table, of {} cards and {} open lots, is what an independent fold gives as of event {watermark}",
                    compared.cards, compared.lots
                )
            }
            (Check::Vault, 0, _) if !self.notes.is_empty() => self.notes.join("; "),
            (_, 0, _) => check.passed().into(),
            (_, 1, _) => "1 problem".into(),
            (_, count, _) => format!("{count} problems"),
        }
    }
}

fn problem_json(problem: &Problem) -> Value {
    let mut object = match &problem.place {
        Place::Log => json!({}),
        Place::Event(seq) => json!({"seq": seq}),
        Place::Row { table, key, column: Some(column) } => json!({"table": table, "key": key, "column": column}),
        Place::Row { table, key, column: None } => json!({"table": table, "key": key}),
    };
    object["check"] = json!(problem.check.name());
    object["problem"] = json!(problem.sentence);
    object
}
