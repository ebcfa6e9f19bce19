//! How many files and connections the system lets this process have open.

use crate::http::HttpConfig;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors of a connection: the server's own, and the watch's.
const OF_CONNECTION: u64 = 2;
/// Databases with their companions, listeners, the control socket, webhooks' connections.
const OTHERS: u64 = 768;

/// Asks for as many as the system gives, and says so where that is too few for the connections that may be served at once.
pub(super) fn allow(http: &HttpConfig) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Shells and service managers give programs a low number that they may raise: some others cannot cope with more.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let most = if raised { maximum } else { current };
    let wanted = wanted(http);
    if let Some(most) = most.filter(|most| *most < wanted) {
        tracing::warn!(
            most,
            wanted,
            "too few open files are allowed for --max-connections: raise the limit or lower the setting"
        );
    }
}

fn wanted(http: &HttpConfig) -> u64 {
    let connections = http.max_connections.saturating_mul(http.workers.max(1));
    u64::try_from(connections).unwrap_or(u64::MAX).saturating_mul(OF_CONNECTION).saturating_add(OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_of_each_thread_is_counted_twice() {
        let http = HttpConfig { max_connections: 1_000, workers: 2, ..HttpConfig::default() };
        assert_eq!(wanted(&http), 4_768);
        assert_eq!(wanted(&HttpConfig { max_connections: usize::MAX, ..http }), u64::MAX);
    }

    #[test]
    fn what_the_system_gives_is_taken() {
        allow(&HttpConfig::default());
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
