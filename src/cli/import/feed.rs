//! Rows of a file on their way to the ledger, and the answers to them on their way back to their lines.

use super::columns::Column;
use super::fields::{Conventions, Fields, problem};
use super::progress::Progress;
use super::report::{Rejected, Report, Tally};
use super::source::{Row, Source};
use crate::cli::Failure;
use crate::control::{Answered, Import, RowRefusal, Rows};
use crate::domain::Timestamp;
use std::collections::VecDeque;
use std::time::Instant;

/// How many rows lie between two looks at how far it has come.
const LOOK_EVERY: u64 = 4_096;

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Customers,
    Transactions,
}

impl Which {
    const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Transactions => "transactions",
        }
    }
}

/// A message that was sent and not answered.
struct Waiting {
    which: Which,
    file: String,
    /// Of the rows sent, in order.
    lines: Vec<u64>,
    /// Rows that were rejected as they were read.
    early: Vec<Rejected>,
}

/// An import, file by file.
pub(super) struct Feed {
    import: Import,
    waiting: VecDeque<Waiting>,
    pub(super) report: Report,
}

/// How rows of a kind are read and sent.
pub(super) struct Reader<'r, C, R> {
    pub(super) which: Which,
    pub(super) file: String,
    pub(super) conventions: Conventions,
    pub(super) read: &'r dyn Fn(Fields<C>) -> Result<R, RowRefusal>,
    pub(super) wrap: fn(Vec<R>) -> Rows,
    /// When a row happened, where rows are to be in order.
    pub(super) at: fn(&R) -> Option<Timestamp>,
}

impl Feed {
    pub(super) fn new(import: Import, report: Report) -> Self {
        Self { import, waiting: VecDeque::new(), report }
    }

    /// Sends every row of a file.
    pub(super) fn file<C: Column, R>(
        &mut self,
        source: &mut Source<C>,
        reader: &Reader<'_, C, R>,
    ) -> Result<(), Failure> {
        let mut progress = Progress::begin(reader.which.name(), source.size());
        self.tally(reader.which);
        let (mut rows, mut batch) = (0, Batch::empty());
        let mut last = None;
        while let Some((line, row)) = source.next()? {
            rows += 1;
            let read = match row {
                Row::Values(values) => (reader.read)(Fields::new(values, reader.conventions)),
                Row::Unreadable(why) => Err(problem("UNREADABLE_ROW", None, why)),
            };
            match read {
                Ok(row) => {
                    let at = (reader.at)(&row);
                    if at < last {
                        self.tally(reader.which).out_of_order += 1;
                    }
                    last = at.max(last);
                    batch.rows.push(row);
                    batch.lines.push(line);
                }
                Err(refusal) => batch.early.push(Rejected::of(&reader.file, line, refusal)),
            }
            if batch.rows.len() >= Rows::MAX || batch.early.len() >= Rows::MAX {
                self.send(std::mem::replace(&mut batch, Batch::empty()), reader)?;
            }
            if rows % LOOK_EVERY == 0 {
                progress.at(source.position(), rows);
            }
        }
        self.send(batch, reader)?;
        progress.end(rows);
        Ok(())
    }

    /// Waits for the last answers; the report is whole then.
    /// Also when the last row was acknowledged: views.db may take a moment longer.
    pub(super) fn finish(self, more_follows: bool) -> Result<(Report, Instant), Failure> {
        let Self { import, mut waiting, mut report } = self;
        let (answers, last) = import.finish(more_follows)?;
        for answered in answers {
            if let Some(waited) = waiting.pop_front() {
                settle(&mut report, waited, answered)?;
            }
        }
        Ok((report, last))
    }

    fn send<C: Column, R>(&mut self, batch: Batch<R>, reader: &Reader<'_, C, R>) -> Result<(), Failure> {
        let Batch { rows, lines, early } = batch;
        self.import.send((reader.wrap)(rows))?;
        self.waiting.push_back(Waiting { which: reader.which, file: reader.file.clone(), lines, early });
        for answered in self.import.answers()? {
            if let Some(waited) = self.waiting.pop_front() {
                settle(&mut self.report, waited, answered)?;
            }
        }
        Ok(())
    }

    fn tally(&mut self, which: Which) -> &mut Tally {
        tally(&mut self.report, which)
    }
}

/// Rows that are sent together.
struct Batch<R> {
    rows: Vec<R>,
    lines: Vec<u64>,
    early: Vec<Rejected>,
}

impl<R> Batch<R> {
    const fn empty() -> Self {
        Self { rows: Vec::new(), lines: Vec::new(), early: Vec::new() }
    }
}

fn tally(report: &mut Report, which: Which) -> &mut Tally {
    let tally = match which {
        Which::Customers => &mut report.customers,
        Which::Transactions => &mut report.transactions,
    };
    tally.get_or_insert_default()
}

/// Counts what a message was answered; its rejected rows are told in the order of their lines.
fn settle(report: &mut Report, waited: Waiting, answered: Answered) -> Result<(), Failure> {
    let Waiting { which, file, lines, mut early } = waited;
    let Answered { written, already, refused } = answered;
    let rejected = refused.into_iter().map(|(place, refusal)| {
        let line = usize::try_from(place).ok().and_then(|place| lines.get(place)).copied().unwrap_or(0);
        Rejected::of(&file, line, refusal)
    });
    let rows = lines.len() + early.len();
    early.extend(rejected);
    early.sort_by_key(|rejected| rejected.line);
    let tally = tally(report, which);
    tally.rows += u64::try_from(rows).unwrap_or(u64::MAX);
    tally.written += u64::from(written);
    tally.already += u64::from(already);
    tally.rejected += u64::try_from(early.len()).unwrap_or(u64::MAX);
    early.into_iter().try_for_each(|rejected| report.reject(rejected))
}
