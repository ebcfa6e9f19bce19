//! Connections on which nothing goes on, and their end.
//!
//! The server bounds the head of a connection's first request, and the pause after an answer. But with the first byte of a further
//! request that pause is over, and nothing bounds the rest of its head: whoever sends one byte would keep the connection for ever. So
//! each connection is watched here too, and shut once nothing has been answered on it for as long as pause and head may take together.
//!
//! Nor does the server bound how long an answer waits for a client that does not read. The system ends such a connection where nothing
//! of what was sent was taken for as long (`TCP_USER_TIMEOUT`), also where the client says all the while that it has no room. Whoever
//! reads slowly is not cut: each time that the client's system has room again, the time begins anew. On a stream of which nothing waits
//! to be sent, nothing is counted.
//!
//! The server takes little of an answer at a time ([`PIECE_BYTES`]), and so does the system ([`UNSENT_BYTES`]): a client that does not read
//! holds no megabytes beside the answer itself, and a slow one makes room soon enough for the last of it.

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::rt;
use actix_web::rt::net::{TcpStream, UnixStream};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;
use rustix::net::sockopt::{set_socket_send_buffer_size, set_tcp_user_timeout};
use std::any::Any;
use std::cell::Cell;
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{io, net, os};

/// How much of its answers the system holds for a connection, in bytes: it doubles this, for what it needs beside them.
const UNSENT_BYTES: usize = 256 * 1_024;

/// Has the system bound the connections that this listener will take: how much it holds for each, and how long. They take this over
/// from their listener. (A Unix socket leads to a proxy, which bounds its own clients.)
pub(super) fn bound(listener: &net::TcpListener, quiet: Duration) -> io::Result<()> {
    set_socket_send_buffer_size(listener, UNSENT_BYTES)?;
    Ok(set_tcp_user_timeout(listener, u32::try_from(quiet.as_millis()).unwrap_or(u32::MAX))?)
}

/// A connection that is watched. Its watch ends with it.
#[derive(Debug)]
pub(crate) struct Watched {
    known: Rc<Known>,
    watch: rt::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Known {
    /// How many of its requests are being answered.
    answering: Cell<u32>,
    /// When the last answer ended, or the connection was made.
    quiet_since: Cell<Instant>,
    /// A second handle of the same socket: the server does not lend its own.
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp(net::TcpStream),
    Unix(os::unix::net::UnixStream),
}

impl Watched {
    /// Watches a connection that was just made: it is shut when nothing was answered for `quiet`.
    ///
    /// None where the system has no descriptor left for it.
    pub(super) fn begin(connection: &dyn Any, quiet: Duration) -> Option<Self> {
        let socket = match Socket::of(connection) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(%error, "a connection is not watched");
                return None;
            }
        };
        let known = Rc::new(Known { answering: Cell::new(0), quiet_since: Cell::new(Instant::now()), socket });
        let watched = Rc::downgrade(&known);
        let watch = rt::spawn(async move {
            while let Some(due) = watched.upgrade().and_then(|known| known.looked_at(quiet)) {
                rt::time::sleep_until(due.into()).await;
            }
        });
        Some(Self { known, watch })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Or it would stay until it looked again: whoever comes and goes quickly would leave many of them.
        self.watch.abort();
    }
}

impl Known {
    /// When to look again; none where it was shut.
    fn looked_at(&self, quiet: Duration) -> Option<Instant> {
        let now = Instant::now();
        if self.answering.get() > 0 {
            return Some(now + quiet);
        }
        let due = self.quiet_since.get() + quiet;
        if now < due {
            return Some(due);
        }
        // A connection that is gone already needs no shutting.
        drop(self.socket.shut());
        None
    }
}

impl Socket {
    fn of(connection: &dyn Any) -> io::Result<Self> {
        if let Some(stream) = connection.downcast_ref::<UnixStream>() {
            return Ok(Self::Unix(stream.as_fd().try_clone_to_owned()?.into()));
        }
        let plain = connection.downcast_ref::<TcpStream>();
        let secure = || connection.downcast_ref::<TlsStream<TcpStream>>().map(|stream| stream.get_ref().0);
        let stream = plain.or_else(secure).ok_or(io::ErrorKind::Unsupported)?;
        Ok(Self::Tcp(stream.as_fd().try_clone_to_owned()?.into()))
    }

    fn shut(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        }
    }
}

/// A request that is being answered, until the last byte of its answer was taken.
#[derive(Debug)]
pub(crate) struct Answering(Rc<Known>);

impl Answering {
    /// Notes that a request came; none where its connection is not watched.
    pub(super) fn begin(request: &ServiceRequest) -> Option<Self> {
        let known = Rc::clone(&request.conn_data::<Watched>()?.known);
        known.answering.set(known.answering.get() + 1);
        Some(Self(known))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.set(self.0.answering.get().saturating_sub(1));
        self.0.quiet_since.set(Instant::now());
    }
}

/// How much of an answer the server is given at a time, in bytes: it copies whatever it gets, and asks for more once the client has taken
/// some.
const PIECE_BYTES: usize = 32 * 1_024;

pin_project! {
    /// The body of an answer, piece by piece. Until it is gone, its connection is not quiet.
    #[derive(Debug)]
    pub(crate) struct Held<B> {
        #[pin]
        body: B,
        // What the body has given and the server has not: it costs nothing where the body is shared by all who ask for it.
        rest: Bytes,
        answering: Option<Answering>,
    }
}

impl<B> Held<B> {
    pub(super) const fn new(body: B, answering: Option<Answering>) -> Self {
        Self { body, rest: Bytes::new(), answering }
    }
}

impl<B: MessageBody> MessageBody for Held<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        if this.rest.is_empty() {
            match this.body.poll_next(context) {
                Poll::Ready(Some(Ok(given))) if given.len() > PIECE_BYTES => *this.rest = given,
                other @ (Poll::Ready(_) | Poll::Pending) => return other,
            }
        }
        let piece = this.rest.split_to(PIECE_BYTES.min(this.rest.len()));
        Poll::Ready(Some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::sockopt::{set_socket_recv_buffer_size, tcp_user_timeout};
    use std::io::{ErrorKind, Write as _};

    #[test]
    fn a_body_is_given_in_pieces_and_is_the_same() {
        let whole: Vec<u8> = (0..=u8::MAX).cycle().take(3 * PIECE_BYTES + 5).collect();
        for length in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, whole.len()] {
            let mut body = std::pin::pin!(Held::new(Bytes::copy_from_slice(&whole[..length]), None));
            let mut context = Context::from_waker(std::task::Waker::noop());
            let mut given = Vec::new();
            while let Poll::Ready(Some(Ok(piece))) = body.as_mut().poll_next(&mut context) {
                assert!((1..=PIECE_BYTES).contains(&piece.len()));
                given.extend_from_slice(&piece);
            }
            assert_eq!(given, whole[..length]);
        }
    }

    #[test]
    fn a_connection_takes_its_bounds_over_from_its_listener() {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        bound(&listener, Duration::from_secs(85)).unwrap();
        let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        set_socket_recv_buffer_size(&client, 64 * 1_024).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        assert_eq!(tcp_user_timeout(&stream).unwrap(), 85_000);
        stream.set_nonblocking(true).unwrap();
        let mut held = 0;
        let full = loop {
            match stream.write(&[0; 32 * 1_024]) {
                Ok(taken) => held += taken,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        // The client's system takes some as well.
        assert!((32 * 1_024..4 * UNSENT_BYTES).contains(&held), "{held} bytes");
    }
}
