//! SIGHUP: what has to be read anew while a service runs.

use super::Failure;
use crate::http::Identity;
use std::sync::Arc;
use std::thread;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Catches SIGHUP from now on: it reads the certificate and its key anew where there are any, and is said to have done nothing else.
///
/// Never does it end the process, also not while a start still makes views.db: a supervisor that is asked to reload sends it without
/// knowing how far the service is, or whether it has a certificate.
///
/// # Errors
/// When the signal cannot be caught.
pub(super) fn catch(identity: Option<Arc<Identity>>) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Server)?;
    let hangups = runtime.block_on(async { signal(SignalKind::hangup()) }).map_err(Failure::Server)?;
    let run = move || runtime.block_on(reload_on(hangups, identity));
    thread::Builder::new().name("hangup".to_owned()).spawn(run).map(drop).map_err(Failure::Server)
}

async fn reload_on(mut hangups: Signal, identity: Option<Arc<Identity>>) {
    while hangups.recv().await.is_some() {
        match identity.as_deref().map(Identity::reload) {
            Some(Ok(())) => tracing::info!("read the certificate and its key anew"),
            Some(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
            None => tracing::info!("hung up: without a certificate there is nothing to read anew"),
        }
    }
}
