//! What an operator watches: figures for Prometheus, and whether the service takes commands. On a listener of its own, which nobody
//! opens by accident, and which answers before the ledger is ready and while the service drains.

mod figures;
mod readiness;
mod text;
mod webhooks;

pub(super) use figures::{HttpFigures, WorkerFigures};
pub use readiness::Readiness;
pub(super) use readiness::ready;

use super::audit::Feeds;
use crate::clock::Clock;
use crate::metrics::{RebuildFigures, WebhookFigures};
use crate::writer::Writer;
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;

/// How many connections the listener of an operator serves at once.
const CONNECTIONS_MAX: usize = 64;
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The life of a service, as an operator sees it.
#[derive(Debug)]
pub struct Operations {
    dir: PathBuf,
    files: Vec<(&'static str, PathBuf)>,
    rebuild: Arc<RebuildFigures>,
    webhooks: Arc<WebhookFigures>,
    served: OnceLock<Served>,
    draining: AtomicBool,
}

/// What there is to see once requests are served.
#[derive(Debug)]
pub struct Served {
    pub(super) writer: Writer,
    pub(super) clock: Clock,
    pub(super) feeds: Arc<Feeds>,
    pub(super) figures: Arc<HttpFigures>,
}

impl Operations {
    /// A service that is starting on this directory, with these files in it.
    #[must_use]
    pub fn starting(dir: PathBuf, files: &[&'static str]) -> Self {
        let files = files.iter().map(|name| (*name, dir.join(name))).collect();
        Self {
            dir,
            files,
            rebuild: Arc::default(),
            webhooks: Arc::default(),
            served: OnceLock::new(),
            draining: AtomicBool::new(false),
        }
    }

    /// How far the making of views.db is, for whoever makes it.
    #[must_use]
    pub fn rebuild(&self) -> Arc<RebuildFigures> {
        Arc::clone(&self.rebuild)
    }

    /// How webhooks fare, for whoever tells them.
    #[must_use]
    pub fn webhooks(&self) -> Arc<WebhookFigures> {
        Arc::clone(&self.webhooks)
    }

    /// The service takes requests from now on.
    pub fn serves(&self, served: Served) {
        // A process serves once: a second time there would be nothing to tell apart.
        let _first = self.served.set(served);
    }

    /// The service takes no new requests any more.
    pub fn drains(&self) {
        self.draining.store(true, Ordering::Release);
    }

    fn readiness(&self) -> Readiness {
        if self.draining.load(Ordering::Acquire) {
            return Readiness::Draining;
        }
        match (self.served.get(), self.rebuild.percent()) {
            (Some(served), _) => Readiness::of(&served.writer),
            (None, Some(percent)) => Readiness::Rebuilding { percent },
            (None, None) => Readiness::Starting,
        }
    }

    fn disk_free(&self) -> Option<u64> {
        let system = rustix::fs::statvfs(&self.dir).ok()?;
        system.f_bavail.checked_mul(system.f_frsize)
    }
}

/// The listener of an operator, being served.
#[derive(Debug)]
pub struct OperationsServer {
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl OperationsServer {
    /// Serves `/metrics`, `/ready` and `/live` on a listener that is bound already, on a thread of its own.
    ///
    /// # Errors
    /// When the listener cannot be used or the thread not be started.
    pub fn start(operations: &Arc<Operations>, listener: TcpListener) -> io::Result<Self> {
        let mut registry = Registry::with_prefix("counterfoil");
        registry.register_collector(Box::new(text::Figures(Arc::clone(operations))));
        let (registry, operations) = (web::Data::new(registry), web::Data::from(Arc::clone(operations)));
        let (tell, told) = mpsc::channel();
        let run = move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(registry.clone())
                        .app_data(operations.clone())
                        .route("/metrics", web::get().to(metrics))
                        .route("/ready", web::get().to(readiness))
                        .route("/live", web::get().to(live))
                };
                let server = HttpServer::new(app).workers(1).max_connections(CONNECTIONS_MAX).disable_signals();
                match server.listen(listener).map(HttpServer::run) {
                    Ok(server) => {
                        // Whoever started it waits.
                        let _told = tell.send(Ok(server.handle()));
                        if let Err(error) = server.await {
                            tracing::error!(%error, "the operator's listener failed");
                        }
                    }
                    Err(error) => drop(tell.send(Err(error))),
                }
            });
        };
        let thread = std::thread::Builder::new().name("operations".to_owned()).spawn(run)?;
        let handle = told.recv().map_err(io::Error::other)??;
        Ok(Self { handle, thread: Some(thread) })
    }

    /// Ends it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // The future need not be awaited: the message is sent by making it.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for OperationsServer {
    fn drop(&mut self) {
        self.end();
    }
}

async fn metrics(registry: web::Data<Registry>) -> HttpResponse {
    let mut page = String::with_capacity(16 * 1_024);
    match encode(&mut page, &registry) {
        Ok(()) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(page),
        Err(error) => {
            tracing::error!(%error, "the figures could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

async fn readiness(operations: web::Data<Operations>) -> HttpResponse {
    let readiness = operations.readiness();
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).json(readiness.told())
}

/// The process answers: whether it also works, `/ready` tells.
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"live": true}))
}
