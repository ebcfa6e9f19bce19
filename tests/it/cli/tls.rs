//! TLS: what is spoken, as whom, and that a new certificate is taken while the service runs.

use super::program::{Service, command, eventually, run};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Two pairs of a certificate for `localhost` and its key, good for a hundred years and known to nobody.
fn pair(name: &str) -> (PathBuf, PathBuf) {
    let of =
        |extension| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cli/tls").join(format!("{name}.{extension}"));
    (of("pem"), of("key"))
}

fn serving(dir: &Path, name: &str) -> (Service, PathBuf) {
    let (certificate, key) = (dir.join("tls.pem"), dir.join("tls.key"));
    put(dir, name);
    let words = format!("serve --tls-cert {} --tls-key {}", certificate.display(), key.display());
    (Service::start(&words, dir), certificate)
}

fn put(dir: &Path, name: &str) {
    let (certificate, key) = pair(name);
    std::fs::copy(certificate, dir.join("tls.pem")).unwrap();
    std::fs::copy(key, dir.join("tls.key")).unwrap();
}

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Connects as one who trusts `name` alone; answers what `GET /health` came to, and the protocol that was agreed on.
fn ask(
    address: &str,
    name: &str,
    versions: &[&'static SupportedProtocolVersion],
    offered: &[&str],
) -> Result<(String, Option<String>), String> {
    say(address, name, versions, offered, HEALTH)
}

/// The same with other words.
fn say(
    address: &str,
    name: &str,
    versions: &[&'static SupportedProtocolVersion],
    offered: &[&str],
    words: &[u8],
) -> Result<(String, Option<String>), String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pair(name).0).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config =
        builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut stream = StreamOwned::new(client, socket);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).map_err(|error| error.to_string())?;
    }
    let agreed = stream.conn.alpn_protocol().map(|agreed| String::from_utf8(agreed.to_vec()).unwrap());
    stream.write_all(words).unwrap();
    let mut answer = Vec::new();
    let _closed = stream.read_to_end(&mut answer);
    Ok((String::from_utf8(answer).unwrap(), agreed))
}

#[test]
fn both_versions_of_tls_are_spoken_and_plain_text_is_not() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let (service, _) = serving(dir.path(), "one");
    let address = service.address().to_owned();
    for version in [&version::TLS12, &version::TLS13] {
        let (answer, _) = ask(&address, "one", &[version], &["http/1.1"]).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    // A hello of TLS 1.1, with signature algorithms that would do: the alert names the version.
    let mut old = TcpStream::connect(&address).unwrap();
    old.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let random = [7; 32];
    let extensions = [0, 8, 0, 13, 0, 4, 0, 2, 4, 3];
    let body = [&[3, 2][..], &random, &[0, 0, 2, 0xc0, 0x2b, 1, 0], &extensions].concat();
    let length = u8::try_from(body.len()).unwrap();
    let hello = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat();
    old.write_all(&hello).unwrap();
    let mut answer = Vec::new();
    let _closed = old.read_to_end(&mut answer);
    const PROTOCOL_VERSION: u8 = 70;
    assert_eq!((answer.first(), answer.last()), (Some(&21), Some(&PROTOCOL_VERSION)), "an alert: {answer:?}");
    let mut plain = TcpStream::connect(&address).unwrap();
    plain.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _closed = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let (code, log) = service.terminate();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("is not watched"), "its end is seen to: {log}");
}

#[test]
fn http_1_1_is_agreed_on_and_http_2_is_not_spoken() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let (service, _) = serving(dir.path(), "one");
    let address = service.address();
    for version in [&version::TLS12, &version::TLS13] {
        for (offered, expected) in
            [(&["h2", "http/1.1"][..], Some("http/1.1")), (&["http/1.1"], Some("http/1.1")), (&[], None)]
        {
            let (answer, agreed) = ask(address, "one", &[version], offered).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{offered:?}: {answer}");
            assert_eq!(agreed.as_deref(), expected, "{offered:?}");
        }
        let refused = ask(address, "one", &[version], &["h2"]).unwrap_err();
        assert!(refused.contains("NoApplicationProtocol"), "the alert says why: {refused}");
        // Who speaks it without asking is refused in words that it does not know, and not heard any further.
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0, 0, 0, 4, 0, 0, 0, 0, 0][..], HEALTH].concat();
        let (answer, _) = say(address, "one", &[version], &[], &preface).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400") && answer.matches("HTTP/1.1 ").count() == 1, "{answer}");
    }
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_hangup_reads_the_certificate_anew_and_a_broken_one_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let (service, certificate) = serving(dir.path(), "one");
    let known_as = |name: &str| {
        ask(service.address(), name, &[&version::TLS13], &["http/1.1"]).is_ok_and(|(text, _)| !text.is_empty())
    };
    assert!(known_as("one") && !known_as("two"));
    put(dir.path(), "two");
    service.signal("HUP");
    eventually("the new certificate is shown", || known_as("two"));
    std::fs::write(certificate, "nonsense").unwrap();
    service.signal("HUP");
    eventually("it says so", || service.log().contains("stays as it was"));
    assert!(known_as("two"));
    assert_eq!(service.terminate().0, 0);
}

#[test]
fn a_certificate_and_a_key_that_do_not_fit_are_refused_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    run("init", dir.path()).ok();
    let ((one, _), (_, two)) = (pair("one"), pair("two"));
    let refused = |words: &str, part: &str| {
        for subcommand in ["serve --listen 127.0.0.1:0", "config check"] {
            let complaint = run(&format!("{subcommand} {words}"), dir.path()).refused();
            assert!(complaint.contains(part), "{complaint}");
        }
    };
    refused(&format!("--tls-cert {} --tls-key {}", one.display(), two.display()), "of no use together");
    refused(&format!("--tls-cert {}", one.display()), "--tls-key");
    refused(&format!("--tls-cert /nowhere.pem --tls-key {}", two.display()), "/nowhere.pem");
    refused(&format!("--tls-cert {} --tls-key {}", two.display(), two.display()), "no certificate");
    let (one, key) = pair("one");
    let mut unix = command("config check --listen unix:/tmp/x.sock --tls-cert");
    let output = unix.arg(one).arg("--tls-key").arg(key).arg("--data").arg(dir.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no TLS"));
}
