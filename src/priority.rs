//! Letting those threads go first that somebody waits for.

/// How much a thread steps back, as `nice` counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Somebody may come to wait for it: the projector.
    Background = 10,
    /// Nobody waits for it.
    Lowest = 19,
}

impl Priority {
    /// Lowers the priority of this thread: it has work for seconds, others have it for microseconds.
    pub fn take(self) {
        // On Linux a priority belongs to a thread. Where it cannot be lowered, others only wait a little longer now and then.
        if let Err(source) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), self as i32) {
            tracing::debug!(%source, "a thread keeps the priority of the others");
        }
    }
}
