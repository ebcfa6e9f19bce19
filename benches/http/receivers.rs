//! Receivers of webhooks that take everything at once, to see what telling them costs those who award.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
            receivers.manage(&["create", "--url", &url, "--events", "points.awarded"])?;
        }
        Ok(receivers)
    }

    /// How many messages they have taken together.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    fn remove_all(&self) -> anyhow::Result<()> {
        let list: serde_json::Value = serde_json::from_slice(&self.manage(&["list", "--json"])?)?;
        for webhook in list.as_array().into_iter().flatten() {
            self.manage(&["remove", "--webhook", &webhook["id"].to_string()])?;
        }
        Ok(())
    }

    fn manage(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let (action, rest) = arguments.split_first().ok_or_else(|| anyhow::anyhow!("nothing to do"))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(["webhooks", action, "--data"]).arg(&self.data).args(rest);
        let output = command.stderr(Stdio::inherit()).output()?;
        anyhow::ensure!(output.status.success(), "webhooks {action} failed");
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
