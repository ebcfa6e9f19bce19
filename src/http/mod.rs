//! The HTTP surface: parses, authenticates, submits and renders. No rules, no SQL.
//!
//! `edge` surrounds every request, `connections` ends those on which none comes; `auth`, `body`, `params` and `as_of` read it; `api`, `shop`, `partners` and `audit` hold the handlers of the surfaces; `errors` alone knows which
//! failure has which status and code, and `locales` how each is said in which language; `picture` draws QR codes.
//! `openapi` describes all of it for machines, and serves an explorer of it.
//! `origin` says where a request comes from, `trace` to what it belongs; `operations` is what an operator watches, on a listener of its own.

mod addresses;
mod api;
mod as_of;
mod audit;
mod auth;
mod body;
mod connections;
mod edge;
mod envelope;
mod errors;
mod fields;
mod health;
mod ids;
mod limits;
mod locales;
mod numbers;
mod openapi;
mod operations;
mod origin;
mod paging;
mod params;
#[cfg(test)]
mod parsers;
mod partners;
mod picture;
mod rate_limits;
mod server;
mod shop;
mod signature;
mod tls;
mod trace;

pub use operations::{Operations, OperationsServer, Readiness, Served};
pub use origin::{ProxyHeaders, UNIX};
pub use rate_limits::{Allowance, Allowances, NoAllowance};
pub use server::{Listener, configure, server};
pub use tls::{Identity, TlsError};

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::notary::Notary;
use crate::note::VerifierKey;
use crate::ops::{ExportJobs, Secrets};
use crate::queries::{Past, Queries};
use crate::webhooks::{Office, Policy};
use crate::writer::Writer;
use actix_web::HttpRequest;
use audit::Feeds;
use auth::KeyIndex;
use operations::HttpFigures;
use origin::Proxies;
use partners::Downloads;
use rate_limits::{RateLimits, Standing};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How the service presents itself.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// None switches rate limits off.
    pub rate_limits: Option<Allowances>,
    /// `production` or `staging`, as clients are told.
    pub environment: String,
    /// Whether it sends nothing by itself and runs no job, as health tells.
    pub dormant: bool,
    /// Where clients reach this service, such as `https://loyalty.example.com`; none means as each request says.
    pub public_url: Option<String>,
    /// Whether requests are counted for an operator to see.
    pub figures: bool,
    /// The proxies that are believed about clients: addresses, blocks, or [`UNIX`].
    pub trusted_proxies: Vec<String>,
    /// In which headers they say it.
    pub proxy_headers: ProxyHeaders,
    /// Whose cosignatures of checkpoints are taken.
    pub witnesses: Vec<VerifierKey>,
    /// How receivers of webhooks are told.
    pub webhooks: Policy,
    /// How many connections one worker serves at once; more wait in the listener's queue.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request.
    pub head_within: Duration,
    /// How long a client may take to send its body.
    pub body_within: Duration,
    /// How long a connection is kept between an answer and the next request.
    pub idle_within: Duration,
    /// How long a connection may stand still while an answer waits to be read, or while the head of a further request does not come to
    /// its end; no less than both of the other bounds together.
    pub stalled_within: Duration,
    /// More than one only where there are more cores than the writer and the projector use.
    pub workers: usize,
    /// Serves an endpoint that does nothing, for the benchmark alone.
    #[doc(hidden)]
    pub bench_echo: bool,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            rate_limits: Some(Allowances::default()),
            environment: "production".to_owned(),
            dormant: false,
            public_url: None,
            figures: false,
            trusted_proxies: Vec::new(),
            proxy_headers: ProxyHeaders::default(),
            witnesses: Vec::new(),
            webhooks: Policy::default(),
            max_connections: 8_192,
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(30),
            idle_within: Duration::from_secs(75),
            stalled_within: Duration::from_secs(85),
            workers: 1,
            bench_echo: false,
        }
    }
}

/// What every handler works with.
#[derive(Debug, Clone)]
pub struct HttpState {
    writer: Writer,
    queries: Queries,
    secrets: Arc<Secrets>,
    exports: Arc<ExportJobs>,
    webhooks: Arc<Office>,
    downloads: Downloads,
    clock: Clock,
    keys: Arc<KeyIndex>,
    rate_limits: Arc<RateLimits>,
    notary: Notary,
    witnesses: Vec<VerifierKey>,
    feeds: Arc<Feeds>,
    figures: Option<Arc<HttpFigures>>,
    proxies: Proxies,
    body_within: Duration,
    environment: String,
    dormant: bool,
    public_url: Option<String>,
    /// What it says about itself, once it was asked.
    document: Arc<OnceLock<openapi::Unchanging>>,
    /// The moment of which it tells, where that is not the present.
    as_of: Option<Timestamp>,
}

/// Ends the streams of a service that is about to stop: it waits for its connections, and streams have no end of their own.
#[derive(Debug, Clone)]
pub struct Closing(Arc<Feeds>);

impl Closing {
    /// Ends them.
    pub fn close(&self) {
        self.0.close();
    }
}

impl HttpState {
    /// Puts together what the handlers need.
    #[must_use]
    pub fn new(
        writer: Writer,
        queries: Queries,
        (secrets, exports, webhooks): (Arc<Secrets>, Arc<ExportJobs>, Arc<Office>),
        clock: Clock,
        config: &HttpConfig,
    ) -> Self {
        let notary = Notary::new(writer.clone(), queries.clone(), Arc::clone(&secrets), clock.clone());
        Self {
            notary,
            witnesses: config.witnesses.clone(),
            feeds: Arc::default(),
            figures: config.figures.then(Arc::default),
            proxies: Proxies::new(&config.trusted_proxies, config.proxy_headers),
            body_within: config.body_within,
            writer,
            queries,
            secrets,
            exports,
            webhooks,
            downloads: Downloads::default(),
            keys: Arc::default(),
            rate_limits: Arc::new(RateLimits::new(config.rate_limits, clock.clone())),
            clock,
            environment: config.environment.clone(),
            dormant: config.dormant,
            public_url: config.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
            document: Arc::default(),
            as_of: None,
        }
    }

    /// What an operator sees of it; none where requests are not counted.
    #[must_use]
    pub fn served(&self) -> Option<Served> {
        self.figures.as_ref().map(|figures| Served {
            writer: self.writer.clone(),
            clock: self.clock.clone(),
            feeds: Arc::clone(&self.feeds),
            figures: Arc::clone(figures),
        })
    }

    /// What to call before the server is stopped.
    #[must_use]
    pub fn closing(&self) -> Closing {
        Closing(Arc::clone(&self.feeds))
    }

    /// What the headers of a request without credentials say; only looked up where there is something to say.
    fn standing_of(&self, request: &HttpRequest) -> Option<Standing> {
        self.rate_limits.standing_of(|| self.proxies.counted(request))
    }

    /// The time at which balances and expiry are read: the log's, as the writer decides by it. A clock that was set back
    /// does not bring expired points back.
    fn now(&self) -> Timestamp {
        self.as_of.unwrap_or_else(|| self.queries.live().progress().time(self.clock.now()))
    }

    /// The same service, telling of a moment of the past.
    fn at(&self, past: Past) -> Self {
        Self { queries: past.queries, as_of: Some(past.at), ..self.clone() }
    }
}
