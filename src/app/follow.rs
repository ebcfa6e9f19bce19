//! The projector's thread: follows the log for as long as the engine runs.

use crate::live::Live;
use crate::priority::Priority;
use crate::projections::Projector;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long to rest when nobody waits for views.db. Following each commit at once would write the same pages again and again,
/// and keep the disk busy while the writer wants to sync.
const REST: Duration = Duration::from_secs(2);
/// How long to wait after a failure, such as a full disk, before trying again.
const PAUSE: Duration = Duration::from_millis(200);
/// How many times to try again once the engine is stopping. What is left is projected at the next start.
const LAST_TRIES: u32 = 10;

pub(super) fn spawn(projector: Projector, live: Arc<Live>, stop: Arc<AtomicBool>) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("projector".to_owned()).spawn(move || run(projector, &live, &stop))
}

fn run(mut projector: Projector, live: &Live, stop: &AtomicBool) {
    Priority::Background.take();
    let mut failures = 0;
    loop {
        // Asked before the head is read: the writer has ended by then, so this head is the last.
        let stopping = stop.load(Ordering::Acquire);
        let head = live.progress().head();
        match projector.advance(head) {
            Ok(watermark) => {
                failures = 0;
                live.progress().projected(watermark);
                // After those are told who wait for the views.
                if let Err(source) = projector.drop_old_hashes() {
                    tracing::warn!(%source, "the WAL of views.db could not be emptied; trying again");
                }
                if watermark < head {
                    continue;
                }
                if stopping {
                    return;
                }
                live.progress().await_bell(REST);
            }
            Err(source) => {
                failures += 1;
                tracing::error!(%source, "views.db could not follow the log; trying again");
                if stopping && failures >= LAST_TRIES {
                    return;
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}
