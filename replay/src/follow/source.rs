//! The running service, as far as it shows its log: `/audit/*` over HTTP. Every answer is bounded in size and time, no redirect is
//! followed, and nothing that is answered is believed here.

use super::address::{Credential, Unusable, is_here};
use crate::ledger::{Hash, Row, hash_of_digits};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};

/// Rows of a page; the most that the service gives.
pub(super) const PAGE: i64 = 1_000;
const PAGE_ROWS: usize = 1_000;
/// The largest answer with rows. A row has a few hundred bytes.
const ROWS_BYTES: u64 = 64 << 20;
/// The largest other answer.
const BYTES: u64 = 256 << 10;
/// The longest line of a stream.
const LINE_BYTES: u64 = 4 << 20;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);
/// The service sends a heartbeat every fifteen seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one stream is read; what is left is asked for anew. No longer than a source may be silent, so that one that sends a byte now
/// and then is told of in time.
const STREAM: Duration = Duration::from_secs(300);
/// How long may be asked, all questions together, what to call it that the source contradicts the mirror.
const SEARCH: Duration = Duration::from_secs(60);

/// Why a source gave no answer that can be used. None of them says anything about its log.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("{0}")]
    Passing(String),
    #[error("it wants to be asked again in {} seconds (too many requests)", .0.as_secs())]
    TooMany(Duration),
    #[error("it refuses the credential: {0}")]
    Refused(String),
    #[error(
        "it shows event {seq} without its content, because the credential belongs to one partner. A mirror needs one that sees \
         everything, which the operator makes on the service's machine: counterfoil keys create --audit-all --bearer"
    )]
    Redacted { seq: i64 },
}

/// A service that is asked.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) url: String,
    credential: Credential,
    asking: Agent,
    listening: Agent,
    /// How long one stream is read.
    listen_for: Duration,
    /// How long what differs is searched for before it is told as it was seen.
    pub(super) search_for: Duration,
    /// When the last question has to be answered.
    end: Option<Instant>,
}

/// Rows after a place.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// How far the source says that its log goes.
    pub(super) head: i64,
}

#[derive(Deserialize)]
struct PageForm<'a> {
    #[serde(borrow, deserialize_with = "rows_of_a_page")]
    events: Vec<&'a RawValue>,
    head: i64,
}

/// No more rows than were asked for, or room would be made for as many as the bytes of an answer can hold.
fn rows_of_a_page<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<&'de RawValue>, D::Error> {
    struct Rows;
    impl<'de> Visitor<'de> for Rows {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {PAGE} events")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
            let mut page = Vec::new();
            while let Some(row) = rows.next_element()? {
                if page.len() >= PAGE_ROWS {
                    return Err(A::Error::invalid_length(page.len() + 1, &self));
                }
                page.push(row);
            }
            Ok(page)
        }
    }
    from.deserialize_seq(Rows)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hidden {
    seq: i64,
    #[serde(rename = "hash")]
    _hash: String,
}

#[derive(Deserialize)]
struct ProofForm {
    from: u64,
    to: u64,
    hashes: Vec<String>,
}

impl Source {
    /// # Errors
    /// An address that is none, or plain http to another machine without leave.
    pub(super) fn new(
        url: &str,
        credential: Credential,
        allow_http: bool,
        patience: Duration,
    ) -> Result<Self, Unusable> {
        let here = is_here(url, allow_http)?;
        let config = || {
            let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
            let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).tls_config(tls);
            let config = config.timeout_connect(Some(CONNECT)).timeout_recv_response(Some(ANSWER));
            let config = config.user_agent(concat!("counterfoil-replay/", env!("CARGO_PKG_VERSION")));
            // What is on this machine is asked directly, whatever proxy the environment names.
            if here { config.proxy(None) } else { config }
        };
        let asking = config().timeout_global(Some(ANSWER)).build().into();
        let listening = config().timeout_per_read(Some(SILENCE)).build().into();
        let listen_for = patience.clamp(Duration::from_secs(1), STREAM);
        let search_for = patience.clamp(Duration::from_secs(1), SEARCH);
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { url, credential, asking, listening, listen_for, search_for, end: None })
    }

    /// From here on an answer that is not whole by then is none, however many questions are asked until then.
    pub(super) const fn answer_by(&mut self, end: Instant) {
        self.end = Some(end);
    }

    /// The newest checkpoint's note; none where the log has none.
    pub(super) fn checkpoint(&self) -> Result<Option<String>, Trouble> {
        let mut answer = self.ask(&self.asking, "/audit/checkpoint")?;
        let body = body(&mut answer, BYTES)?;
        match answer.status().as_u16() {
            200 => Ok(Some(body)),
            404 if error_code(&body).is_some() => Ok(None),
            status => Err(unexpected(status, &body)),
        }
    }

    /// At most so many rows after `after`.
    pub(super) fn page(&self, after: i64, limit: i64) -> Result<Page, Trouble> {
        let mut answer = self.ask(&self.asking, &format!("/audit/events?after={after}&limit={limit}"))?;
        let status = answer.status().as_u16();
        let body = body(&mut answer, if status == 200 { ROWS_BYTES } else { BYTES })?;
        if status != 200 {
            return Err(unexpected(status, &body));
        }
        let form: PageForm<'_> = serde_json::from_str(&body).map_err(|error| nonsense("a page of events", &error))?;
        let rows = form.events.iter().map(|row| read_row(row.get())).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { rows, head: form.head })
    }

    /// Hands over the rows after `after` as they come, up to `until` or as far as there are any, or until that took too long.
    pub(super) fn stream<E: From<Trouble>>(
        &self,
        after: i64,
        until: i64,
        mut take: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = Instant::now() + self.listen_for;
        let mut answer = self.ask(&self.listening, &format!("/audit/events/stream?after={after}"))?;
        if answer.status().as_u16() != 200 {
            let said = body(&mut answer, BYTES)?;
            return Err(unexpected(answer.status().as_u16(), &said).into());
        }
        let mut lines = BufReader::new(Until { end, inner: answer.body_mut().with_config().limit(u64::MAX).reader() });
        let (mut line, mut last) = (String::new(), after);
        while last < until {
            line.clear();
            let failed = |error: std::io::Error| Trouble::Passing(format!("the stream of events broke off: {error}"));
            let read = match (&mut lines).take(LINE_BYTES).read_line(&mut line) {
                // The rest comes with the next one.
                Err(error) if error.kind() == ErrorKind::TimedOut && last > after && Instant::now() >= end => break,
                read => read.map_err(failed)?,
            };
            if read == 0 {
                break;
            }
            if !line.ends_with('\n') {
                return Err(Trouble::Passing("the stream of events broke off within a line".to_owned()).into());
            }
            // A heartbeat: for a while nothing was there to be sent, whatever end the source had named.
            if line.trim().is_empty() {
                break;
            }
            let row = read_row(&line)?;
            last = row.seq;
            take(row)?;
        }
        Ok(())
    }

    /// The proof that the tree of `to` events begins with that of `from`; why not, where the source says that it has none.
    pub(super) fn consistency(&self, from: u64, to: u64) -> Result<Result<Vec<Hash>, String>, Trouble> {
        let mut answer = self.ask(&self.asking, &format!("/audit/proof/consistency?from={from}&to={to}"))?;
        let body = body(&mut answer, BYTES)?;
        match answer.status().as_u16() {
            200 => {}
            // It understood the question and has no proof.
            400..=499 if error_code(&body).is_some() => return Ok(Err(brief(&body))),
            status => return Err(unexpected(status, &body)),
        }
        let form: ProofForm =
            serde_json::from_str(&body).map_err(|error| nonsense("a proof of consistency", &error))?;
        if (form.from, form.to) != (from, to) {
            return Ok(Err(format!("the proof is of {} and {}, not of {from} and {to}", form.from, form.to)));
        }
        let hashes = form.hashes.iter().map(|hash| hash_of_digits(hash)).collect::<Option<Vec<_>>>();
        Ok(hashes.ok_or_else(|| "the proof has hashes that are not 64 lower-case hex digits".to_owned()))
    }

    fn ask(&self, agent: &Agent, path: &str) -> Result<Response<ureq::Body>, Trouble> {
        let mut request = agent.get(format!("{}{path}", self.url));
        for (name, value) in self.credential.headers() {
            request = request.header(*name, value);
        }
        if let Some(end) = self.end {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Trouble::Passing("no time is left to ask it".to_owned()));
            }
            request = request.config().timeout_global(Some(left.min(ANSWER))).build();
        }
        let mut answer = request.call().map_err(|error| Trouble::Passing(error.to_string()))?;
        match answer.status().as_u16() {
            401 | 403 => {
                Err(Trouble::Refused(body(&mut answer, BYTES).map_or_else(|_| String::new(), |it| brief(&it))))
            }
            429 => {
                let said = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
                Err(Trouble::TooMany(Duration::from_secs(said.unwrap_or(60))))
            }
            300..=399 => {
                let to = answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
                Err(Trouble::Passing(format!(
                    "it redirects to {to:?}, which is not followed: name that address yourself"
                )))
            }
            _ => Ok(answer),
        }
    }
}

/// What is read no longer than until then. Each read of its own may take as long as a source may be silent.
struct Until<R> {
    end: Instant,
    inner: R,
}

impl<R: Read> Read for Until<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.end {
            return Err(io::Error::new(ErrorKind::TimedOut, "it took too long"));
        }
        self.inner.read(into)
    }
}

fn body(answer: &mut Response<ureq::Body>, limit: u64) -> Result<String, Trouble> {
    let read = answer.body_mut().with_config().limit(limit).read_to_string();
    read.map_err(|error| Trouble::Passing(format!("its answer cannot be read: {error}")))
}

fn read_row(text: &str) -> Result<Row, Trouble> {
    serde_json::from_str(text).map_err(|error| match serde_json::from_str::<Hidden>(text) {
        Ok(hidden) => Trouble::Redacted { seq: hidden.seq },
        Err(_) => nonsense("an event", &error),
    })
}

fn nonsense(what: &str, error: &serde_json::Error) -> Trouble {
    Trouble::Passing(format!("its answer is not {what}: {error}"))
}

fn unexpected(status: u16, said: &str) -> Trouble {
    Trouble::Passing(format!("it answers with status {status}: {}", brief(said)))
}

/// The code of a refusal in the service's own form: whoever else answers, a proxy say, has another.
fn error_code(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    value["error_code"].as_str().map(str::to_owned)
}

/// What is fit for a line on a terminal.
fn brief(text: &str) -> String {
    let value: Option<Value> = serde_json::from_str(text).ok();
    let message = value.and_then(|value| value["message"].as_str().map(str::to_owned));
    let text = message.unwrap_or_else(|| text.to_owned());
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::net::TcpListener;

    #[test]
    fn a_row_without_its_content_is_told_from_one_that_is_none() {
        let hidden = format!(r#"{{"seq":4,"hash":"{}"}}"#, "0".repeat(64));
        assert!(matches!(read_row(&hidden), Err(Trouble::Redacted { seq: 4 })));
        assert!(matches!(read_row(r#"{"seq":4}"#), Err(Trouble::Passing(_))));
    }

    #[test]
    fn a_page_of_more_rows_than_were_asked_for_is_not_read_to_its_end() {
        let page = |rows: usize| format!(r#"{{"events":[{}],"head":1}}"#, vec!["0"; rows].join(","));
        assert_eq!(serde_json::from_str::<PageForm<'_>>(&page(1_000)).unwrap().events.len(), 1_000);
        // What comes after the one too many is not even looked at.
        let broken = page(1_001).replace("],\"head\":1}", ",nonsense");
        let refused = serde_json::from_str::<PageForm<'_>>(&broken).err().unwrap().to_string();
        assert!(refused.contains("at most 1000 events"), "{refused}");
    }

    #[test]
    fn a_stream_of_which_a_byte_comes_now_and_then_comes_to_an_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let dripping = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut line = String::new();
            let mut lines = BufReader::new(client.try_clone().unwrap());
            while lines.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            client.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
            let start = Instant::now();
            while client.write_all(b" ").is_ok() {
                assert!(start.elapsed() < Duration::from_secs(30), "it is listened to for ever");
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let source = Source::new(&url, Credential::parse("token").unwrap(), false, Duration::ZERO).unwrap();
        let ended = source.stream(0, 100_000, |_| Ok::<_, Trouble>(()));
        assert!(matches!(ended, Err(Trouble::Passing(ref why)) if why.contains("too long")), "{ended:?}");
        drop(source);
        dripping.join().unwrap();
    }
}
