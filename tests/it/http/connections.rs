//! Connections of clients that are slow, or mean two things at once: raw bytes on a socket.

use crate::support::Shop;
use counterfoil::domain::programme::TemplateRules;
use counterfoil::http::HttpConfig;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

fn connect(shop: &Shop) -> TcpStream {
    let stream = TcpStream::connect(shop.server.base.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Everything that comes until the service closes the connection.
fn until_closed(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end as well: what was read until then stays.
    let _ended = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn impatient() -> Shop {
    let (head_within, body_within) = (Duration::from_millis(400), Duration::from_millis(400));
    let config = HttpConfig { rate_limits: None, head_within, body_within, ..HttpConfig::default() };
    Shop::with(TemplateRules::default(), config)
}

fn head(shop: &Shop, framing: &str) -> String {
    let (key, secret) = (&shop.public_id, &shop.secret);
    format!(
        "POST /api/points/award HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nX-API-Secret: {secret}\r\n{framing}\r\n\r\n"
    )
}

#[test]
fn a_request_that_ends_in_two_places_is_refused_and_nothing_after_it_is_answered() {
    let shop = Shop::open();
    for framing in
        ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"]
    {
        let mut stream = connect(&shop);
        let smuggled = "0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all((head(&shop, framing) + smuggled).as_bytes()).unwrap();
        let answer = until_closed(stream);
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing}: {answer}");
    }
    for framing in [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: +2",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    ] {
        let mut stream = connect(&shop);
        stream.write_all((head(&shop, framing) + "{}").as_bytes()).unwrap();
        let answer = until_closed(stream);
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
    }
}

#[test]
fn a_body_that_comes_byte_by_byte_is_cut() {
    let shop = impatient();
    let mut stream = connect(&shop);
    stream.write_all(head(&shop, "Content-Length: 1000").as_bytes()).unwrap();
    let mut dripping = stream.try_clone().unwrap();
    let drops = std::thread::spawn(move || {
        while dripping.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let answer = until_closed(stream);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
    drops.join().unwrap();
}

#[test]
fn a_head_that_does_not_end_is_cut() {
    let shop = impatient();
    let mut stream = connect(&shop);
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
    let answer = until_closed(stream);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}
