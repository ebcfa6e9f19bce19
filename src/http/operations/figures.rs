//! Requests by route, method and status. A worker finds the figures of a route under the shape of the path, in a map of its own: the
//! framework's look-up of a pattern walks the routes, and no lock is shared on the way.

use crate::metrics::{Counter, Histogram, TIMES};
use actix_web::HttpRequest;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// The statuses that answers have; any other is counted as 0.
pub(super) const STATUSES: [u16; 20] =
    [200, 201, 202, 304, 400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 416, 422, 429, 500, 503, 0];
/// The methods that routes have.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// How many shapes of paths a worker remembers. Whoever asks for nonsense makes no more.
const SHAPES_MAX: usize = 1_024;
/// A longer part of a path is no word of a route.
const WORD_MAX: usize = 24;

/// One method of one route.
#[derive(Debug)]
pub(super) struct RouteFigures {
    pub(super) times: Histogram<13>,
    pub(super) statuses: [Counter; STATUSES.len()],
}

impl RouteFigures {
    fn answered(&self, status: u16, time: Duration) {
        let place = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        self.statuses[place].count();
        self.times.observe_time(time);
    }
}

/// The requests of all workers.
#[derive(Debug, Default)]
pub(crate) struct HttpFigures {
    /// By route and method.
    pub(super) routes: Mutex<BTreeMap<(String, &'static str), Arc<RouteFigures>>>,
    /// Refusals and failures by their code.
    pub(super) errors: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) connections: Arc<Connections>,
}

/// How many connections are open.
#[derive(Debug, Default)]
pub(super) struct Connections {
    opened: Counter,
    closed: Counter,
}

impl Connections {
    pub(super) fn open(&self) -> u64 {
        let closed = self.closed.get();
        self.opened.get().saturating_sub(closed)
    }
}

/// Lives as long as its connection.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<Connections>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.closed.count();
    }
}

impl HttpFigures {
    /// A connection begins.
    pub(crate) fn connected(&self) -> OpenConnection {
        self.connections.opened.count();
        OpenConnection(Arc::clone(&self.connections))
    }

    /// A request was refused or failed.
    pub(crate) fn failed(&self, code: &'static str) {
        *self.errors.lock().entry(code).or_default() += 1;
    }

    fn route(&self, route: String, method: &'static str) -> Arc<RouteFigures> {
        let new = || RouteFigures { times: Histogram::new(&TIMES), statuses: Default::default() };
        Arc::clone(self.routes.lock().entry((route, method)).or_insert_with(|| Arc::new(new())))
    }
}

/// What one worker remembers.
#[derive(Debug)]
pub(crate) struct WorkerFigures {
    all: Arc<HttpFigures>,
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_shape: FxHashMap<String, Arc<RouteFigures>>,
    /// Written anew for each request.
    shape: String,
}

impl WorkerFigures {
    pub(crate) fn new(all: Arc<HttpFigures>) -> Self {
        Self { all, known: RefCell::default() }
    }

    /// A request was answered.
    pub(crate) fn answered(&self, request: &HttpRequest, status: u16, time: Duration) {
        let Known { by_shape, shape } = &mut *self.known.borrow_mut();
        let method = METHODS.into_iter().find(|known| *known == request.method().as_str()).unwrap_or("other");
        write_shape(shape, method, request.path());
        if let Some(route) = by_shape.get(shape.as_str()) {
            return route.answered(status, time);
        }
        let pattern = request.match_pattern();
        let route = self.all.route(pattern.as_deref().map_or("unknown".to_owned(), without_expressions), method);
        route.answered(status, time);
        if by_shape.len() < SHAPES_MAX {
            by_shape.insert(shape.clone(), route);
        }
    }
}

// What may be an id is left out, so that all paths of a route have a few shapes.
fn write_shape(shape: &mut String, method: &str, path: &str) {
    shape.clear();
    shape.push_str(method);
    for part in path.split('/').skip(1) {
        let word = part.len() <= WORD_MAX && !part.bytes().any(|byte| byte.is_ascii_digit());
        // Writing into a text cannot fail.
        let _ = write!(shape, "/{}", if word { part } else { "*" });
    }
}

/// A pattern whose places say what they are, not how they are matched: `/{locale}/shop`.
fn without_expressions(pattern: &str) -> String {
    let mut kept = String::with_capacity(pattern.len());
    let mut within = false;
    for letter in pattern.chars() {
        match letter {
            ':' => within = true,
            '}' => {
                within = false;
                kept.push(letter);
            }
            _ if !within => kept.push(letter),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_left_out_of_a_shape() {
        let mut shape = String::new();
        for path in ["/api/points/balance/card_17", "/api/points/balance/9", "/api/points/balance/LC079927398713"] {
            write_shape(&mut shape, "GET", path);
            assert_eq!(shape, "GET/api/points/balance/*");
        }
    }

    #[test]
    fn a_pattern_is_told_without_its_expressions() {
        assert_eq!(without_expressions("/{locale:en|lt}/shop/shops/{id}"), "/{locale}/shop/shops/{id}");
        assert_eq!(without_expressions("/audit/tile/{tile:.*}"), "/audit/tile/{tile}");
    }

    #[test]
    fn connections_are_open_until_they_are_dropped() {
        let figures = HttpFigures::default();
        let (one, other) = (figures.connected(), figures.connected());
        assert_eq!(figures.connections.open(), 2);
        drop(one);
        assert_eq!(figures.connections.open(), 1);
        drop(other);
        assert_eq!(figures.connections.open(), 0);
    }
}
