//! The running service, as far as it shows its log: `/audit/*` over HTTP. Every answer is bounded in size and time, no redirect is
//! followed, and nothing that is answered is believed here.

use super::address::{Credential, Unusable, is_here};
use crate::ledger::{Hash, Row, hash_of_digits};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::io::{BufRead as _, BufReader, Read as _};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};

/// Rows of a page; the most that the service gives.
pub(super) const PAGE: i64 = 1_000;
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
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    head: i64,
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
    pub(super) fn new(url: &str, credential: Credential, allow_http: bool) -> Result<Self, Unusable> {
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
        Ok(Self { url: url.trim_end_matches('/').to_owned(), credential, asking, listening })
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

    /// Hands over the rows after `after` as they come, up to `until` or as far as there are any.
    pub(super) fn stream<E: From<Trouble>>(
        &self,
        after: i64,
        until: i64,
        mut take: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut answer = self.ask(&self.listening, &format!("/audit/events/stream?after={after}"))?;
        if answer.status().as_u16() != 200 {
            let said = body(&mut answer, BYTES)?;
            return Err(unexpected(answer.status().as_u16(), &said).into());
        }
        let mut lines = BufReader::new(answer.body_mut().with_config().limit(u64::MAX).reader());
        let (mut line, mut last) = (String::new(), after);
        while last < until {
            line.clear();
            let failed = |error: std::io::Error| Trouble::Passing(format!("the stream of events broke off: {error}"));
            let read = (&mut lines).take(LINE_BYTES).read_line(&mut line).map_err(failed)?;
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

    #[test]
    fn a_row_without_its_content_is_told_from_one_that_is_none() {
        let hidden = format!(r#"{{"seq":4,"hash":"{}"}}"#, "0".repeat(64));
        assert!(matches!(read_row(&hidden), Err(Trouble::Redacted { seq: 4 })));
        assert!(matches!(read_row(r#"{"seq":4}"#), Err(Trouble::Passing(_))));
    }
}
