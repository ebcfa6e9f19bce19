//! Arguments that several subcommands have, and how their text is read.

use crate::domain::programme::Scope;
use crate::domain::{CustomerId, Timestamp};
use crate::storage::DataDir;
use clap::{Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;

/// Which ledger.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "COUNTERFOIL_DATA")]
    data: PathBuf,
}

impl Data {
    pub(super) fn dir(&self) -> DataDir {
        DataDir::new(&self.data)
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    Off,
    On,
}

/// Reads a currency: three upper-case letters, as ISO 4217 writes them.
pub(super) fn currency(text: &str) -> Result<String, String> {
    let well_formed = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if well_formed { Ok(text.to_owned()) } else { Err("three upper-case letters, such as EUR".to_owned()) }
}

/// Reads a name that people will see.
pub(super) fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let well_formed = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if well_formed { Ok(text.to_owned()) } else { Err("1 to 200 characters".to_owned()) }
}

/// Reads a customer's number: `9` or `cust_9`.
pub(super) fn customer(text: &str) -> Result<CustomerId, String> {
    match text.strip_prefix("cust_").unwrap_or(text).parse::<i64>() {
        Ok(number) if number > 0 => Ok(CustomerId::new(number)),
        Ok(_) | Err(_) => Err("a number, such as 9 or cust_9".to_owned()),
    }
}

/// Reads a number of the ledger with or without its prefix.
pub(super) fn number(text: &str, prefix: &str) -> Result<i64, String> {
    match text.strip_prefix(prefix).unwrap_or(text).parse::<i64>() {
        Ok(number) if number > 0 => Ok(number),
        Ok(_) | Err(_) => Err(format!("a number, such as 2 or {prefix}2")),
    }
}

/// Reads a scope by its name.
pub(super) fn scope(text: &str) -> Result<Scope, String> {
    Scope::from_name(text).ok_or_else(|| format!("one of {}", Scope::ALL.map(Scope::name).join(", ")))
}

/// Reads an address or a CIDR block.
pub(super) fn address_block(text: &str) -> Result<String, String> {
    let wrong = || "an address or a block, such as 192.0.2.7 or 10.0.0.0/8".to_owned();
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    match prefix.map(str::parse::<u8>) {
        None => Ok(text.to_owned()),
        Some(Ok(prefix)) if prefix <= longest => Ok(text.to_owned()),
        Some(Ok(_) | Err(_)) => Err(wrong()),
    }
}

/// Reads a moment: RFC 3339, or a date, which means its first instant in UTC.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "a time such as 2027-01-31T12:00:00Z, or a date".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_upper_case_letters() {
        assert_eq!(currency("EUR"), Ok("EUR".to_owned()));
        for wrong in ["", "eur", "EURO", "E1R", "ÄUR"] {
            assert!(currency(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_customer_is_a_number_with_or_without_its_prefix() {
        assert_eq!(customer("9"), Ok(CustomerId::new(9)));
        assert_eq!(customer("cust_9"), Ok(CustomerId::new(9)));
        for wrong in ["", "0", "-1", "card_9", "cust_"] {
            assert!(customer(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_block_has_a_prefix_no_longer_than_its_address() {
        for right in ["192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::1"] {
            assert_eq!(address_block(right), Ok(right.to_owned()));
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/", "example.com", "::1/129"] {
            assert!(address_block(wrong).is_err(), "{wrong}");
        }
    }
}
