//! Letting those threads go first that somebody waits for.

/// How much a thread steps back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Work for seconds that has to come to its end: the projector, seals, backups, reading cards ahead.
    Background,
    /// What may be late: telling receivers.
    Lowest,
}

impl Priority {
    /// Lowers the priority of this thread: others have work for microseconds.
    pub fn take(self) {
        // On Linux a priority belongs to a thread. Where it cannot be lowered, others only wait a little longer now and then.
        if let Err(source) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), self.nice()) {
            tracing::debug!(%source, "a thread keeps the priority of the others");
        }
    }

    const fn nice(self) -> i32 {
        match self {
            Self::Background => 10,
            Self::Lowest => 19,
        }
    }
}
