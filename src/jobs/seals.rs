//! Sealing balances when a month is over, and after a start those of months that ended meanwhile.

use super::JobError;
use super::job::{Job, Stop};
use crate::priority::Priority;
use crate::sealing::{Sealer, SealingError};
use crate::storage::DataDir;
use crate::writer::Actor;
use std::time::Duration;

/// How long between two looks at the calendar. A look costs nothing where no month has ended.
const LOOK: Duration = Duration::from_secs(15);
/// How many months are made up for at one look; the others follow at the next ones.
const MOST_AT_ONCE: usize = 12;
/// After how many looks for which views.db was too far behind, one after another, it is told again: about ten minutes.
const TELL_AGAIN: u32 = 30;

/// Starts the job: a look now, and then again and again. What it has in hand when it ends is left for the next start.
///
/// # Errors
/// When the thread cannot be started.
pub fn start_seals(dir: DataDir, sealer: Sealer) -> Result<Job, JobError> {
    Job::begin("seals", move |stop| {
        Priority::Background.take();
        let mut put_off = 0;
        while !stop.is_told() {
            // What an import brings is sealed as of its recording, now or later alike: this spares it the other half of the machine.
            if !dir.is_importing() {
                look(&sealer, &stop, &mut put_off);
            }
            stop.rest(LOOK);
        }
    })
}

fn look(sealer: &Sealer, stop: &Stop, put_off: &mut u32) {
    match sealer.seal_due(MOST_AT_ONCE, Actor::SealJob, &|| !stop.is_told()) {
        Ok(sealed) => {
            *put_off = 0;
            for seal in sealed {
                tracing::info!(partner = %seal.partner, period = %seal.period, cards = seal.cards, "sealed balances");
            }
        }
        Err(SealingError::Stopped) => {}
        // A service under load, not one that fails: a month is sealed a few minutes later.
        Err(error) if error.is_for_now() => {
            if put_off.is_multiple_of(TELL_AGAIN) {
                tracing::warn!(%error, "whether a month's balances are to be sealed is looked at later");
            }
            *put_off = put_off.saturating_add(1);
        }
        Err(error) => tracing::error!(%error, "balances were not sealed; it is tried again"),
    }
}
