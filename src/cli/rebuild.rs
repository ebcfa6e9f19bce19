//! `counterfoil rebuild`

use super::Failure;
use super::arguments::Data;
use super::output::Output;
use crate::control;
use crate::domain::Seq;
use crate::projections::{self, Difference, ViewsState, compare, rebuild, state};
use crate::storage::{DataDir, DataDirError, sync_views};
use clap::Args;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::path::{Path, PathBuf};

/// Rebuild views.db from the log, or check it against a rebuild
///
/// views.db holds nothing that the log does not: deleting it is harmless, and so is this. Without --check the service
/// must not be running; with it, it may.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  counterfoil rebuild --data ./books\n  counterfoil rebuild --data ./books --check")]
pub(super) struct Rebuild {
    #[command(flatten)]
    data: Data,
    /// Change nothing: compare every table of views.db with a rebuild, and exit with 1 if a row differs
    #[arg(long)]
    check: bool,
}

impl Rebuild {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let dir = self.data.dir();
        dir.expect_ledger()?;
        if self.check { check(&dir, output) } else { replace(&dir, output) }
    }
}

fn replace(dir: &DataDir, output: &mut Output) -> Result<(), Failure> {
    let _lock = control::lock(dir).map_err(refusal)?;
    let until = projections::replace(&open(&dir.ledger())?, &dir.views(), &|_| {})?;
    // A mark of an earlier boot would have the next start make it anew once more.
    sync_views(dir).map_err(|source| Failure::File { path: dir.views().display().to_string(), source })?;
    output.line(format_args!("views.db is rebuilt up to event {until}."))
}

fn refusal(error: DataDirError) -> Failure {
    match error {
        DataDirError::InUse(path) => {
            let path = path.display();
            Failure::WrongUse(format!(
                "another process serves {path}: stop it first, or use --check, which works beside it"
            ))
        }
        error @ (DataDirError::NoLedger(_) | DataDirError::HoldsLedger(_) | DataDirError::Io { .. }) => error.into(),
    }
}

fn check(dir: &DataDir, output: &mut Output) -> Result<(), Failure> {
    let scratch = Scratch::new(dir.path().join(format!("views.check-{}.db", std::process::id())));
    let (until, differences) = compare_with_rebuild(dir, &scratch)?;
    if differences.is_empty() {
        return output.line(format_args!("views.db equals a rebuild up to event {until}: no row differs."));
    }
    let missing = || "no such row".to_owned();
    for Difference { table, left, right } in &differences {
        output.line(format_args!("{table}"))?;
        output.line(format_args!("  views.db: {}", left.clone().unwrap_or_else(missing)))?;
        output.line(format_args!("  rebuilt:  {}", right.clone().unwrap_or_else(missing)))?;
    }
    let tables = differences.len();
    Err(Failure::CheckFailed(format!("{tables} of the tables of views.db differ; `counterfoil rebuild` makes it anew")))
}

/// Rebuilds up to where views.db stands, from one snapshot of each file.
fn compare_with_rebuild(dir: &DataDir, scratch: &Scratch) -> Result<(Seq, Vec<Difference>), Failure> {
    const ATTEMPTS: u32 = 20;
    if !dir.views().exists() {
        return Err(Failure::CheckFailed(
            "views.db is missing: the next start makes it, and so does `counterfoil rebuild`".to_owned(),
        ));
    }
    for _ in 0..ATTEMPTS {
        let views = open(&dir.views())?;
        views.execute_batch("BEGIN")?;
        // The first read takes the snapshot; the log's comes second, so that it holds everything the views reflect.
        views.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let ledger = open(&dir.ledger())?;
        ledger.execute_batch("BEGIN")?;
        let head = crate::event_log::head(&ledger)?.seq;
        let until = match state(&views, &ledger, head)? {
            ViewsState::Follows(seq) => seq,
            ViewsState::Unusable(why) => return Err(Failure::CheckFailed(format!("views.db is of no use: {why}"))),
            ViewsState::AheadOfLog { seen, head } => {
                return Err(Failure::CheckFailed(format!(
                    "views.db has seen event {seen}, but the log ends at {head}"
                )));
            }
        };
        // The vault knows of erasures up to the head, views.db only up to its watermark: a rebuild from both would differ.
        if erased_between(&ledger, until, head)? {
            continue;
        }
        rebuild(&ledger, &scratch.0, Some(until))?;
        return Ok((until, compare(&views, &scratch.0)?));
    }
    Err(Failure::WrongUse("the service erases people faster than views.db can be read: try again later".to_owned()))
}

fn erased_between(ledger: &Connection, after: Seq, until: Seq) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM events WHERE seq > ?1 AND seq <= ?2 \
         AND kind IN ('customer.erased', 'customer.updated', 'records.erased'))";
    ledger.query_row(sql, (after.get(), until.get()), |row| row.get(0))
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// A database that goes when it is dropped, with its companions.
struct Scratch(PathBuf);

impl Scratch {
    fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove_database(&self.0);
    }
}

fn remove_database(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // Usually most of them are not there.
        let _removed = fs::remove_file(name);
    }
}
