//! Sending a message, and what came of it. Follows no redirect, keeps to the addresses that may be sent to, and takes no longer
//! than it is allowed to.

use super::address::check_url;
use super::connector::Bounded;
use super::resolver::{Crowded, LookUps, Resolver, is_crowded};
use super::{Policy, Signatures};
use crate::domain::PartnerId;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response, body::Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How much of an answer is read: the rest of a longer one is not waited for, and its connection given up.
const ANSWER_BYTES: usize = 16 * 1_024;
/// How long the head of an answer may be, and how many headers it may have.
const HEAD_BYTES: usize = 32 * 1_024;
const HEADERS_MAX: usize = 100;
/// How much of it is kept, in characters.
const EXCERPT_CHARS: usize = 500;
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(20);
/// How many of them for one receiver.
const IDLE_MAX: usize = 16;
/// The longest that a receiver may ask to be left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(86_400);

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
#[error("the certificates that receivers are checked by cannot be used: {0}")]
pub struct ClientError(#[from] rustls::Error);

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// Why there was none, or why nothing was sent. Names nobody.
    pub error: Option<String>,
    /// The beginning of the answer.
    pub answer: Option<String>,
    pub duration: Duration,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
    /// It was no attempt: so much else was under way that nothing was tried.
    pub put_off: bool,
}

impl Sent {
    /// Whether the receiver has it.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    pub(super) fn failed(error: impl fmt::Display) -> Self {
        let (error, duration) = (Some(error.to_string()), Duration::ZERO);
        Self { status: None, error, answer: None, duration, retry_after: None, put_off: false }
    }
}

type Connections = legacy::Client<Bounded<HttpsConnector<HttpConnector<Resolver>>>, Full<Bytes>>;

/// Sends messages. Cheap to clone. Its connections belong to the runtime on which they are made.
#[derive(Clone)]
pub struct Client {
    /// Of each partner for itself.
    connections: Arc<Mutex<HashMap<PartnerId, Connections>>>,
    tls: rustls::ClientConfig,
    look_ups: LookUps,
    allow_private: bool,
    timeout: Duration,
}

impl Client {
    /// A client for receivers as `policy` allows them, which has no more names looked up than there is room for in `look_ups`.
    ///
    /// # Errors
    /// When the certificates cannot be used.
    pub(super) fn new(policy: &Policy, look_ups: LookUps) -> Result<Self, ClientError> {
        let Policy { allow_private, timeout, ref authorities, .. } = *policy;
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        authorities.iter().try_for_each(|certificate| roots.add(certificate.clone()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = tls.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { connections: Arc::default(), tls, look_ups, allow_private, timeout })
    }

    fn connections(&self, partner: PartnerId) -> Connections {
        self.connections.lock().entry(partner).or_insert_with(|| self.no_connections(partner)).clone()
    }

    fn no_connections(&self, partner: PartnerId) -> Connections {
        let resolver = Resolver::new(partner, self.allow_private, self.look_ups.clone());
        let mut http = HttpConnector::new_with_resolver(resolver);
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(self.timeout));
        let https = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http().enable_http1();
        legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .http1_max_buf_size(HEAD_BYTES)
            .http1_max_headers(HEADERS_MAX)
            .build(Bounded { inner: https.wrap_connector(http), within: self.timeout })
    }

    /// Sends a body of a partner's to an address, and waits for the answer.
    pub async fn send(&self, partner: PartnerId, url: &str, head: Head<'_>, body: Vec<u8>) -> Sent {
        let start = Instant::now();
        let attempt = self.attempt(partner, url, &head, body);
        let sent = match tokio::time::timeout(self.timeout, attempt).await {
            Ok(sent) => sent,
            Err(_) => Sent::failed(format_args!("no whole answer within {} ms", self.timeout.as_millis())),
        };
        Sent { duration: start.elapsed(), ..sent }
    }

    async fn attempt(&self, partner: PartnerId, url: &str, head: &Head<'_>, body: Vec<u8>) -> Sent {
        // Once more, because what is allowed may have changed since the webhook was made.
        let url = match check_url(url, self.allow_private) {
            Ok(url) => url,
            Err(unfit) => return Sent::failed(unfit),
        };
        let request = match request(url.as_str(), head, body) {
            Ok(request) => request,
            Err(error) => return Sent::failed(error),
        };
        match self.connections(partner).request(request).await {
            Ok(response) => answered(response).await,
            Err(error) if is_crowded(&error) => Sent { put_off: true, ..Sent::failed(Crowded) },
            Err(error) => Sent::failed(root(&error)),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("allow_private", &self.allow_private).finish_non_exhaustive()
    }
}

/// What stands in the headers of a message.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub id: &'a str,
    pub event: &'a str,
    pub signatures: &'a Signatures,
}

fn request(url: &str, head: &Head<'_>, body: Vec<u8>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let Head { id, event, signatures } = head;
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(USER_AGENT, HeaderValue::from_static("Loyalty-Webhooks/1.0"))
        .header("x-loyalty-event", *event)
        .header("x-loyalty-delivery", *id)
        .header("x-loyalty-timestamp", signatures.timestamp)
        .header("x-loyalty-signature", &signatures.body)
        .header("x-signature", &signatures.body)
        .header("webhook-id", *id)
        .header("webhook-timestamp", signatures.timestamp)
        .header("webhook-signature", &signatures.standard);
    if let Some(previous) = &signatures.previous {
        request = request.header("x-loyalty-signature-previous", previous);
    }
    request.body(Full::new(Bytes::from(body)))
}

async fn answered(response: Response<Incoming>) -> Sent {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), SystemTime::now());
    let (status, answer, error) = match beginning(response.into_body()).await {
        Ok(body) => (Some(status), excerpt(&body), None),
        Err(_) => (None, None, Some("the answer broke off".to_owned())),
    };
    Sent { status, error, answer, duration: Duration::ZERO, retry_after, put_off: false }
}

/// What there is of an answer, up to a bound: the receiver has said what it thinks of the message, and what it would have added is not
/// needed.
async fn beginning(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut read = Vec::new();
    while read.len() < ANSWER_BYTES {
        let Some(frame) = body.frame().await else { break };
        if let Ok(data) = frame?.into_data() {
            read.extend(data.iter().take(ANSWER_BYTES - read.len()));
        }
    }
    Ok(read)
}

fn excerpt(body: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(body).chars().take(EXCERPT_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // More than can be counted.
        Err(_) if is_number => RETRY_AFTER_MAX,
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The innermost reason: what is around it only says that a request failed.
fn root(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(value: &str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_receiver_says_in_seconds_or_by_date_how_long_to_leave_it_alone() {
        assert_eq!((after("120"), after(" 0 ")), (Some(120), Some(0)));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60), "784111777 is 08:49:37 on that day");
        assert_eq!(after("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "it is over");
        for long in ["99999999", "99999999999999999999999999"] {
            assert_eq!(after(long), Some(86_400), "no longer than a day");
        }
        assert_eq!((after("soon"), after("-1"), after("")), (None, None, None));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_receiver_asks_for_it_is_left_alone_for_a_day_at_most(
            value in proptest::collection::vec(proptest::num::u8::ANY, 0..60),
            number in "[-+ ]?[0-9]{1,40}",
            date in "(Sun|Mon|Sunday)?,? ?[0-9]{1,2}[ -](Jan|Feb|Nov|Xyz)[ -][0-9]{2,5} [0-9]{2}:[0-9]{2}:[0-9]{2}( GMT)?",
            now in 0_u64..100_000_000_000,
        ) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
            for bytes in [value.as_slice(), number.as_bytes(), date.as_bytes()] {
                let Ok(value) = HeaderValue::from_bytes(bytes) else { continue };
                let wait = retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), now);
                proptest::prop_assert!(wait.is_none_or(|wait| wait <= RETRY_AFTER_MAX), "{:?}", wait);
            }
        }
    }

    #[tokio::test]
    async fn what_may_not_be_sent_to_is_not_even_connected_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let client = Client::new(&Policy::default(), LookUps::default()).unwrap();
        let now = crate::domain::Timestamp::from_micros(0);
        let signatures = Signatures::of("evt_1", b"{}", &["a secret".to_owned().into()], now).unwrap();
        let head = Head { id: "evt_1", event: "points.awarded", signatures: &signatures };
        let sent = client.send(PartnerId::new(1), &url, head, b"{}".to_vec()).await;
        assert_eq!((sent.status, sent.error.as_deref()), (None, Some("not the address of a public host")));
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
