//! `counterfoil export`

mod destination;

use super::Failure;
use super::arguments::{self, Data};
use super::output::{Output, Progress};
use crate::control::{AdminAnswer, AdminRequest, call};
use crate::domain::cards::{Status, Tier};
use crate::domain::orders::TransactionKind;
use crate::domain::{CardId, CustomerId, PartnerId, Seq, ShopId, Timestamp};
use crate::exports::{Encoder, Format, Selection};
use crate::queries::{DataSet, ExportFilter, ExportQuestion, ExportReader, TRANSACTION_WORDS, kinds_of};
use crate::storage::DataDir;
use clap::Args;
pub(super) use destination::Destination;
use serde_json::json;
use std::path::PathBuf;

/// Write customers, cards or transactions to a file, while the service runs or not
///
/// The file holds everything that was acknowledged before the command began. It appears under its name when it is complete, readable
/// by its owner alone: it holds personal data.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil export customers --data ./books --output customers.csv
  counterfoil export transactions --data ./books --format xlsx --output january.xlsx --date-from 2026-01-01 --date-to 2026-01-31
  counterfoil export cards --data ./books --columns card_number,points_balance --tier gold")]
pub(super) struct Export {
    /// customers, cards or transactions
    #[arg(value_name = "SET", value_parser = set)]
    set: DataSet,
    #[command(flatten)]
    data: Data,
    /// Whose; needed where the ledger has several partners
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    partner: Option<i64>,
    /// csv, json (one array), jsonl (an object on each line) or xlsx
    #[arg(long, value_name = "FORMAT", default_value = "csv", value_parser = format)]
    format: Format,
    /// Where to; `-` is the standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Which columns, in which order, separated by commas; all of them if absent
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Print {"rows","as_of"} as the summary
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filters: Filters,
}

/// Which rows. What is given must all match.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
struct Filters {
    /// Recorded, issued or registered at this time or later
    #[arg(long, value_name = "TIME", value_parser = arguments::moment)]
    date_from: Option<Timestamp>,
    /// Recorded, issued or registered at this time or before; a date includes its day
    #[arg(long, value_name = "TIME", value_parser = range_end)]
    date_to: Option<Timestamp>,
    /// Of one customer
    #[arg(long, value_name = "ID", value_parser = arguments::customer)]
    customer: Option<CustomerId>,
    /// Of the customer with this email
    #[arg(long, value_name = "EMAIL", conflicts_with = "customer")]
    email: Option<String>,
    /// Of one card, by its id
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    card: Option<i64>,
    /// Customers and cards: whose card is active, inactive or blocked
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<Status>,
    /// Customers and cards: whose card is bronze, silver, gold or platinum
    #[arg(long, value_name = "TIER", value_parser = tier)]
    tier: Option<Tier>,
    /// Transactions: purchase, bonus, earn, redemption, refund, cancellation, expiry or adjustment
    #[arg(long = "type", value_name = "TYPE", value_parser = kinds)]
    kinds: Option<Kinds>,
    /// Transactions at a shop, cards issued at it
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    shop: Option<i64>,
    /// Transactions under this order id, refund id or reference
    #[arg(long, value_name = "NAME")]
    reference: Option<String>,
}

/// The kinds that a word means; none means any.
#[derive(Debug, Clone)]
struct Kinds(Option<Vec<TransactionKind>>);

impl Export {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        self.filters.fit(self.set)?;
        let selection = self.selection()?;
        let mut destination = Destination::open(&self.output, self.format != Format::Xlsx)?;
        let reader = caught_up(&dir)?;
        let partner = partner(&reader, self.partner)?;
        let filter = self.filters.resolved(&reader, partner)?;
        let position = reader.position(partner, self.set)?;
        let question = ExportQuestion { partner, set: self.set, filter, wanted: selection.wanted(), position };
        let encoder = Encoder::new(self.format, selection);
        let rows = write(&reader, &question, encoder, &mut destination)?;
        let to_output = destination.is_output();
        destination.finish()?;
        self.report(rows, position.as_of, to_output, output)
    }

    fn selection(&self) -> Result<Selection, Failure> {
        let Some(columns) = &self.columns else { return Ok(Selection::all(self.set)) };
        let columns: Vec<_> = columns.iter().map(|name| name.trim()).collect();
        Selection::of(self.set, &columns).map_err(|error| Failure::WrongUse(format!("--columns: {error}")))
    }

    // Beside the rows, the summary would be one of them.
    fn report(&self, rows: u64, as_of: Seq, to_output: bool, output: &mut Output) -> Result<(), Failure> {
        let summary = if self.json {
            json!({ "rows": rows, "as_of": as_of }).to_string()
        } else {
            format!("{rows} {} as of event {as_of}", self.set.name())
        };
        if to_output { output.aside(summary) } else { output.line(summary) }
    }
}

impl Filters {
    /// Refuses a filter that the data set does not have.
    fn fit(&self, set: DataSet) -> Result<(), Failure> {
        let of_transactions = [("--type", self.kinds.is_some()), ("--reference", self.reference.is_some())];
        let of_cards = [("--status", self.status.is_some()), ("--tier", self.tier.is_some())];
        let shop = ("--shop", self.shop.is_some());
        let misplaced = match set {
            DataSet::Customers => of_transactions.into_iter().chain([shop]).find(|(_, given)| *given),
            DataSet::Cards => of_transactions.into_iter().find(|(_, given)| *given),
            DataSet::Transactions => of_cards.into_iter().find(|(_, given)| *given),
        };
        match misplaced {
            Some((name, _)) => Err(Failure::WrongUse(format!("{} are not filtered by {name}", set.name()))),
            None => Ok(()),
        }
    }

    fn resolved(&self, reader: &ExportReader, partner: PartnerId) -> Result<ExportFilter, Failure> {
        let by_email = match &self.email {
            Some(email) => {
                let found = reader.customer_by_email(partner, email)?;
                Some(found.ok_or_else(|| Failure::WrongUse("no customer has this email".to_owned()))?)
            }
            None => None,
        };
        Ok(ExportFilter {
            from: self.date_from,
            until: self.date_to,
            customer: self.customer.or(by_email),
            card: self.card.map(CardId::new),
            status: self.status,
            tier: self.tier,
            kinds: self.kinds.clone().and_then(|kinds| kinds.0),
            shop: self.shop.map(ShopId::new),
            name: self.reference.clone(),
        })
    }
}

/// A reader of views that reflect everything that was acknowledged before this was called.
pub(super) fn caught_up(dir: &DataDir) -> Result<ExportReader, Failure> {
    // Without a service, this starts the ledger, which brings its views level, and stops it.
    let AdminAnswer::Status { head, .. } = call(dir, &AdminRequest::CatchUp)? else {
        return Err(Failure::unexpected());
    };
    let reader = ExportReader::open(dir)?;
    if reader.watermark()? < head {
        return Err(Failure::WrongUse("views.db is far behind the log: try again in a moment".to_owned()));
    }
    Ok(reader)
}

pub(super) fn partner(reader: &ExportReader, named: Option<i64>) -> Result<PartnerId, Failure> {
    let partners = reader.partners()?;
    match (named.map(PartnerId::new), partners.as_slice()) {
        (Some(named), partners) if partners.contains(&named) => Ok(named),
        (Some(named), _) => Err(Failure::WrongUse(format!("there is no partner {named}"))),
        (None, [only]) => Ok(*only),
        (None, []) => Err(Failure::WrongUse("the ledger has no partner".to_owned())),
        (None, _) => Err(Failure::WrongUse("the ledger has several partners: say which with --partner".to_owned())),
    }
}

fn write(
    reader: &ExportReader,
    question: &ExportQuestion,
    mut encoder: Encoder,
    destination: &mut Destination,
) -> Result<u64, Failure> {
    let mut progress = Progress::new(question.set.name());
    destination.write(&encoder.begin().map_err(Failure::Output)?)?;
    let mut rows: u64 = 0;
    let mut after = Some(0);
    while let Some(id) = after {
        let page = reader.page(question, id)?;
        destination.write(&encoder.page(&page.rows).map_err(Failure::Output)?)?;
        rows = rows.saturating_add(u64::try_from(page.rows.len()).unwrap_or(u64::MAX));
        progress.reached(rows);
        after = page.next;
    }
    destination.write(&encoder.end().map_err(Failure::Output)?)?;
    Ok(rows)
}

fn set(text: &str) -> Result<DataSet, String> {
    DataSet::from_name(text).ok_or_else(|| "one of customers, cards, transactions".to_owned())
}

fn format(text: &str) -> Result<Format, String> {
    Format::from_name(text).ok_or_else(|| "one of csv, json, jsonl, xlsx".to_owned())
}

fn range_end(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_range_end(text).ok_or_else(|| "a time such as 2027-01-31T12:00:00Z, or a date".to_owned())
}

fn status(text: &str) -> Result<Status, String> {
    Status::from_name(text).ok_or_else(|| "one of active, inactive, blocked".to_owned())
}

fn tier(text: &str) -> Result<Tier, String> {
    Tier::from_name(text).ok_or_else(|| format!("one of {}", Tier::ALL.map(Tier::name).join(", ")))
}

fn kinds(text: &str) -> Result<Kinds, String> {
    kinds_of(text).map(Kinds).ok_or_else(|| format!("one of {TRANSACTION_WORDS}"))
}
