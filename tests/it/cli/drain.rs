//! SIGTERM while requests are in progress.

use super::program::{Service, eventually, run};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A till with its own connection.
struct Till {
    connection: TcpStream,
    credentials: String,
}

impl Till {
    /// Connects with the credentials that a command printed.
    fn new(service: &Service, printed: &str) -> Self {
        let header = |name: &str| {
            let line = printed.lines().map(str::trim).find(|line| line.starts_with(name)).expect("both are printed");
            format!("{name} {}\r\n", line.split_whitespace().nth(1).expect("the value follows"))
        };
        let connection = TcpStream::connect(service.address()).expect("the service listens");
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { connection, credentials: header("X-API-Key:") + &header("X-API-Secret:") }
    }

    fn award(&self, order: &str) -> String {
        let body = format!(r#"{{"card_id":"card_2","points":1,"reason":"drain","order_id":"{order}"}}"#);
        let length = body.len();
        let credentials = &self.credentials;
        format!(
            "POST /api/points/award HTTP/1.1\r\nHost: till\r\n{credentials}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    /// Sends a request and answers the status, or nothing where the connection was closed instead.
    fn send(&mut self, request: &str) -> Option<u16> {
        self.connection.write_all(request.as_bytes()).ok()?;
        self.status()
    }

    fn status(&mut self) -> Option<u16> {
        let (mut answer, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            let read = self.connection.read(&mut chunk).ok()?;
            if read == 0 {
                return None;
            }
            answer.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&answer);
            // The body of an award is one JSON object, which ends with the answer.
            if text.contains("\r\n\r\n") && text.ends_with('}') {
                return text.split(' ').nth(1)?.parse().ok();
            }
        }
    }
}

#[test]
fn everything_acknowledged_before_and_during_a_stop_is_in_the_log() {
    const TILLS: usize = 8;
    let dir = tempfile::tempdir().unwrap();
    // The demo's card, without the demo's limits.
    Service::start("demo", dir.path()).terminate();
    let service = Service::start("serve --rate-limit off", dir.path());
    let credentials = run("keys create", dir.path()).ok();
    let done = AtomicUsize::new(0);
    let acknowledged = std::thread::scope(|scope| {
        let tills: Vec<_> = (0..TILLS)
            .map(|till| {
                let mut open = Till::new(&service, &credentials);
                let done = &done;
                scope.spawn(move || {
                    let mut orders = Vec::new();
                    for number in 0.. {
                        let order = format!("drain-{till}-{number}");
                        match open.send(&open.award(&order)) {
                            Some(201) => orders.push(order),
                            Some(_) | None => break,
                        }
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    orders
                })
            })
            .collect();
        eventually("every till is busy", || done.load(Ordering::Relaxed) > TILLS * 20);
        let (code, log) = service.terminate();
        assert_eq!(code, 0, "{log}");
        tills.into_iter().flat_map(|till| till.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(acknowledged.len() > TILLS * 20);
    let recorded = orders(dir.path());
    let lost: Vec<_> = acknowledged.iter().filter(|order| !recorded.contains(*order)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    run("rebuild --check", dir.path()).ok();
}

#[test]
fn a_request_that_had_begun_when_the_stop_came_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start("demo", dir.path());
    let mut till = Till::new(&service, &service.announcement);
    let request = till.award("begun-before-the-stop");
    let (begun, rest) = request.split_at(request.len() - 10);
    till.connection.write_all(begun.as_bytes()).unwrap();
    // An answer to another request shows that the service has read what was sent before it.
    assert_eq!(
        Till::new(&service, &service.announcement).send("GET /health HTTP/1.1\r\nHost: till\r\n\r\n"),
        Some(200)
    );
    service.signal("TERM");
    let address = service.address().to_owned();
    eventually("it takes no new connections", || TcpStream::connect(&address).is_err());
    till.connection.write_all(rest.as_bytes()).unwrap();
    assert_eq!(till.status(), Some(201));
    assert_eq!(service.wait_for_end(), 0);
    assert!(orders(dir.path()).contains("begun-before-the-stop"));
}

fn orders(dir: &Path) -> BTreeSet<String> {
    let events = super::program::events(dir);
    events.iter().filter_map(|(_, _, payload)| payload["order"].as_str().map(str::to_owned)).collect()
}
