//! Arguments that several subcommands have, and how their text is read.

use crate::domain::programme::Scope;
use crate::domain::{CustomerId, Timestamp};
use crate::notary::ORIGIN_BYTES;
use crate::note::{Algorithm, VerifierKey, name_is_well_formed};
use crate::ops::Environment;
use crate::storage::DataDir;
use clap::{Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Which ledger.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A TOML file of settings, named as the flags of `serve` are: what neither flag nor environment says
    #[arg(long = "config", value_name = "FILE")]
    _config: Option<PathBuf>,
}

impl Data {
    pub(super) fn dir(&self) -> DataDir {
        DataDir::new(&self.data)
    }
}

/// What a directory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum For {
    Staging,
    Production,
}

impl From<For> for Environment {
    fn from(given: For) -> Self {
        match given {
            For::Staging => Self::Staging,
            For::Production => Self::Production,
        }
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

/// Reads what a log is called in its checkpoints.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let well_formed = text.len() <= ORIGIN_BYTES && name_is_well_formed(text);
    if well_formed {
        Ok(text.to_owned())
    } else {
        Err(format!("1 to {ORIGIN_BYTES} bytes without spaces or `+`, such as example.com/books"))
    }
}

/// Reads a witness's key.
pub(super) fn witness(text: &str) -> Result<VerifierKey, String> {
    let key = VerifierKey::parse(text).map_err(|error| error.to_string())?;
    match key.algorithm() {
        Algorithm::Cosignature => Ok(key),
        Algorithm::Ed25519 => Err("the key of a log, not of a witness: a witness's has the type 4".to_owned()),
    }
}

/// Reads a length of time: `10m`, `90s`, `2h`; 0 is none.
pub(super) fn period(text: &str) -> Result<Duration, String> {
    const LONGEST: u64 = 7 * 86_400;
    let (digits, seconds) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1),
        Some(b'm') => (&text[..text.len() - 1], 60),
        Some(b'h') => (&text[..text.len() - 1], 3_600),
        Some(_) | None => (text, 1),
    };
    let whole = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).filter(|all| *all <= LONGEST);
    whole
        .map(Duration::from_secs)
        .ok_or_else(|| "a time such as 90s, 10m or 2h, at most 7 days; 0 for never".to_owned())
}

/// Reads a pause: `30s`, `2m`, `1h`, `250ms`; longer than none and at most a day.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    let wrong = || "a time such as 250ms, 30s, 2m or 1h, at most a day".to_owned();
    let pause = match text.strip_suffix("ms") {
        Some(digits) => digits.parse().map(Duration::from_millis).map_err(|_| wrong())?,
        None => period(text).map_err(|_| wrong())?,
    };
    if pause.is_zero() || pause > Duration::from_secs(86_400) { Err(wrong()) } else { Ok(pause) }
}

/// Pauses of whole seconds as [`pause`] reads them, separated by commas: the defaults of flags. Leaked, because flags want it so: a
/// few bytes each time that the flags are made, which is once or twice in the life of the program.
pub(super) fn in_words(pauses: &[Duration]) -> &'static str {
    let word = |pause: &Duration| match pause.as_secs() {
        seconds if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    };
    pauses.iter().map(word).collect::<Vec<_>>().join(",").leak()
}

/// Reads a period; `off` is 0.
pub(super) fn period_or_off(text: &str) -> Result<Duration, String> {
    if text == "off" { Ok(Duration::ZERO) } else { period(text) }
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

/// Reads whom to trust: an address, a block, or the Unix socket.
pub(super) fn proxy(text: &str) -> Result<String, String> {
    if text == crate::http::UNIX {
        return Ok(text.to_owned());
    }
    address_block(text).map_err(|wrong| format!("{wrong}; or unix, for whoever comes by the socket"))
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
    fn a_period_has_a_unit_and_an_end() {
        for (text, seconds) in [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("168h", 604_800)] {
            assert_eq!(period(text), Ok(Duration::from_secs(seconds)));
        }
        assert_eq!(period_or_off("off"), Ok(Duration::ZERO));
        for wrong in ["", "m", "-1s", "1d", "169h", "1.5h", "99999999999999999999h"] {
            assert!(period(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pause_is_longer_than_none() {
        for (text, millis) in [("250ms", 250), ("30s", 30_000), ("2m", 120_000), ("24h", 86_400_000)] {
            assert_eq!(pause(text), Ok(Duration::from_millis(millis)));
        }
        for wrong in ["", "0s", "0ms", "25h", "ms", "1.5s"] {
            assert!(pause(wrong).is_err(), "{wrong}");
        }
        assert_eq!(in_words(&[5, 90, 120, 3_600, 86_400].map(Duration::from_secs)), "5s,90s,2m,1h,24h");
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
