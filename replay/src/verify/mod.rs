//! `verify`: one pass over the log on all cores, then the projections.
//!
//! A reader thread goes through the log in order, checks what concerns neighbours, and hands batches of rows to every worker. A worker hashes its
//! share of each batch (a link needs nothing but the stored hash before it) and folds the cards whose ids fall to it. One thread grows the Merkle
//! tree and checks checkpoints; the calling thread follows the vault and the tiers that count more than one card.
//!
//! Memory holds the cards, their open lots, a note of each refund, the checkpoints, eight bytes for each idempotency key, sixteen more for each
//! redemption of an order by itself and for each award where tiers count twelve months or all cards, and 32 for 256 events of the tree; never the
//! history: orders that were refunded, or whose points were redeemed by themselves, are looked up at the end. Where balances were sealed, the
//! log is read once more, as far as the last seal reaches, for each card's balance and lots that expire. In a copy without the vault, sixteen
//! bytes for each record say whose it is.

mod batch;
mod forgetting;
mod guards;
mod halves;
mod idempotency;
mod idle;
mod keys;
mod laws;
mod names;
mod order;
mod orders;
mod placed;
mod projections;
mod reader;
mod registry;
mod report;
mod seals;
mod standings;
mod step;
mod tables;
mod tree;
mod vault;
mod views;
mod worker;

pub(crate) use idempotency::row_of;
pub use report::Report;
pub(crate) use tables::Lookups;
pub(crate) use views::LAYOUT;

use crate::findings::{Check, Findings};
use crate::fold::Tables;
use crate::ledger::{Location, OpenError, head, open_same_snapshot, require_ledger};
use crate::progress::Progress;
use batch::Batch;
use idempotency::RowSum;
use reader::Reader;
use standings::Follower;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use tree::Tree;
use views::Views;
use worker::{Worker, WorkerResult};

/// How many batches may wait for a worker.
const QUEUE: usize = 4;

/// Why a verification could not be carried out. What it found wrong is no error but a [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("reading failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a thread of the verification died")]
    Died,
}

/// Verifies a ledger and, where there are projections beside it, those too.
///
/// # Errors
/// A file that cannot be read or is not a ledger.
pub fn verify(location: &Location, progress: &Progress) -> Result<Report, VerifyError> {
    let mut findings = Findings::default();
    // The projections first: a service that is writing may be ahead of this moment in the log, never behind it.
    let views = location.views.as_deref().map(|path| Views::open(path, &mut findings)).transpose()?.flatten();
    let (ledger, vault) = open_same_snapshot(&location.ledger, require_ledger(&location.ledger)?)?;
    let head_seq = head(&ledger)?;
    progress.begin("verifying", head_seq);
    guards::check(&ledger, &mut findings)?;

    let workers = std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 8);
    let watermark = views.as_ref().map(|views| views.watermark);
    let claims = RowSum::new(RandomState::new());
    let (facts, arriving) = channel();
    let pass = std::thread::scope(|scope| {
        let mut running = Vec::new();
        let mut queues: Vec<SyncSender<Arc<Batch>>> = Vec::new();
        for number in 0..workers {
            let (queue, batches): (_, Receiver<Arc<Batch>>) = sync_channel(QUEUE);
            queues.push(queue);
            let facts: Sender<vault::Facts> = facts.clone();
            let claims = claims.clone();
            running.push(scope.spawn(move || Worker::new(number, workers, watermark, claims).run(&batches, &facts)));
        }
        drop(facts);
        let (queue, batches): (_, Receiver<Arc<Batch>>) = sync_channel(QUEUE);
        queues.push(queue);
        let growing = scope.spawn(move || Tree::new(watermark.unwrap_or(0)).run(&batches));
        let reader = scope.spawn(move || {
            let outcome = Reader::new(&ledger, views.as_ref(), progress).run(&queues);
            drop(queues);
            outcome.map(|outcome| (ledger, views, outcome))
        });
        let mut standings = Follower::new(&vault, head_seq);
        let sealed = vault::follow(&vault, &arriving, workers, &mut standings)?;
        let tiers = standings.finish()?;
        let results = running
            .into_iter()
            .map(|worker| worker.join().map_err(|_| VerifyError::Died))
            .collect::<Result<Vec<_>, _>>()?;
        let (ledger, views, read) = reader.join().map_err(|_| VerifyError::Died)??;
        let grown = growing.join().map_err(|_| VerifyError::Died)?;
        Ok::<_, VerifyError>((sealed, tiers, results, grown, ledger, views, read))
    });
    let (sealed, tiers, results, mut grown, ledger, views, read) = pass?;
    progress.end();

    grown.finish(&ledger)?;
    findings.absorb(grown.findings);
    findings.absorb(sealed.findings);
    findings.absorb(tiers);
    findings.absorb(read.findings);
    let mut folds = Vec::with_capacity(workers);
    let mut key_hashes = Vec::with_capacity(workers);
    let mut refunds = Vec::new();
    let (mut tables, mut claims) = (Tables::default(), claims.clone());
    let mut noted = Vec::new();
    for WorkerResult { findings: found, mut cards, keys, tables: more, claims: also, seals } in results {
        noted.extend(seals);
        tables.absorb(more);
        claims.absorb(&also);
        cards.finish(&mut findings);
        refunds.append(&mut cards.refunds);
        findings.absorb(found);
        folds.push(cards);
        key_hashes.push(keys);
    }
    let claimed = keys::check_unique(&ledger, key_hashes, &mut findings)?;
    orders::check(&ledger, refunds, &claimed, &mut findings)?;
    halves::check(&ledger, &claimed, &mut findings)?;
    if !noted.is_empty() {
        progress.say("making the seals anew");
    }
    let unopened = seals::check(&ledger, noted, &mut findings)?;
    laws::check(&folds, &mut findings);
    laws::check_numbers(&folds, &mut findings);
    let compared = match &views {
        Some(views) => {
            progress.say("comparing the projections");
            views.check_watermark(&ledger, head_seq, &mut findings)?;
            Some(projections::compare(views, &ledger, &folds, (tables, grown.tiles), &claims, &mut findings)?)
        }
        None => None,
    };
    let cards = folds.iter().map(|fold| fold.iter().count()).sum();
    let notes = sealed.note.into_iter().chain(unopened).collect();
    let report = Report::new(findings, read.events, read.head_seq, read.head_hash, cards, compared, watermark, notes);
    Ok(report.with_tree(grown.root, grown.checkpoints, grown.unsigned))
}

/// The worker that folds a card.
fn fold_of(card: crate::points::CardId, workers: usize) -> usize {
    let workers = u64::try_from(workers).unwrap_or(1).max(1);
    usize::try_from(card.get().unsigned_abs() % workers).unwrap_or(0)
}

/// What is said of a version of a stream that is not the next one.
fn report_version(seq: i64, stream: &str, version: i64, expected: i64, findings: &mut Findings) {
    findings.event(Check::Streams, seq, format!("version {version} of stream {stream}, where {expected} comes next"));
}
