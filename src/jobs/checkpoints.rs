//! Making a checkpoint now and then, where anything has happened since the last one.

use super::JobError;
use crate::notary::Notary;
use crate::writer::Actor;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The running job.
#[derive(Debug)]
pub struct CheckpointJob {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl CheckpointJob {
    /// Starts the job: a look now, and one after each `period`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(notary: Notary, period: Duration) -> Result<Self, JobError> {
        let (stop, stopped) = channel::<()>();
        let run = move || {
            loop {
                match notary.checkpoint_at_leisure(Actor::CheckpointJob) {
                    Ok(made) if made.fresh => tracing::info!(size = %made.size, "made a checkpoint"),
                    Ok(_) => {}
                    Err(error) => tracing::error!(%error, "no checkpoint could be made"),
                }
                // Nothing is ever sent: the sender is dropped when the job shall end.
                if stopped.recv_timeout(period) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("checkpoints".to_owned()).spawn(run)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Ends the job; returns when it has.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for CheckpointJob {
    fn drop(&mut self) {
        self.finish();
    }
}
