//! The binary as a process that can be killed, and a till that sends it awards.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What `init --json` prints.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) key: String,
    pub(super) secret: String,
}

pub(super) fn init(data: &Path) -> Credentials {
    let output = Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(["init", "--json", "--data"]).arg(data).output();
    let founded: Value = serde_json::from_slice(&output.expect("the binary runs").stdout).expect("init prints JSON");
    let text = |name: &str| founded[name].as_str().expect("init prints credentials").to_owned();
    Credentials { key: text("api_key"), secret: text("api_secret") }
}

/// A serving process. Killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pub(super) base: String,
}

impl Process {
    pub(super) fn serve(data: &Path) -> Self {
        Self::serve_with(data, &[])
    }

    pub(super) fn serve_with(data: &Path, options: &[&str]) -> Self {
        // The shell ignores the signal of the file-size limit for the program, so that writes fail as on a broken disk.
        let script = "trap '' XFSZ; exec \"$0\" serve --listen 127.0.0.1:0 --rate-limit off --data \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_counterfoil")]).arg(data).args(options).env("RUST_LOG", "off");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("there is a shell");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("a line of text");
        let address = line.trim().rsplit("http://").next().unwrap_or_default();
        assert!(address.contains(':'), "the service says where it serves: {line:?}");
        Self { base: format!("http://{address}"), child }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and nothing else.
    pub(super) fn kill(&mut self) {
        self.child.kill().expect("the process is there to be killed");
        self.child.wait().expect("the process ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends requests and reports what was answered; none where the connection broke.
#[derive(Debug)]
pub(super) struct Till {
    agent: ureq::Agent,
    base: String,
    credentials: Credentials,
}

impl Till {
    pub(super) fn new(process: &Process, credentials: &Credentials) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(std::time::Duration::from_secs(20))).build().into();
        Self { agent, base: process.base.clone(), credentials: credentials.clone() }
    }

    pub(super) fn issue(&self, email: &str) -> String {
        let body = json!({ "customer_email": email, "customer_name": "Ona" });
        let (status, answer) = self.post("/api/loyalty-cards", &body).expect("the service answers");
        assert_eq!(status, 201, "{answer}");
        answer["data"]["id"].as_str().expect("a card has an id").to_owned()
    }

    pub(super) fn award(&self, card: &str, order: &str) -> Option<u16> {
        let body = json!({ "card_id": card, "points": 3, "reason": "purchase", "order_id": order });
        self.post("/api/points/award", &body).map(|(status, _)| status)
    }

    pub(super) fn balance(&self, card: &str) -> i64 {
        let url = format!("{}/api/points/balance/{card}", self.base);
        let request = self.agent.get(&url).header("X-API-Key", &self.credentials.key);
        let answer = request.header("X-API-Secret", &self.credentials.secret).call().expect("the service answers");
        let body: Value = answer.into_body().read_json().expect("answers are JSON");
        body["data"]["current_balance"].as_i64().unwrap_or_else(|| panic!("a balance: {body}"))
    }

    /// How many events wait for another attempt at a webhook, or behind one.
    pub(super) fn pending(&self, webhook: i64) -> i64 {
        let url = format!("{}/en/partners/webhooks/{webhook}", self.base);
        let request = self.agent.get(&url).header("X-API-Key", &self.credentials.key);
        let answer = request.header("X-API-Secret", &self.credentials.secret).call().expect("the service answers");
        let body: Value = answer.into_body().read_json().expect("answers are JSON");
        body["data"]["pending_count"].as_i64().unwrap_or_else(|| panic!("a number: {body}"))
    }

    /// A fresh checkpoint's note; none where the connection broke.
    pub(super) fn checkpoint(&self) -> Option<String> {
        let request =
            self.agent.post(format!("{}/audit/checkpoint", self.base)).header("X-API-Key", &self.credentials.key);
        let answer = request.header("X-API-Secret", &self.credentials.secret).send_empty().ok()?;
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.into_body().read_to_string().ok()
    }

    pub(super) fn checkpoint_of(&self, size: u64) -> String {
        let url = format!("{}/audit/checkpoint/{size}", self.base);
        let request = self.agent.get(&url).header("X-API-Key", &self.credentials.key);
        let answer = request.header("X-API-Secret", &self.credentials.secret).call().expect("the service answers");
        answer.into_body().read_to_string().expect("a note")
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request = self.agent.post(format!("{}{path}", self.base)).header("X-API-Key", &self.credentials.key);
        let answer = request.header("X-API-Secret", &self.credentials.secret).send_json(body).ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.into_body().read_json().ok()?))
    }
}

/// A database and its companions.
pub(super) fn files_of(database: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", database.display()).into()).into()
}
