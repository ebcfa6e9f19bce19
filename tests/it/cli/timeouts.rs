//! How long a service waits for its clients, as settings say it.

use super::program::{Service, run};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// A service with these words, on a new ledger, and the credentials of its first key.
fn serving(words: &str, dir: &Path) -> (Service, Value) {
    let key = run("init --json", dir).json();
    (Service::start(&format!("serve {words}"), dir), key)
}

/// What comes after these bytes until the service closes the connection, whose time is shorter than the test waits.
#[track_caller]
fn until_closed(service: &Service, bytes: &str) -> String {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it was not waited for longer");
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_head_a_body_and_a_pause_may_take_as_long_as_the_settings_say() {
    let dir = tempfile::tempdir().unwrap();
    let settings = dir.path().join("settings.toml");
    std::fs::write(&settings, "idle-timeout = \"1s\"\n").unwrap();
    let words = format!("--head-timeout 1s --body-timeout 1s --config {}", settings.display());
    let (service, key) = serving(&words, &dir.path().join("books"));
    let head = until_closed(&service, "GET /ready HTTP/1.1\r\nHost: x\r\n");
    assert!(head.starts_with("HTTP/1.1 408"), "{head}");
    let (api_key, secret) = (key["api_key"].as_str().unwrap(), key["api_secret"].as_str().unwrap());
    let credentials = format!("X-API-Key: {api_key}\r\nX-API-Secret: {secret}");
    let award = format!("POST /api/points/award HTTP/1.1\r\nHost: x\r\n{credentials}\r\nContent-Length: 9\r\n\r\n{{");
    let body = until_closed(&service, &award);
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("REQUEST_TIMEOUT"), "{body}");
    let pause = until_closed(&service, "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(pause.starts_with("HTTP/1.1 200"), "{pause}");
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_time_that_is_none_or_too_long_is_refused_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["head-timeout", "body-timeout", "idle-timeout", "stall-timeout"] {
        for wrong in ["0", "2h", "soon"] {
            let complaint = run(&format!("config check --{name} {wrong}"), dir.path()).refused();
            assert!(complaint.contains(name) && complaint.contains("from 1s to 1h"), "{complaint}");
        }
    }
}
