//! Making a checkpoint now and then, where anything has happened since the last one, and keeping a copy of the newest.

use super::JobError;
use super::job::Job;
use crate::notary::{CheckpointCopy, Made, Notary};
use crate::writer::Actor;
use std::time::Duration;

/// Starts the job: a look now, and one after each `period`. The newest checkpoint is written to `copy`, where there is one.
///
/// # Errors
/// When the thread cannot be started.
pub fn start_checkpoints(notary: Notary, period: Duration, copy: Option<CheckpointCopy>) -> Result<Job, JobError> {
    Job::begin("checkpoints", move |stop| {
        while !stop.is_told() {
            match notary.checkpoint_at_leisure(Actor::CheckpointJob) {
                Ok(made) => keep(&made, copy.as_ref()),
                Err(error) => tracing::error!(%error, "no checkpoint could be made"),
            }
            stop.rest(period);
        }
    })
}

fn keep(made: &Made, copy: Option<&CheckpointCopy>) {
    if made.fresh {
        tracing::info!(size = %made.size, "made a checkpoint");
    }
    if let Some(copy) = copy
        && let Err(error) = copy.write(&made.note)
    {
        tracing::error!(%error, "the copy of the newest checkpoint stays as it was");
    }
}
