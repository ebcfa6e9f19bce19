//! `counterfoil customer-data`

use super::Failure;
use super::arguments::{self, Data};
use super::export::{Destination, caught_up, partner};
use super::output::Output;
use crate::clock::Clock;
use crate::domain::{CustomerId, PartnerId, Seq};
use crate::exports::PersonDocument;
use crate::queries::ExportReader;
use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// Write all that is held about one person as a JSON document
///
/// Who they are, their cards and points, and every event about them with what was typed beside it, as of one event of the
/// ledger. Works while the service runs, and when it does not.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("who").required(true).args(["customer", "email"])), after_help = "\
Examples:
  counterfoil customer-data --data ./books --customer cust_9 --output ona.json
  counterfoil customer-data --data ./books --email ona@example.com")]
pub(super) struct CustomerData {
    #[command(flatten)]
    data: Data,
    /// Whose data: 9 or cust_9
    #[arg(long, value_name = "ID", value_parser = arguments::customer)]
    customer: Option<CustomerId>,
    /// Whose data, by their email
    #[arg(long)]
    email: Option<String>,
    /// The partner, where there are several
    #[arg(long, value_name = "ID")]
    partner: Option<i64>,
    /// The file; - is the standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

impl CustomerData {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let reader = caught_up(&self.data.dir())?;
        let partner = partner(&reader, self.partner)?;
        let unknown = || Failure::WrongUse("there is no such customer".to_owned());
        let customer = self.named(&reader, partner)?.ok_or_else(unknown)?;
        let data = reader.customer_data(partner, customer, Clock::System.now())?.ok_or_else(unknown)?;
        let mut destination = Destination::open(&self.output, true)?;
        let mut document = PersonDocument::default();
        destination.write(PersonDocument::begin(&data).as_bytes())?;
        let (mut after, mut count) = (Some(Seq::ZERO), 0_u64);
        while let Some(seq) = after {
            let (events, next) = reader.customer_events(&data, seq)?;
            for event in &events {
                destination.write(document.event(event).as_bytes())?;
                count += 1;
            }
            after = next;
        }
        destination.write(PersonDocument::end().as_bytes())?;
        let to_output = destination.is_output();
        destination.finish()?;
        if to_output {
            return Ok(());
        }
        output.line(format_args!("Customer {customer}: {count} events, as of event {}", data.as_of))
    }

    fn named(&self, reader: &ExportReader, partner: PartnerId) -> Result<Option<CustomerId>, Failure> {
        match (self.customer, &self.email) {
            (Some(customer), _) => Ok(Some(customer)),
            (None, Some(email)) => Ok(reader.customer_by_email(partner, email)?),
            (None, None) => Ok(None),
        }
    }
}
