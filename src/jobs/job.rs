//! A job's thread: begun, told to stop, waited for. What it does is not known here.

use super::JobError;
use std::fmt;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A running job. Ends when it is told to, or dropped.
pub struct Job {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// What a job asks whether it shall end.
#[derive(Debug, Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Job {
    /// Begins a job on a thread of its own, of that name.
    pub(super) fn begin(name: &str, run: impl FnOnce(Stop) + Send + 'static) -> Result<Self, JobError> {
        let (stop, told) = watch::channel(false);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(Stop(told)))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Ends the job; returns when it has.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ended = thread.join();
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").finish_non_exhaustive()
    }
}

impl Stop {
    /// Whether the job shall end.
    pub(super) fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Blocks the job's own thread for so long, or until it shall end.
    pub(super) fn rest(&self, period: Duration) {
        let begun = Instant::now();
        while let Some(left) = period.checked_sub(begun.elapsed()).filter(|left| !left.is_zero() && !self.is_told()) {
            std::thread::park_timeout(left);
        }
    }

    /// [`Stop::rest`] of a job that waits for answers.
    pub(super) async fn rest_among_answers(&self, period: Duration) {
        let mut told = self.0.clone();
        let _told = tokio::time::timeout(period, told.wait_for(|told| *told)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_rests_ends_when_it_is_told() {
        let long = Duration::from_secs(3_600);
        let begun = Instant::now();
        Job::begin("rests", move |stop| stop.rest(long)).unwrap().stop();
        let answers = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        drop(Job::begin("waits", move |stop| answers.block_on(stop.rest_among_answers(long))).unwrap());
        assert!(begun.elapsed() < long);
    }
}
