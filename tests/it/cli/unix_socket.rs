//! A proxy that comes by the Unix socket, as the examples of docs/operating have it: believed where the settings say so.

use super::program::{command, eventually, run};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// A service on a socket in its directory.
struct OnSocket {
    child: Child,
    path: PathBuf,
}

impl OnSocket {
    fn start(dir: &Path, words: &str) -> Self {
        let path = dir.join("http.sock");
        let mut serve = command(&format!("serve --listen unix:{} {words}", path.display()));
        let child = serve.arg("--data").arg(dir).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let service = Self { child, path };
        eventually("it answers", || service.ask("/health", "").is_some());
        service
    }

    /// The status and the rest of the answer; none where nobody listens.
    fn ask(&self, path: &str, headers: &str) -> Option<(u16, String)> {
        let mut stream = UnixStream::connect(&self.path).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: inside\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer))
    }
}

impl Drop for OnSocket {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn a_proxy_on_the_socket_is_believed_where_the_settings_trust_it_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let key = run("keys create --json --allowed-ips 203.0.113.0/24", dir.path()).json();
    let (key, secret) = (key["api_key"].as_str().unwrap(), key["api_secret"].as_str().unwrap());
    let mut service = OnSocket::start(dir.path(), "--trusted-proxy unix");
    let from = |service: &OnSocket, forwarded: &str| {
        let headers = format!("X-API-Key: {key}\r\nX-API-Secret: {secret}\r\n{forwarded}");
        let (status, answer) = service.ask("/api/loyalty-cards", &headers).expect("it answers");
        assert!(status == 200 || answer.contains("IP_NOT_WHITELISTED"), "{answer}");
        status
    };
    let inside = "X-Forwarded-For: 203.0.113.9\r\n";
    assert_eq!(from(&service, inside), 200);
    assert_eq!(from(&service, "X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n"), 200);
    for other in ["X-Forwarded-For: 203.0.113.9, 198.51.100.1\r\n", "Forwarded: for=203.0.113.9\r\n", ""] {
        assert_eq!(from(&service, other), 403, "{other}");
    }
    for trusted in ["", "--trusted-proxy 203.0.113.0/24"] {
        drop(service);
        service = OnSocket::start(dir.path(), trusted);
        assert_eq!(from(&service, inside), 403, "{trusted}");
    }
}
