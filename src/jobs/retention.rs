//! Forgetting what the partners' retention rules no longer allow to be kept. Each pass walks what has become due since the one
//! before, from the oldest record on; the first pass after a start walks everything that is due.

use super::JobError;
use super::job::{Job, Stop};
use crate::clock::Clock;
use crate::domain::customers::{Forget, Span};
use crate::domain::programme::{Retention, RetentionRule};
use crate::domain::{CustomerId, Event, PartnerId};
use crate::projections;
use crate::storage::{DataDir, StorageError, open_reader};
use crate::writer::{Actor, Command, Refusal, Request, Writer};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::RwLockWriteGuard;

/// How many rows are looked at before their customers are submitted.
const PAGE: usize = 500;
/// How many customers one commit takes: each may have some hundred records to erase, and others wait behind it.
const COMMIT_MAX: usize = 20;
/// How long the projector may take to reach what has just been committed.
const CATCH_UP: Duration = Duration::from_secs(10);
/// How long to rest after a commit at most. It rests as long as the commit took.
const REST: Duration = Duration::from_secs(1);
/// How long to wait for a turn that another job has.
const TURN: Duration = Duration::from_secs(10);

/// Why a pass ended early. The next one goes on where it was.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error("views.db: {0}")]
    Views(#[from] rusqlite::Error),
    #[error("{0}")]
    Open(#[from] StorageError),
    #[error("{0}")]
    Writer(#[from] Refusal),
    #[error("the projector is behind")]
    Behind,
    /// The same rows again have to find what they wrote.
    #[error("an import has begun and not ended")]
    Importing,
    #[error("another job or an import had the turn for too long")]
    Waited,
}

/// Starts the job: a pass now, and one after each `period`. It ends when its last commit has been answered.
///
/// # Errors
/// When the thread cannot be started.
pub fn start_retention(dir: &DataDir, writer: Writer, clock: Clock, period: Duration) -> Result<Job, JobError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (dir, cursors) = (dir.clone(), BTreeMap::new());
    Job::begin("retention", move |stop| runtime.block_on(Work { dir, writer, clock, stop, cursors }.run(period)))
}

struct Work {
    dir: DataDir,
    writer: Writer,
    clock: Clock,
    stop: Stop,
    /// How far the walk of each rule has come.
    cursors: BTreeMap<(PartnerId, RetentionRule), i64>,
}

impl Work {
    async fn run(mut self, period: Duration) {
        while !self.stop.is_told() {
            match self.pass().await {
                Ok((0, 0)) | Err(Interruption::Importing) => {}
                Ok((records, people)) => tracing::info!(records, people, "erased what retention rules had due"),
                Err(error) => tracing::warn!(%error, "the retention job was interrupted and tries again"),
            }
            self.stop.rest_among_answers(period).await;
        }
    }

    // Answers how many records of whoever stays, and how many people, were erased.
    async fn pass(&mut self) -> Result<(usize, usize), Interruption> {
        let mut erased = (0, 0);
        if !self.writer.live().progress().caught_up(CATCH_UP).await {
            return Err(Interruption::Behind);
        }
        // Opened for each pass: a rebuild may have put another views.db in the place of the one before.
        let views = open_reader(&self.dir)?;
        let directory = self.writer.live().directory();
        for partner in directory.partners.values() {
            for rule in RetentionRule::ALL {
                self.walk(&views, partner.id, (&partner.settings.retention, rule), &mut erased).await?;
            }
        }
        Ok(erased)
    }

    async fn walk(
        &mut self,
        views: &Connection,
        partner: PartnerId,
        (rules, rule): (&Retention, RetentionRule),
        erased: &mut (usize, usize),
    ) -> Result<(), Interruption> {
        let now = self.writer.live().progress().time(self.clock.now());
        // Whoever is inactive is not found in the order of any record: that walk is over everybody, each time.
        let from_the_start = rule == RetentionRule::InactiveCustomers;
        let mut cursor = if from_the_start { 0 } else { self.cursors.get(&(partner, rule)).copied().unwrap_or(0) };
        while !self.stop.is_told() {
            let page = projections::due_customers(views, partner, (rules, rule), now, cursor, PAGE)?;
            let within = Span { after: cursor, through: page.cursor };
            let forget = |customer: CustomerId| Forget { customer, rule, within };
            let due: Vec<Forget> = page.customers.into_iter().map(forget).collect();
            for due in due.chunks(COMMIT_MAX) {
                let (records, people) = self.commit(partner, due).await?;
                (erased.0, erased.1) = (erased.0 + records, erased.1 + people);
            }
            cursor = page.cursor;
            self.cursors.insert((partner, rule), cursor);
            if !page.more {
                break;
            }
        }
        Ok(())
    }

    async fn commit(&self, partner: PartnerId, due: &[Forget]) -> Result<(usize, usize), Interruption> {
        // The writer would wait for the projector with everybody behind it: this waits before.
        if !self.writer.live().progress().caught_up(CATCH_UP).await {
            return Err(Interruption::Behind);
        }
        // Held until it is answered: an import begins after it.
        let turn = turn(&self.writer, &self.dir).await?;
        let began = Instant::now();
        let erased = submit(&self.writer, partner, due).await?;
        drop(turn);
        // Awards have the other half of the time.
        self.stop.rest_among_answers(began.elapsed().min(REST)).await;
        Ok(erased)
    }
}

/// The job's turn to write. The directory says whether an import is going on: it may be one of an earlier process.
async fn turn<'w>(writer: &'w Writer, dir: &DataDir) -> Result<RwLockWriteGuard<'w, ()>, Interruption> {
    if dir.is_importing() {
        return Err(Interruption::Importing);
    }
    let turn = writer.expiry_turn(TURN).await;
    // One may have begun meanwhile.
    if dir.is_importing() {
        return Err(Interruption::Importing);
    }
    turn.ok_or(Interruption::Waited)
}

async fn submit(writer: &Writer, partner: PartnerId, due: &[Forget]) -> Result<(usize, usize), Interruption> {
    let request = |due: &Forget| Request {
        partner,
        actor: Actor::RetentionJob,
        idempotency_key: None,
        command: Command::Forget(*due),
    };
    let (mut records, mut people) = (0, 0);
    for answer in writer.submit_all(due.iter().map(request).collect()).await? {
        let outcome = match answer {
            Ok(outcome) => outcome,
            // One customer about whom nothing can be decided must not keep the others waiting.
            Err(Refusal::Rejected(rejection)) => {
                tracing::error!(?rejection, "what is due of a customer stays in the vault");
                continue;
            }
            Err(refusal) => return Err(refusal.into()),
        };
        for recorded in &outcome.events {
            if let Event::RecordsErased(event) = &recorded.event {
                records += event.records.len();
            } else {
                people += 1;
            }
        }
    }
    Ok((records, people))
}
