//! Receivers of webhooks that take everything at once, to see what telling them costs those who award.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long the last of them may take: an award is written faster than it is told.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// So many of them, each with a webhook of its own. When dropped, the webhooks are removed.
#[derive(Debug)]
pub(crate) struct Receivers {
    data: PathBuf,
    taken: Arc<AtomicU64>,
}

impl Receivers {
    /// Has so many receivers told of every award in a directory that is being served.
    pub(crate) fn attach(data: &Path, count: usize) -> anyhow::Result<Self> {
        let receivers = Self { data: data.to_owned(), taken: Arc::default() };
        // A run that was broken off has left its own behind.
        receivers.remove_all()?;
        for _ in 0..count {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let url = format!("http://{}/", listener.local_addr()?);
            let taken = Arc::clone(&receivers.taken);
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let taken = Arc::clone(&taken);
                    std::thread::spawn(move || serve(&stream, &taken));
                }
            });
            receivers.call(&["webhooks", "create", "--url", &url, "--events", "points.awarded"])?;
        }
        Ok(receivers)
    }

    /// How many messages they have taken together.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Waits until everything that happened so far has been delivered to each; answers how long that took.
    pub(crate) fn await_all(&self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let head = self.ask(&["status"])?["events"].as_i64();
        loop {
            let list = self.ask(&["webhooks", "list"])?;
            let is_there = |webhook: &serde_json::Value| {
                webhook["delivered_up_to"].as_i64() >= head
                    && webhook["pending_count"] == 0
                    && webhook["is_active"] == true
            };
            if head.is_some() && list.as_array().is_some_and(|all| all.iter().all(is_there)) {
                return Ok(start.elapsed());
            }
            anyhow::ensure!(start.elapsed() < PATIENCE, "not everything was delivered: {list:#}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn remove_all(&self) -> anyhow::Result<()> {
        for webhook in self.ask(&["webhooks", "list"])?.as_array().into_iter().flatten() {
            self.call(&["webhooks", "remove", "--webhook", &webhook["id"].to_string()])?;
        }
        Ok(())
    }

    fn ask(&self, words: &[&str]) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::from_slice(&self.call(&[words, &["--json"]].concat())?)?)
    }

    fn call(&self, words: &[&str]) -> anyhow::Result<Vec<u8>> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(words).arg("--data").arg(&self.data);
        let output = command.stderr(Stdio::inherit()).output()?;
        anyhow::ensure!(output.status.success(), "{} failed", words.join(" "));
        Ok(output.stdout)
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        drop(self.remove_all());
    }
}

fn serve(stream: &TcpStream, taken: &AtomicU64) {
    let (mut reader, mut out, mut body) = (BufReader::new(stream), stream, Vec::new());
    while let Some(length) = content_length(&mut reader) {
        body.resize(length, 0);
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        taken.fetch_add(1, Ordering::Relaxed);
        if out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

fn content_length(reader: &mut BufReader<&TcpStream>) -> Option<usize> {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            if line.trim_end().is_empty() {
                return Some(length);
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
}
