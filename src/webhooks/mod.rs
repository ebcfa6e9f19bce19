//! Telling receivers what happened: what is said, how it is signed, to which addresses it may go, and the thread that sees to
//! it that everything arrives.
//!
//! A webhook is a cursor over the log: nothing is written for it when something happens. Who wants what stands in the log; how
//! far each has come, in ops.db. An event is sent at least once, and those about one customer one after the other.

mod address;
mod authorities;
mod client;
mod connector;
mod erasures;
mod history;
mod line;
mod message;
mod office;
mod post;
mod receivers;
mod resolver;
mod signature;
mod sources;
mod views;
mod work;

pub use address::{Unfit, check_url};
pub use authorities::{AuthoritiesError, authorities};
pub use client::{Client, ClientError, Head, Sent};
pub use history::HistoryError;
pub use message::Message;
pub use office::{Again, Office, OfficeError};
pub use post::{Post, PostError};
pub use signature::Signatures;
pub use sources::Sources;
pub use views::{DeliveryView, WebhookView};

use rustls::pki_types::CertificateDer;
use std::time::Duration;

/// How long a receiver may take for its whole answer, where nobody says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait after each failed attempt, where nobody says otherwise.
pub const RETRIES: [Duration; 5] = [
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
    Duration::from_secs(1_800),
    Duration::from_secs(3_600),
];

/// How receivers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `production` or `staging`, as receivers are told.
    pub environment: String,
    /// Whether plain http and addresses that are not public are sent to.
    pub allow_private: bool,
    /// Authorities of receivers' certificates, besides those that everybody trusts.
    pub authorities: Vec<CertificateDer<'static>>,
    /// How long a receiver may take for its whole answer.
    pub timeout: Duration,
    /// How long to wait after each failed attempt; when there is no more of it, the event is given up.
    pub retries: Vec<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            environment: "production".to_owned(),
            allow_private: false,
            authorities: Vec::new(),
            timeout: TIMEOUT,
            retries: RETRIES.to_vec(),
        }
    }
}
