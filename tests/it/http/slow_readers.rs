//! Clients that ask for much and read nothing, or slowly.

use super::connections::{SOON, answer, connect, impatient};
use counterfoil::http::HttpConfig;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// More than the system holds for a client that does not read.
const CATALOGUES: usize = 6_000;

/// Asks for a lot, on a thread of its own: the service takes no more requests than it can answer.
fn ask_for_much(stream: &TcpStream, times: usize) -> std::thread::JoinHandle<bool> {
    let mut asking = stream.try_clone().unwrap();
    std::thread::spawn(move || (0..times).all(|_| asking.write_all(&ask("/en/error-codes")).is_ok()))
}

fn ask(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n").into_bytes()
}

fn answered(told: &[u8]) -> usize {
    told.windows(12).filter(|line| line == b"HTTP/1.1 200").count()
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
    let asking = ask_for_much(&stream, CATALOGUES);
    // Only one is served at a time: this one is, once the other was ended.
    let mut next = connect(&shop);
    std::thread::sleep(SOON);
    next.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(answer(&mut next).starts_with("HTTP/1.1 200"));
    asking.join().unwrap();
    let (mut told, mut stream) = (Vec::new(), stream);
    let _ended = stream.read_to_end(&mut told);
    assert!(answered(&told) < CATALOGUES, "it was not cut");
}

/// Reads so many bytes; at most so many a second, where that is given.
fn read(stream: &mut TcpStream, length: usize, a_second: Option<usize>) -> Vec<u8> {
    const STEP: Duration = Duration::from_millis(50);
    let mut told = vec![0; length];
    let start = Instant::now();
    for (number, part) in (1..).zip(told.chunks_mut(a_second.map_or(length, |most| most / 20))) {
        stream
            .read_exact(part)
            .unwrap_or_else(|error| panic!("{error}, in part {number}, after {:?}", start.elapsed()));
        if a_second.is_some() {
            std::thread::sleep((STEP * number).saturating_sub(start.elapsed()));
        }
    }
    told
}

#[test]
fn a_client_that_reads_slowly_is_told_everything() {
    // Bounds that a busy machine keeps: the server is rid of its last bytes some seconds before it closes the connection for being idle.
    let shop = impatient(|config| config.idle_within = SOON * 20);
    let mut stream = connect(&shop);
    set_socket_recv_buffer_size(&stream, 64 * 1_024).unwrap();
    stream.write_all(&ask("/openapi.json")).unwrap();
    let length = answer(&mut stream).len();
    // Fewer than the server takes in at a time: of those beyond it may answer none and close the connection as idle.
    let times = 7_000_000 / length;
    assert!((2..16).contains(&times), "{times} answers of {length} bytes");
    (0..times).for_each(|_| stream.write_all(&ask("/openapi.json")).unwrap());
    // For longer than one may read nothing, 15 seconds. And at the end for longer than a connection may be idle, 10 seconds: what the
    // system has then is all that the service said.
    let end = 600_000;
    let parts = [(4_250_000, Some(250_000)), (times * length - 4_250_000 - end, None), (end, Some(50_000))];
    let told: Vec<u8> = parts.into_iter().flat_map(|(length, a_second)| read(&mut stream, length, a_second)).collect();
    assert_eq!(answered(&told), times);
}
