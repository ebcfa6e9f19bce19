//! What slow clients cost the others: latency of awards without them and with them, in turn.
//!
//! At a third of full load: this program, its clients and the projector, which is behind at full load, take their part of the same cores.
//! Near their limit a run tells of that and not of the slow clients.
//!
//! Half of them never end the head of their first request and send another line of it now and then; the other half were answered once
//! and hold the connection. Whoever is cut off comes again at once.

use crate::load::{Measured, Pace, Target, drive};
use crate::programme::Programme;
use crate::service::Service;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How often a slow client sends a line.
const DRIP: Duration = Duration::from_secs(2);
/// How many are begun at a time: as many as the system's queue takes.
const AT_ONCE: usize = 100;

/// Slow clients, on a thread of their own. They go when dropped.
struct Crowd {
    open: Arc<AtomicUsize>,
    begun: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Crowd {
    fn gather(address: &str, size: usize) -> anyhow::Result<Self> {
        let (open, begun, over) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (address, counted, times, told) = (address.to_owned(), open.clone(), begun.clone(), over.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                let doors = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
                for number in 0..size {
                    let (address, counted, times, doors) =
                        (address.clone(), counted.clone(), times.clone(), doors.clone());
                    tokio::spawn(async move {
                        loop {
                            if let Err(error) = hold(&address, number % 2 == 0, &counted, &times, &doors).await {
                                tracing::debug!(%error, "a slow client was cut off");
                            }
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    });
                }
                while !told.load(Ordering::Acquire) {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
        });
        let crowd = Self { open, begun, over, thread: Some(thread) };
        let start = std::time::Instant::now();
        while crowd.open.load(Ordering::Acquire) < size {
            anyhow::ensure!(
                start.elapsed() < Duration::from_secs(60),
                "only {} of {size} connections",
                crowd.open.load(Ordering::Acquire)
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// One connection, until the service cuts it.
async fn hold(
    address: &str,
    drips: bool,
    open: &AtomicUsize,
    begun: &AtomicU64,
    doors: &tokio::sync::Semaphore,
) -> std::io::Result<()> {
    let mut stream = {
        let _door = doors.acquire().await.map_err(std::io::Error::other)?;
        TcpStream::connect(address).await?
    };
    begun.fetch_add(1, Ordering::Relaxed);
    open.fetch_add(1, Ordering::AcqRel);
    let held = sit(&mut stream, drips).await;
    open.fetch_sub(1, Ordering::AcqRel);
    held
}

async fn sit(stream: &mut TcpStream, drips: bool) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    if drips {
        stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n").await?;
        loop {
            stream.write_all(b"X-Slow: x\r\n").await?;
            if let Ok(read) = tokio::time::timeout(DRIP, stream.read(&mut buffer)).await {
                return read.map(drop);
            }
        }
    }
    stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// Allows this process as many connections as the system gives.
fn allow(size: usize) -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    // The service needs two for each, and has the same bound.
    let wanted = u64::try_from(size)? * 2 + 512;
    anyhow::ensure!(maximum.is_none_or(|most| most >= wanted), "{wanted} open files are needed: ulimit -Hn {wanted}");
    Ok(())
}

/// Runs and prints.
#[expect(clippy::float_arithmetic, reason = "a ratio of two measurements")]
pub(crate) fn run(
    out: &mut impl Write,
    programme: &Programme,
    size: usize,
    length: Duration,
    rounds: usize,
    rate: Option<u32>,
) -> anyhow::Result<()> {
    allow(size)?;
    let service = Service::counterfoil(programme, "10m")?;
    let full = drive(service.address(), Target::Award, programme, 64, length, Pace::Full)?;
    let rate = rate.unwrap_or(full.per_second() / 3);
    writeln!(out, "awards at full load: {} a second; below, {rate} a second over 64 connections", full.per_second())?;
    writeln!(out, "\nrun                          requests/s      p50      p99    p99.9   errors")?;
    let measure = || drive(service.address(), Target::Award, programme, 64, length, Pace::PerSecond(rate));
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let without = crate::report(out, "award, alone", 64, measure()?)?;
        let crowd = Crowd::gather(service.address(), size)?;
        let with = crate::report(out, &format!("award, {size} slow"), 64, measure()?)?;
        let (open, begun) = (crowd.open.load(Ordering::Acquire), crowd.begun.load(Ordering::Relaxed));
        writeln!(
            out,
            "  {open} slow connections at the end, {begun} begun in all, {} MB resident",
            service.resident_mb()?
        )?;
        let p99 = |measured: &Measured| measured.quantile_ms(990).max(0.001);
        ratios.push(p99(&with) / p99(&without));
    }
    ratios.sort_by(f64::total_cmp);
    let (low, middle, high) = (ratios[0], ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
    writeln!(out, "\np99 with {size} slow connections / without      {middle:.2}  ({low:.2} to {high:.2})")?;
    Ok(())
}
