//! What the place of a restore is, and what the copy says of itself: that the one is meant for the other.

use super::{Lost, Restore};
use crate::backup::{BackupError, Label, Verified, origin_of};
use crate::cli::Failure;
use crate::domain::Seq;
use crate::notary::{CheckpointCopy, NotaryError};
use crate::ops::{Environment, Signed};
use crate::storage::DataDir;
use rusqlite::Connection;

impl Restore {
    /// Refuses a copy that is another one than its label says, a place of the other environment, and one of another log, unless that
    /// was said.
    pub(super) fn expect_place(
        &self,
        (copy, dir, staged): (&DataDir, &DataDir, &DataDir),
        verified: &Verified,
        lost: &Lost,
    ) -> Result<(), Failure> {
        expect_label(copy, verified)?;
        self.expect_environment(dir, staged)?;
        self.expect_log(dir, staged, lost)?;
        // Here, where the marks of all three are known: the old one's speaks of the copy only where that is the same log.
        let label = Label::read(copy.path());
        let of_copy = copy.is_importing() || label.is_some_and(|label| label.import_unfinished);
        if of_copy || (dir.is_importing() && !lost.is_of_another_log()) {
            staged
                .mark_import()
                .map_err(|source| Failure::File { path: staged.path().display().to_string(), source })?;
        }
        Ok(())
    }

    fn expect_environment(&self, dir: &DataDir, staged: &DataDir) -> Result<(), Failure> {
        let brought = Environment::of(staged)?;
        let said = self.becomes.map(Environment::from);
        if said.is_some_and(|said| said != brought) {
            return Err(Failure::WrongUse(format!("the copy is of {brought}: leave --becomes out, or name that")));
        }
        // One that cannot be read says nothing.
        let there = if dir.ops().exists() { Environment::of(dir).ok() } else { None };
        match there {
            Some(there) if there != brought && said.is_none() => Err(Failure::WrongUse(format!(
                "{} was made for {there}, and the copy is of {brought}. If that is meant: --becomes {brought}",
                dir.path().display()
            ))),
            Some(_) | None => Ok(()),
        }
    }

    fn expect_log(&self, dir: &DataDir, staged: &DataDir, lost: &Lost) -> Result<(), Failure> {
        if !lost.is_of_another_log() {
            return Ok(());
        }
        let origin = origin_of(&staged.ledger())?.unwrap_or_else(|| "unnamed".to_owned());
        if self.other_log.as_deref() == Some(origin.as_str()) {
            return Ok(());
        }
        Err(Failure::WrongUse(format!(
            "{} holds another log than the copy, with no event in common. If that is meant: --other-log {origin}",
            dir.path().display()
        )))
    }

    /// Every tree that is known to have been signed of this log: by the ops.db that is replaced, by that of the
    /// copy, which may be of a later moment than its log, and by the file.
    pub(super) fn signed(&self, dir: &DataDir, staged: &DataDir, lost: &Lost) -> Result<Vec<Signed>, Failure> {
        let of_this_log = dir.ops().exists() && !lost.is_of_another_log();
        let mut signed = if of_this_log { signed_by(dir).unwrap_or_default() } else { Vec::new() };
        signed.extend(signed_by(staged)?);
        let Some(path) = &self.checkpoint else { return Ok(signed) };
        let file = CheckpointCopy::new(path);
        if let Some(held) = file.read()? {
            let origin = origin_of(&staged.ledger())?;
            if let Some(origin) = origin.filter(|origin| *origin != held.origin) {
                return Err(NotaryError::CopyOther { path: path.clone(), held: held.origin, origin }.into());
            }
            signed.push(Signed { size: Seq::new(i64::try_from(held.size).unwrap_or(i64::MAX)), root: held.root });
        }
        file.expect_writable()?;
        Ok(signed)
    }
}

// What was put beside another label is not what was verified when that was written.
fn expect_label(copy: &DataDir, verified: &Verified) -> Result<(), Failure> {
    if !copy.is_backup() {
        return Ok(());
    }
    let finding = |what: String| Err(BackupError::Finding(what).into());
    match Label::read(copy.path()) {
        None => finding("its backup.json cannot be read".to_owned()),
        Some(label) if label.events != verified.events || label.head_hash != verified.head_hash => finding(format!(
            "its backup.json says {} events, the last {}, and its log has {}, the last {}",
            label.events, label.head_hash, verified.events, verified.head_hash
        )),
        Some(_) => Ok(()),
    }
}

fn signed_by(dir: &DataDir) -> rusqlite::Result<Vec<Signed>> {
    let ops = Connection::open(dir.ops())?;
    let mut query = ops.prepare("SELECT signed_size, signed_root FROM checkpoint_seeds WHERE signed_size > 0")?;
    let rows = query.query_map([], |row| Ok(Signed { size: Seq::new(row.get(0)?), root: row.get(1)? }))?;
    rows.collect()
}
