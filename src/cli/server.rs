//! The HTTP server's life: it begins with a bound listener and ends, drained, with a signal.

use super::Failure;
use crate::app::Engine;
use crate::http::{self, Closing, HttpConfig, HttpState, Listener, Operations};
use crate::ops::{ExportJobs, Secrets};
use crate::queries::Queries;
use crate::webhooks::Office;
use actix_web::dev::ServerHandle;
use actix_web::rt::{System, SystemRunner};
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A server that is about to run. Signals are caught from its making on.
pub(super) struct Server {
    system: SystemRunner,
    signals: Signals,
    listener: Listener,
}

impl Server {
    pub(super) fn new(listener: Listener) -> Result<Self, Failure> {
        let system = System::new();
        let signals = system.block_on(async { Signals::catch() }).map_err(Failure::Server)?;
        Ok(Self { system, signals, listener })
    }

    /// Serves until a signal comes and every request in progress is answered.
    pub(super) fn run(
        self,
        engine: &Engine,
        secrets: Arc<Secrets>,
        config: &HttpConfig,
        operations: &Arc<Operations>,
    ) -> Result<(), Failure> {
        let Self { system, signals, listener } = self;
        let queries = Queries::new(engine.dir().clone(), Arc::clone(engine.live()));
        let exports = Arc::new(ExportJobs::open(engine.dir())?);
        let policy = config.webhooks.clone();
        let (dir, live) = (engine.dir().clone(), Arc::clone(engine.live()));
        let office = Arc::new(Office::open(dir, live, Arc::clone(&secrets), engine.clock().clone(), policy)?);
        let ops = (secrets, exports, office);
        let state = HttpState::new(engine.writer().clone(), queries, ops, engine.clock().clone(), config);
        let closing = state.closing();
        if let Some(served) = state.served() {
            operations.serves(served);
        }
        let draining = Arc::clone(operations);
        let served = system.block_on(async {
            let server = http::server(state, listener, config)?;
            actix_web::rt::spawn(stop_on(signals, server.handle(), closing, draining));
            server.await
        });
        served.map_err(Failure::Server)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// The signals that end a service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

// The first signal lets requests in progress finish; the second is impatience.
async fn stop_on(mut signals: Signals, server: ServerHandle, closing: Closing, operations: Arc<Operations>) {
    signals.next().await;
    operations.drains();
    closing.close();
    tracing::info!("stopping: taking no new requests and finishing those in progress");
    let drained = server.stop(true);
    tokio::select! {
        () = drained => {}
        () = signals.next() => server.stop(false).await,
    }
}
