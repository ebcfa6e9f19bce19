//! A service that lies: a real HTTP server that asks the real one and alters its answers.

use parking_lot::Mutex;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// An answer: its status and its body.
pub(super) type Answer = (u16, Vec<u8>);

/// Takes the answer to a path and gives another.
type Lie = dyn Fn(&str, Answer) -> Answer + Send + Sync;

/// A server between the follower and the service, which may be exchanged while it runs.
pub(super) struct Liar {
    pub(super) address: String,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    service: Mutex<Option<String>>,
    lie: Mutex<Arc<Lie>>,
    ending: AtomicBool,
}

impl Liar {
    /// One that tells the truth.
    pub(super) fn before(service: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let truth: Arc<Lie> = Arc::new(|_, answer| answer);
        let service = Mutex::new(Some(service.to_owned()));
        let state = Arc::new(State { service, lie: Mutex::new(truth), ending: AtomicBool::new(false) });
        let serving = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if serving.ending.load(Ordering::SeqCst) {
                    return;
                }
                // Whoever hangs up early has hung up.
                let _ = serving.answer(connection.unwrap());
            }
        });
        Self { address, state, thread: Some(thread) }
    }

    pub(super) fn lie(&self, lie: impl Fn(&str, Answer) -> Answer + Send + Sync + 'static) {
        *self.state.lie.lock() = Arc::new(lie);
    }

    /// Nobody answers from here on, or another service does.
    pub(super) fn stand_before(&self, service: Option<&str>) {
        *self.state.service.lock() = service.map(str::to_owned);
    }
}

impl State {
    fn answer(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(connection.try_clone()?).lines();
        let Some(first) = lines.next() else { return Ok(()) };
        let first = first?;
        let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
        let mut token = String::new();
        for line in lines {
            let line = line?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("authorization")
            {
                value.clone_into(&mut token);
            }
        }
        let Some(service) = self.service.lock().clone() else { return Ok(()) };
        let Some(answer) = ask(&service, &path, &token) else { return Ok(()) };
        let lie = Arc::clone(&self.lie.lock());
        let (status, body) = lie(&path, answer);
        let mut connection = connection;
        let later = if status == 429 { "Retry-After: 7200\r\n" } else { "" };
        write!(
            connection,
            "HTTP/1.1 {status} OK\r\n{later}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )?;
        connection.write_all(&body)
    }
}

/// What the service answers; none where it is not there.
fn ask(service: &str, path: &str, token: &str) -> Option<Answer> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut reply = agent.get(format!("http://{service}{path}")).header("Authorization", token).call().ok()?;
    let body = reply.body_mut().with_config().limit(64 << 20).read_to_vec().ok()?;
    Some((reply.status().as_u16(), body))
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.state.ending.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the liar died");
        }
    }
}
