//! How many durable awards a second the release binary answers over HTTP, beside two baselines in the same run: the same server's
//! echo that does nothing (the ceiling), and a server that commits each request by itself (what naive code does).
//!
//! Prints ratios. Absolute numbers say more about the machine than about the program.
//!
//!     cargo bench --bench http                                100,000 cards, 5 s a run
//!     cargo bench --bench http -- --cards 1000000 --seconds 10
//!     cargo bench --bench http -- --awards-only 64 --webhooks 3    beside the same with 0: what telling receivers costs
//!     cargo bench --bench http -- --lists --history 10000000  the list of transactions with each filter
//!     cargo bench --bench http -- --checkpoints 10s           what signing checkpoints costs
//!     cargo bench --bench http -- --idle 5000                 what slow clients cost the others
//!     cargo bench --bench http -- --soak 10m                  half load for so long: what grows

mod idle;
mod lists;
mod load;
mod mixed;
mod naive;
mod programme;
mod receivers;
mod service;
mod soak;

use clap::Parser;
use load::{Measured, Pace, Target, drive};
use programme::{History, Programme};
use receivers::Receivers;
use service::Service;
use std::io::Write as _;
use std::time::Duration;

/// Load runs against the release binary
#[derive(Debug, Parser)]
struct Options {
    /// How many cards the awards are spread over, at random
    #[arg(long, default_value_t = 100_000)]
    cards: i64,
    /// How long each run takes
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many times each pair is run; the median ratio is the one to quote
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Keeps the prepared ledger in this directory, and uses it again if it is there
    #[arg(long)]
    keep: Option<std::path::PathBuf>,
    /// How many awards stand in the books before the runs; with --lists, movements of every kind
    #[arg(long, default_value_t = 0)]
    history: i64,
    /// Runs awards alone, so many connections: for a profiler
    #[arg(long)]
    awards_only: Option<usize>,
    /// With --awards-only and --idle: so many a second
    #[arg(long)]
    rate: Option<u32>,
    /// What `serve --checkpoint-every` is given
    #[arg(long, default_value = "10m")]
    checkpoint_every: String,
    /// Has so many receivers told of every award meanwhile: compare runs with --awards-only, 3 and 0
    #[arg(long, default_value_t = 0)]
    webhooks: usize,
    /// Measures what checkpoints cost: awards alone, with a checkpoint so often beside awards with none, in turn
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "10s")]
    checkpoints: Option<String>,
    /// Measures the list of transactions alone, with each of its filters
    #[arg(long)]
    lists: bool,
    /// Measures what so many slow clients cost the others
    #[arg(long, value_name = "CONNECTIONS", num_args = 0..=1, default_missing_value = "5000")]
    idle: Option<usize>,
    /// Drives half load for so long (90s, 10m), and prints each minute
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "10m", value_parser = time)]
    soak: Option<Duration>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
    /// Serves the naive baseline from this directory
    #[arg(long, hide = true)]
    serve_naive: Option<std::path::PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(directory) = options.serve_naive {
        return naive::serve(&directory, options.cards);
    }
    let seconds = Duration::from_secs(options.seconds);
    let mut out = std::io::stdout().lock();
    writeln!(out, "preparing {} cards …", options.cards)?;
    let history = History { movements: options.history, mixed: options.lists };
    let programme = match &options.keep {
        Some(directory) => Programme::reuse(directory, options.cards, history)?,
        None => Programme::prepare(options.cards, history)?,
    };
    if let Some(every) = &options.checkpoints {
        return checkpoints(&mut out, &programme, every, seconds, options.rounds);
    }
    if let Some(size) = options.idle {
        return idle::run(&mut out, &programme, size, seconds, options.rounds, options.rate);
    }
    if let Some(length) = options.soak {
        return soak::run(&mut out, &programme, length);
    }
    let service = Service::counterfoil(&programme, &options.checkpoint_every)?;
    if options.lists {
        return lists::run(&mut out, service.address(), &programme);
    }
    let receivers = Receivers::attach(programme.data(), options.webhooks)?;
    if let Some(connections) = options.awards_only {
        let pace = options.rate.map_or(Pace::Full, Pace::PerSecond);
        let measured = drive(service.address(), Target::Award, &programme, connections, seconds, pace)?;
        report(&mut out, "award", connections, measured)?;
        if options.webhooks > 0 {
            let (meanwhile, rest) = (receivers.taken(), receivers.await_all()?);
            let (all, count) = (receivers.taken(), options.webhooks);
            writeln!(
                out,
                "{meanwhile} messages were taken by {count} receivers meanwhile; all {all} after {rest:.1?}"
            )?;
        }
        return Ok(());
    }
    let naive = Service::naive(options.cards)?;
    writeln!(out, "\nrun                          requests/s      p50      p99    p99.9   errors")?;
    let mut ratios = Ratios::default();
    for round in 0..options.rounds {
        for connections in [64, 256] {
            let measure = |service: &Service, target: Target, pace: Pace| {
                // Balances are compared with the echo: both beside a projector that has nothing left to do of the awards before.
                if matches!(target, Target::Echo | Target::Balance) {
                    Service::at_rest(&programme)?;
                }
                drive(service.address(), target, &programme, connections, seconds, pace)
            };
            let echo = report(&mut out, "echo", connections, measure(&service, Target::Echo, Pace::Full)?)?;
            let award = report(&mut out, "award", connections, measure(&service, Target::Award, Pace::Full)?)?;
            ratios.add(&format!("award / echo at {connections} connections"), &award, &echo);
            if connections == 64 {
                let balance =
                    report(&mut out, "balance", connections, measure(&service, Target::Balance, Pace::Full)?)?;
                ratios.add("balance / echo at 64 connections", &balance, &echo);
                let alone =
                    report(&mut out, "award, naive server", connections, measure(&naive, Target::Award, Pace::Full)?)?;
                ratios.add("award / award on the naive server", &award, &alone);
                let half = Pace::PerSecond(award.per_second() / 2);
                report(&mut out, "award at half load", connections, measure(&service, Target::Award, half)?)?;
            }
        }
        writeln!(out, "round {} of {}", round + 1, options.rounds)?;
    }
    writeln!(out, "\nratios, median of {} rounds (lowest to highest)", options.rounds)?;
    ratios.print(&mut out)?;
    writeln!(out, "resident memory of the service after all runs: {} MB", service.resident_mb()?)?;
    Ok(())
}

/// Reads a time: `90s`, `10m`.
fn time(text: &str) -> Result<Duration, String> {
    let (digits, seconds) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).filter(|number| *number > 0);
    number.map(Duration::from_secs).ok_or_else(|| "a time such as 90s or 10m".to_owned())
}

/// Awards with checkpoints beside awards without any. Which of the two goes first alternates: the ledger grows by each.
fn checkpoints(
    out: &mut impl std::io::Write,
    programme: &Programme,
    every: &str,
    seconds: Duration,
    rounds: usize,
) -> anyhow::Result<()> {
    let mut ratios = Ratios::default();
    for round in 0..rounds {
        let mut run = |every: &str| {
            let service = Service::counterfoil(programme, every)?;
            let measured = drive(service.address(), Target::Award, programme, 64, seconds, Pace::Full)?;
            report(out, &format!("award, every {every}"), 64, measured)
        };
        let (with, without) = if round % 2 == 0 {
            let with = run(every)?;
            (with, run("0")?)
        } else {
            let without = run("0")?;
            (run(every)?, without)
        };
        ratios.add(&format!("award with a checkpoint every {every} / without"), &with, &without);
    }
    Ok(ratios.print(out)?)
}

fn report(
    out: &mut impl std::io::Write,
    name: &str,
    connections: usize,
    measured: Measured,
) -> anyhow::Result<Measured> {
    writeln!(
        out,
        "{:28} {:>10} {:>7.2}ms {:>6.2}ms {:>6.2}ms {:>8}",
        format!("{name} @{connections}"),
        measured.per_second(),
        measured.quantile_ms(500),
        measured.quantile_ms(990),
        measured.quantile_ms(999),
        measured.errors,
    )?;
    Ok(measured)
}

/// Ratios by what they compare, a value for each round.
#[derive(Debug, Default)]
struct Ratios(Vec<(String, Vec<f64>)>);

impl Ratios {
    #[expect(clippy::float_arithmetic, reason = "a ratio of two measurements, not money")]
    fn add(&mut self, name: &str, left: &Measured, right: &Measured) {
        let ratio = f64::from(left.per_second()) / f64::from(right.per_second().max(1));
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(ratio),
            None => self.0.push((name.to_owned(), vec![ratio])),
        }
    }

    fn print(&mut self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        for (name, values) in &mut self.0 {
            values.sort_by(f64::total_cmp);
            let (low, middle, high) = (values[0], values[values.len() / 2], values[values.len() - 1]);
            writeln!(out, "{name:42} {middle:.3}  ({low:.3} to {high:.3})")?;
        }
        Ok(())
    }
}
