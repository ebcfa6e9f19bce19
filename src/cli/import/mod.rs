//! `counterfoil import`

mod columns;
mod customers;
mod dry_run;
mod feed;
mod fields;
mod json;
mod progress;
mod report;
mod source;
mod transactions;
#[cfg(test)]
pub(super) mod tried;

pub(super) use source::SourceError;

use super::Failure;
use super::arguments::{self, Data};
use super::output::Output;
use crate::control::{Import as Link, ImportOptions, Rows, TransactionRow};
use crate::domain::{PartnerId, ShopId};
use chrono::FixedOffset;
use clap::Args;
use columns::{CustomerColumn, TransactionColumn};
use dry_run::Rehearsal;
use feed::{Feed, Reader, Which};
use fields::Conventions;
use report::{Report, Times};
use source::{Format, Reading, Source};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Take customers and their history over from another system
///
/// Rows keep the time at which they happened. Each counts once, by its order id or its own id: the same command again continues
/// an import that was interrupted, and writes nothing twice. Works while the service runs, and when it does not.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil import --data ./books --customers customers.csv --transactions history.csv --dry-run
  counterfoil import --data ./books --customers customers.csv --opening-balances
  counterfoil import --data ./books --transactions history.jsonl --shop 2 --rejected rejected.csv

docs/import.md lists the columns. Sort the history by time: rows are decided in the order of the file.

Exit codes: 0 every row is in the ledger, 1 some were rejected (the others are in it), 2 anything else.")]
pub(super) struct Import {
    #[command(flatten)]
    data: Data,
    /// Customers, each of whom gets a card
    #[arg(long, value_name = "FILE")]
    customers: Option<PathBuf>,
    /// What happened on their cards
    #[arg(long, value_name = "FILE", required_unless_present_any = ["customers", "end"])]
    transactions: Option<PathBuf>,
    /// How the files are written, if their names do not say
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// What stands between the fields of a CSV file, if not the most frequent of , ; | and tab
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Leave out columns that are not known
    #[arg(long)]
    ignore_unknown_columns: bool,
    /// Whose programme, where there are several
    #[arg(long, value_name = "ID", value_parser = partner)]
    partner: Option<PartnerId>,
    /// The shop of rows that name none
    #[arg(long, value_name = "ID", value_parser = shop)]
    shop: Option<ShopId>,
    /// Give the balances of the customers' file, for customers without a history
    #[arg(long, requires = "customers", conflicts_with = "transactions")]
    opening_balances: bool,
    /// Let points without an expiry of their own last for ever, instead of as long as the template says from their day on
    #[arg(long)]
    no_expiry: bool,
    /// The offset of times that state none
    #[arg(long, value_name = "OFFSET", default_value = "+00:00", allow_hyphen_values = true, value_parser = offset)]
    utc_offset: FixedOffset,
    /// Write the rejected rows with their reasons to a CSV file
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
    /// Try everything on a copy that is thrown away, and say what would be written
    #[arg(long)]
    dry_run: bool,
    /// More files follow later: until an import without this, points whose time has come are not written off
    #[arg(long, conflicts_with_all = ["dry_run", "end"])]
    more_follows: bool,
    /// End an import that was interrupted or left open, without reading more
    #[arg(long, conflicts_with_all = ["customers", "transactions", "dry_run"])]
    end: bool,
    /// Print the report as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let start = Instant::now();
        let dir = self.data.dir();
        dir.expect_ledger()?;
        // What is wrong with a file is said before anything is written.
        let mut customers = self.customers.as_deref().map(|path| self.open::<CustomerColumn>(path)).transpose()?;
        let mut transactions =
            self.transactions.as_deref().map(|path| self.open::<TransactionColumn>(path)).transpose()?;
        let report = Report::begin(self.rejected.as_deref())?;
        let mut rehearsal = if self.dry_run { Some(Rehearsal::prepare(&dir)?) } else { None };
        let link = match &mut rehearsal {
            Some(rehearsal) => {
                let lock = rehearsal.lock()?;
                Link::under_lock(rehearsal.dir(), lock, &self.options())?
            }
            None => Link::begin(&dir, &self.options())?,
        };
        let sending = Instant::now();
        let mut feed = Feed::new(link, report);
        if let (Some(source), Some(path)) = (&mut customers, &self.customers) {
            self.customers(source, path, &mut feed)?;
        }
        if let (Some(source), Some(path)) = (&mut transactions, &self.transactions) {
            self.transactions(source, path, &mut feed)?;
        }
        let (report, answered) = feed.finish(self.more_follows)?;
        let events = rehearsal.as_ref().map(Rehearsal::written).transpose()?;
        let rejected = report.rejected();
        let times = Times { whole: start.elapsed(), acknowledged: answered.duration_since(sending) };
        report.print(events.as_ref(), times, self.json, output)?;
        match rejected {
            0 => Ok(()),
            1 => Err(Failure::CheckFailed("1 row was rejected".to_owned())),
            rows => Err(Failure::CheckFailed(format!("{rows} rows were rejected"))),
        }
    }

    fn open<C: columns::Column>(&self, path: &Path) -> Result<Source<C>, SourceError> {
        let (format, delimiter, ignore_unknown) = (self.format, self.delimiter, self.ignore_unknown_columns);
        Source::open(path, Reading { format, delimiter, ignore_unknown })
    }

    fn options(&self) -> ImportOptions {
        ImportOptions { partner: self.partner, shop: self.shop, endless: self.no_expiry }
    }

    fn customers(&self, source: &mut Source<CustomerColumn>, path: &Path, feed: &mut Feed) -> Result<(), Failure> {
        let reader = Reader {
            which: Which::Customers,
            file: path.display().to_string(),
            conventions: self.conventions(),
            read: &|fields| customers::read(fields, self.opening_balances),
            wrap: Rows::Customers,
            at: |_| None,
        };
        feed.file(source, &reader)
    }

    fn transactions(
        &self,
        source: &mut Source<TransactionColumn>,
        path: &Path,
        feed: &mut Feed,
    ) -> Result<(), Failure> {
        let reader = Reader {
            which: Which::Transactions,
            file: path.display().to_string(),
            conventions: self.conventions(),
            read: &transactions::read,
            wrap: Rows::Transactions,
            at: |row: &TransactionRow| Some(row.at),
        };
        feed.file(source, &reader)
    }

    const fn conventions(&self) -> Conventions {
        Conventions { offset: self.utc_offset }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii_punctuation() && *byte != b'"' => Ok(*byte),
            _ => Err("one character, such as ; or tab".to_owned()),
        },
    }
}

fn partner(text: &str) -> Result<PartnerId, String> {
    arguments::number(text, "").map(PartnerId::new)
}

fn shop(text: &str) -> Result<ShopId, String> {
    arguments::number(text, "shop_").map(ShopId::new)
}

fn offset(text: &str) -> Result<FixedOffset, String> {
    text.parse().map_err(|_| "an offset such as +02:00".to_owned())
}
