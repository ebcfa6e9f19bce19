//! Connections of clients that are slow, or mean two things at once: raw bytes on a socket.

use crate::support::Shop;
use counterfoil::domain::programme::TemplateRules;
use counterfoil::http::HttpConfig;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// What would be answered if somebody smuggled it in.
const SMUGGLED: &str = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

pub(super) fn connect(shop: &Shop) -> TcpStream {
    let stream = TcpStream::connect(shop.server.base.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Everything that comes until the service closes the connection; fails where it does not.
#[track_caller]
fn until_closed(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // A reset is an end as well: what was read until then stays.
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&answer)),
    }
    String::from_utf8(answer).unwrap()
}

/// One answer, whose connection stays open.
#[track_caller]
pub(super) fn answer(stream: &mut TcpStream) -> String {
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer).unwrap();
    let length =
        head.to_lowercase().split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

/// What a test is about ends soon.
pub(super) const SOON: Duration = Duration::from_millis(500);

/// A shop whose bounds are long enough for a slow machine, but for those that are set here.
pub(super) fn impatient(set: impl FnOnce(&mut HttpConfig)) -> Shop {
    let enough = Duration::from_secs(5);
    let mut config = HttpConfig {
        rate_limits: None,
        head_within: enough,
        body_within: enough,
        idle_within: enough,
        // What is tested is the sum of the two.
        stalled_within: Duration::ZERO,
        ..HttpConfig::default()
    };
    set(&mut config);
    Shop::with(TemplateRules::default(), config)
}

fn head(shop: &Shop, framing: &str) -> String {
    let (key, secret) = (&shop.public_id, &shop.secret);
    format!(
        "POST /api/points/award HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nX-API-Secret: {secret}\r\n{framing}\r\n\r\n"
    )
}

/// Sends this, and answers what comes until the connection is closed.
#[track_caller]
fn sent(shop: &Shop, bytes: &str) -> String {
    let mut stream = connect(shop);
    // The service may close before it has read everything.
    let _sent = stream.write_all(bytes.as_bytes());
    until_closed(stream)
}

#[test]
fn a_request_that_ends_in_two_places_is_refused_and_nothing_after_it_is_answered() {
    let shop = Shop::open();
    for framing in
        ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"]
    {
        let answer = sent(&shop, &(head(&shop, framing) + "0\r\n\r\n" + SMUGGLED));
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing}: {answer}");
    }
    for framing in [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nContent-Length: 2",
        "Content-Length: 2, 2",
        "Content-Length: +2",
        "Content-Length: -2",
        "Content-Length: 0x2",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Content-Length : 2",
        "Content-Length: 2\r\nX-Folded: a\r\n b",
        "Content-Length: 2\r\n Transfer-Encoding: chunked",
        "Content-Length: 2\r\nX-Split: a\rTransfer-Encoding: chunked",
        "Content-Length: 2\r\nX-Null: a\0b",
        "Content-Length: 2\r\nHost: y",
    ] {
        let answer = sent(&shop, &(head(&shop, framing) + "{}" + SMUGGLED));
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing}: {answer}");
    }
}

#[test]
fn a_request_line_that_is_none_is_refused() {
    let shop = Shop::open();
    for line in [
        "GET /health",
        "GET  /health HTTP/1.1",
        "GET /health HTTP/9.9",
        "\u{1}ET /health HTTP/1.1",
        "GET /he alth HTTP/1.1",
    ] {
        let answer = sent(&shop, &format!("{line}\r\nHost: x\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 400"), "{line}: {answer}");
    }
    let nobody = sent(&shop, "GET /health HTTP/1.1\r\nAccept: */*\r\n\r\n");
    assert!(nobody.starts_with("HTTP/1.1 400"), "a host must be named: {nobody}");
}

#[test]
fn a_line_that_ends_in_a_bare_line_feed_hides_no_request() {
    let shop = Shop::open();
    // A sender may end lines so; what counts is that both ends agree where a request ends. Here a header does end at it, so that
    // both lengths are seen.
    let answer = sent(&shop, &(head(&shop, "Content-Length: 5\nTransfer-Encoding: chunked") + "0\r\n\r\n" + SMUGGLED));
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    // Within a chunked body it ends nothing: what follows is never taken for a request.
    for body in ["2\n{}\r\n0\r\n\r\n", "2\r\n{}\n0\r\n\r\n", "2\r\n{}\r\n0\n\r\n", "2\r\n{}\r\n0\r\n\n"] {
        let answer = sent(&shop, &(head(&shop, "Transfer-Encoding: chunked\r\nConnection: close") + body + SMUGGLED));
        assert_eq!(answer.matches("\"components\"").count(), 0, "{body:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 2").count(), 0, "{body:?}: {answer}");
    }
}

#[test]
fn a_chunks_extension_is_no_part_of_the_body_and_a_bad_chunk_no_body() {
    let shop = Shop::open();
    let card = shop.card("ann@example.com");
    let body = format!("{{\"card_id\":\"{card}\",\"points\":7,\"reason\":\"x\"}}");
    let close = "Transfer-Encoding: chunked\r\nConnection: close";
    let good = format!("{:x};name=value;other=\"quoted\"\r\n{body}\r\n0;last\r\n\r\n", body.len());
    let answer = sent(&shop, &(head(&shop, close) + &good));
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(shop.balance(&card), 7);
    for bad in [
        format!("{:x}x\r\n{body}\r\n0\r\n\r\n", body.len()),
        format!("-{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        format!("0x{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        format!("{:x};a\u{1}\r\n{body}\r\n0\r\n\r\n", body.len()),
        format!("{:x}\r\n{body}x\r\n0\r\n\r\n", body.len()),
        format!("fffffffffffffffff\r\n{body}\r\n0\r\n\r\n"),
    ] {
        let answer = sent(&shop, &(head(&shop, close) + &bad + SMUGGLED));
        assert!(answer.starts_with("HTTP/1.1 400"), "{bad}: {answer}");
        assert!(!answer.contains("\"components\""), "{bad}: {answer}");
    }
    assert_eq!(shop.balance(&card), 7);
}

#[test]
fn a_head_is_bounded_in_bytes_and_in_lines() {
    let shop = Shop::open();
    let many: String = (0..200).map(|line| format!("X-{line}: x\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "x".repeat(200_000));
    let endless = "X-Endless: ".to_owned() + &"x".repeat(300_000);
    for (what, head) in [("lines", &many), ("one line", &long), ("no end", &endless)] {
        let answer = sent(&shop, &format!("GET /health HTTP/1.1\r\nHost: x\r\n{head}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 4"), "{what}: {}", &answer[..answer.len().min(200)]);
    }
    let path = "x".repeat(70_000);
    let answer = sent(&shop, &format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 4"), "{}", &answer[..answer.len().min(200)]);
}

#[test]
fn a_body_that_comes_byte_by_byte_is_cut() {
    let shop = impatient(|config| config.body_within = SOON);
    let mut stream = connect(&shop);
    stream.write_all(head(&shop, "Content-Length: 1000").as_bytes()).unwrap();
    let drops = drip(&stream, " ");
    let answer = until_closed(stream);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
    drops.join().unwrap();
}

/// Sends the text again and again, in small drops, until the other end is gone.
fn drip(stream: &TcpStream, text: &'static str) -> std::thread::JoinHandle<()> {
    let mut dripping = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        while dripping.write_all(text.as_bytes()).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    })
}

#[test]
fn a_head_that_does_not_end_is_cut() {
    let shop = impatient(|config| config.head_within = SOON);
    for dripping in [false, true] {
        let mut stream = connect(&shop);
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
        let drops = dripping.then(|| drip(&stream, "X-Drop: x\r\n"));
        let answer = until_closed(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        if let Some(drops) = drops {
            drops.join().unwrap();
        }
    }
}

/// The server itself bounds the first head of a connection only: with one byte of a second request it would wait for ever.
#[test]
fn the_head_of_a_later_request_is_cut_as_well() {
    // Its bound is both together.
    let shop = impatient(|config| (config.head_within, config.idle_within) = (SOON * 3, SOON * 3));
    for dripping in [false, true] {
        let mut stream = connect(&shop);
        stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
        stream.write_all(b"G").unwrap();
        let drops = dripping.then(|| drip(&stream, "G"));
        let answer = until_closed(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
        if let Some(drops) = drops {
            drops.join().unwrap();
        }
    }
}

#[test]
fn a_connection_on_which_nothing_comes_is_closed() {
    let shop = impatient(|config| config.idle_within = SOON);
    let silent = connect(&shop);
    let mut answered = connect(&shop);
    answered.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(answer(&mut answered).starts_with("HTTP/1.1 200"));
    assert_eq!(until_closed(answered), "");
    until_closed(silent);
}

#[test]
fn a_body_that_nobody_reads_does_not_keep_its_connection() {
    let shop = impatient(|config| (config.head_within, config.idle_within) = (SOON * 3, SOON * 3));
    for framing in ["Content-Length: 1000000", "Transfer-Encoding: chunked"] {
        let mut stream = connect(&shop);
        let refused = format!("POST /api/points/award HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n");
        stream.write_all(refused.as_bytes()).unwrap();
        let drops = drip(&stream, "1\r\nx\r\n");
        let answer = until_closed(stream);
        assert!(answer.starts_with("HTTP/1.1 401"), "{framing}: {answer}");
        drops.join().unwrap();
    }
}

#[test]
fn a_connection_that_is_used_is_kept() {
    let shop = impatient(|config| (config.head_within, config.idle_within) = (SOON * 4, SOON * 4));
    let mut stream = connect(&shop);
    // For longer than a quiet one would be.
    for _ in 0..10 {
        stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
        std::thread::sleep(SOON);
    }
}

#[test]
fn connections_beyond_those_that_are_served_at_once_wait_for_their_turn() {
    let soon = Duration::from_secs(1);
    let config = HttpConfig { rate_limits: None, max_connections: 2, idle_within: soon, ..HttpConfig::default() };
    let shop = Shop::with(TemplateRules::default(), config);
    let streams: Vec<_> = (0..6)
        .map(|_| {
            let mut stream = connect(&shop);
            stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            stream
        })
        .collect();
    for stream in streams {
        assert!(until_closed(stream).starts_with("HTTP/1.1 200"), "served once others were closed");
    }
}
