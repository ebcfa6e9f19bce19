//! The running service: engine, jobs, control socket and HTTP, started in this order and stopped in the reverse one.

use super::Failure;
use super::descriptors;
use super::listen::Listen;
use super::output::Output;
use super::server::Server;
use crate::app::EngineConfig;
use crate::control::{Operator, serve, start};
use crate::http::{HttpConfig, Identity, Operations, OperationsServer};
use crate::jobs::{BackupPlan, Job, start_backups, start_checkpoints, start_expiry, start_retention, start_seals};
use crate::notary::CheckpointCopy;
use crate::ops::Environment;
use crate::storage::{DataDir, Lock};
use crate::webhooks::Post;
use crate::writer::{Actor, CardPace};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The files whose size an operator sees.
const FILES: [&str; 4] = ["ledger.db", "ledger.db-wal", "views.db", "ops.db"];

/// How a service is configured.
#[derive(Debug)]
pub(super) struct Configuration {
    pub(super) dir: DataDir,
    pub(super) listen: Listen,
    pub(super) socket_mode: u32,
    /// TLS, where there is one.
    pub(super) identity: Option<Arc<Identity>>,
    /// None for none.
    pub(super) metrics_listen: Option<SocketAddr>,
    pub(super) card_memory: usize,
    pub(super) card_pace: Option<CardPace>,
    pub(super) expiry_every: Duration,
    /// None for never.
    pub(super) checkpoint_every: Option<Duration>,
    /// At each month's end.
    pub(super) seal_balances: bool,
    /// None for never.
    pub(super) retention_every: Option<Duration>,
    /// None for whatever the directory was made for.
    pub(super) environment: Option<Environment>,
    pub(super) checkpoint_copy: Option<CheckpointCopy>,
    /// None for none.
    pub(super) backups: Option<BackupPlan>,
    /// Sends nothing and starts no job.
    pub(super) dormant: bool,
    pub(super) http: HttpConfig,
}

/// Serves until SIGTERM or SIGINT, then answers what was taken and ends.
///
/// `announce` is called once, when the address that it is given takes requests.
pub(super) fn run(
    configuration: Configuration,
    lock: Lock,
    output: &mut Output,
    announce: impl FnOnce(&mut Output, &Listen, &Operator) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Configuration {
        dir,
        listen,
        socket_mode,
        identity,
        metrics_listen,
        card_memory,
        card_pace,
        expiry_every,
        checkpoint_every,
        seal_balances,
        retention_every,
        environment,
        checkpoint_copy,
        backups,
        dormant,
        mut http,
    } = configuration;
    descriptors::allow(&http);
    if dormant {
        tracing::warn!("dormant: sends no webhooks, and no job runs (expiry, retention, checkpoints, seals, backups)");
    }
    let (checkpoint_every, retention_every) =
        (checkpoint_every.filter(|_| !dormant), retention_every.filter(|_| !dormant));
    let (seal_balances, backups) = (seal_balances && !dormant, backups.filter(|_| !dormant));
    let operations = Arc::new(Operations::starting(dir.path().to_owned(), &FILES));
    // Before the ledger is ready, so that an operator sees how far its start is.
    let watched = metrics_listen.map(|address| watch(&operations, address)).transpose()?;
    let rebuild = operations.rebuild();
    let engine = EngineConfig { card_memory, card_pace, rebuild, ..EngineConfig::new(dir.clone()) };
    let (engine, operator, secrets) = start(engine, lock)?;
    let environment = expected(environment, secrets.environment())?;
    (http.environment, http.webhooks.environment) = (environment.name().to_owned(), environment.name().to_owned());
    http.dormant = dormant;
    operator.notary().expect_continuation(checkpoint_copy.as_ref())?;
    if let Some(copy) = checkpoint_copy.as_ref().filter(|copy| !copy.path().exists())
        && engine.live().directory().checkpoints.newest.is_some()
    {
        let path = copy.path().display();
        tracing::warn!(%path, "the copy of the newest checkpoint is not there, though there is one: is its disk mounted?");
    }
    let start_expiry = || start_expiry(&dir, engine.writer().clone(), engine.clock().clone(), expiry_every);
    let expiry = (!dormant).then(start_expiry).transpose()?;
    let start_retention = |period| start_retention(&dir, engine.writer().clone(), engine.clock().clone(), period);
    let retention = retention_every.map(start_retention).transpose()?;
    // A ledger of an earlier version has no key yet. Without one it serves all the same.
    if let Err(error) = operator.notary().ensure_key(None, Actor::CommandLine) {
        tracing::error!(%error, "the log has no key to sign checkpoints with");
    }
    let start_checkpoints = |period| start_checkpoints(operator.notary().clone(), period, checkpoint_copy);
    let checkpoints = checkpoint_every.map(start_checkpoints).transpose()?;
    let (live, writer, clock) = (engine.live().clone(), engine.writer().clone(), engine.clock().clone());
    let start_post =
        || Post::start(&dir, live, writer, secrets.clone(), clock, http.webhooks.clone(), operations.webhooks());
    let post = (!dormant).then(start_post).transpose()?;
    let operator = operator.telling(http.webhooks.clone()).dormant(dormant);
    let start_seals = || start_seals(dir.clone(), operator.sealer().clone());
    let seals = seal_balances.then(start_seals).transpose()?;
    let figures = Arc::clone(&engine.writer().figures().backups);
    figures.planned.store(backups.is_some(), Ordering::Relaxed);
    let start_backups = |plan| start_backups(&dir, plan, engine.clock().clone(), figures);
    let backups = backups.map(start_backups).transpose()?;
    let control = serve(&dir, operator.clone())?;
    let (listener, address) = listen.bind(socket_mode, identity)?;
    // From here on a signal means draining, and requests wait in the listener until the server takes them.
    let server = Server::new(listener)?;
    announce(output, &address, &operator)?;
    tracing::info!(%address, "serving");
    let served = server.run(&engine, secrets, &http, &operations);
    address.remove();
    control.stop();
    if let Some(post) = post {
        post.stop();
    }
    [backups, seals, checkpoints, retention, expiry].into_iter().flatten().for_each(Job::stop);
    engine.stop();
    if let Some(watched) = watched {
        watched.stop();
    }
    tracing::info!("stopped: everything that was acknowledged is in the log");
    served
}

// Decided once: a copy of production that is served as staging would tell tills that nothing counts.
pub(super) fn expected(asked: Option<Environment>, recorded: Environment) -> Result<Environment, Failure> {
    match asked {
        Some(asked) if asked != recorded => Err(Failure::WrongUse(format!(
            "the directory was made for {recorded}, and is not served as {asked}: make another one with `counterfoil init --environment {asked}`"
        ))),
        Some(_) | None => Ok(recorded),
    }
}

fn watch(operations: &Arc<Operations>, address: SocketAddr) -> Result<OperationsServer, Failure> {
    let started = TcpListener::bind(address).and_then(|listener| {
        tracing::info!(address = %listener.local_addr()?, "figures and readiness are served");
        OperationsServer::start(operations, listener)
    });
    started.map_err(|source| Failure::Listen { address: address.to_string(), source })
}
