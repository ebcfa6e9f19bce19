//! A receiver of webhooks: a small HTTP server that does with each message what the test says, and remembers all of them.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A message as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) raw: Vec<u8>,
    pub(crate) at: Instant,
    /// How often [`Receiver::next_epoch`] had been called when its connection was made.
    pub(crate) epoch: usize,
}

impl Received {
    /// What was sent, which is held against `schema/openapi.json`.
    #[track_caller]
    pub(crate) fn body(&self) -> Value {
        let body = self.parsed();
        super::contract::check_message(&body);
        body
    }

    fn parsed(&self) -> Value {
        serde_json::from_slice(&self.raw).expect("messages are JSON")
    }

    pub(crate) fn sequence(&self) -> i64 {
        self.parsed()["sequence"].as_i64().expect("a place in the log")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What a receiver does with a message.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    Answer(u16),
    /// A status with one header more.
    AnswerWith(u16, &'static str, String),
    /// 200 with this text.
    Say(String),
    /// 200 after a while.
    AfterWhile(Duration),
    /// Nothing at all, until the sender goes.
    Hang,
    /// The connection is closed without an answer.
    Close,
    /// The connection is closed in the middle of a good answer.
    BreakOff,
}

type React = dyn Fn(&Received) -> Reaction + Send + Sync;

/// A running receiver. Its threads end with their connections.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    epoch: Arc<AtomicUsize>,
}

impl Receiver {
    pub(crate) fn start(react: impl Fn(&Received) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/hooks?token=sesame", listener.local_addr().expect("an address"));
        let (received, epoch) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let react: Arc<React> = Arc::new(react);
        let (all, now) = (Arc::clone(&received), Arc::clone(&epoch));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (all, react, epoch) = (Arc::clone(&all), Arc::clone(&react), now.load(Ordering::SeqCst));
                std::thread::spawn(move || while serve(&stream, &all, &*react, epoch).is_some() {});
            }
        });
        Self { url, received, epoch }
    }

    /// A receiver that takes everything.
    pub(crate) fn obliging() -> Self {
        Self::start(|_| Reaction::Answer(200))
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.lock().expect("no receiver panics").clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.received.lock().expect("no receiver panics").len()
    }

    pub(crate) fn next_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until there are so many messages, and answers all.
    #[track_caller]
    pub(crate) fn expect(&self, count: usize) -> Vec<Received> {
        wait_until(&format!("{count} messages"), || self.count() >= count);
        self.all()
    }
}

/// Waits until something is so, and fails after a while.
#[track_caller]
pub(crate) fn wait_until(what: &str, is_so: impl FnMut() -> bool) {
    wait_for(what, Duration::from_secs(60), is_so);
}

/// The same with more or less patience.
#[track_caller]
pub(crate) fn wait_for(what: &str, patience: Duration, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < patience, "there are no {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Serves one request; none where the connection is over.
fn serve(stream: &TcpStream, all: &Mutex<Vec<Received>>, react: &React, epoch: usize) -> Option<()> {
    let message = read(stream, epoch)?;
    let reaction = react(&message);
    all.lock().expect("no receiver panics").push(message);
    let mut out = stream;
    let mut answer = |status: u16, header: &str, body: &str| {
        let text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{header}\r\n{body}", body.len());
        out.write_all(text.as_bytes()).ok()
    };
    match reaction {
        Reaction::Answer(status) => answer(status, "", "thanks"),
        Reaction::AnswerWith(status, name, value) => answer(status, &format!("{name}: {value}\r\n"), ""),
        Reaction::Say(text) => answer(200, "", &text),
        Reaction::AfterWhile(pause) => {
            std::thread::sleep(pause);
            answer(200, "", "thanks")
        }
        Reaction::Hang => {
            let _gone = out.read(&mut [0]);
            None
        }
        Reaction::Close => None,
        Reaction::BreakOff => {
            let _sent = out.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthan");
            let _closed = out.shutdown(std::net::Shutdown::Both);
            None
        }
    }
}

fn read(stream: &TcpStream, epoch: usize) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut headers = BTreeMap::new();
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok())?;
    let mut raw = vec![0; length];
    reader.read_exact(&mut raw).ok()?;
    headers.insert(":request".to_owned(), first.trim_end().to_owned());
    Some(Received { headers, raw, at: Instant::now(), epoch })
}
