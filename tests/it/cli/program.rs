//! Driving the binary: commands that end, and services that run until they are told to stop.

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a command came to.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Finished {
    #[track_caller]
    pub(super) fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }

    #[track_caller]
    pub(super) fn json(self) -> Value {
        serde_json::from_str(&self.ok()).expect("the output is one JSON value")
    }

    /// Asserts that it was refused as wrong use, and answers the complaint.
    #[track_caller]
    pub(super) fn refused(self) -> String {
        assert_eq!(self.code, 2, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stderr
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("the command was not killed"),
            stdout: String::from_utf8(output.stdout).expect("output is text"),
            stderr: String::from_utf8(output.stderr).expect("complaints are text"),
        }
    }
}

/// Runs `counterfoil WORDS --data DIR`.
pub(super) fn run(words: &str, dir: &Path) -> Finished {
    command(words).arg("--data").arg(dir).output().expect("the binary starts").into()
}

/// Runs `counterfoil WORDS`.
pub(super) fn run_bare(words: &str) -> Finished {
    command(words).output().expect("the binary starts").into()
}

pub(super) fn command(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(words.split_whitespace()).stdin(Stdio::null()).env_remove("COUNTERFOIL_DATA").env_remove("RUST_LOG");
    command
}

/// A service on a free port.
#[derive(Debug)]
pub(super) struct Service {
    child: Child,
    /// Everything up to the line that says it serves.
    pub(super) announcement: String,
    stdout: BufReader<ChildStdout>,
    log: Arc<Mutex<String>>,
    reading_log: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts `counterfoil WORDS --listen 127.0.0.1:0 --data DIR` and waits until it serves.
    pub(super) fn start(words: &str, dir: &Path) -> Self {
        let mut service = Self::spawn(words, dir);
        service.await_announcement();
        service
    }

    /// Starts it and does not wait.
    pub(super) fn spawn(words: &str, dir: &Path) -> Self {
        let mut command = command(words);
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(dir).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let stderr = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        let reading_log = std::thread::spawn(move || {
            for line in stderr.lines() {
                let line = line.expect("log lines are text");
                kept.lock().unwrap().extend([line.as_str(), "\n"]);
            }
        });
        Self { child, announcement: String::new(), stdout, log, reading_log: Some(reading_log) }
    }

    /// Waits until it says that it serves.
    pub(super) fn await_announcement(&mut self) {
        while !self.announcement.contains("serves on http") {
            let read = self.stdout.read_line(&mut self.announcement).expect("announcements are text");
            assert_ne!(read, 0, "the service ended before it served: {}", self.log());
        }
    }

    /// The log lines so far.
    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The address that it announced, as in `127.0.0.1:41234`.
    pub(super) fn address(&self) -> &str {
        let (_, rest) = self.announcement.split_once("serves on http").expect("it was announced");
        let (_, rest) = rest.split_once("://").expect("with its scheme");
        rest.split_whitespace().next().expect("the address follows")
    }

    /// Sends SIGTERM, waits for the end, and answers the exit code and the log lines.
    pub(super) fn terminate(mut self) -> (i32, String) {
        self.signal("TERM");
        let code = self.wait();
        self.reading_log.take().expect("taken once").join().expect("the log was read");
        (code, self.log())
    }

    /// Waits for the end of a service that was told to stop, and answers the exit code.
    pub(super) fn wait_for_end(mut self) -> i32 {
        self.wait()
    }

    pub(super) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().expect("there is a shell");
        assert!(sent.success());
    }

    fn wait(&mut self) -> i32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.code().expect("it ended by itself");
            }
            assert!(start.elapsed() < PATIENCE, "the service did not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // A test that failed must not leave its service behind.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Asks until it is so.
#[track_caller]
pub(super) fn eventually(what: &str, so: impl Fn() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether any file in `dir` holds these bytes. Sockets hold none.
pub(super) fn any_file_holds(dir: &Path, wanted: &str) -> bool {
    let entries = std::fs::read_dir(dir).expect("the directory is there");
    entries.map(|entry| entry.expect("it can be listed")).filter(|entry| entry.path().is_file()).any(|entry| {
        let bytes = std::fs::read(entry.path()).expect("it can be read");
        bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
    })
}

/// Every event of the log as (kind, actor, payload without ids drawn at random), but those about checkpoints, which the clock makes.
pub(super) fn events(dir: &Path) -> Vec<(String, String, Value)> {
    let ledger = rusqlite::Connection::open(dir.join("ledger.db")).expect("there is a ledger");
    let mut query = ledger
        .prepare("SELECT kind, actor, payload FROM events WHERE kind NOT LIKE 'checkpoint%' ORDER BY seq")
        .expect("the log's table");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))).expect("its rows");
    let row = |row: rusqlite::Result<(String, String, String)>| {
        let (kind, actor, payload) = row.expect("a row");
        let mut payload: Value = serde_json::from_str(&payload).expect("a JSON payload");
        for random in ["public_id", "number", "sealed"] {
            payload.as_object_mut().expect("an object").remove(random);
        }
        (kind, actor, payload)
    };
    rows.map(row).collect()
}
