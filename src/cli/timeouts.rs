//! How long `serve` waits for its clients.

use super::arguments::period;
use crate::http::HttpConfig;
use clap::Args;
use std::time::Duration;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3_600);

/// How long.
#[derive(Debug, Args)]
#[command(next_help_heading = "Slow clients")]
pub(super) struct Timeouts {
    /// How long a client may take to send the head of the first request on a connection; 1s to 1h
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = patience)]
    head_timeout: Duration,
    /// How long it may take to send the whole body, however many bytes trickle in; 1s to 1h
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = patience)]
    body_timeout: Duration,
    /// How long a connection is kept between an answer and the next request; 1s to 1h. Longer than a proxy keeps it, or the proxy
    /// finds connections closed that it was about to use
    #[arg(long, value_name = "TIME", default_value = "75s", value_parser = patience)]
    idle_timeout: Duration,
    /// How long a connection may stand still while an answer waits to be read or the head of a further request does not end; 1s to 1h,
    /// and no less than --head-timeout and --idle-timeout together. A client that reads 340 KB in this time, and 64 KB within
    /// --idle-timeout, makes room often enough
    #[arg(long, value_name = "TIME", default_value = "85s", value_parser = patience)]
    stall_timeout: Duration,
}

impl Timeouts {
    /// The same settings of the server with these.
    pub(super) fn of(&self, config: HttpConfig) -> HttpConfig {
        HttpConfig {
            head_within: self.head_timeout,
            body_within: self.body_timeout,
            idle_within: self.idle_timeout,
            stalled_within: self.stall_timeout,
            ..config
        }
    }
}

/// Reads how long to wait for somebody: at least a second, at most an hour.
fn patience(text: &str) -> Result<Duration, String> {
    let time = period(text).ok().filter(|time| (SHORTEST..=LONGEST).contains(time));
    time.ok_or_else(|| "a time such as 10s, 90s or 2m, from 1s to 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, FromArgMatches as _, Parser};

    #[derive(Debug, Parser)]
    struct Words {
        #[command(flatten)]
        timeouts: Timeouts,
    }

    #[test]
    fn nobody_is_waited_for_for_ever_nor_not_at_all() {
        for (text, seconds) in [("1s", 1), ("90", 90), ("2m", 120), ("1h", 3_600)] {
            assert_eq!(patience(text), Ok(Duration::from_secs(seconds)));
        }
        for wrong in ["", "0", "0s", "61m", "2h", "-1s", "1.5s", "off"] {
            assert!(patience(wrong).unwrap_err().contains("from 1s to 1h"), "{wrong}");
        }
    }

    #[test]
    fn the_defaults_are_the_servers_own() {
        let matches = Words::command().try_get_matches_from(["serve"]).unwrap();
        let Words { timeouts } = Words::from_arg_matches(&matches).unwrap();
        let (given, own) = (timeouts.of(HttpConfig::default()), HttpConfig::default());
        let of = |it: &HttpConfig| [it.head_within, it.body_within, it.idle_within, it.stalled_within];
        assert_eq!(of(&given), of(&own));
    }
}
