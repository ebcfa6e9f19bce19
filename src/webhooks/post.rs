//! The thread that sends. One for all webhooks, of the lowest priority as the one that speaks with receivers.

use super::client::{Client, ClientError};
use super::erasures::Erasures;
use super::history::{HistoryError, reconcile};
use super::receivers::Receivers;
use super::resolver::LookUps;
use super::work::Work;
use super::{Policy, Sources};
use crate::clock::Clock;
use crate::live::Live;
use crate::metrics::WebhookFigures;
use crate::ops::{Deliveries, OpsError, Secrets};
use crate::priority::Priority;
use crate::storage::{DataDir, StorageError};
use crate::writer::Writer;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::watch;

/// Why the thread cannot start.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the thread of the webhooks could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// The running thread.
#[derive(Debug)]
pub struct Post {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Post {
    /// Starts it.
    ///
    /// # Errors
    /// When a file cannot be opened or the thread not be started.
    pub fn start(
        dir: &DataDir,
        live: Arc<Live>,
        writer: Writer,
        secrets: Arc<Secrets>,
        clock: Clock,
        policy: Policy,
        figures: Arc<WebhookFigures>,
    ) -> Result<Self, PostError> {
        let sources = Sources::open(dir, live)?;
        let deliveries = Deliveries::open(dir)?;
        reconcile(&sources, &deliveries)?;
        let erasures = Erasures::load(&deliveries, sources.head(), sources.watermark())?;
        let client = Client::new(&policy, LookUps::default())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let receivers = Receivers::start()?;
        let (stop, stopped) = watch::channel(false);
        let sending = (policy, client, receivers, erasures);
        let work = Work::new(sources, deliveries, secrets, writer, clock, sending, figures);
        let run = move || {
            Priority::Lowest.take();
            runtime.block_on(work.run(stopped));
        };
        let thread = std::thread::Builder::new().name("webhooks".to_owned()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Sends nothing more; returns when what was on its way has been answered and kept.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.finish();
    }
}
