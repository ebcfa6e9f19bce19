//! The limits of `serve`: how many requests callers may make, and how often points may move on a card.

use super::arguments::Switch;
use crate::http::{Allowance, Allowances};
use crate::writer::CardPace;
use clap::Args;

/// How much of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct Limits {
    /// All limits below; `off` where a gateway does
    #[arg(long, value_name = "SWITCH", default_value = "on")]
    rate_limit: Switch,
    /// Requests of a key and its secret, reads and writes each: so many an hour (h), a minute (min) or both; or `off`
    #[arg(long, value_name = "LIMIT", default_value_t = Allowances::default().pair)]
    limit_pair: Allowance,
    /// The same under /partners
    #[arg(long, value_name = "LIMIT", default_value_t = Allowances::default().partner)]
    limit_partner: Allowance,
    /// Requests of a shop's bearer tokens together, reads and writes each
    #[arg(long, value_name = "LIMIT", default_value_t = Allowances::default().bearer)]
    limit_bearer: Allowance,
    /// Wrong credentials from one address
    #[arg(long, value_name = "LIMIT", default_value_t = Allowances::default().failed)]
    limit_failed: Allowance,
    /// Pictures of QR codes for one address
    #[arg(long, value_name = "LIMIT", default_value_t = Allowances::default().pictures)]
    limit_pictures: Allowance,
    /// How often points may move on one card, bulk requests and imports apart; or `off`
    #[arg(long, value_name = "PACE", default_value = "120/min", value_parser = card_pace)]
    limit_card: Pace,
}

/// A pace, or none.
#[derive(Debug, Clone, Copy)]
struct Pace(Option<CardPace>);

impl Limits {
    /// None switches rate limits off.
    pub(super) fn allowances(&self) -> Option<Allowances> {
        (self.rate_limit == Switch::On).then_some(Allowances {
            pair: self.limit_pair,
            partner: self.limit_partner,
            bearer: self.limit_bearer,
            failed: self.limit_failed,
            pictures: self.limit_pictures,
        })
    }

    /// None without bound.
    pub(super) fn card_pace(&self) -> Option<CardPace> {
        self.limit_card.0.filter(|_| self.rate_limit == Switch::On)
    }
}

fn card_pace(text: &str) -> Result<Pace, String> {
    if text == "off" {
        return Ok(Pace(None));
    }
    text.parse().map(|pace| Pace(Some(pace))).map_err(|error: crate::writer::NoPace| format!("{error}; or off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_of_a_card_is_the_writers_own() {
        assert_eq!(card_pace("120/min").unwrap().0, Some(CardPace::default()));
        assert_eq!(card_pace("off").unwrap().0, None);
        assert!(card_pace("2/d").unwrap_err().ends_with("or off"));
    }
}
