//! The binary: reads the command line, calls the library, turns outcomes into exit codes.

mod cli;

use anyhow::Context as _;
use clap::Parser as _;
use cli::{CardAt, Cli, Command, Follow, Format, Recheck, Source, Span};
use counterfoil_replay::commands::{as_of, diff, export, rebuild};
use counterfoil_replay::follow::{Credential, Outcome, Settings, TOKEN_VARIABLE, follow};
use counterfoil_replay::instant::Instant;
use counterfoil_replay::ledger::Location;
use counterfoil_replay::note::LogKey;
use counterfoil_replay::progress::Progress;
use counterfoil_replay::receipt::{self, Proved, ProvedBalance};
use counterfoil_replay::report::{Files, Period, report};
use counterfoil_replay::seal::Closing;
use counterfoil_replay::verify::verify;
use counterfoil_statements::{Plain, plain};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Failed) => ExitCode::from(1),
        Ok(Ended::Alarmed) => ExitCode::from(3),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is gone too, the exit code has to do.
            let _ = writeln!(io::stderr().lock(), "counterfoil-replay: {}", plain(&format!("{error:#}")));
            ExitCode::from(2)
        }
    }
}

/// How a command ended that could be carried out.
enum Ended {
    Well,
    /// A check failed.
    Failed,
    /// What is followed gave an alarm.
    Alarmed,
}

/// Carries out a command.
fn run(command: Command) -> anyhow::Result<Ended> {
    let progress = Progress::on_stderr();
    let mut out = BufWriter::new(io::stdout().lock());
    let passed = match command {
        Command::Verify { source, json } => {
            let report = verify(&location(source)?, &progress)?;
            if json {
                writeln!(out, "{}", report.to_json())?
            } else {
                report.write(&mut out)?
            }
            report.ok()
        }
        Command::Rebuild { source, out: file } => {
            let written = rebuild::rebuild(&location(source)?.ledger, &file, &progress)?;
            writeln!(
                out,
                "{}: {} cards and {} movements from {} events",
                file.display(),
                written.cards,
                written.movements,
                written.events
            )?;
            true
        }
        Command::Receipt { file, key } => {
            let key = LogKey::parse(&key)?;
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            match receipt::verify(&text, &key) {
                Ok(proved) => {
                    let Proved { seq, recorded_at, kind, stream, payload, origin, size, balance } = proved;
                    let at = Instant::from_micros(recorded_at);
                    if let Some(ProvedBalance { period, closing }) = balance {
                        let Closing { card, number, balance, available } = closing;
                        writeln!(
                            out,
                            "card {card} ({}) had {available} points available at the end of {period}",
                            plain(&number)
                        )?;
                        writeln!(out, "and a balance of {balance} by the books, as sealed by what follows.")?;
                    }
                    let [origin, kind, stream, payload] = [&origin, &kind, &stream, &payload].map(|text| plain(text));
                    writeln!(out, "genuine: event {seq} of {origin}, recorded {at}, {kind} on {stream}")?;
                    writeln!(out, "{payload}")?;
                    writeln!(out, "It stands among the first {size} events, which the log has signed.")?;
                    true
                }
                Err(error) => {
                    writeln!(out, "NOT genuine: {}", plain(&error.to_string()))?;
                    false
                }
            }
        }
        Command::Diff { a, b } => {
            let outcome = diff::diff(&Location::of_either(&a).ledger, &Location::of_either(&b).ledger, &progress)?;
            outcome.write(&mut Plain(&mut out))?;
            outcome.identical()
        }
        Command::Balance { card } => {
            let (location, moment) = card_at(&card)?;
            let answer = as_of::balance(&location.ledger, &card.card, moment)?;
            if card.json {
                writeln!(out, "{}", answer.to_json())?
            } else {
                answer.write(&mut Plain(&mut out))?
            }
            true
        }
        Command::History { card } => {
            let (location, moment) = card_at(&card)?;
            let answer = as_of::history(&location.ledger, &card.card, moment)?;
            if card.json {
                writeln!(out, "{}", answer.to_json())?
            } else {
                answer.write(&mut Plain(&mut out))?
            }
            true
        }
        Command::Report { source, span, partner, json, csv, xlsx, html } => {
            let files = Files { csv, xlsx, html };
            files.must_be_new()?;
            let books = report(&location(source)?.ledger, period(&span)?, partner, &progress)?;
            let written = files.write(&books)?;
            if json {
                books.write_json(&mut out)?;
                writeln!(out)?;
            } else if files.is_empty() {
                books.write_text(&mut Plain(&mut out))?;
            } else {
                written.iter().try_for_each(|line| writeln!(out, "{line}"))?;
                books.write_verdict(&mut Plain(&mut out))?;
            }
            books.ok()
        }
        Command::Follow(words) => match follow(&settings(*words)?, &mut out)? {
            Outcome::Followed => true,
            Outcome::Alarmed => return Ok(Ended::Alarmed),
        },
        Command::Export { source, format, out: file } => {
            let ledger = location(source)?.ledger;
            match file {
                Some(file) => {
                    let created = std::fs::File::create_new(&file).with_context(|| file.display().to_string())?;
                    write_export(&ledger, format, BufWriter::new(created), &progress)?;
                }
                None => write_export(&ledger, format, &mut out, &progress)?,
            }
            true
        }
    };
    out.flush()?;
    Ok(if passed { Ended::Well } else { Ended::Failed })
}

fn settings(words: Follow) -> anyhow::Result<Settings> {
    let token = match &words.token_file {
        Some(file) => std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
        None => std::env::var(TOKEN_VARIABLE)
            .with_context(|| format!("the credential is in no --token-file FILE and not in {TOKEN_VARIABLE}"))?,
    };
    Ok(Settings {
        key: words.key.as_deref().map(LogKey::parse).transpose().context("--key")?,
        credential: Credential::parse(&token)?,
        url: words.url,
        into: words.into,
        every: words.every,
        once: words.once,
        verify_every: words.verify_every,
        recheck: match words.recheck {
            Recheck::All => None,
            Recheck::Events(events) => Some(events),
        },
        stale_after: words.stale_after,
        stale_alarm: words.stale_alarm,
        rotation_alarm: words.rotation_alarm,
        on_alarm: words.on_alarm,
        acknowledge: words.acknowledge,
        allow_http: words.allow_http,
    })
}

fn write_export(ledger: &Path, format: Format, out: impl Write, progress: &Progress) -> anyhow::Result<()> {
    match format {
        Format::Jsonl => export::json_lines(ledger, out, progress)?,
        Format::Csv => export::csv(ledger, out, progress)?,
    }
    Ok(())
}

fn location(source: Source) -> anyhow::Result<Location> {
    match (source.data, source.ledger) {
        (Some(data), _) => Ok(Location::of_data(&data)),
        (None, Some(ledger)) => Ok(Location { ledger, views: None }),
        (None, None) => anyhow::bail!("name --data DIR or --ledger FILE"),
    }
}

fn period(span: &Span) -> anyhow::Result<Period> {
    let moment = |option: &str, text: &str| {
        Instant::parse_typed(text).with_context(|| format!("{option} {text}: not a date or a time (RFC 3339)"))
    };
    let (from, to) = (moment("--from", &span.from)?, moment("--to", &span.to)?);
    Period::new(from, to).with_context(|| format!("--to {to} is not after --from {from}"))
}

fn card_at(card: &CardAt) -> anyhow::Result<(Location, as_of::Moment)> {
    let source = Source { data: card.source.data.clone(), ledger: card.source.ledger.clone() };
    let moment = match &card.at {
        Some(text) => as_of::Moment::parse(text)
            .with_context(|| format!("--at {text}: not a seq, a time (RFC 3339) or a date"))?,
        None => as_of::Moment::now(),
    };
    Ok((location(source)?, moment))
}

/// Whether the reader of our output went away, as `head` does: no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|error| error.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
    })
}
