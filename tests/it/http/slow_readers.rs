//! Clients that ask for much and read nothing.

use super::connections::{SOON, answer, connect, impatient};
use counterfoil::http::HttpConfig;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// More than the system holds for a client that does not read.
const CATALOGUES: usize = 6_000;

/// Asks for a lot, on a thread of its own: the service takes no more requests than it can answer.
fn ask_for_much(stream: &TcpStream) -> std::thread::JoinHandle<bool> {
    let mut asking = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        let ask = b"GET /en/error-codes HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n";
        (0..CATALOGUES).all(|_| asking.write_all(ask).is_ok())
    })
}

#[test]
fn a_client_that_does_not_read_does_not_keep_its_connection() {
    let bounded = |config: &mut HttpConfig| {
        (config.head_within, config.idle_within) = (SOON * 2, SOON * 2);
        config.max_connections = 1;
        config.workers = 1;
    };
    let shop = impatient(bounded);
    let stream = connect(&shop);
    set_socket_recv_buffer_size(&stream, 4096).unwrap();
    let asking = ask_for_much(&stream);
    // Only one is served at a time: this one is, once the other was ended.
    let mut next = connect(&shop);
    std::thread::sleep(SOON);
    next.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(answer(&mut next).starts_with("HTTP/1.1 200"));
    asking.join().unwrap();
    let (mut told, mut stream) = (Vec::new(), stream);
    let _ended = stream.read_to_end(&mut told);
    assert!(told.windows(12).filter(|line| line == b"HTTP/1.1 200").count() < CATALOGUES, "it was not cut");
}
