//! The thread that speaks with receivers. Apart from the one that reads the log and writes ops.db: no answer comes too late because
//! that one was busy.

use super::resolver::LOOK_UPS_MAX;
use crate::priority::Priority;
use std::io;
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The running thread. What is under way when it is dropped is given up.
#[derive(Debug)]
pub(super) struct Receivers {
    handle: Handle,
    over: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Receivers {
    /// Starts it.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(LOOK_UPS_MAX).build()?;
        let handle = runtime.handle().clone();
        let (over, ended) = oneshot::channel::<()>();
        let run = move || {
            Priority::Lowest.take();
            let _ended = runtime.block_on(ended);
            // A name that is being looked up is not waited for.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("webhooks-http".to_owned()).spawn(run)?;
        Ok(Self { handle, over: Some(over), thread: Some(thread) })
    }

    /// Where attempts are made.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}
