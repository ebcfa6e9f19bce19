//! The load generator: keep-alive connections on one thread, each sending its next request when the last is answered.

use crate::programme::Programme;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What each request asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    Echo,
    Award,
    Balance,
}

/// How fast requests are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// As fast as they are answered.
    Full,
    /// So many over all connections. Latency counts from when a request was due.
    PerSecond(u32),
}

/// What a run measured.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Microseconds, sorted.
    latencies: Vec<u32>,
    elapsed: Duration,
    pub(crate) errors: u64,
}

impl Measured {
    /// Requests answered with success, per second.
    pub(crate) fn per_second(&self) -> u32 {
        let micros = self.elapsed.as_micros().max(1);
        let answered = self.latencies.len() as u128 * 1_000_000;
        u32::try_from(answered / micros).unwrap_or(u32::MAX)
    }

    /// The latency that so many requests of a thousand stay under.
    #[expect(clippy::float_arithmetic, reason = "a figure for the eye")]
    pub(crate) fn quantile_ms(&self, per_mille: usize) -> f64 {
        let index = self.latencies.len().saturating_sub(1) * per_mille / 1000;
        self.latencies.get(index).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Drives one kind of request for `length`.
pub(crate) fn drive(
    address: &str,
    target: Target,
    programme: &Programme,
    connections: usize,
    length: Duration,
    pace: Pace,
) -> anyhow::Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let start = Instant::now();
        let until = start + length;
        let tasks = (0..connections).map(|index| {
            let (address, programme) = (address.to_owned(), programme.clone());
            let interval = match pace {
                Pace::Full => None,
                Pace::PerSecond(rate) => {
                    Some(Duration::from_secs(1) * u32::try_from(connections).unwrap_or(1) / rate.max(1))
                }
            };
            // Connections of a paced run take turns.
            let first = interval.map(|interval| {
                start + interval * u32::try_from(index).unwrap_or(0) / u32::try_from(connections).unwrap_or(1)
            });
            tokio::spawn(async move { connection(&address, target, &programme, until, first.zip(interval)).await })
        });
        let tasks: Vec<_> = tasks.collect();
        let (mut latencies, mut errors) = (Vec::new(), 0);
        for task in tasks {
            let (some, failed) = task.await??;
            latencies.extend(some);
            errors += failed;
        }
        latencies.sort_unstable();
        Ok(Measured { latencies, elapsed: start.elapsed(), errors })
    })
}

async fn connection(
    address: &str,
    target: Target,
    programme: &Programme,
    until: Instant,
    mut due: Option<(Instant, Duration)>,
) -> anyhow::Result<(Vec<u32>, u64)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut errors) = (Vec::new(), 0);
    let (mut request, mut answer) = (Vec::new(), vec![0; 16 * 1024]);
    while Instant::now() < until {
        let sent = match &mut due {
            None => Instant::now(),
            Some((next, interval)) => {
                tokio::time::sleep_until((*next).into()).await;
                let sent = *next;
                *next += *interval;
                sent
            }
        };
        write_request(&mut request, target, programme);
        stream.write_all(&request).await?;
        if read_answer(&mut stream, &mut answer).await? {
            latencies.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        } else {
            errors += 1;
        }
    }
    Ok((latencies, errors))
}

fn write_request(out: &mut Vec<u8>, target: Target, programme: &Programme) {
    // Unique over all runs of this process, and spread at random over the key space as real order ids are.
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ programme.seed;
    let card = programme.card(random);
    let (line, body) = match target {
        Target::Balance => (format!("GET /api/points/balance/card_{card}"), String::new()),
        Target::Echo | Target::Award => {
            let path = if matches!(target, Target::Echo) { "/bench/echo" } else { "/api/points/award" };
            let body = format!(
                "{{\"card_id\":\"card_{card}\",\"points\":5,\"reason\":\"Purchase reward\",\"order_id\":\"{random:016x}\"}}"
            );
            (format!("POST {path}"), body)
        }
    };
    out.clear();
    out.extend_from_slice(
        format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nX-API-Secret: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            programme.api_key,
            programme.api_secret,
            body.len()
        )
        .as_bytes(),
    );
}

/// Reads one answer; says whether it was a success.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<bool> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        anyhow::ensure!(read > 0, "the server closed the connection");
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.unwrap_or("0").trim().parse()?;
        if filled >= head + 4 + length {
            return Ok(text.starts_with("http/1.1 2"));
        }
    }
}

/// A single answer to a read.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) body: serde_json::Value,
    pub(crate) elapsed: Duration,
}

impl Answered {
    #[expect(clippy::float_arithmetic, reason = "a figure for the eye")]
    pub(crate) fn millis(&self) -> f64 {
        self.elapsed.as_secs_f64() * 1000.0
    }
}

/// Asks once, on a connection of its own.
pub(crate) fn ask(address: &str, path: &str, programme: &Programme) -> anyhow::Result<Answered> {
    let begun = Instant::now();
    let mut answer = ureq::get(format!("http://{address}{path}"))
        .header("X-API-Key", &programme.api_key)
        .header("X-API-Secret", &programme.api_secret)
        .call()
        .map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
    let text = answer.body_mut().read_to_string()?;
    let elapsed = begun.elapsed();
    Ok(Answered { body: serde_json::from_str(&text)?, elapsed })
}
