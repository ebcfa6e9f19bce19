//! `counterfoil restore`

mod discard;
mod place;

use super::Failure;
use super::arguments::{Data, For};
use super::output::Output;
use crate::app::EngineConfig;
use crate::backup::{
    BackupError, Endings, SecretsHeld, Verified, compare, copy_database, endings_after, secrets_held, to_the_end,
    verify_log,
};
use crate::clock::Clock;
use crate::control::{self, AdminAnswer, AdminRequest, Operator, start_whatever_was_signed};
use crate::notary::CheckpointCopy;
use crate::ops::Signed;
use crate::storage::{DataDir, KEPT, Replaced, fold_wal, open_ops};
use crate::writer::Actor;
use clap::Args;
use discard::{Discard, Lost};
use rusqlite::Connection;
use serde_json::json;
use std::path::PathBuf;

/// Put a backup in the place of a ledger, or where there is none
///
/// Verifies the copy before it replaces anything: structure, triggers, every link of the chain, every checkpoint, and a start on it.
/// `counterfoil-replay verify --data COPY` is the independent check of everything else. What is replaced stays in DIR/replaced-…
/// until you remove it. The log says that it was put back, and a new key signs its checkpoints from then on. Keys that were revoked and
/// people who were erased since the copy are revoked and erased again, where the replaced log can be read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  counterfoil restore --from /mnt/backup/20260131T030000Z-1204 --data ./books
  counterfoil restore --from ./copy --data ./books --discard-events 34

Exit codes: 0 restored, 1 the copy does not verify (nothing was changed), 2 anything else.")]
pub(super) struct Restore {
    #[command(flatten)]
    data: Data,
    /// The backup: a directory with ledger.db and ops.db
    #[arg(long, value_name = "COPY")]
    from: PathBuf,
    /// Where DIR holds events that the copy lacks: exactly how many are given up, or `unknown` where its log cannot be read
    #[arg(long, value_name = "N", value_parser = Discard::parse)]
    discard_events: Option<Discard>,
    /// The newest checkpoint that is known, in the file of `serve --checkpoint-copy`: a checkpoint of the new key takes its place
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Where DIR was made for the other environment: what it is for from then on, which is what the copy is of
    #[arg(long, value_name = "NAME")]
    becomes: Option<For>,
    /// Where DIR holds another log: what that of the copy is called in its checkpoints
    #[arg(long, value_name = "ORIGIN")]
    other_log: Option<String>,
    /// Restore though ops.db is missing or lacks secrets: these keys authenticate nobody any more
    #[arg(long)]
    without_secrets: bool,
    /// Print {"events","head_hash","discarded","replaced","checkpoint_key","endings_unknown"} and nothing else
    #[arg(long)]
    json: bool,
}

/// What was put in place.
struct Restored {
    verified: Verified,
    lost: Lost,
    checkpoint_key: String,
    note: String,
    secrets: SecretsHeld,
    again: Endings,
}

impl Restore {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let (copy, dir) = (DataDir::new(&self.from), self.data.dir());
        copy.expect_ledger()?;
        dir.create()?;
        let lock = control::lock(&dir)?;
        if dir.is_backup() {
            let path = dir.path().display();
            return Err(Failure::WrongUse(format!("{path} is a backup itself: restore to another directory")));
        }
        let staged = dir.begin_exchange(&lock)?;
        let restored = self.stage(&copy, &dir, &staged).inspect_err(|_| {
            // What was not decided is in nobody's way, but it takes room and holds names.
            drop(std::fs::remove_dir_all(staged.path()));
        })?;
        for path in [dir.ledger(), dir.ops(), dir.views()] {
            // One that cannot be read is moved away with what stands beside it.
            if let Err(source) = fold_wal(&path) {
                tracing::debug!(%source, "a WAL moves as it is");
            }
        }
        let aside = name_of_replaced(&dir, &restored.lost);
        let held_any = dir.ledger().exists() || dir.ops().exists();
        dir.exchange(&lock, &Replaced::Kept(aside.clone()))?;
        let folder = dir.path().join(aside);
        if !held_any {
            // There was nothing: the folder is empty.
            let _removed = std::fs::remove_dir(&folder);
        }
        // It is done whatever becomes of the file.
        self.report(&restored, held_any.then_some(folder), &dir, output)?;
        if let Some(file) = &self.checkpoint {
            CheckpointCopy::new(file).begin_anew(&restored.note)?;
        }
        Ok(())
    }

    fn stage(&self, copy: &DataDir, dir: &DataDir, staged: &DataDir) -> Result<Restored, Failure> {
        copy_database(&copy.ledger(), &staged.ledger(), &to_the_end())?;
        let verified = verify_log(&staged.ledger(), &to_the_end())?;
        let secrets = self.bring_secrets(copy, staged)?;
        let (lost, again) = self.lost(dir, staged)?;
        self.expect_place((copy, dir, staged), &verified, &lost)?;
        let lost = Discard::expect(self.discard_events, lost, again.unknown, dir)?;
        let signed = self.signed(dir, staged, &lost)?;
        follow_the_log(staged, verified.events)?;
        let started = start_whatever_was_signed(EngineConfig::new(staged.clone()), staged.lock()?)?;
        let (engine, operator, held) = started;
        let begun = begin_anew(&operator, &signed, &again);
        drop((operator, held));
        engine.stop();
        let (checkpoint_key, note) = begun?;
        Ok(Restored { verified, lost, checkpoint_key, note, secrets, again })
    }

    fn bring_secrets(&self, copy: &DataDir, staged: &DataDir) -> Result<SecretsHeld, Failure> {
        if copy.ops().exists() {
            copy_database(&copy.ops(), &staged.ops(), &to_the_end())?;
        } else if !self.without_secrets {
            let path = copy.path().display();
            return Err(Failure::WrongUse(format!(
                "{path} holds no ops.db: no key would authenticate anybody. Where that is all there is, add --without-secrets"
            )));
        }
        drop(open_ops(staged)?);
        let held = secrets_held(&staged.ledger(), &staged.ops(), &to_the_end())?;
        match held.keys_without.as_slice() {
            without @ [first, ..] if !self.without_secrets => Err(BackupError::Finding(format!(
                "{} keys have no secret in ops.db, {first} first; --without-secrets restores it all the same",
                without.len()
            ))
            .into()),
            _ => Ok(held),
        }
    }

    /// What would be lost, and what of it must not be undone.
    fn lost(&self, dir: &DataDir, staged: &DataDir) -> Result<(Lost, Endings), Failure> {
        let (log, copy) = (dir.ledger(), staged.ledger());
        if !log.exists() {
            return Ok((Lost::Nothing, Endings::default()));
        }
        Ok(match compare(&log, &copy)? {
            None => (Lost::Events(None), Endings { unknown: true, ..Endings::default() }),
            Some(compared) if compared.lost() == 0 => (Lost::Nothing, Endings::default()),
            Some(compared) => {
                let again = endings_after(&log, &copy, compared.common)?;
                (Lost::Events(Some(compared)), again)
            }
        })
    }

    fn report(
        &self,
        restored: &Restored,
        replaced: Option<PathBuf>,
        dir: &DataDir,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let Verified { events, head_hash, .. } = &restored.verified;
        if self.json {
            return output.json(&json!({
                "events": events, "head_hash": head_hash, "discarded": restored.lost.number(),
                "replaced": replaced, "checkpoint_key": restored.checkpoint_key,
                "endings_unknown": restored.again.unknown,
            }));
        }
        output
            .line(format_args!("{} holds the backup: {events} events, the last {head_hash}.", dir.path().display()))?;
        if let Some(replaced) = replaced {
            output.line(format_args!(
                "What it replaced is in {}: remove it when you need it no more.",
                replaced.display()
            ))?;
        }
        let Endings { revoked, erased, unknown } = &restored.again;
        if !revoked.is_empty() || !erased.is_empty() {
            let (keys, people) = (revoked.len(), erased.len());
            output.line(format_args!("Revoked again: {keys} keys; erased again: {people} people."))?;
        }
        if *unknown {
            output.line("The log that was replaced cannot be read to its end: nobody knows who else was revoked or erased in it.")?;
        }
        let SecretsHeld { keys_without, webhooks_without, .. } = &restored.secrets;
        if !keys_without.is_empty() {
            output.line(format_args!("{} keys have no secret and authenticate nobody.", keys_without.len()))?;
        }
        if *webhooks_without > 0 {
            output.line(format_args!("{webhooks_without} webhooks have no secret and send nothing."))?;
        }
        output.line(format_args!("Checkpoints verify with {} from here on", restored.checkpoint_key))?;
        output.line("Keys revoked and people erased since the backup was made, and not named here, are so no more: do it again.")
    }
}

/// Says in the log that it was put back, and does again what must not be undone. Answers the new key and a checkpoint of it.
fn begin_anew(operator: &Operator, signed: &[Signed], again: &Endings) -> Result<(String, String), Failure> {
    let notary = operator.notary();
    let lost = notary.largest_not_continued(signed)?;
    let key = notary.begin_anew(lost, Actor::CommandLine)?.to_string();
    let revoke = again.revoked.iter().map(|key| AdminRequest::RevokeKey { key: key.get().to_string() });
    let erase = again.erased.iter().map(|customer| AdminRequest::Erase { customer: *customer });
    for request in revoke.chain(erase) {
        if let AdminAnswer::Refused(refused) = operator.execute(request) {
            return Err(refused.into());
        }
    }
    Ok((key, notary.checkpoint(Actor::CommandLine)?.note))
}

/// What ops.db knows beyond the end of this log is of another one.
fn follow_the_log(staged: &DataDir, events: i64) -> rusqlite::Result<()> {
    let ops = Connection::open(staged.ops())?;
    ops.execute("DELETE FROM export_jobs WHERE as_of > ?1", [events])?;
    ops.execute("UPDATE webhook_tracks SET cursor = ?1 WHERE cursor > ?1", [events])?;
    ops.execute("DELETE FROM webhook_tracks WHERE until > ?1", [events])?;
    ops.execute("DELETE FROM webhook_waiting WHERE seq > ?1", [events])?;
    Ok(())
}

/// A name that nothing in the directory has.
fn name_of_replaced(dir: &DataDir, lost: &Lost) -> String {
    let time = Clock::System.now().to_seconds_text();
    let time: String = time.chars().filter(|letter| !matches!(letter, '-' | ':')).collect();
    let mut name = match lost {
        Lost::Events(Some(compared)) => format!("{KEPT}{time}-{}", compared.events),
        Lost::Nothing | Lost::Events(None) => format!("{KEPT}{time}"),
    };
    while dir.path().join(&name).exists() {
        name.push('x');
    }
    name
}
