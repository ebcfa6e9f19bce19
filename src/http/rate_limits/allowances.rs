//! What callers are allowed, and how an operator writes it: `2000/h,100/min`.

use std::fmt;
use std::str::FromStr;

/// The most that one window may allow.
const MOST: i64 = 1_000_000_000;

/// The allowances of all kinds of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowances {
    /// A pair of key and secret.
    pub pair: Allowance,
    /// The same under `/partners`.
    pub partner: Allowance,
    /// The bearer tokens of a shop together.
    pub bearer: Allowance,
    /// Wrong credentials: by address.
    pub failed: Allowance,
    /// Pictures of QR codes, which anyone may ask for: by address.
    pub pictures: Allowance,
}

/// So many in an hour, so many in a minute; none means without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub per_hour: Option<i64>,
    pub per_minute: Option<i64>,
}

impl Default for Allowances {
    fn default() -> Self {
        Self {
            pair: Allowance { per_hour: Some(2_000), per_minute: Some(100) },
            partner: Allowance { per_hour: Some(8_000), per_minute: Some(300) },
            bearer: Allowance { per_hour: Some(1_000), per_minute: None },
            failed: Allowance { per_hour: None, per_minute: Some(60) },
            // Three tills that show a code anew every two seconds ask 90 times.
            pictures: Allowance { per_hour: None, per_minute: Some(300) },
        }
    }
}

/// Why a text is no allowance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("numbers from 1 to {MOST} for an hour, a minute or both, such as 2000/h,100/min; or off")]
pub struct NoAllowance;

impl FromStr for Allowance {
    type Err = NoAllowance;

    fn from_str(text: &str) -> Result<Self, NoAllowance> {
        let mut allowance = Self { per_hour: None, per_minute: None };
        if text == "off" {
            return Ok(allowance);
        }
        for part in text.split(',') {
            let (number, window) = part.trim().split_once('/').ok_or(NoAllowance)?;
            let number = number.parse().ok().filter(|number| (1..=MOST).contains(number)).ok_or(NoAllowance)?;
            let place = match window {
                "h" => &mut allowance.per_hour,
                "min" => &mut allowance.per_minute,
                _ => return Err(NoAllowance),
            };
            if place.replace(number).is_some() {
                return Err(NoAllowance);
            }
        }
        Ok(allowance)
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.per_hour, self.per_minute) {
            (Some(hour), Some(minute)) => write!(f, "{hour}/h,{minute}/min"),
            (Some(hour), None) => write!(f, "{hour}/h"),
            (None, Some(minute)) => write!(f, "{minute}/min"),
            (None, None) => f.write_str("off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_written_as_it_is_read() {
        let Allowances { pair, partner, bearer, failed, pictures } = Allowances::default();
        let none = Allowance { per_hour: None, per_minute: None };
        for allowance in [pair, partner, bearer, failed, pictures, none] {
            assert_eq!(allowance.to_string().parse(), Ok(allowance));
        }
        assert_eq!("100/min, 2000/h".parse(), Ok(pair));
        for wrong in ["", "5", "0/h", "-1/h", "5/d", "5/h,6/h", "5/h,", "1.5/h", "2000000000/h", "on"] {
            assert_eq!(wrong.parse::<Allowance>(), Err(NoAllowance), "{wrong}");
        }
    }
}
