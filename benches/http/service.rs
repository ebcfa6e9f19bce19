//! Server processes under load: the release binary, and the naive baseline (this program again).

use crate::programme::Programme;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Service {
    process: Child,
    address: String,
    _directory: Option<tempfile::TempDir>,
}

impl Service {
    /// The release binary on a prepared ledger, with the echo switched on and limits off.
    pub(crate) fn counterfoil(programme: &Programme, checkpoint_every: &str) -> anyhow::Result<Self> {
        Self::with(programme, &["--checkpoint-every", checkpoint_every])
    }

    /// The same with these settings.
    pub(crate) fn with(programme: &Programme, settings: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off", "--bench-echo", "--data"]);
        command.arg(programme.data()).arg("--webhooks-allow-private").args(settings).env("RUST_LOG", "warn");
        let service = Self::start(command, None)?;
        // Right after a start it reads cards ahead, which is not what is measured.
        let mut held = None;
        while held.is_none() || held != cards_held(programme.data())? {
            held = cards_held(programme.data())?;
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(service)
    }

    /// Waits until the projector has caught up: what it does meanwhile is not a read's.
    pub(crate) fn at_rest(programme: &Programme) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let status = status(programme.data())?;
            let (projected, events) = (status["projected"].as_u64(), status["events"].as_u64());
            anyhow::ensure!(
                projected.is_some() && events.is_some(),
                "the status tells how far the projector is: {status}"
            );
            if projected == events {
                return Ok(());
            }
            anyhow::ensure!(Instant::now() < deadline, "the projector does not catch up: {status}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The naive server on an empty database of its own.
    pub(crate) fn naive(cards: i64) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve-naive").arg(directory.path()).arg("--cards").arg(cards.to_string());
        Self::start(command, Some(directory))
    }

    fn start(mut command: Command, directory: Option<tempfile::TempDir>) -> anyhow::Result<Self> {
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let out = process.stdout.take().ok_or_else(|| anyhow::anyhow!("no output"))?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().rsplit("http://").next().unwrap_or_default().to_owned();
        anyhow::ensure!(address.contains(':'), "the server did not say where it listens: {line:?}");
        Ok(Self { process, address, _directory: directory })
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How many files and connections it has open now.
    pub(crate) fn open_files(&self) -> anyhow::Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.process.id()))?.count())
    }

    /// Resident memory now.
    pub(crate) fn resident_mb(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        let kib: u64 = line.split_whitespace().nth(1).unwrap_or("0").parse()?;
        Ok(kib / 1024)
    }
}

/// How many cards the service has in memory.
fn cards_held(data: &Path) -> anyhow::Result<Option<u64>> {
    Ok(status(data)?["cards_in_memory"].as_u64())
}

fn status(data: &Path) -> anyhow::Result<serde_json::Value> {
    let status =
        Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(["status", "--json", "--data"]).arg(data).output()?;
    Ok(serde_json::from_slice(&status.stdout)?)
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
