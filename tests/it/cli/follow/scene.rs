//! What every test of `follow` needs: books with a service, an auditor's credential, a mirror beside them, and the follower as the
//! process that it is.

use crate::cli::program::{Finished, Service, run};
use crate::support::Client;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(120);

/// Books, and a mirror of them.
pub(super) struct Scene {
    pub(super) folder: TempDir,
    till: (String, String),
    /// What sees everything.
    pub(super) token: String,
    /// The log's first key.
    pub(super) key: String,
}

impl Scene {
    pub(super) fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("books");
        let founded = run("init --origin example.com/books --json", &data).json();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let made = run("keys create --audit-all --bearer --json", &data).json();
        let keys = run("audit-key list --json", &data).json();
        Self {
            till: (text(&founded["api_key"]), text(&founded["api_secret"])),
            token: text(&made["bearer_token"]),
            key: text(&keys[0]["verifier_key"]),
            folder,
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("books")
    }

    pub(super) fn mirror(&self) -> PathBuf {
        self.folder.path().join("mirror")
    }

    /// A service that makes no checkpoint by itself, so that each test says when.
    pub(super) fn serve(&self) -> Service {
        Service::start("serve --checkpoint-every 0 --rate-limit off", &self.data())
    }

    pub(super) fn till(&self, service: &Service) -> Till {
        let client = Client::new(&format!("http://{}", service.address()));
        Till(client.with("X-API-Key", &self.till.0).with("X-API-Secret", &self.till.1))
    }

    /// Makes a checkpoint; answers its size.
    pub(super) fn checkpoint(&self) -> u64 {
        let note = run("checkpoint", &self.data()).ok();
        note.lines().nth(1).and_then(|size| size.parse().ok()).expect("a size")
    }

    /// Follows once, with every old event compared, under the log's first key.
    pub(super) fn follow(&self, address: &str, words: &str) -> Finished {
        let key = self.key.clone();
        self.follow_trusting(address, &format!("--key {key} --recheck all --once {words}"))
    }

    pub(super) fn follow_trusting(&self, address: &str, words: &str) -> Finished {
        self.command(address, &self.mirror(), words).output().expect("the follower starts").into()
    }

    /// A follower that goes on until it is stopped, or there is an alarm.
    pub(super) fn spawn(&self, address: &str, words: &str) -> Follower {
        let words = format!("--key {} --every 20ms {words}", self.key);
        let mut command = self.command(address, &self.mirror(), &words);
        Follower(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the follower starts")))
    }

    pub(super) fn command(&self, address: &str, mirror: &Path, words: &str) -> Command {
        let mut command = Command::new(program());
        command.arg("follow").arg(format!("http://{address}")).arg("--into").arg(mirror);
        command.args(words.split_whitespace()).env("COUNTERFOIL_AUDIT_TOKEN", &self.token).stdin(Stdio::null());
        command
    }

    /// The one alarm that there is, which the mirror survived as it was.
    #[track_caller]
    pub(super) fn alarm(&self, finished: &Finished, kept: &Kept) -> Value {
        assert_eq!(finished.code, 3, "stdout: {}\nstderr: {}", finished.stdout, finished.stderr);
        assert!(finished.stderr.contains("ALARM: "), "{}", finished.stderr);
        let alarms = self.alarms();
        assert_eq!(alarms.len(), 1, "{alarms:#?}");
        assert_eq!(Kept::of(&self.mirror()), *kept, "the mirror is what it was");
        alarms.into_iter().next().expect("one")
    }

    pub(super) fn status(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.mirror().join("status.json")).unwrap()).unwrap()
    }

    pub(super) fn alarms(&self) -> Vec<Value> {
        let Ok(entries) = std::fs::read_dir(self.mirror().join("alarms")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
        files.sort();
        files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()).collect()
    }
}

/// A till of the shop.
pub(super) struct Till(Client);

impl Till {
    pub(super) fn card(&self, email: &str) -> String {
        let body = json!({"customer_email": email, "customer_name": "Ona"});
        self.0.post("/api/loyalty-cards", &body).data(201)["id"].as_str().expect("an id").to_owned()
    }

    pub(super) fn award(&self, card: &str, times: usize) {
        for _ in 0..times {
            let body = json!({"card_id": card, "points": 7, "reason": "Bread"});
            self.0.post("/api/points/award", &body).data(201);
        }
    }

    pub(super) fn award_many(&self, card: &str, times: usize) {
        let one = json!({"card_id": card, "points": 1, "reason": "Bread"});
        let answer = self.0.post("/api/points/bulk", &json!({ "transactions": vec![one; times] })).data(200);
        assert_eq!(answer["successful"], times, "{answer:#}");
    }
}

/// What a mirror holds of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) rows: Vec<(i64, String, Vec<u8>)>,
    pub(super) checkpoint: String,
}

impl Kept {
    pub(super) fn of(mirror: &Path) -> Self {
        let ledger = rusqlite::Connection::open(mirror.join("ledger.db")).unwrap();
        let columns = "seq, command_seq || ' ' || recorded_at || ' ' || partner_id || ' ' || stream || ' ' || version || ' ' || kind \
                       || ' ' || schema || ' ' || actor || ' ' || coalesce(idempotency_key, '-') || ' ' || \
                       coalesce(hex(fingerprint), '-') || ' ' || payload, hash";
        let mut query = ledger.prepare(&format!("SELECT {columns} FROM events ORDER BY seq")).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let checkpoint = std::fs::read_to_string(mirror.join("checkpoint.txt")).unwrap_or_default();
        Self { rows: rows.collect::<rusqlite::Result<_>>().unwrap(), checkpoint }
    }

    pub(super) fn size(&self) -> u64 {
        self.checkpoint.lines().nth(1).map_or(0, |size| size.parse().unwrap())
    }
}

/// A follower that runs. Killed when dropped.
pub(super) struct Follower(Option<Child>);

impl Follower {
    /// Waits for its own end.
    #[track_caller]
    pub(super) fn wait(mut self) -> Finished {
        let mut child = self.0.take().expect("it runs");
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("it goes on: {:?}", child.wait_with_output());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.wait_with_output().unwrap().into()
    }

    /// SIGKILL.
    pub(super) fn kill(mut self) {
        let mut child = self.0.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(super) fn runs(&mut self) -> bool {
        self.0.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// The auditor's program. `cargo test --workspace` builds it before any test runs, because tests of its own need it; a run of this
/// package's tests alone does not, so it is built here where it is missing or older than its sources.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = Path::new(env!("CARGO_BIN_EXE_counterfoil")).with_file_name("counterfoil-replay");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let built = std::fs::metadata(&program).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        if newest(&root.join("replay/src")) > built {
            let words = ["build", "--quiet", "--package", "counterfoil-replay", "--bin", "counterfoil-replay"];
            let status = Command::new(env!("CARGO")).args(words).current_dir(root).status().expect("cargo runs");
            assert!(status.success());
        }
        program
    })
}

fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let times =
        entries.map(|path| if path.is_dir() { newest(&path) } else { path.metadata().unwrap().modified().unwrap() });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
