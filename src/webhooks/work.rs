//! What the thread does: reads the log for each webhook, sends what is due, and keeps what came of it. No receiver waits for
//! another, because nothing here waits for a receiver.

mod desks;
mod keeping;
mod sending;
mod sharing;

use super::client::{Client, Sent};
use super::erasures::Erasures;
use super::line::{Line, Next};
use super::message::{about, may_have_topic, wanted};
use super::receivers::Receivers;
use super::{Policy, Sources};
use crate::clock::Clock;
use crate::domain::programme::Directory;
use crate::domain::webhooks::{Disabled, Webhook};
use crate::domain::{CustomerId, Seq, Timestamp, WebhookId};
use crate::event_log::LogError;
use crate::metrics::WebhookFigures;
use crate::ops::{Deliveries, Delivery, OpsError, SecretText, Secrets};
use crate::writer::Writer;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

/// How long receivers may take to answer what was on its way when the service stops. What is not noted is sent again.
const STOP_PATIENCE: Duration = Duration::from_secs(6);
/// How often to look whether there is something new. Being told of each commit would cost the commits.
const LOOK: Duration = Duration::from_millis(100);
/// How often what came of attempts is kept.
const KEEP_EVERY: Duration = Duration::from_millis(100);
/// How many outcomes may wait for it.
const UNKEPT_MAX: usize = 500;
/// How often cursors are kept that moved over what nobody wanted, and requests to send again are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(1);
/// How many attempts of a webhook are made before those that are too many are taken away.
const TRIM_EVERY: usize = 1_000;
/// How long to wait after a failure of the disk.
const PAUSE: Duration = Duration::from_secs(1);
/// What went wrong while it runs; it goes on.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Read(#[from] rusqlite::Error),
    #[error(transparent)]
    Ops(#[from] OpsError),
    #[error(transparent)]
    Erasures(#[from] super::erasures::ErasuresError),
}

/// A webhook's line, and what its messages need.
struct Desk {
    line: Line,
    url: Option<String>,
    secrets: BTreeMap<String, SecretText>,
    untrimmed: usize,
    /// The number of its last turn to send.
    served: u64,
    /// It is to be stopped.
    stop: Option<Disabled>,
    /// The log has been told so; the programme will show it.
    told: bool,
}

impl Desk {
    /// Whether something may be sent. Without an address, or the secret in force, nothing is tried: that is no fault of the
    /// receiver's, and what another secret signed would be refused.
    fn is_open(&self) -> bool {
        self.line.webhook.is_live() && self.stop.is_none() && self.lacks().is_none()
    }

    fn lacks(&self) -> Option<&'static str> {
        match (&self.url, self.secrets.get(&self.line.webhook.terms.secret_id)) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some("secret: rotate it"),
            (None, _) => Some("address"),
        }
    }
}

/// An attempt that was made.
struct Done {
    webhook: WebhookId,
    /// Of the webhook, when it was made.
    version: i64,
    customer: CustomerId,
    attempt: u32,
    /// None where there was nothing to send.
    told: Option<(Delivery, Sent)>,
}

pub(super) struct Work {
    sources: Sources,
    deliveries: Deliveries,
    secrets: Arc<Secrets>,
    writer: Writer,
    clock: Clock,
    policy: Policy,
    client: Client,
    lines: BTreeMap<WebhookId, Desk>,
    /// Removed ones of which nothing is left.
    buried: BTreeSet<WebhookId>,
    seen: Option<Arc<Directory>>,
    last_track: i64,
    erasures: Erasures,
    /// The last place in the log that was kept.
    placed: Seq,
    sending: JoinSet<Done>,
    /// Where attempts are made.
    receivers: Receivers,
    /// Whose attempt a task is.
    on_the_way: HashMap<Id, (WebhookId, CustomerId)>,
    /// How many turns to send there were.
    served: u64,
    figures: Arc<WebhookFigures>,
    kept: Instant,
    tidied: Option<Instant>,
    swept: Option<Instant>,
}

impl Work {
    pub(super) fn new(
        sources: Sources,
        deliveries: Deliveries,
        secrets: Arc<Secrets>,
        writer: Writer,
        clock: Clock,
        (policy, client, receivers, erasures): (Policy, Client, Receivers, Erasures),
        figures: Arc<WebhookFigures>,
    ) -> Self {
        let placed = sources.head();
        Self {
            sources,
            deliveries,
            secrets,
            writer,
            clock,
            policy,
            client,
            lines: BTreeMap::new(),
            buried: BTreeSet::new(),
            seen: None,
            last_track: 0,
            erasures,
            placed,
            sending: JoinSet::new(),
            receivers,
            on_the_way: HashMap::new(),
            served: 0,
            figures,
            kept: Instant::now(),
            tidied: None,
            swept: None,
        }
    }

    /// Goes on until it is told to stop; then waits a while for what is on its way.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "webhooks could not be served; trying again");
                    PAUSE
                }
            };
            tokio::select! {
                Some(ended) = self.sending.join_next_with_id(), if !self.sending.is_empty() => {
                    self.ended(ended);
                    while let Some(ended) = self.sending.try_join_next_with_id() {
                        self.ended(ended);
                    }
                }
                _ = stopped.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        let end = tokio::time::Instant::now() + STOP_PATIENCE;
        while let Ok(Some(ended)) = tokio::time::timeout_at(end, self.sending.join_next_with_id()).await {
            self.ended(ended);
        }
        if !self.sending.is_empty() {
            tracing::warn!(
                attempts = self.sending.len(),
                "receivers had not answered yet: these attempts are made again"
            );
        }
        self.lines.values_mut().for_each(|desk| desk.line.note_all());
        if let Err(error) = self.keep(true) {
            tracing::error!(%error, "the last deliveries were not noted, and are made again");
        }
    }

    /// Reads, sends and keeps what there is; answers how long nothing need be done unless an answer comes.
    async fn round(&mut self) -> Result<Duration, Trouble> {
        self.adopt()?;
        let tidy = self.tidied.is_none_or(|last| last.elapsed() >= TIDY_EVERY);
        if tidy {
            self.tidied = Some(Instant::now());
            self.take_tracks()?;
            self.tidy_up()?;
            self.count();
        }
        let unkept = self.lines.values().map(|desk| desk.line.unkept()).sum::<usize>();
        if tidy || unkept >= UNKEPT_MAX || self.kept.elapsed() >= KEEP_EVERY {
            self.keep(tidy)?;
        }
        self.stop_lines().await;
        let read = self.read_on()?;
        let now = self.clock.now();
        self.send_due(now)?;
        Ok(if read { Duration::ZERO } else { self.rest(now) })
    }

    fn rest(&self, now: Timestamp) -> Duration {
        let sends = self.lines.values().filter(|desk| desk.is_open());
        let due = sends.filter_map(|desk| desk.line.due()).min();
        let until = due.and_then(|due| u64::try_from(due.micros() - now.micros()).ok()).map(Duration::from_micros);
        until.map_or(LOOK, |until| until.clamp(Duration::from_millis(1), LOOK))
    }

    fn next_of(&mut self, webhook: WebhookId, now: Timestamp) -> Option<(Next, Webhook)> {
        let desk = self.lines.get_mut(&webhook)?;
        if !desk.is_open() {
            return None;
        }
        let next = desk.line.next(now)?;
        Some((next, desk.line.webhook.clone()))
    }

    /// Takes up parts of the log that somebody wants sent again.
    fn take_tracks(&mut self) -> Result<(), Trouble> {
        for (webhook, track) in self.deliveries.tracks_after(self.last_track)? {
            self.last_track = self.last_track.max(track.id);
            if let Some(desk) = self.lines.get_mut(&webhook) {
                desk.line.follow(track);
            }
        }
        Ok(())
    }

    /// Reads one page for each webhook that has room; answers whether there was any.
    fn read_on(&mut self) -> Result<bool, Trouble> {
        let head = self.sources.head();
        let mut any = false;
        for desk in self.lines.values_mut() {
            if !desk.is_open() {
                continue;
            }
            let line = &mut desk.line;
            let Some((track, place)) = line.unread(head) else { continue };
            let (page, reached) = self.sources.page(line.webhook.partner, may_have_topic, place, line.room())?;
            let mut taken = Vec::with_capacity(page.len());
            for stored in page {
                let Some(owner) = about(&stored.event, &self.sources)? else { continue };
                if wanted(&line.webhook, &stored.event, owner.shop).is_some() {
                    taken.push((owner.customer, stored));
                }
            }
            line.take(track, taken, reached);
            any = true;
        }
        Ok(any)
    }
}
