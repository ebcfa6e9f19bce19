//! `counterfoil serve`

use super::Failure;
use super::arguments::{self, Data};
use super::backups::Backups;
use super::hangup;
use super::limits::Limits;
use super::listen::{self, Listen};
use super::logging::{self, LogFormat};
use super::output::Output;
use super::service::{self, Configuration};
use super::timeouts::Timeouts;
use crate::app::EngineConfig;
use crate::control;
use crate::http::{HttpConfig, Identity, ProxyHeaders};
use crate::notary::CheckpointCopy;
use crate::note::VerifierKey;
use crate::ops::Environment;
use crate::webhooks::{Policy, RETRIES, TIMEOUT, authorities};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Serve a ledger over HTTP
///
/// Prints one line with the address when it takes requests; log lines go to stderr (RUST_LOG says how many). SIGTERM and
/// SIGINT let the requests in progress finish, and exit with 0; SIGHUP reads the certificate anew where there is one, and never ends
/// the service. One process serves a directory; a second is refused.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil serve --data ./books --listen 127.0.0.1:8787
  counterfoil serve --data ./books --listen 0.0.0.0:8787 --log json --rate-limit off")]
pub(super) struct Serve {
    #[command(flatten)]
    data: Data,
    /// Address and port, where port 0 takes a free one; or unix: and the path of a socket
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    listen: Listen,
    /// Who may use the Unix socket, as the mode of its file
    #[arg(long, value_name = "MODE", default_value = "660", value_parser = listen::mode)]
    socket_mode: u32,
    /// Speak TLS, 1.2 or 1.3: the certificate and its chain, as PEM. SIGHUP reads both files anew
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Where an operator finds /metrics, /ready and /live, without credentials: an address that the outside does not reach
    #[arg(long, value_name = "ADDR")]
    metrics_listen: Option<SocketAddr>,
    /// Believe this proxy about clients: an address, a block, or `unix`; may be repeated, or be several with commas
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = arguments::proxy)]
    trusted_proxy: Vec<String>,
    /// The headers that the proxies set: X-Forwarded-For, -Proto and -Host, or Forwarded; the others are ignored
    #[arg(long, value_name = "WHICH", default_value = "x-forwarded")]
    proxy_headers: Headers,
    /// How many connections are served at once, by each HTTP thread; more wait
    #[arg(long, value_name = "N", default_value_t = HttpConfig::default().max_connections)]
    max_connections: usize,
    /// How log lines look
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log: LogFormat,
    /// How many megabytes of memory cards may take, at about 200 bytes a card; the others are read when they are used
    #[arg(long, value_name = "MB", default_value_t = 192, value_parser = clap::value_parser!(u32).range(1..))]
    card_memory: u32,
    /// Serve only a directory that was made for this; without it, whatever it was made for (`init --environment`)
    #[arg(long, value_name = "NAME")]
    environment: Option<arguments::For>,
    /// Where clients reach the service, if not as each request says
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// HTTP threads; more than one only where there are more than two cores
    #[arg(long, value_name = "N", default_value_t = HttpConfig::default().workers)]
    workers: usize,
    /// Seconds between two looks for points whose time has come
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    expiry_every: u64,
    /// How often to sign a checkpoint of what was recorded since the last one: 90s, 10m, 2h; 0 for never
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = arguments::period)]
    checkpoint_every: Duration,
    /// When to seal all balances, so that each can be proved alone; `off` for never
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    seal_balances: Sealing,
    /// How often to look for what the retention rules of the settings have due: 90s, 10m, 2h; off for never
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = arguments::period_or_off)]
    retention_every: Duration,
    /// Take cosignatures of this witness (a C2SP verifier key of type 4); may be repeated, or be several with spaces
    // A key's name may hold a comma, and no space.
    #[arg(long, value_name = "KEY", value_delimiter = ' ', value_parser = arguments::witness)]
    witness: Vec<VerifierKey>,
    /// How long to wait before each further attempt at an event that a webhook's receiver did not take; after the last it is
    /// given up
    #[arg(
        long, value_name = "TIMES", value_delimiter = ',', default_value = arguments::in_words(&RETRIES),
        value_parser = arguments::pause
    )]
    webhook_retry: Vec<Duration>,
    /// How long a webhook's receiver may take to answer
    #[arg(long, value_name = "TIME", default_value = arguments::in_words(&[TIMEOUT]), value_parser = arguments::pause)]
    webhook_timeout: Duration,
    /// Send webhooks to plain http and to addresses that are not public too: for development
    #[arg(
        long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on",
        default_value = "off", action = ArgAction::Set, value_parser = BoolishValueParser::new()
    )]
    webhooks_allow_private: bool,
    /// Trust these authorities about receivers of webhooks too: their certificates, as PEM
    #[arg(long, value_name = "FILE")]
    webhooks_ca: Option<PathBuf>,
    /// Write the newest checkpoint to this file, on another disk, and serve only a log that continues it
    #[arg(long, value_name = "FILE")]
    checkpoint_copy: Option<PathBuf>,
    #[command(flatten)]
    backups: Backups,
    /// Send no webhooks and start no job (expiry, retention, checkpoints, seals, backups), as health tells: for trying a copy
    #[arg(
        long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on",
        default_value = "off", action = ArgAction::Set, value_parser = BoolishValueParser::new()
    )]
    dormant: bool,
    /// Serve the endpoint that does nothing, for the benchmark
    #[arg(long, hide = true)]
    bench_echo: bool,
    #[command(flatten)]
    timeouts: Timeouts,
    #[command(flatten)]
    limits: Limits,
}

/// Which headers proxies set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Headers {
    XForwarded,
    Forwarded,
}

/// When balances are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sealing {
    Month,
    Off,
}

impl Serve {
    fn http(&self) -> Result<HttpConfig, Failure> {
        let authorities = self.webhooks_ca.as_deref().map(authorities).transpose()?.unwrap_or_default();
        Ok(self.timeouts.of(HttpConfig {
            rate_limits: self.limits.allowances(),
            public_url: self.public_url.clone(),
            figures: self.metrics_listen.is_some(),
            trusted_proxies: self.trusted_proxy.clone(),
            proxy_headers: match self.proxy_headers {
                Headers::XForwarded => ProxyHeaders::XForwarded,
                Headers::Forwarded => ProxyHeaders::Forwarded,
            },
            max_connections: self.max_connections.max(1),
            witnesses: self.witness.clone(),
            webhooks: Policy {
                allow_private: self.webhooks_allow_private,
                authorities,
                timeout: self.webhook_timeout,
                retries: self.webhook_retry.clone(),
                ..Policy::default()
            },
            workers: self.workers,
            bench_echo: self.bench_echo,
            ..HttpConfig::default()
        }))
    }

    /// Whether everything that settings name is there.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.identity()?;
        self.backups.plan(&self.data.dir())?;
        self.http()?;
        let dir = self.data.dir();
        dir.expect_ledger()?;
        if dir.is_backup() {
            let path = dir.path().display();
            return Err(Failure::WrongUse(format!("{path} is a backup: `counterfoil restore` puts it in place")));
        }
        service::expected(self.environment.map(Into::into), Environment::of(&dir)?)?;
        Ok(())
    }

    fn identity(&self) -> Result<Option<Arc<Identity>>, Failure> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        if matches!(self.listen, Listen::Unix(_)) {
            return Err(Failure::WrongUse("a Unix socket has no TLS: leave --tls-cert out".to_owned()));
        }
        Ok(Some(Arc::new(Identity::read(certificate, key)?)))
    }

    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        logging::start(self.log);
        let identity = self.identity()?;
        hangup::catch(identity.clone())?;
        let dir = self.data.dir();
        dir.expect_ledger()?;
        let backups = self.backups.plan(&dir)?;
        let lock = control::lock(&dir)?;
        let http = self.http()?;
        let configuration = Configuration {
            dir,
            listen: self.listen,
            socket_mode: self.socket_mode,
            identity: identity.clone(),
            metrics_listen: self.metrics_listen,
            card_memory: EngineConfig::megabytes(self.card_memory),
            card_pace: self.limits.card_pace(),
            expiry_every: Duration::from_secs(self.expiry_every),
            retention_every: (!self.retention_every.is_zero()).then_some(self.retention_every),
            checkpoint_every: (!self.checkpoint_every.is_zero()).then_some(self.checkpoint_every),
            environment: self.environment.map(Into::into),
            checkpoint_copy: self.checkpoint_copy.map(CheckpointCopy::new),
            backups,
            dormant: self.dormant,
            seal_balances: self.seal_balances == Sealing::Month,
            http,
        };
        service::run(configuration, lock, output, |output, address, _| {
            let scheme = match (address, &identity) {
                (Listen::Tcp(_), None) => "http://",
                (Listen::Tcp(_), Some(_)) => "https://",
                (Listen::Unix(_), _) => "",
            };
            output.line(format_args!("counterfoil serves on {scheme}{address}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches as _};

    #[test]
    fn receivers_are_told_as_the_defaults_of_the_flags_say() {
        let words = ["serve", "--data", "books"];
        let matches = Serve::augment_args(Command::new("serve")).try_get_matches_from(words).unwrap();
        let told = Serve::from_arg_matches(&matches).unwrap().http().unwrap().webhooks;
        assert_eq!(told, Policy::default());
        // As docs/webhooks.md and docs/api.md have it.
        let schedule = [30, 120, 600, 1_800, 3_600].map(Duration::from_secs).to_vec();
        assert_eq!((told.retries, told.timeout), (schedule, Duration::from_secs(5)));
        let help = Serve::augment_args(Command::new("serve")).render_long_help().to_string();
        assert!(help.contains("[default: 30s,2m,10m,30m,1h]") && help.contains("[default: 5s]"), "{help}");
    }
}
