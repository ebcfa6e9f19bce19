//! `counterfoil erase`

use super::Failure;
use super::arguments::{self, Data};
use super::output::Output;
use crate::control::{AdminAnswer, AdminRequest, call};
use crate::domain::CustomerId;
use clap::Args;
use serde_json::json;

/// Erase a person: name, email, phone, and everything that was typed about them
///
/// The bytes are gone from every file. Points, balances and history stay, without a name, and the log still verifies.
/// It cannot be undone. Works while the service runs, and when it does not.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  counterfoil erase --data ./books --customer cust_9")]
pub(super) struct Erase {
    #[command(flatten)]
    data: Data,
    /// Whom to erase: 9 or cust_9
    #[arg(long, value_name = "ID", value_parser = arguments::customer)]
    customer: CustomerId,
    /// Print {"customer_id","records_erased"} and nothing else
    #[arg(long)]
    json: bool,
}

impl Erase {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let answer = call(&self.data.dir(), &AdminRequest::Erase { customer: self.customer })?;
        let AdminAnswer::Erased { customer, records } = answer else { return Err(Failure::unexpected()) };
        if self.json {
            return output.json(&json!({ "customer_id": customer, "records_erased": records }));
        }
        match records {
            0 => output.line(format_args!("Customer {customer} had been erased before: nothing was left.")),
            1 => output.line(format_args!("Customer {customer} is erased: 1 record.")),
            _ => output.line(format_args!("Customer {customer} is erased: {records} records.")),
        }
    }
}
