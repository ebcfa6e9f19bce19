//! What an import came to: the rows of each file, and those that were rejected, with reasons.

use crate::cli::Failure;
use crate::cli::output::Output;
use crate::control::RowRefusal;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many rejected rows the report itself shows.
const SHOWN_MAX: usize = 100;
/// How many of them are printed for people.
const PRINTED_MAX: usize = 10;

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Rejected {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) field: Option<String>,
    pub(super) code: String,
    pub(super) message: String,
}

impl Rejected {
    pub(super) fn of(file: &str, line: u64, refusal: RowRefusal) -> Self {
        let RowRefusal { code, field, message } = refusal;
        Self { file: file.to_owned(), line, field, code, message }
    }
}

/// What became of the rows of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) written: u64,
    pub(super) already: u64,
    pub(super) rejected: u64,
    /// Rows that happened before the row above them.
    pub(super) out_of_order: u64,
}

/// How long it took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) whole: Duration,
    /// From the first row sent to the last one in the log.
    pub(super) acknowledged: Duration,
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The report as it grows. Rejected rows go to their file at once: no more of them are held than are shown.
pub(super) struct Report {
    pub(super) customers: Option<Tally>,
    pub(super) transactions: Option<Tally>,
    by_code: BTreeMap<String, u64>,
    first: Vec<Rejected>,
    file: Option<(PathBuf, csv::Writer<File>)>,
}

impl Report {
    /// Begins, with a file for the rejected rows.
    pub(super) fn begin(rejected: Option<&Path>) -> Result<Self, Failure> {
        let file = rejected.map(|path| {
            let file = File::create(path).map_err(|source| failed(path, source))?;
            let mut writer = csv::Writer::from_writer(file);
            let header = writer.write_record(["file", "line", "field", "code", "message"]);
            header.map_err(|error| failed(path, error.into()))?;
            Ok::<_, Failure>((path.to_owned(), writer))
        });
        let file = file.transpose()?;
        Ok(Self { customers: None, transactions: None, by_code: BTreeMap::new(), first: Vec::new(), file })
    }

    /// Notes a rejected row.
    pub(super) fn reject(&mut self, rejected: Rejected) -> Result<(), Failure> {
        *self.by_code.entry(rejected.code.clone()).or_default() += 1;
        if let Some((path, writer)) = &mut self.file {
            let line = rejected.line.to_string();
            let field = rejected.field.as_deref().unwrap_or_default();
            let row = [&rejected.file, &line, field, &rejected.code, &rejected.message];
            writer.write_record(row).map_err(|error| failed(path, error.into()))?;
        }
        if self.first.len() < SHOWN_MAX {
            self.first.push(rejected);
        }
        Ok(())
    }

    /// How many rows were rejected.
    pub(super) fn rejected(&self) -> u64 {
        self.by_code.values().sum()
    }

    /// Prints it. `events` are those that a dry run has written where nobody keeps them.
    pub(super) fn print(
        mut self,
        events: Option<&BTreeMap<String, i64>>,
        times: Times,
        as_json: bool,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if let Some((path, writer)) = &mut self.file {
            writer.flush().map_err(|source| failed(path, source))?;
        }
        if as_json { output.json(&self.json(events, times)) } else { self.lines(events, times, output) }
    }

    fn json(&self, events: Option<&BTreeMap<String, i64>>, times: Times) -> Value {
        json!({
            "dry_run": events.is_some(),
            "customers": self.customers,
            "transactions": self.transactions,
            "rejected_by_code": self.by_code,
            "rejected": self.first,
            "events": events,
            "milliseconds": millis(times.whole),
            "acknowledged_milliseconds": millis(times.acknowledged),
        })
    }

    fn lines(&self, events: Option<&BTreeMap<String, i64>>, times: Times, output: &mut Output) -> Result<(), Failure> {
        for (name, tally) in [("customers", &self.customers), ("transactions", &self.transactions)] {
            let Some(tally) = tally else { continue };
            let Tally { rows, written, already, rejected, out_of_order } = tally;
            output.line(format_args!(
                "{name}: {rows} rows, {written} written, {already} already there, {rejected} rejected"
            ))?;
            if *out_of_order > 0 {
                output.line(format_args!(
                    "  {out_of_order} of them happened before the row above them: rows are decided in the order of the file"
                ))?;
            }
        }
        for (code, rows) in &self.by_code {
            output.line(format_args!("  {code}: {rows}"))?;
        }
        for Rejected { file, line, field, message, .. } in self.first.iter().take(PRINTED_MAX) {
            let field = field.as_deref().unwrap_or("the row");
            output.line(format_args!("  {file}, line {line}: {field}: {message}"))?;
        }
        let more = self.rejected().saturating_sub(PRINTED_MAX as u64);
        if more > 0 && self.file.is_none() {
            output.line(format_args!("  and {more} more: --rejected FILE lists them all"))?;
        }
        match events {
            None => {
                let (whole, last) = (millis(times.whole), millis(times.acknowledged));
                let (seconds, thousandths) = (last / 1_000, last % 1_000);
                output.line(format_args!(
                    "acknowledged in {seconds}.{thousandths:03} s, {}.{:03} s in all",
                    whole / 1_000,
                    whole % 1_000
                ))
            }
            Some(events) => {
                for (kind, number) in events {
                    output.line(format_args!("  would write {number} {kind}"))?;
                }
                output.line("dry run: nothing was written")
            }
        }
    }
}

fn failed(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.display().to_string(), source }
}
