//! `counterfoil retention`

use super::Failure;
use super::arguments::Data;
use super::export::caught_up;
use super::output::Output;
use crate::clock::Clock;
use crate::domain::customers::Span;
use crate::domain::programme::{Retention, RetentionRule};
use crate::domain::{CustomerId, PartnerId, Timestamp};
use crate::projections::{due_customers, due_of, load_directory};
use crate::storage::open_reader;
use clap::Args;
use rusqlite::Connection;
use serde_json::json;
use std::collections::BTreeSet;

/// How many rows are looked at in one statement.
const PAGE: usize = 5_000;

/// Say what the retention rules of the settings have due
///
/// Counts what the next pass of the service's job would erase. Writes nothing. The rules are part of each partner's settings.
#[derive(Debug, Args)]
#[command(name = "retention", after_help = "Example:\n  counterfoil retention --data ./books --dry-run")]
pub(super) struct RetentionDue {
    #[command(flatten)]
    data: Data,
    /// Only look: erasing is the service's job (serve --retention-every)
    #[arg(long, required = true)]
    dry_run: bool,
    /// Print {"due": [{"partner_id","rule","value","customers","records"}]} and nothing else
    #[arg(long)]
    json: bool,
}

/// What one rule has due. A customer who is inactive counts no records: all of theirs go.
struct Due {
    partner: PartnerId,
    rule: RetentionRule,
    value: u32,
    customers: usize,
    records: usize,
}

impl RetentionDue {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        caught_up(&dir)?;
        let views = open_reader(&dir)?;
        let now = Clock::System.now();
        let mut found = Vec::new();
        for partner in load_directory(&views)?.partners.values() {
            for rule in RetentionRule::ALL {
                found.extend(due(&views, partner.id, (&partner.settings.retention, rule), now)?);
            }
        }
        if self.json {
            let rows = found.iter().map(|due| {
                json!({ "partner_id": due.partner, "rule": due.rule, "value": due.value, "customers": due.customers,
                    "records": due.records })
            });
            return output.json(&json!({ "due": rows.collect::<Vec<_>>() }));
        }
        for Due { partner, rule, value, customers, records } in &found {
            let name = rule.name();
            match rule {
                RetentionRule::InactiveCustomers => {
                    output.line(format_args!("partner {partner}, {name} = {value}: {customers} customers"))?;
                }
                RetentionRule::SupersededRecords | RetentionRule::MovementTexts | RetentionRule::BlockReasons => output
                    .line(format_args!(
                        "partner {partner}, {name} = {value}: {records} records of {customers} customers"
                    ))?,
            }
        }
        Ok(())
    }
}

fn due(
    views: &Connection,
    partner: PartnerId,
    (rules, rule): (&Retention, RetentionRule),
    now: Timestamp,
) -> Result<Option<Due>, Failure> {
    let (Some(value), Some(until)) = (rules.value(rule), rules.due_until(rule, now)) else { return Ok(None) };
    let (mut customers, mut cursor): (BTreeSet<CustomerId>, i64) = (BTreeSet::new(), 0);
    loop {
        let page = due_customers(views, partner, (rules, rule), now, cursor, PAGE)?;
        customers.extend(page.customers);
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    let mut records = 0;
    for customer in &customers {
        records += due_of(views, *customer, (rule, until), Span::WHOLE, usize::MAX)?.len();
    }
    Ok(Some(Due { partner, rule, value, customers: customers.len(), records }))
}
