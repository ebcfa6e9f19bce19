//! `counterfoil books`

use super::Failure;
use super::arguments::{self, Data};
use super::export::{Destination, caught_up};
use super::output::Output;
use crate::domain::{PartnerId, Seq, Timestamp};
use crate::exports::{BOOK_FORMATS, BOOK_TABLES, BooksForm};
use crate::queries::{BooksQuestion, QueryError, books_of};
use clap::Args;
use counterfoil_statements::Statement;
use serde_json::json;
use std::path::PathBuf;

/// Write the books of a period to a file, while the service runs or not
///
/// Trial balances and whether they close, the points liability, breakage, rules in force, corrections, blocks and refunds: what
/// `GET /audit/books` answers, byte for byte, and `counterfoil-replay report` reads from the log alone. It holds no personal data.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil books --data ./books --from 2026-01-01 --to 2026-02-01 --format html --output january.html
  counterfoil books --data ./books --from 2026-01-01 --to 2027-01-01 --format csv --table by_month --partner 1

Exit codes: 0 written, 1 written, and the books do not close or the log is not whole, 2 anything else.")]
pub(super) struct Books {
    #[command(flatten)]
    data: Data,
    /// From the first moment of this day (UTC), or from this time; by when events were recorded
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    from: Timestamp,
    /// Up to this one, which is no part of the period
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    to: Timestamp,
    /// Leave out what was recorded after this event
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
    as_of_seq: Option<i64>,
    /// That partner's books alone; everybody's if absent
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    partner: Option<i64>,
    /// json, csv (a ZIP archive of a file for each table), xlsx or html
    #[arg(long, value_name = "FORMAT", default_value = "json", value_parser = BOOK_FORMATS)]
    format: String,
    /// With --format csv, this table alone, as CSV
    #[arg(long, value_name = "NAME", value_parser = table)]
    table: Option<&'static str>,
    /// Where to; `-` is the standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Print {"as_of","events","closes","whole"} as the summary
    #[arg(long)]
    json: bool,
}

impl Books {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let form = BooksForm::of(&self.format, self.table)
            .ok_or_else(|| Failure::WrongUse("--table goes with --format csv".to_owned()))?;
        let question = self.question()?;
        let dir = self.data.dir();
        let mut destination = Destination::open(&self.output, form.is_text())?;
        caught_up(&dir)?;
        let found = books_of(&dir, question).map_err(|error| refused(error, question.partner))?;
        let statement = found.ok_or_else(|| {
            Failure::WrongUse("there is no such partner, or it did not exist before the end of the period".to_owned())
        })?;
        destination.write(&form.print(&statement).map_err(Failure::Output)?)?;
        let to_output = destination.is_output();
        destination.finish()?;
        self.report(&statement, to_output, output)
    }

    fn question(&self) -> Result<BooksQuestion, Failure> {
        if self.from >= self.to {
            return Err(Failure::WrongUse("--to: must be after --from".to_owned()));
        }
        let partner = self.partner.map(PartnerId::new);
        Ok(BooksQuestion { from: self.from, to: self.to, as_of: self.as_of_seq.map(Seq::new), partner })
    }

    // Beside the books, the summary would be a part of them.
    fn report(&self, statement: &Statement, to_output: bool, output: &mut Output) -> Result<(), Failure> {
        let it = statement.summary();
        let summary = if self.json {
            json!({ "as_of": it.as_of_seq, "events": it.events, "closes": it.closes, "whole": it.whole }).to_string()
        } else {
            let closes = if it.closes { "they close" } else { "they DO NOT close" };
            let whole = if it.whole { "the log is whole" } else { "the log is NOT whole" };
            format!("the books of {} events, as of event {}: {closes}, and {whole}", it.events, it.as_of_seq)
        };
        if to_output {
            output.aside(summary)?
        } else {
            output.line(summary)?
        }
        if it.closes && it.whole {
            return Ok(());
        }
        Err(Failure::CheckFailed("the books have findings: `counterfoil-replay verify` names them".to_owned()))
    }
}

fn refused(error: QueryError, partner: Option<PartnerId>) -> Failure {
    match error {
        QueryError::Beyond { head } => Failure::WrongUse(format!("--as-of-seq: the log ends with event {head}")),
        QueryError::TooWide { most } => Failure::WrongUse(format!(
            "--to: more than {most} movements would have to be read: let the period begin and end at midnight (UTC), and with \
             --as-of-seq no later than that event"
        )),
        QueryError::TooLong { most } => {
            let help = if partner.is_some() { "ask for a shorter period" } else { "ask for one --partner" };
            Failure::WrongUse(format!("the books have more than {most} rows: {help}"))
        }
        QueryError::Behind
        | QueryError::Busy
        | QueryError::Past(_)
        | QueryError::Open(_)
        | QueryError::Read(_)
        | QueryError::Body(_)
        | QueryError::Tree(_)
        | QueryError::Lost => error.into(),
    }
}

fn table(name: &str) -> Result<&'static str, String> {
    BooksForm::table(name).ok_or_else(|| format!("one of {}", BOOK_TABLES.as_str()))
}
