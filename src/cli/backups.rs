//! The settings of the backups that a service makes by itself.

use super::Failure;
use super::arguments;
use crate::backup::Keep;
use crate::jobs::BackupPlan;
use crate::storage::DataDir;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether, where to, how often, and which stay.
#[derive(Debug, Args)]
pub(super) struct Backups {
    /// Make verified backups in this directory, on another disk, each in a directory of its own
    #[arg(long, value_name = "DIR")]
    backup_to: Option<PathBuf>,
    /// How often to make one: 90s, 10m, 24h; off for never
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = arguments::period_or_off)]
    backup_every: Duration,
    /// Keep the newest so many, at least 1
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
    backup_keep: u16,
    /// Keep, besides, the newest of each of the last so many days that have one (UTC)
    #[arg(long, value_name = "N", default_value_t = 0)]
    backup_keep_daily: u16,
    /// Keep, besides, the newest of each of the last so many weeks that have one (from Monday)
    #[arg(long, value_name = "N", default_value_t = 0)]
    backup_keep_weekly: u16,
    /// Keep, besides, the newest of each of the last so many months that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    backup_keep_monthly: u16,
}

impl Backups {
    /// What is to be done; none where nothing is.
    pub(super) fn plan(&self, dir: &DataDir) -> Result<Option<BackupPlan>, Failure> {
        let Some(to) = self.backup_to.clone().filter(|_| !self.backup_every.is_zero()) else { return Ok(None) };
        if lies_in(&to, dir.path()) {
            let (to, dir) = (to.display(), dir.path().display());
            return Err(Failure::WrongUse(format!(
                "--backup-to {to} lies in {dir}: it would be lost with what it is a copy of"
            )));
        }
        let keep = Keep {
            newest: self.backup_keep.into(),
            daily: self.backup_keep_daily.into(),
            weekly: self.backup_keep_weekly.into(),
            monthly: self.backup_keep_monthly.into(),
        };
        Ok(Some(BackupPlan { to, every: self.backup_every, keep }))
    }
}

fn lies_in(path: &Path, folder: &Path) -> bool {
    let whole = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // What is not there yet has the place of the folder that it will be made in.
        let there = path.ancestors().find_map(|part| part.canonicalize().ok().map(|there| (part.to_owned(), there)));
        there.map_or(path.clone(), |(part, there)| there.join(path.strip_prefix(&part).unwrap_or(Path::new(""))))
    };
    whole(path).starts_with(whole(folder))
}
