//! Half load for a long time: what stays as it was, and what grows. A line for each minute, and the last beside the first.

use crate::load::{Measured, Pace, Target, drive};
use crate::programme::Programme;
use crate::service::Service;
use std::io::{Read as _, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const FILES: [&str; 2] = ["ledger.db-wal", "views.db-wal"];

/// What a minute showed.
struct Minute {
    measured: Measured,
    /// At its end.
    resident_mb: u64,
    handles: usize,
    wal_kib: [u64; 2],
    /// The longest that the writer's queue was, looked at each second.
    queue: u64,
}

/// Looks at the writer's queue each second, on a thread of its own.
struct Watch {
    longest: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    fn begin(figures: SocketAddr) -> Self {
        let (longest, over) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (seen, told) = (longest.clone(), over.clone());
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Acquire) {
                if let Some(waiting) = waiting(figures) {
                    seen.fetch_max(waiting, Ordering::AcqRel);
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Self { longest, over, thread: Some(thread) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The length of the writer's queue; none where it was not told.
fn waiting(figures: SocketAddr) -> Option<u64> {
    let mut stream = TcpStream::connect(figures).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).ok()?;
    let line = page.lines().find(|line| line.starts_with("counterfoil_writer_waiting_requests "))?;
    line.split(' ').nth(1)?.trim().split('.').next()?.parse().ok()
}

/// A port that is free now.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Runs and prints.
pub(crate) fn run(out: &mut impl Write, programme: &Programme, length: Duration) -> anyhow::Result<()> {
    let figures = free_address()?;
    let service = Service::with(programme, &["--checkpoint-every", "10m", "--metrics-listen", &figures.to_string()])?;
    anyhow::ensure!(waiting(figures).is_some(), "the service tells its figures");
    let full = drive(service.address(), Target::Award, programme, 64, Duration::from_secs(10), Pace::Full)?;
    let rate = full.per_second() / 2;
    writeln!(
        out,
        "awards at full load: {} a second; for {} s from here on, {rate} a second",
        full.per_second(),
        length.as_secs()
    )?;
    let [ledger, views] = FILES;
    writeln!(out, "\nminute  requests/s      p50      p99  errors  resident  handles  {ledger}  {views}    queue")?;
    let minutes = length.as_secs().div_ceil(MINUTE.as_secs()).max(1);
    let mut all = Vec::new();
    for number in 1..=minutes {
        let watch = Watch::begin(figures);
        let measured =
            drive(service.address(), Target::Award, programme, 64, MINUTE.min(length), Pace::PerSecond(rate))?;
        let minute = Minute {
            measured,
            resident_mb: service.resident_mb()?,
            handles: service.open_files()?,
            wal_kib: FILES
                .map(|file| std::fs::metadata(programme.data().join(file)).map_or(0, |file| file.len() / 1024)),
            queue: watch.longest.load(Ordering::Acquire),
        };
        print(out, number, &minute)?;
        all.push(minute);
    }
    if let [first, .., last] = all.as_slice() {
        compared(out, first, last)?;
    }
    Ok(())
}

fn print(out: &mut impl Write, number: u64, minute: &Minute) -> std::io::Result<()> {
    let Minute { measured, resident_mb, handles, wal_kib: [ledger, views], queue } = minute;
    writeln!(
        out,
        "{number:6} {:11} {:6.2}ms {:6.2}ms {:7} {resident_mb:6} MB {handles:8} {ledger:10} KiB {views:8} KiB {queue:8}",
        measured.per_second(),
        measured.quantile_ms(500),
        measured.quantile_ms(990),
        measured.errors,
    )
}

#[expect(clippy::float_arithmetic, reason = "ratios of measurements, for the eye")]
fn compared(out: &mut impl Write, first: &Minute, last: &Minute) -> std::io::Result<()> {
    let whole = |value: u64| value as f64;
    let rows = [
        ("requests a second", f64::from(first.measured.per_second()), f64::from(last.measured.per_second())),
        ("p50", first.measured.quantile_ms(500), last.measured.quantile_ms(500)),
        ("p99", first.measured.quantile_ms(990), last.measured.quantile_ms(990)),
        ("resident memory", whole(first.resident_mb), whole(last.resident_mb)),
        ("file handles", first.handles as f64, last.handles as f64),
        ("ledger.db-wal", whole(first.wal_kib[0]), whole(last.wal_kib[0])),
        ("views.db-wal", whole(first.wal_kib[1]), whole(last.wal_kib[1])),
    ];
    writeln!(out, "\nthe last minute / the first")?;
    for (name, first, last) in rows {
        writeln!(out, "{name:20} {:.3}", last / first.max(0.001))?;
    }
    Ok(())
}
